"""Peers that take everything, each in a process of its own: the bench must not share a core
with what it sends to."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.slack import SlackDouble

SLACK_CHANNELS = 200
DISTANT = 0.1  # seconds

Serve = Callable[["Counts"], Awaitable[int]]


class Counts:
    """Shared with the process of the sink, which alone writes."""

    def __init__(self, taken: Any, refused: Any) -> None:
        self.taken = taken
        self.refused = refused


class Sink:
    """A running peer: where it listens, and how many messages it took."""

    def __init__(self, port: int, counts: Counts) -> None:
        self.port = port
        self._counts = counts

    @property
    def taken(self) -> int:
        """Messages accepted since it started."""
        return int(self._counts.taken.value)

    @property
    def refused(self) -> int:
        """Messages refused because they came too early."""
        return int(self._counts.refused.value)


@contextmanager
def mail_sink(*, distant: bool = False) -> Iterator[Sink]:
    """aiosmtpd, that answers 250 and forgets.

    Args:
        distant: it takes :data:`DISTANT` for each mail, as a relay does that looks into it.
    """
    with _running(_serve_distant_mail if distant else _serve_mail) as sink:
        yield sink


@contextmanager
def slack_sink(*, limited: bool = False) -> Iterator[Sink]:
    """The double of Slack that the tests use, with :data:`SLACK_CHANNELS` channels.

    Args:
        limited: one message a second to one channel; sooner, 429 as Slack answers.
    """
    with _running(_serve_limited_slack if limited else _serve_slack) as sink:
        yield sink


@contextmanager
def _running(serve: Serve) -> Iterator[Sink]:
    context = multiprocessing.get_context("spawn")
    counts = Counts(*(context.Value("q", 0, lock=False) for _ in range(2)))
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(serve, counts, theirs), daemon=True)
    process.start()
    try:
        yield Sink(int(ours.recv()), counts)
    finally:
        process.kill()
        process.join()


def _run(serve: Serve, counts: Counts, started: Connection) -> None:
    async def main() -> None:
        started.send(await serve(counts))
        await asyncio.Event().wait()

    asyncio.run(main())


class _Mails:
    """What aiosmtpd asks: it takes the mail and forgets it."""

    def __init__(self, counts: Counts, takes: float) -> None:
        self._counts = counts
        self._takes = takes

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Count one mail."""
        if self._takes:
            await asyncio.sleep(self._takes)
        self._counts.taken.value += 1
        return "250 2.0.0 queued"


async def _serve_mail(counts: Counts) -> int:
    return await _serve_mails(_Mails(counts, 0.0))


async def _serve_distant_mail(counts: Counts) -> int:
    return await _serve_mails(_Mails(counts, DISTANT))


async def _serve_mails(handler: _Mails) -> int:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="relais.example", loop=loop), "127.0.0.1", 0
    )
    return int(server.sockets[0].getsockname()[1])


async def _serve_slack(counts: Counts) -> int:
    return await _serve_double(counts, SlackDouble())


async def _serve_limited_slack(counts: Counts) -> int:
    return await _serve_double(counts, SlackDouble(seconds_per_message=1.0))


async def _serve_double(counts: Counts, double: SlackDouble) -> int:
    double.channels |= {slack_channel(number): f"c{number}" for number in range(SLACK_CHANNELS)}
    await double.__aenter__()  # until this process is killed

    async def report() -> None:
        while True:
            counts.taken.value = len(double.messages)
            counts.refused.value = double.refused_early
            await asyncio.sleep(0.02)

    _kept.append(asyncio.create_task(report()))
    return double.port


_kept: list[asyncio.Task[None]] = []  # the loop alone would forget it


def slack_channel(number: int) -> str:
    """The id of one of the double's channels."""
    return f"C{number % SLACK_CHANNELS:09}"
