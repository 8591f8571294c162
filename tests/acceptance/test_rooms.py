"""From a bulletin to the people, by every way out, and back by every way of talking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import nio
import pytest

from bot.channels.base import Channel
from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.session import MatrixSession
from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.chat.desk import Desk
from bot.chat.matrix import MatrixChat, MatrixChatOptions
from bot.chat.slack import SlackChat, SlackChatOptions
from bot.commands.book import command_book
from bot.domain.alert import AnswerKind
from bot.domain.delivery import Address, DeliveryState
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.store import Session, alerts, audit, lots, people
from bot.store.lots import Answer
from feeds.advisory import AdvisoryKind, Tlp
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town
from tests.servers.matrix import Reader, reading
from tests.servers.postfix import DOMAIN, Postfix
from tests.servers.slack import SlackDouble
from tests.servers.slack_workspace import APP_TOKEN, BOT_TOKEN
from tests.servers.synapse import SERVER_NAME, Homeserver
from tests.servers.waiting import eventually

pytestmark = pytest.mark.synapse

SLACK_ROOM = "C0ALERTES"
SLACK_RSSI = "U0RSSI"
RELAY_SENDER = "Tocsin <tocsin@sante.example>"


@dataclass(slots=True)
class World:
    """A hospital told in an encrypted room, a Slack channel and a mailbox."""

    town: Town
    facility_id: int
    homeserver: Homeserver
    double: SlackDouble
    channels: dict[ChannelName, Channel]
    rssi: Reader
    room: str

    async def alerte(self) -> None:
        """An alerte that concerns the hospital is published, judged and sent."""
        now = self.town.clock() + timedelta(days=1)
        bulletin = fortios(
            now, AdvisoryKind.ALERTE, title="Vulnérabilité dans FortiOS <!channel> @room"
        )
        await self.town.publish(bulletin)
        await self.send()

    async def send(self) -> None:
        """Dispatch what is due."""
        await self.town.application.dispatcher(self.channels).run()

    def states(self) -> dict[str, DeliveryState]:
        """Where each delivery stands, by channel."""
        return {delivery.channel: delivery.state for delivery in self.town.deliveries()}

    def answers(self) -> list[Answer]:
        """Every answer to the hospital's alert."""

        def read(session: Session) -> list[Answer]:
            (listed,) = alerts.listed(session, facility_ids=[self.facility_id])
            return lots.answers(session, listed.alert.id)

        return self.town.application.database.call(read)


@pytest.fixture
async def world(
    town: Town, homeserver: Homeserver, postfix: Postfix, tmp_path: Path
) -> AsyncIterator[World]:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    matrix = MatrixChannel(
        MatrixSession(
            MatrixOptions(
                homeserver.url, bot.user_id, tmp_path / "matrix", "clef", password=bot.password
            )
        )
    )
    email = EmailChannel(
        EmailOptions("127.0.0.1", RELAY_SENDER, port=postfix.port, security=EmailSecurity.PLAIN),
        clock=town.clock,
    )
    async with AsyncExitStack() as stack:
        double = await stack.enter_async_context(SlackDouble())
        slack = SlackChannel(SlackOptions(token=BOT_TOKEN, base_url=double.api_url))
        reader = await stack.enter_async_context(reading(homeserver, rssi, tmp_path / "rssi"))
        await stack.enter_async_context(listening(town, matrix, slack))
        room = await reader.create_room(bot.user_id, encrypted=True)
        await eventually(lambda: room in matrix.session.client.rooms)
        town.told(hospital, room)
        town.told(hospital, SLACK_ROOM, channel=ChannelName.SLACK, ceiling=Tlp.GREEN)
        town.told(hospital, f"direction@{DOMAIN}", channel=ChannelName.EMAIL)
        one_rssi(town, hospital.id, rssi.user_id)
        channels: dict[ChannelName, Channel] = {
            ChannelName.MATRIX: matrix,
            ChannelName.SLACK: slack,
            ChannelName.EMAIL: email,
        }
        yield World(town, hospital.id, homeserver, double, channels, reader, room)
        for channel in (slack, email):
            await channel.close()


def one_rssi(town: Town, facility_id: int, matrix_id: str) -> None:
    """A person who answers for the hospital, on Matrix and on Slack."""

    def add(session: Session) -> None:
        person = people.add(session, "Une RSSI", "rssi@ch.example", now=town.clock())
        people.grant(session, person.id, Role.RSSI, facility_id=facility_id)
        for account in (
            Address(ChannelName.MATRIX, matrix_id),
            Address(ChannelName.SLACK, SLACK_RSSI),
        ):
            people.link(session, person.id, account, now=town.clock())

    town.application.database.call(add)


