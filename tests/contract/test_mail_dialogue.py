"""What is said to a relay for each mail, word by word, with one that pipelines and misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import (
    DeliveryError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.channels.mail.dialogue import Answer, handing_over
from bot.domain.message import Message

MESSAGE = Message("[Tocsin] À TRAITER", "À faire : mettre à jour.")
ENVELOPE = b"MAIL FROM:<tocsin@sante.example>\r\nRCPT TO:<ssi@ch.example>\r\nDATA\r\n"
HANG_UP = ""
PAUSE = "|"  # what comes after it comes a little later


@dataclass(slots=True)
class Scripted:
    """A relay that offers PIPELINING; to each whole thing it hears it answers the next line."""

    answers: Sequence[str]
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Greet, then answer as told."""
        self.connections += 1
        writer.write(b"220 relais.example\r\n")
        await reader.readline()
        writer.write(b"250-relais.example\r\n250 PIPELINING\r\n")
        for answer in self.answers:
            self.heard.append(await reader.read(65_536))
            if answer == HANG_UP:
                break
            for piece in answer.split(PAUSE):
                writer.write(piece.encode())
                await asyncio.sleep(0.01)
        writer.close()


@asynccontextmanager
async def relay_answering(*answers: str) -> AsyncIterator[tuple[Scripted, EmailChannel]]:
    relay = Scripted(answers)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    channel = EmailChannel(
        EmailOptions(
            host="127.0.0.1",
            port=server.sockets[0].getsockname()[1],
            sender="tocsin@sante.example",
            security=EmailSecurity.PLAIN,
            timeout=timedelta(seconds=1),
        )
    )
    try:
        yield relay, channel
    finally:
        await channel.close()
        server.close()


async def test_the_envelope_goes_in_one_piece_where_the_relay_allows_it() -> None:
    accepted = "250 OK\r\n250-2.1.5\r\n250 OK\r\n354 go on\r\n"
    async with relay_answering(accepted, "250 2.0.0 queued\r\n", "221\r\n") as (relay, channel):
        await channel.send("ssi@ch.example", MESSAGE, key="k" * 64)
    assert relay.heard[0] == ENVELOPE
    assert relay.heard[1].endswith(b"\r\n.\r\n")
    assert relay.heard[2] == b"QUIT\r\n"


async def test_answers_may_come_in_pieces() -> None:
    accepted = "25|0-OK\r|\n250 OK\r\n250| OK\r\n354 |go on\r\n"
    async with relay_answering(accepted, "250|\r\n", "221\r\n") as (relay, channel):
        await channel.send("ssi@ch.example", MESSAGE, key="k" * 64)
    assert relay.heard[0] == ENVELOPE


async def test_a_relay_that_wants_the_mail_of_a_refused_recipient_gets_none() -> None:
    answers = ("250 OK\r\n550 5.1.1 unknown\r\n354 go on\r\n", "554 nobody\r\n", "250 OK\r\n")
    async with relay_answering(*answers) as (relay, channel):
        with pytest.raises(PermanentDeliveryError, match=r"550 5\.1\.1"):
            await channel.send("ssi@ch.example", MESSAGE, key="k" * 64)
    assert relay.heard[:3] == [ENVELOPE, b".\r\n", b"RSET\r\n"]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (("250 OK\r\n452 4.2.2 full\r\n503 no recipient\r\n", "250\r\n"), TransientDeliveryError),
        (("421 4.3.2 closing\r\n",), TransientDeliveryError),
        (("250 OK\r\n250 OK\r\n421 closing\r\n",), TransientDeliveryError),
        (("bonjour\r\n",), TransientDeliveryError),
        ((HANG_UP,), TransientDeliveryError),
        (("250 OK\r\n250 OK\r\n354 go on\r\n", HANG_UP), UncertainDeliveryError),
        (("250 OK\r\n250 OK\r\n354 go on\r\n", "bonjour\r\n"), UncertainDeliveryError),
        (("250 OK\r\n250 OK\r\n354 go on\r\n", "x" * 70_000), UncertainDeliveryError),
        (("250 OK\r\n250 OK\r\n354 go on\r\n", "552 5.3.4\r\n", "250\r\n"), PermanentDeliveryError),
    ],
)
async def test_what_went_wrong_says_whether_the_mail_had_left(
    answers: tuple[str, ...], error: type[DeliveryError]
) -> None:
    async with relay_answering(*answers) as (_, channel):
        with pytest.raises(error):
            await channel.send("ssi@ch.example", MESSAGE, key="k" * 64)


async def test_a_connection_on_which_something_unasked_was_heard_is_not_used_again() -> None:
    accepted = "250 OK\r\n250 OK\r\n354 go on\r\n"
    late = "250 queued\r\n421 too long\r\n"
    async with relay_answering(accepted, late) as (relay, channel):
        await channel.send("ssi@ch.example", MESSAGE, key="k" * 64)
        relay.answers = (HANG_UP,)  # to the next one
        with pytest.raises(TransientDeliveryError):
            await channel.send("ssi@ch.example", MESSAGE, key="m" * 64)
    assert relay.connections == 2


@given(body=st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"..", b"\r\n.\r\n"])))
def test_a_mail_ends_where_it_ends_and_nowhere_else(body: list[bytes]) -> None:
    script = handing_over("a@b", "c@d", b"".join(body), size=False, pipelining=False)
    next(script)
    for code in (250, 250):
        script.send(Answer(code, ""))
    sent = script.send(Answer(354, ""))
    content, end = sent[: -len(b".\r\n")], sent[-len(b".\r\n") :]
    assert end == b".\r\n"
    assert not content or content.endswith(b"\r\n")
    lines = content.split(b"\r\n")
    assert b"." not in lines  # alone, it would end the mail
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    read = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    meant = b"".join(body).replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert read == (meant if meant.endswith(b"\r\n") or not meant else meant + b"\r\n") or (
        not meant and read == b"\r\n"
    )
