"""A mail relay over a real socket that keeps what it gets and misbehaves on request."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(slots=True)
class Faults:
    """What the relay answers instead of accepting; empty strings accept.

    ``hang_after_data`` and ``drop_after_data`` keep the mail, then give no answer.
    ``at_domain`` answers recipients of one domain (greylisting); those of a domain in
    ``hang_at_domain`` are answered once the test releases them.
    """

    at_mail: str = ""
    at_recipient: str = ""
    at_data: str = ""
    hang_after_data: bool = False
    drop_after_data: bool = False
    at_domain: dict[str, str] = field(default_factory=dict)
    hang_at_domain: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Relay:
    """Handler and record. ``sessions`` counts connections that got as far as EHLO."""

    faults: Faults = field(default_factory=Faults)
    envelopes: list[Envelope] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)  # of the envelopes, monotonic
    parsed: list[EmailMessage] = field(default_factory=list)
    peers: set[object] = field(default_factory=set)
    logins: list[str] = field(default_factory=list)
    port: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails accepted so far, parsed, each once: aiosmtpd reads every attribute of
        its handler at each connection, properties included."""
        for envelope in self.envelopes[len(self.parsed) :]:
            content = envelope.content if isinstance(envelope.content, bytes) else b""
            self.parsed.append(message_from_bytes(content, policy=SMTP_POLICY))
        return list(self.parsed)

    async def handle_MAIL(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept the sender, or answer what the fault says."""
        if self.faults.at_mail:
            return self.faults.at_mail
        self.peers.add(session.peer)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept the recipient, or answer what the fault says."""
        if self.faults.at_recipient:
            return self.faults.at_recipient
        domain = address.partition("@")[2]
        if domain in self.faults.hang_at_domain:
            await self.release.wait()
        if domain in self.faults.at_domain:
            return self.faults.at_domain[domain]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail, or answer what the fault says."""
        if self.faults.at_data:
            return self.faults.at_data
        self.envelopes.append(envelope)
        self.arrivals.append(time.monotonic())
        if self.faults.drop_after_data and server.transport is not None:
            server.transport.close()
        if self.faults.hang_after_data:
            await self.release.wait()
        return "250 2.0.0 queued"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Only ``tocsin`` / ``s3cret-relay`` may send."""
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        self.logins.append(data.login.decode())
        return AuthResult(success=data == LoginPassword(b"tocsin", b"s3cret-relay"), handled=False)


@dataclass(slots=True)
class RunningRelay:
    """A listening relay; ``async with`` it."""

    relay: Relay
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    auth: bool = False
    size_limit: int = 1 << 20
    server: asyncio.Server | None = None

    async def __aenter__(self) -> Relay:
        self.server = await asyncio.get_running_loop().create_server(
            self._session, "127.0.0.1", 0, ssl=None if self.starttls else self.tls
        )
        self.relay.port = self.server.sockets[0].getsockname()[1]
        return self.relay

    async def __aexit__(self, *_: object) -> None:
        self.relay.release.set()
        if self.server is not None:
            self.server.close()
        await asyncio.sleep(0)

    def _session(self) -> SMTP:
        return SMTP(
            self.relay,
            hostname="relais.example",
            data_size_limit=self.size_limit,
            enable_SMTPUTF8=False,
            tls_context=self.tls if self.starttls else None,
            require_starttls=self.starttls,
            authenticator=self.relay.authenticate if self.auth else None,
            auth_required=self.auth,
            auth_require_tls=self.starttls,
            loop=asyncio.get_running_loop(),
        )