@asynccontextmanager
async def listening(town: Town, matrix: MatrixChannel, slack: SlackChannel) -> AsyncIterator[None]:
    """Both chats answer until the end of the block."""
    application = town.application
    desk = Desk(
        application.database,
        command_book(application.renderer),
        application.renderer,
        clock=town.clock,
    )
    on_matrix = MatrixChat(matrix, desk, MatrixChatOptions(accept_from=(SERVER_NAME,)))
    on_slack = SlackChat(slack, desk, SlackChatOptions(app_token=APP_TOKEN))
    await on_slack.connect()
    task = asyncio.create_task(on_matrix.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        await on_slack.close()
        await matrix.close()


@pytest.mark.postfix
async def test_an_alerte_is_read_in_the_room_the_channel_and_the_mailbox(
    world: World, postfix: Postfix
) -> None:
    await world.alerte()
    assert set(world.states().values()) == {DeliveryState.DELIVERED}
    [in_room] = await world.rssi.read(1)
    assert "fw-01" in in_room
    assert world.rssi.from_others[0].source["content"]["m.mentions"] == {}
    [in_channel] = world.double.messages
    assert "fw-01" not in str(in_channel), "the channel's ceiling is below the alert's marking"
    assert "<!channel>" not in str(in_channel)
    [mail] = await asyncio.to_thread(postfix.delivered, "direction", 1)
    text = mail.get_body(("plain",))
    assert text is not None
    assert "fw-01" in text.get_content()
    assert "fw-01" not in mail["Subject"]
    stored = world.homeserver.events(world.room, token=world.rssi.account.token)
    assert "fw-01" not in str(stored)


@pytest.mark.postfix
async def test_a_reaction_then_a_button_are_answers_of_the_same_person(world: World) -> None:
    await world.alerte()
    await world.rssi.read(1)
    alert = world.rssi.from_others[0]
    offered = [e for e in world.rssi.events if isinstance(e, nio.ReactionEvent)]
    assert offered[0].reacts_to == alert.event_id
    await world.rssi.react(world.room, alert.event_id, offered[0].key)
    said = await world.rssi.read(2)
    assert "ALR-2026-0001" in said[1]
    assert [answer.kind for answer in world.answers()] == [AnswerKind.TAKEN]
    assert world.answers()[0].person == "Une RSSI"
    [in_channel] = world.double.messages
    buttons = [e for b in in_channel["blocks"] for e in b.get("elements", []) if "value" in e]
    await world.double.click(in_channel, buttons[0]["value"])
    reply = (await world.double.posted(2))[1]
    assert reply["thread_ts"] == in_channel["ts"]
    assert len(world.answers()) == 2


@pytest.mark.postfix
async def test_what_waits_can_be_asked_for_in_both_chats(world: World) -> None:
    await world.alerte()
    await world.rssi.read(1)
    await world.rssi.say(world.room, "!alertes")
    assert "ALR-2026-0001" in (await world.rssi.read(2))[1]
    await world.rssi.say(world.room, "!alerte ALR-2026-0001")
    assert "fw-01" in (await world.rssi.read(3))[2]
    await world.double.command("/alertes")
    await eventually(lambda: world.double.responses)
    assert "ALR-2026-0001" in world.double.responses[0]["text"]
    await world.double.command("/alerte", "ALR-2026-0001")
    await eventually(lambda: len(world.double.responses) == 2)
    assert "fw-01" not in str(world.double.responses[1]), "below the channel's ceiling"


@pytest.mark.postfix
async def test_an_invitation_code_makes_a_stranger_known(world: World, tmp_path: Path) -> None:
    database, now = world.town.application.database, world.town.clock()

    def invite(session: Session) -> str:
        person = people.add(session, "Un biomédical", "biomed@ch.example", now=now)
        people.grant(session, person.id, Role.BIOMED, facility_id=world.facility_id)
        return people.invite(session, person.id, now=now)

    code = database.call(invite)
    account = world.homeserver.register("biomed")
    async with reading(world.homeserver, account, tmp_path / "biomed") as biomed:
        bot = world.channels[ChannelName.MATRIX]
        assert isinstance(bot, MatrixChannel)
        room = await biomed.create_room(bot.session.client.user_id, encrypted=True)
        await eventually(lambda: room in bot.session.client.rooms)
        await biomed.say(room, "!alertes")
        assert "Je ne vous connais pas encore" in (await biomed.read(1))[0]
        await biomed.say(room, f"!lier {code}")
        assert "Un biomédical" in (await biomed.read(2))[1]
        await biomed.say(room, "!alertes")
        assert "Je ne vous connais pas" not in (await biomed.read(3))[2]
    actions = [entry.action for entry in database.call(audit.latest)]
    assert {"refused.stranger", "linked"} <= set(actions)


@pytest.mark.postfix
async def test_slack_refusing_every_call_stops_neither_the_room_nor_the_mail(
    world: World,
) -> None:
    world.double.refuse_everything = "internal_error"
    await world.alerte()
    assert world.states() == {
        "matrix": DeliveryState.DELIVERED,
        "email": DeliveryState.DELIVERED,
        "slack": DeliveryState.UNCERTAIN,
    }
    world.double.refuse_everything = ""
    world.town.clock.now += timedelta(minutes=5)
    await world.send()
    assert set(world.states().values()) == {DeliveryState.DELIVERED}
    assert len(world.double.messages) == 1
