"""Mail: one message to one mailbox, through the facility's or the host's own relay.

A mail is handed over in the sense of RFC 5321: once the relay has answered 250 to the end
of DATA it is the relay's business. The same key always gives the same Message-ID, by which
a mailbox, a filter or a person recognises a message that was sent twice.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import aiosmtplib

from bot.channels.base import (
    DeliveryError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.channels.mail.format import BadAddressError, compose, parse_mailbox
from bot.channels.mail.mime import Mail
from bot.channels.mail.signing import MailSigner
from bot.channels.pace import Lanes, Pace, Slots, per_minute
from bot.domain.clock import Clock, system_clock
from bot.domain.message import Message

SLOT_PATIENCE = timedelta(seconds=5)  # a lease is not spent waiting for a relay that hangs
IDLE = timedelta(seconds=60)  # relays and firewalls drop a silent connection after minutes
ENHANCED_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463


class EmailSecurity(StrEnum):
    """How the connection to the relay is protected."""

    PLAIN = "plain"
    STARTTLS = "starttls"  # required: a relay that does not offer it is not used
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class EmailOptions:
    """How to reach the relay, and who the mail comes from.

    Args:
        sender: ``Tocsin <ssi@example.org>``; its address is also the envelope sender.
        domain: right-hand side of Message-IDs; the sender's domain when empty.
        ca_file: PEM file of an internal authority, trusted beside the system's.
        unsubscribe: ``mailto:`` or ``https:`` address for awareness messages.
        certificate, key: PEM files, to sign mails with S/MIME; both or neither.
        secret: signs Message-IDs, where replies are read; empty: they are not signed.
        link_secret: signs answer links, where they are served.
        connections: most connections open at once.
        connections_per_domain: most of them that carry mails for one domain; half of them
            when 0, so that a slow domain never holds the others.
        per_domain_per_minute: most mails to one domain, from this process; 0: no limit.
        messages_per_connection: a connection is closed after that many mails.
        max_bytes: largest mail, encoded; 10 MiB is what most relays accept.
        timeout: how long to wait for each answer; below the lease of a delivery.
    """

    host: str
    sender: str
    port: int = 25
    security: EmailSecurity = EmailSecurity.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    domain: str = ""
    reply_to: str = ""
    unsubscribe: str = ""
    certificate: Path | None = None
    key: Path | None = None
    secret: bytes = field(default=b"", repr=False)
    link_secret: bytes = field(default=b"", repr=False)
    connections: int = 8
    connections_per_domain: int = 0
    per_domain_per_minute: int = 0
    messages_per_connection: int = 100
    max_bytes: int = 10 * 1024 * 1024
    timeout: timedelta = timedelta(seconds=30)


@dataclass(slots=True)
class _Connection:
    """An open connection, what it has carried, and since when it is silent (loop time)."""

    client: aiosmtplib.SMTP
    sent: int = 0
    idle_since: float = 0.0


class EmailChannel:
    """Mail through one relay. Connections are reused, and each carries one mail at a time.

    Raises:
        BadAddressError: the configured sender is not a mailbox.
        ValueError: ``ca_file``, ``certificate`` or ``key`` cannot be used.
    """

    def __init__(self, options: EmailOptions, *, clock: Clock = system_clock) -> None:
        self._options = options
        self._clock = clock
        self._idle: list[_Connection] = []
        self._slots = Slots(options.connections, patience=SLOT_PATIENCE)
        self._lanes = Lanes(options.connections_per_domain or -(-options.connections // 2))
        self._pace = Pace(per_minute(options.per_domain_per_minute))
        self._sender = parse_mailbox(options.sender)
        self._tls = _tls_context(options)
        self._signer = _signer(options)

    async def send(self, address: str, message: Message, *, key: str) -> str:
        """Hand ``message`` to the relay for mailbox ``address``; return its Message-ID.

        Args:
            address: one mailbox, ``ssi@ch-exemple.example``, ASCII.
            message: at most ``max_bytes`` once encoded, attachments included.
            key: gives the Message-ID, which is also the receipt and what ``thread`` of a
                later message refers to.

        Raises:
            TransientDeliveryError: relay unreachable, 4xx answer, TLS refused or untrusted.
            PermanentDeliveryError: not an address, oversized, 5xx answer (the relay's
                refusal of the credentials included).
            UncertainDeliveryError: no answer after DATA began.

        Source: RFC 5321 (4.2.1 for codes, 4.5.4.1 for who retries), RFC 3463.
        """
        try:
            recipient = parse_mailbox(address)
        except BadAddressError as error:
            raise PermanentDeliveryError(str(error)) from None
        domain = recipient.domain.casefold()
        async with self._lanes.lane(domain):
            await self._pace.turn(domain)
            mail, body = self._written(address, message, key)
            async with self._slots, self._connection() as connection:
                await self._hand_over(connection.client, recipient.addr_spec, body)
        return mail.message_id

    def _written(self, address: str, message: Message, key: str) -> tuple[Mail, bytes]:
        try:
            mail = compose(
                message,
                sender=self._options.sender,
                address=address,
                key=key,
                domain=self._options.domain,
                reply_to=self._options.reply_to,
                unsubscribe=self._options.unsubscribe,
                secret=self._options.secret,
                link_secret=self._options.link_secret,
                sent_at=self._clock(),
            )
        except BadAddressError as error:
            raise PermanentDeliveryError(str(error)) from None
        body = self._signer.sign(mail) if self._signer else mail.as_bytes()
        if len(body) > self._options.max_bytes:
            raise PermanentDeliveryError(
                f"mail of {len(body)} bytes; the limit is {self._options.max_bytes}"
            )
        return mail, body

    async def find(self, address: str, *, key: str) -> str | None:
        """A mailbox cannot be asked: sent again, the mail has the same Message-ID."""
        return None

    async def close(self) -> None:
        """Say goodbye to the relay on each idle connection."""
        while self._idle:
            connection = self._idle.pop()
            with suppress(aiosmtplib.SMTPException, OSError):
                await connection.client.quit()
            connection.client.close()

    async def _hand_over(self, client: aiosmtplib.SMTP, recipient: str, body: bytes) -> None:
        """Run one mail transaction. One recipient: there is no partial refusal to read."""
        size = [b"SIZE=%d" % len(body)] if client.supports_extension("size") else []
        try:
            await _said(client, b"MAIL", b"FROM:<%b>" % self._sender.addr_spec.encode(), *size)
            await _said(client, b"RCPT", b"TO:<%b>" % recipient.encode())
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _refusal(error) from None
        try:
            await client.data(body)
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise UncertainDeliveryError(
                f"the relay gave no answer after DATA ({type(error).__name__})"
            ) from None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[_Connection]:
        """Lend a connection; it is kept only when what was done on it left it usable."""
        connection = self._reusable() or _Connection(await self._connect())
        usable = False  # without an answer, or when cancelled, the dialogue is out of step
        try:
            yield connection
            usable = True
        except (TransientDeliveryError, PermanentDeliveryError):
            usable = await self._reset(connection)
            raise
        finally:
            if usable:
                self._give_back(connection)
            else:
                connection.client.close()

    def _reusable(self) -> _Connection | None:
        oldest = asyncio.get_running_loop().time() - IDLE.total_seconds()
        while self._idle:
            connection = self._idle.pop()
            if connection.client.is_connected and connection.idle_since > oldest:
                return connection
            connection.client.close()
        return None

    def _give_back(self, connection: _Connection) -> None:
        connection.sent += 1
        if (
            connection.client.is_connected
            and connection.sent < self._options.messages_per_connection
        ):
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.client.close()

    async def _reset(self, connection: _Connection) -> bool:
        """Forget the refused transaction; False when it cannot be."""
        try:
            await connection.client.rset()
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True

    async def _connect(self) -> aiosmtplib.SMTP:
        options = self._options
        client = aiosmtplib.SMTP(
            hostname=options.host,
            port=options.port,
            username=options.username or None,
            password=options.password or None,
            local_hostname=options.domain or self._sender.domain,
            timeout=options.timeout.total_seconds(),
            use_tls=options.security is EmailSecurity.TLS,
            start_tls=options.security is EmailSecurity.STARTTLS,
            tls_context=self._tls,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise _connection_refusal(error, options) from None
        return client


async def _said(client: aiosmtplib.SMTP, *command: bytes) -> None:
    """Give one command that the relay must accept. The addresses in it are parsed already:
    aiosmtplib would parse them again, at the price of a third of a mail."""
    answer = await client.execute_command(*command)
    if not 200 <= answer.code < 300:
        raise aiosmtplib.SMTPResponseException(answer.code, answer.message)


def _tls_context(options: EmailOptions) -> ssl.SSLContext | None:
    """Trust the system's authorities and the configured one; always check the name."""
    if options.security is EmailSecurity.PLAIN:
        return None
    context = ssl.create_default_context()
    if options.ca_file is not None:
        try:
            context.load_verify_locations(cafile=options.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"{options.ca_file}: no certificates could be read") from error
    return context


