"""The peers that are configured: the channels, and the chats that listen.

Kept apart from the application because their libraries take half a second to import,
which only the commands that talk to a peer should pay for.
"""

from __future__ import annotations

from datetime import timedelta

from rich.console import Console

from bot.app.application import Application
from bot.channels.base import Channel
from bot.channels.console import ConsoleChannel
from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.channels.mail.format import parse_mailbox
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.rooms import MatrixRooms
from bot.channels.matrix.session import MatrixSession
from bot.channels.rooms import RoomChannel
from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.channels.slack.rooms import SlackRooms
from bot.chat.desk import Desk
from bot.chat.imap import ImapOptions
from bot.chat.mail_desk import MailDesk, MailDeskOptions
from bot.chat.mailbox import Mailbox
from bot.chat.matrix import MatrixChat, MatrixChatOptions
from bot.chat.pulse import Pulse
from bot.chat.slack import SlackChat, SlackChatOptions
from bot.commands.book import command_book
from bot.domain.message import ChannelName
from bot.pipeline.dispatch import Dispatcher
from bot.pipeline.mailed import InventoryDesk
from bot.settings import ConfigurationError, Settings
from bot.web.answer_pages import AnswerPages
from bot.web.link_desk import LinkDesk

MATRIX_LEASE = "matrix"  # transaction ids belong to a device, and its keys serve one process


def channels(application: Application, console: Console) -> dict[ChannelName, Channel]:
    """The channels that are configured; ``console`` is always one.

    One process at a time may use the Matrix channel: see :data:`MATRIX_LEASE`.

    Raises:
        ConfigurationError: a file of certificates or a sender cannot be used.
    """
    try:
        return _channels(application, console)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _channels(application: Application, console: Console) -> dict[ChannelName, Channel]:
    settings, clock = application.settings, application.clock
    found: dict[ChannelName, Channel] = {ChannelName.CONSOLE: ConsoleChannel(console, clock=clock)}
    if settings.email.host:
        found[ChannelName.EMAIL] = EmailChannel(_email(application), clock=clock)
    if settings.slack.bot_token.get_secret_value():
        found[ChannelName.SLACK] = SlackChannel(_slack(settings), clock=clock)
    if settings.matrix.homeserver:
        found[ChannelName.MATRIX] = MatrixChannel(MatrixSession(matrix_options(settings)))
    return found


def dispatcher(application: Application, channels: dict[ChannelName, Channel]) -> Dispatcher:
    """What sends the outbox through ``channels``, rooms for incidents included."""
    return application.dispatcher({name: with_rooms(channel) for name, channel in channels.items()})


def desk(application: Application) -> Desk:
    """Where the chats take commands to."""
    renderer = application.renderer
    longest_mute = timedelta(days=application.settings.mute.longest_days)
    book = command_book(renderer, application.incident_routing, longest_mute, application.hours)
    return Desk(application.database, book, renderer, clock=application.clock)


def answer_pages(application: Application) -> AnswerPages:
    """The page that takes the answers of mails with a link."""
    book = command_book(application.renderer, application.incident_routing)
    web = application.settings.web
    link_desk = LinkDesk(
        book,
        application.renderer,
        secret=application.link_secret,
        life=timedelta(days=web.link_days),
    )
    return AnswerPages(
        application.database, link_desk, application.renderer, clock=application.clock
    )


def matrix_chat(application: Application, channel: MatrixChannel) -> MatrixChat:
    """What listens to Matrix; built before anything is sent."""
    matrix = application.settings.matrix
    own = matrix.user.partition(":")[2]
    options = MatrixChatOptions(
        accept_from=tuple(matrix.allowed_servers) or (own,),
        language=application.settings.language,
    )
    return MatrixChat(channel, desk(application), options, _pulse(application, channel))


def slack_chat(application: Application, channel: SlackChannel) -> SlackChat:
    """What listens to Slack, over Socket Mode or signed HTTP."""
    slack = application.settings.slack
    options = SlackChatOptions(
        app_token=slack.app_token.get_secret_value(),
        signing_secret=slack.signing_secret.get_secret_value(),
        language=application.settings.language,
    )
    return SlackChat(channel, desk(application), options, _pulse(application, channel))


def _pulse(application: Application, channel: MatrixChannel | SlackChannel) -> Pulse:
    name = ChannelName.MATRIX if isinstance(channel, MatrixChannel) else ChannelName.SLACK
    return Pulse(application.database, name.value, clock=application.clock)


def with_rooms(channel: Channel) -> Channel:
    """The channel, able to open rooms where its peer has them."""
    if isinstance(channel, MatrixChannel):
        return RoomChannel(channel, MatrixRooms(channel.session))
    if isinstance(channel, SlackChannel):
        return RoomChannel(channel, SlackRooms(channel))
    return channel


def mailbox(application: Application) -> Mailbox:
    """What reads the replies to mails; the settings must name a mailbox.

    Raises:
        ConfigurationError: one of Tocsin's own addresses is not a mailbox.
    """
    settings, clock = application.settings, application.clock
    box = settings.mailbox
    options = MailDeskOptions(
        secret=application.mail_secret, own=_own_addresses(settings), language=settings.language
    )
    imap = ImapOptions(
        host=box.host,
        port=box.port,
        security=box.security,
        username=box.username,
        password=box.password.get_secret_value(),
        folder=box.folder,
        ca_file=settings.network.ca_file,
    )
    on_bounced = application.incident_desk().bounced
    mail_desk = MailDesk(
        desk(application),
        options,
        clock=clock,
        on_bounced=on_bounced,
        inventories=InventoryDesk(application.foresight, language=settings.language),
    )
    return Mailbox(application.database, mail_desk, imap, clock=clock)


def _own_addresses(settings: Settings) -> frozenset[str]:
    email = settings.email
    written = (email.sender, email.reply_to, settings.mailbox.address)
    try:
        return frozenset(parse_mailbox(each).addr_spec.casefold() for each in written if each)
    except ValueError as error:
        raise ConfigurationError(f"email.sender, reply_to, mailbox.address: {error}") from error


def _email(application: Application) -> EmailOptions:
    settings = application.settings
    email = settings.email
    return EmailOptions(
        host=email.host,
        port=email.port,
        sender=email.sender,
        security=EmailSecurity(email.security),
        username=email.username,
        password=email.password.get_secret_value(),
        ca_file=settings.network.ca_file,
        domain=email.domain,
        reply_to=settings.mailbox.address or email.reply_to,
        secret=application.mail_secret,
        link_secret=application.link_secret,
        unsubscribe=email.unsubscribe,
        certificate=email.certificate,
        key=email.key,
        connections=email.connections,
        connections_per_domain=email.connections_per_domain,
        per_domain_per_minute=email.per_domain_per_minute,
    )


def _slack(settings: Settings) -> SlackOptions:
    slack = settings.slack
    return SlackOptions(
        token=slack.bot_token.get_secret_value(),
        base_url=slack.api_url,
        per_channel_per_minute=slack.per_channel_per_minute,
        proxy=settings.network.proxy,
        ca_file=settings.network.ca_file,
    )


def matrix_options(settings: Settings) -> MatrixOptions:
    """The account and its device."""
    matrix = settings.matrix
    return MatrixOptions(
        homeserver=matrix.homeserver,
        user_id=matrix.user,
        store=settings.data_dir / "matrix",
        pickle_key=matrix.pickle_key.get_secret_value(),
        password=matrix.password.get_secret_value(),
        access_token=matrix.access_token.get_secret_value(),
        device_id=matrix.device_id,
        proxy=settings.network.proxy,
        ca_file=settings.network.ca_file,
    )
