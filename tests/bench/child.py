"""Work done in a fresh process: its time and its memory are its own."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog

P = ParamSpec("P")
R = TypeVar("R")

SAMPLED_EVERY = 0.05  # seconds
MEBIBYTE = 1 << 20


def in_child(work: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """What ``work`` returns, done in an event loop of a process of its own.

    Logs are rendered as ``tocsin run`` renders them, and thrown away.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, work, args, kwargs))
    process.start()
    theirs.close()
    try:
        done: R = ours.recv()
    finally:
        process.join()
    return done


def _run(
    answer: Connection, work: Callable[..., Awaitable[Any]], args: Any, kwargs: dict[str, Any]
) -> None:
    logging.disable(logging.CRITICAL)  # the libraries' own
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            logger_factory=structlog.PrintLoggerFactory(nowhere),
        )

        async def main() -> Any:
            return await work(*args, **kwargs)

        answer.send(asyncio.run(main()))


class Growth:
    """How much this process's memory grew at most, in MiB, since it began to be watched."""

    def __init__(self) -> None:
        self._first = self._most = resident()

    @property
    def mebibytes(self) -> float:
        """The growth so far."""
        return (self._most - self._first) / MEBIBYTE

    def sample(self) -> None:
        """Look once."""
        self._most = max(self._most, resident())


@contextmanager
def watched_memory() -> Iterator[Growth]:
    """Sample this process's resident memory until the end of the block."""
    growth, over = Growth(), threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLED_EVERY):
            growth.sample()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield growth
    finally:
        over.set()
        thread.join()
        growth.sample()


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