def _signer(options: EmailOptions) -> MailSigner | None:
    if options.certificate is None and options.key is None:
        return None
    if options.certificate is None or options.key is None:
        raise ValueError("to sign mails, both their certificate and its key are needed")
    return MailSigner.load(options.certificate, options.key)


def _refusal(error: Exception) -> DeliveryError:
    """Say what a refused command means, with the code and without the relay's prose.

    The relay's text may quote the message, an address or a link: only codes are kept.
    """
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return TransientDeliveryError(f"the relay went away ({type(error).__name__})")
    enhanced = ENHANCED_STATUS.match(error.message)
    reason = f"the relay answered {error.code}" + (f" {enhanced[1]}" if enhanced else "")
    if 500 <= error.code < 600:
        return PermanentDeliveryError(reason)
    return TransientDeliveryError(reason)


def _connection_refusal(error: Exception, options: EmailOptions) -> DeliveryError:
    """Say why there is no connection. Only refused credentials are final: the rest is the
    relay's or the network's state, and the mail is still good."""
    relay = f"{options.host}:{options.port}"
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
        return PermanentDeliveryError(f"{relay} refused the credentials ({error.code})")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return TransientDeliveryError(f"{relay} answered {error.code}")
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TransientDeliveryError(f"{relay}: certificate: {cause.verify_message}")
    return TransientDeliveryError(f"{relay} cannot be used ({type(cause).__name__})")
