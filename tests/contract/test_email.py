"""Mail over a real SMTP dialogue: what is accepted, refused, and left in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.base import (
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.domain.message import Message
from tests.servers.certificates import LoopbackTls, make_loopback_tls
from tests.servers.postfix import DOMAIN, Postfix
from tests.servers.smtp import Faults, Relay, RunningRelay

MESSAGE = Message("[Tocsin] À TRAITER", "À faire : mettre à jour.", html="<p>À faire</p>")
MAILBOX = "ssi@ch-exemple.example"
PLAIN = EmailOptions(
    host="127.0.0.1",
    sender="Tocsin <tocsin@sante.example>",
    security=EmailSecurity.PLAIN,
    timeout=timedelta(seconds=5),
)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> LoopbackTls:
    return make_loopback_tls(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def channel_to(relay: Relay, options: EmailOptions = PLAIN) -> AsyncIterator[EmailChannel]:
    channel = EmailChannel(replace(options, port=relay.port))
    try:
        yield channel
    finally:
        await channel.close()


async def test_the_receipt_is_the_message_id_and_a_retry_has_the_same(relay: Relay) -> None:
    async with channel_to(relay) as channel:
        first = await channel.send(MAILBOX, MESSAGE, key="k" * 64)
        again = await channel.send(MAILBOX, MESSAGE, key="k" * 64)
    assert first == again == f"<{'k' * 64}@sante.example>"
    assert [mail["Message-ID"] for mail in relay.mails] == [first, first]
    assert relay.envelopes[0].mail_from == "tocsin@sante.example"
    assert relay.envelopes[0].rcpt_tos == [MAILBOX]


async def test_mails_in_a_row_share_a_connection(relay: Relay) -> None:
    async with channel_to(relay) as channel:
        for number in range(5):
            await channel.send(MAILBOX, MESSAGE, key=f"key-{number:08}")
    assert len(relay.mails) == 5
    assert len(relay.peers) == 1


async def test_mails_at_once_open_no_more_connections_than_allowed(relay: Relay) -> None:
    async with channel_to(relay, replace(PLAIN, connections=2)) as channel:
        sends = [channel.send(MAILBOX, MESSAGE, key=f"key-{n:08}") for n in range(20)]
        receipts = await asyncio.gather(*sends)
    assert len({mail["Message-ID"] for mail in relay.mails} & set(receipts)) == 20
    assert len(relay.peers) <= 2


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (Faults(at_mail="451 4.3.2 plus tard"), TransientDeliveryError),
        (Faults(at_mail="421 4.3.2 fermeture"), TransientDeliveryError),
        (Faults(at_recipient="450 4.2.0 greylisted"), TransientDeliveryError),
        (Faults(at_recipient="550 5.1.1 inconnu"), PermanentDeliveryError),
        (Faults(at_data="452 4.3.1 plus de place"), TransientDeliveryError),
        (Faults(at_data="554 5.7.1 refus"), PermanentDeliveryError),
    ],
)
async def test_codes_tell_what_may_be_retried_and_the_next_mail_still_goes(
    relay: Relay, faults: Faults, error: type[Exception]
) -> None:
    async with channel_to(relay) as channel:
        relay.faults = faults
        with pytest.raises(error) as refused:
            await channel.send(MAILBOX, MESSAGE, key="key-00000001")
        relay.faults = Faults()
        await channel.send(MAILBOX, MESSAGE, key="key-00000002")
    said = f"{faults.at_mail}{faults.at_recipient}{faults.at_data}".split(" ")
    assert str(refused.value) == f"the relay answered {said[0]} {said[1]}"
    assert [mail["Message-ID"] for mail in relay.mails] == ["<key-00000002@sante.example>"]


@pytest.mark.parametrize("faults", [Faults(hang_after_data=True), Faults(drop_after_data=True)])
async def test_silence_after_data_is_doubt_not_failure(relay: Relay, faults: Faults) -> None:
    relay.faults = faults
    impatient = replace(PLAIN, timeout=timedelta(milliseconds=300))
    async with channel_to(relay, impatient) as channel:
        with pytest.raises(UncertainDeliveryError):
            await channel.send(MAILBOX, MESSAGE, key="key-00000001")
        relay.faults = Faults()
        await channel.send(MAILBOX, MESSAGE, key="key-00000001")
    assert {mail["Message-ID"] for mail in relay.mails} == {"<key-00000001@sante.example>"}


async def test_a_relay_that_is_down_is_transient(unused_tcp_port: int) -> None:
    channel = EmailChannel(replace(PLAIN, port=unused_tcp_port))
    with pytest.raises(TransientDeliveryError, match=f"127.0.0.1:{unused_tcp_port}"):
        await channel.send(MAILBOX, MESSAGE, key="key-00000001")


async def test_too_large_is_refused_before_a_connection_is_made(relay: Relay) -> None:
    async with channel_to(relay, replace(PLAIN, max_bytes=2000)) as channel:
        with pytest.raises(PermanentDeliveryError, match="limit is 2000"):
            await channel.send(MAILBOX, replace(MESSAGE, text="é" * 2000), key="key-00000001")
    assert not relay.peers


async def test_larger_than_the_relay_announces_is_permanent() -> None:
    async with RunningRelay(Relay(), size_limit=1000) as relay, channel_to(relay) as channel:
        with pytest.raises(PermanentDeliveryError, match="552"):
            await channel.send(MAILBOX, replace(MESSAGE, text="a" * 3000), key="key-00000001")


@pytest.mark.parametrize("security", [EmailSecurity.STARTTLS, EmailSecurity.TLS])
async def test_an_internal_authority_is_trusted_when_configured(
    tls: LoopbackTls, security: EmailSecurity
) -> None:
    starttls = security is EmailSecurity.STARTTLS
    secure = replace(PLAIN, security=security, ca_file=tls.ca_file)
    async with RunningRelay(Relay(), tls=tls.server, starttls=starttls) as relay:
        async with channel_to(relay, secure) as channel:
            await channel.send(MAILBOX, MESSAGE, key="key-00000001")
        async with channel_to(relay, replace(secure, ca_file=None)) as untrusting:
            with pytest.raises(TransientDeliveryError, match="certificate"):
                await untrusting.send(MAILBOX, MESSAGE, key="key-00000002")
    assert len(relay.mails) == 1


async def test_a_relay_without_starttls_gets_nothing(relay: Relay) -> None:
    async with channel_to(relay, replace(PLAIN, security=EmailSecurity.STARTTLS)) as channel:
        with pytest.raises(TransientDeliveryError):
            await channel.send(MAILBOX, MESSAGE, key="key-00000001")
    assert not relay.envelopes


async def test_credentials_open_the_relay_and_are_never_quoted(tls: LoopbackTls) -> None:
    good = replace(
        PLAIN,
        security=EmailSecurity.STARTTLS,
        ca_file=tls.ca_file,
        username="tocsin",
        password="s3cret-relay",
    )
    async with RunningRelay(Relay(), tls=tls.server, starttls=True, auth=True) as relay:
        async with channel_to(relay, good) as channel:
            await channel.send(MAILBOX, MESSAGE, key="key-00000001")
        async with channel_to(relay, replace(good, password="wr0ng-word")) as channel:
            with pytest.raises(PermanentDeliveryError) as refused:
                await channel.send(MAILBOX, MESSAGE, key="key-00000002")
    assert "535" in str(refused.value)
    assert "wr0ng-word" not in str(refused.value) + repr(replace(good, password="wr0ng-word"))
    assert set(relay.logins) == {"tocsin"}


def test_an_unreadable_authority_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "autorite.pem"
    broken.write_text("ce n'est pas un certificat")
    with pytest.raises(ValueError, match=r"autorite\.pem"):
        EmailChannel(replace(PLAIN, security=EmailSecurity.TLS, ca_file=broken))


@pytest.mark.postfix
async def test_a_real_relay_delivers_the_mail_as_it_was_written(postfix: Postfix) -> None:
    french = replace(
        MESSAGE,
        subject="[Tocsin] À TRAITER – équipements d’échographie – CERTFR-2026-AVI-0123",
        text="Consigne pour l’accueil :\n.ne répondez à aucun fax\nFrom here\n" + "é" * 500,
    )
    channel = EmailChannel(replace(PLAIN, port=postfix.port))
    receipt = await channel.send(f"ssi@{DOMAIN}", french, key="f" * 64)
    with pytest.raises(PermanentDeliveryError, match="550"):
        await channel.send(f"inconnu@{DOMAIN}", french, key="g" * 64)
    await channel.close()
    [mail] = await asyncio.to_thread(postfix.delivered, "ssi", 1)
    assert mail["Message-ID"] == receipt
    assert mail["Subject"] == french.subject
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == french.text.splitlines()
