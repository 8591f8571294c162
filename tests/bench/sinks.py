"""Peers that take everything, each in a process of its own: the bench must not share a core
with what it sends to."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

Serve = Callable[[Callable[[], None]], Awaitable[int]]


class Sink:
    """A running peer: where it listens, and how many messages it took."""

    def __init__(self, port: int, taken: Synchronized[int]) -> None:
        self.port = port
        self._taken = taken

    @property
    def taken(self) -> int:
        """Messages accepted since it started."""
        return self._taken.value


@contextmanager
def mail_sink() -> Iterator[Sink]:
    """aiosmtpd, that answers 250 and forgets."""
    with _running(_serve_mail) as sink:
        yield sink


@contextmanager
def http_sink() -> Iterator[Sink]:
    """An HTTP server that answers as ``chat.postMessage`` does, without any limit."""
    with _running(_serve_http) as sink:
        yield sink


@contextmanager
def _running(serve: Serve) -> Iterator[Sink]:
    context = multiprocessing.get_context("spawn")
    taken: Any = context.Value("q", 0, lock=False)
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(serve, taken, theirs), daemon=True)
    process.start()
    try:
        yield Sink(int(ours.recv()), taken)
    finally:
        process.kill()
        process.join()


def _run(serve: Serve, taken: Any, started: Connection) -> None:
    def count() -> None:
        taken.value += 1

    async def main() -> None:
        started.send(await serve(count))
        await asyncio.Event().wait()

    asyncio.run(main())


class _Mails:
    """What aiosmtpd asks: it takes the mail and forgets it."""

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Count one mail."""
        self._count()
        return "250 2.0.0 queued"


async def _serve_mail(count: Callable[[], None]) -> int:
    handler = _Mails(count)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="relais.example", loop=loop), "127.0.0.1", 0
    )
    return int(server.sockets[0].getsockname()[1])


async def _serve_http(count: Callable[[], None]) -> int:
    async def post(request: web.Request) -> web.Response:
        posted = await request.json()
        count()
        answer = {"ok": True, "channel": posted["channel"], "ts": "1770000000.000100"}
        return web.json_response(answer)

    application = web.Application()
    application.router.add_post("/api/chat.postMessage", post)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return int(runner.addresses[0][1])
