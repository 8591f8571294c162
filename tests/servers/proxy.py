"""A TCP proxy that can lose the answers: the request arrives, the reply never does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class LosingProxy:
    """Forwards to a loopback port; with ``losing`` it hangs up instead of answering, with
    ``holding`` it keeps the connection open and says nothing, and ``instead`` is what it
    answers in the place of the server, which hears nothing."""

    target: int
    losing: bool = False
    holding: bool = False
    instead: bytes = b""
    port: int = 0
    lost: int = 0
    held: int = 0
    refused: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> LosingProxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.target)
        pipes = {
            asyncio.create_task(self._pipe(reader, upstream_writer, writer, answers=False)),
            asyncio.create_task(self._pipe(upstream_reader, writer, writer, answers=True)),
        }
        self._tasks |= pipes
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        for pipe in pipes:
            pipe.cancel()
        for end in (writer, upstream_writer):
            end.close()
        self._tasks -= pipes

    async def _pipe(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        *,
        answers: bool,
    ) -> None:
        while data := await source.read(65536):
            if self.instead and not answers:
                self.refused += 1
                back.write(self.instead)
                return
            if answers and self.holding:
                self.held += 1
                continue
            if answers and self.losing:
                self.lost += 1
                return
            sink.write(data)
            await sink.drain()
