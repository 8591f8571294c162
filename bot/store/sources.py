"""Where each source stopped reading, how it has been, and what could not be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.store.schema import MalformedRow, SeenDocumentRow, SourceRow
from bot.store.statements import insert_ignoring
from feeds.errors import MalformedDocumentError


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source has been; ``failures`` counts those in a row."""

    name: str
    attempted_at: datetime | None
    succeeded_at: datetime | None
    failures: int
    error: str
    unreadable: int


def cursor(session: Session, name: str) -> dict[str, Any]:
    """Where a source stopped; empty the first time."""
    row = session.get(SourceRow, name)
    return dict(row.cursor) if row else {}


def save_cursor(session: Session, name: str, value: Mapping[str, Any]) -> None:
    """Keep where a source stopped, in the transaction that keeps what it gave."""
    _row(session, name).cursor = dict(value)


def succeeded(session: Session, name: str, *, now: datetime) -> None:
    """Record that a source was read to the end."""
    row = _row(session, name)
    row.attempted_at = row.succeeded_at = now
    row.failures = 0
    row.error = ""


def failed(session: Session, name: str, reason: str, *, now: datetime) -> None:
    """Record that a source could not be read."""
    row = _row(session, name)
    row.attempted_at = now
    row.failures += 1
    row.error = reason


def keep_malformed(
    session: Session, problems: Iterable[MalformedDocumentError], *, now: datetime
) -> int:
    """Keep what could not be read, each thing once; return how many are new."""
    rows = [
        {
            "source": problem.source,
            "item": problem.item,
            "reason": problem.reason,
            "digest": hashlib.sha256(str(problem).encode()).hexdigest(),
            "seen_at": now,
        }
        for problem in problems
    ]
    return insert_ignoring(session, MalformedRow, rows, conflict=["digest"])


def seen_document(session: Session, digest: str) -> int | None:
    """How many advisories a document already read held; None for a new one."""
    row = session.get(SeenDocumentRow, digest)
    return row.advisories if row else None


def mark_seen(session: Session, digest: str, count: int) -> None:
    """Remember a document that was read whole, with how many advisories it held."""
    rows = [{"digest": digest, "advisories": count}]
    insert_ignoring(session, SeenDocumentRow, rows, conflict=["digest"])


def health(session: Session) -> list[SourceHealth]:
    """How every source has been, by name."""
    counts = select(MalformedRow.source, func.count()).group_by(MalformedRow.source)
    # a result has keys(): dict() would take it for a mapping
    unreadable = dict(session.execute(counts).all())
    return [
        SourceHealth(
            name=row.name,
            attempted_at=row.attempted_at,
            succeeded_at=row.succeeded_at,
            failures=row.failures,
            error=row.error,
            unreadable=unreadable.get(row.name, 0),
        )
        for row in session.scalars(select(SourceRow).order_by(SourceRow.name))
    ]


def _row(session: Session, name: str) -> SourceRow:
    row = session.get(SourceRow, name)
    if row is None:
        row = SourceRow(name=name, cursor={}, failures=0, error="")
        session.add(row)
    return row
