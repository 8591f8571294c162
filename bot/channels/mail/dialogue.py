"""What is said to a relay for each mail, on a connection that is open already.

aiosmtplib opens connections (TLS, EHLO, credentials). For the mails themselves it would wake
a task and set a time-out at each answer, a third of what sending a mail costs: here an answer
calls for the next command as it is read. A relay that offers PIPELINING is given the
envelope in one piece: two exchanges a mail instead of four.

Source: RFC 5321 (4.2 answers, 4.3.2 codes, 4.5.2 transparency), RFC 2920, RFC 3463.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.channels.base import (
    DeliveryError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)

MAX_ANSWER = 64 * 1024  # bytes; RFC 5321 allows lines of 512
ENHANCED_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463
BARE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")
LEAVING = 421  # the relay closes the connection
GO_ON = 354  # it waits for the mail


@dataclass(frozen=True, slots=True)
class Answer:
    """What the relay said: the code and the text of its last line."""

    code: int
    text: str


class NoAnswerError(Exception):
    """The relay went away, was silent for too long or said what is no answer."""


Script = Generator[bytes, Answer, None]
"""Yields what to write, and is given the answer; the empty bytes wait for one more. It is
thrown :class:`NoAnswerError` where there is none."""


def handing_over(
    sender: str, recipient: str, body: bytes, *, size: bool, pipelining: bool
) -> Script:
    """Hand one mail over, to one recipient: there is no partial refusal to read.

    Args:
        sender, recipient: addresses as in an envelope, parsed already.
        body: headers and content.
        size, pipelining: whether the relay offers these.

    Raises:
        TransientDeliveryError, PermanentDeliveryError: refused.
        NoAnswerError: no answer, and the mail has not left.
        UncertainDeliveryError: no answer once it had.
    """
    content = _transparent(body)
    declared = f" SIZE={len(body)}" if size else ""
    commands = [f"MAIL FROM:<{sender}>{declared}", f"RCPT TO:<{recipient}>", "DATA"]
    envelope = [f"{command}\r\n".encode() for command in commands]
    refused = yield from _at_once(envelope) if pipelining else _in_turn(envelope)
    if refused is not None:
        raise refusal(refused)
    try:
        answer = yield content
    except NoAnswerError as error:
        raise UncertainDeliveryError(f"the relay gave no answer after DATA ({error})") from None
    if answer.code // 100 != 2:
        raise refusal(answer)


def forgetting() -> Script:
    """Have a refused mail forgotten, so that the connection serves for the next."""
    answer = yield b"RSET\r\n"
    if answer.code // 100 != 2:
        raise refusal(answer)


def leaving() -> Script:
    """Say goodbye."""
    yield b"QUIT\r\n"


def refusal(answer: Answer) -> DeliveryError:
    """What a refused command means, with the codes and without the relay's prose, which may
    quote the message, an address or a link."""
    enhanced = ENHANCED_STATUS.match(answer.text)
    reason = f"the relay answered {answer.code}" + (f" {enhanced[1]}" if enhanced else "")
    if 500 <= answer.code < 600:
        return PermanentDeliveryError(reason)
    return TransientDeliveryError(reason)


def _in_turn(envelope: Sequence[bytes]) -> Generator[bytes, Answer, Answer | None]:
    """Each command once the one before it is accepted; the refusal, if there is one."""
    for command in envelope:
        answer = yield command
        if not _accepted(command, answer):
            return answer
    return None


def _at_once(envelope: Sequence[bytes]) -> Generator[bytes, Answer, Answer | None]:
    """All commands in one piece, then their answers; the first refusal, if there is one.

    A relay that waits for the mail of a refused recipient is given none: RFC 2920, 3.1.
    """
    refused = None
    answer = yield b"".join(envelope)
    for position, command in enumerate(envelope):
        if position and answer.code != LEAVING:
            answer = yield b""
        if refused is None and not _accepted(command, answer):
            refused = answer
    if refused is not None and answer.code == GO_ON:
        yield b".\r\n"
    return refused


def _accepted(command: bytes, answer: Answer) -> bool:
    return answer.code == GO_ON if command == b"DATA\r\n" else answer.code // 100 == 2


def _transparent(body: bytes) -> bytes:
    """The body as DATA carries it: lines that end in CRLF, a dot doubled where it begins one,
    and the dot that ends it."""
    if not body.count(b"\r\n") == body.count(b"\n") == body.count(b"\r"):
        body = BARE_END.sub(b"\r\n", body)
    end = b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n"
    first = b"." if body.startswith(b".") else b""
    return first + body.replace(b"\r\n.", b"\r\n..") + end


class Dialogue(asyncio.Protocol):
    """One open connection to a relay, on which scripts are played one after another.

    Args:
        transport: connected, greeted, and nothing is expected on it.
        timeout: how long to wait for each answer.
    """

    def __init__(self, transport: asyncio.Transport, *, timeout: timedelta) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._timeout = timeout.total_seconds()
        self._heard = b""
        self._script: Script | None = None
        self._over = self._loop.create_future()
        self._answer_by = 0.0  # loop time
        self._watch: asyncio.TimerHandle | None = None
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Whether something can be said."""
        return not self._transport.is_closing()

    def close(self) -> None:
        """Hang up."""
        self._transport.close()
        if self._watch is not None:
            self._watch.cancel()

    async def play(self, script: Script) -> None:
        """Say and hear what the script wants, to its end.

        Raises:
            NoAnswerError: the connection is closed, or the script did not mind.
            DeliveryError: as the script says.
        """
        if not self.is_open:
            raise NoAnswerError("closed")
        self._script, self._over = script, self._loop.create_future()
        self._go_on(partial(next, script))
        if self._watch is None:
            self._watch = self._loop.call_later(self._timeout, self._look)
        try:
            await self._over
        finally:
            self._script = None

    def data_received(self, data: bytes) -> None:
        """Give each whole answer to the script; what nobody asked for ends the connection."""
        self._heard += data
        try:
            while self._script is not None and (answer := self._next_answer()) is not None:
                if answer.code == LEAVING:
                    self._transport.close()
                self._go_on(partial(self._script.send, answer))
        except ValueError:
            self._fail("no answer of SMTP")
        if self._heard and (self._script is None or len(self._heard) > MAX_ANSWER):
            self._fail("out of step")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the script that no answer will come."""
        self._fail(type(exc).__name__ if exc else "connection closed")

    def _go_on(self, step: Callable[[], bytes]) -> None:
        try:
            command = step()
        except StopIteration:
            self._ended(None)
        except (DeliveryError, NoAnswerError) as error:
            self._ended(error)
        else:
            self._answer_by = self._loop.time() + self._timeout
            if command:
                self._transport.write(command)

    def _ended(self, error: Exception | None) -> None:
        self._script = None
        if self._over.done():
            return
        if error is None:
            self._over.set_result(None)
        else:
            self._over.set_exception(error)

    def _next_answer(self) -> Answer | None:
        """The next answer that is heard whole: its last line has a space after the code.

        Raises:
            ValueError: no code.
        """
        start = 0
        while (end := self._heard.find(b"\n", start)) >= 0:
            line, start = self._heard[start:end], end + 1
            if line[3:4] != b"-":
                self._heard = self._heard[start:]
                return Answer(int(line[:3]), line[4:].decode("ascii", "replace"))
        return None

    def _look(self) -> None:
        """Whether an answer is late. One clock serves for many answers: they seldom are."""
        self._watch = None
        left = self._answer_by - self._loop.time()
        if self._script is not None and left <= 0:
            self._fail("TimeoutError")
        elif self._script is not None:
            self._watch = self._loop.call_later(left, self._look)

    def _fail(self, why: str) -> None:
        self._transport.abort()  # a relay that hangs would not take what is left to write
        if self._script is not None:
            self._go_on(partial(self._script.throw, NoAnswerError(why)))
