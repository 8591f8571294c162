"""Publishers → stored advisories. A cursor moves in the transaction that keeps what it gave."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot import __version__
from bot.domain.clock import Clock
from bot.domain.priority import USUAL_SCALE, Scale
from bot.store import Database, Session, advisories, exploits, sources
from bot.store.advisories import Intake
from feeds.advisory import Advisory
from feeds.errors import FeedError, MalformedDocumentError
from feeds.exploited import Signal, SignalSource
from feeds.source import Document, Source

R = TypeVar("R")

Progress = Callable[[int], None]
"""Told how many advisories were read since the last call."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What reading a source did. ``error`` is empty when it was read to the end."""

    source: str
    intake: Intake = field(default_factory=Intake)
    unreadable: tuple[MalformedDocumentError, ...] = ()
    error: str = ""


async def ingest(
    database: Database,
    source: Source,
    *,
    clock: Clock,
    since: datetime | None = None,
    progress: Progress = lambda _: None,
) -> IngestReport:
    """Read a source to its end and keep what is new.

    Args:
        since: leave bulletins first published before; everything is kept when None.

    Each document is stored on its own, with its cursor: what came before a failure
    stands, and the next reading starts after it.
    """
    cursor = await database.run(sources.cursor, source.name)
    intake = Intake()
    unreadable: list[MalformedDocumentError] = []
    try:
        async for document in source.fetch(cursor):
            known = await database.run(_already_read, document) if since is None else None
            if known is not None:
                intake += Intake(unchanged=known)
                progress(known)
                continue
            # a long feed takes seconds, a chat must be answered within three: off the loop
            parsed, problems = await asyncio.to_thread(_sorted, source.parse(document))
            read = [a for a in parsed if since is None or a.published_at >= since]
            intake += await database.run(
                _keep, source, document, read, problems, clock=clock, whole=since is None
            )
            unreadable += problems
            progress(len(parsed))
    except FeedError as error:
        await database.run(sources.failed, source.name, str(error), now=clock())
        return IngestReport(source.name, intake, tuple(unreadable), str(error))
    await database.run(sources.succeeded, source.name, now=clock())
    return IngestReport(source.name, intake, tuple(unreadable))


def _sorted(
    parsed: Iterator[R | MalformedDocumentError],
) -> tuple[list[R], list[MalformedDocumentError]]:
    """Exhaust a parser, which does its work only now; what it read, and what it could not."""
    read: list[R] = []
    problems: list[MalformedDocumentError] = []
    for item in parsed:
        if isinstance(item, MalformedDocumentError):
            problems.append(item)
        else:
            read.append(item)
    return read, problems


def _keep(
    session: Session,
    source: Source,
    document: Document,
    read: Sequence[Advisory],
    problems: Sequence[MalformedDocumentError],
    *,
    clock: Clock,
    whole: bool,
) -> Intake:
    now = clock()
    intake = advisories.store(session, read, trace_id=uuid.uuid4().hex, now=now)
    sources.keep_malformed(session, problems, now=now)
    if document.cursor is not None:
        sources.save_cursor(session, source.name, document.cursor)
    elif whole and not problems:
        sources.mark_seen(session, _identity(document), len(read))
    return intake


def _already_read(session: Session, document: Document) -> int | None:
    """How many advisories a file's document held, if this version read it whole before.

    It is then not parsed again: reading a corpus twice is quick, and a file kept aside
    never brings back a text that its publisher has revised since.
    """
    return (
        None if document.cursor is not None else sources.seen_document(session, _identity(document))
    )


def _identity(document: Document) -> str:
    """Another version of Tocsin may read the same bytes better: it is part of the name."""
    return hashlib.sha256(f"{__version__}\n".encode() + document.body).hexdigest()


@dataclass(frozen=True, slots=True)
class SignalReport:
    """What reading a list of exploited vulnerabilities did; ``news`` are newly exploited."""

    source: str
    news: int = 0
    unreadable: tuple[MalformedDocumentError, ...] = ()
    error: str = ""


async def ingest_signals(
    database: Database, source: SignalSource, *, clock: Clock, scale: Scale = USUAL_SCALE
) -> SignalReport:
    """Read what is exploited, or likely to be in ``scale``; bulletins that name such a flaw
    are judged again when it becomes so."""
    cursor = await database.run(sources.cursor, source.name)
    news = 0
    unreadable: list[MalformedDocumentError] = []
    try:
        async for document in source.fetch(cursor):
            signals: list[Signal]
            signals, problems = await asyncio.to_thread(_sorted, source.parse(document))
            unreadable += problems
            news += await database.run(_keep_signals, source.name, document, signals, scale)
    except FeedError as error:
        await database.run(sources.failed, source.name, str(error), now=clock())
        return SignalReport(source.name, news, tuple(unreadable), str(error))
    await database.run(sources.keep_malformed, unreadable, now=clock())
    await database.run(sources.succeeded, source.name, now=clock())
    return SignalReport(source.name, news, tuple(unreadable))


def _keep_signals(
    session: Session, name: str, document: Document, signals: Sequence[Signal], scale: Scale
) -> int:
    news = exploits.store(session, signals, scale)
    if document.cursor is not None:
        sources.save_cursor(session, name, document.cursor)
    return news
