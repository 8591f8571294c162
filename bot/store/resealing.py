"""Bringing what is stored under the configured key: the first time, after a change, or back
to plain text. It may be stopped at any moment and run again, while ``tocsin run`` goes on.

It works through a database without a sealer, which reads and writes values as they stand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Column, Table, func, select, update
from sqlalchemy.orm import Session

from bot.store import memos
from bot.store.database import Database
from bot.store.schema import Base
from bot.store.sealing import (
    FIELD,
    SealedJson,
    SealedText,
    Sealer,
    SealError,
    missing,
    opened_json,
    sealed_json,
)
from bot.store.statements import rows_changed

PAGE = 1_000  # rows in one transaction
IN_USE = "inventory keys"  # the memo that names the keys something may be sealed under
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remaining:
    """How many rows there are, and how many are not as they would be written today."""

    rows: int
    waiting: int


def check_keys(session: Session, sealer: Sealer | None) -> None:
    """Raise unless everything that is sealed can be opened; note the key that seals from now on.

    Raises:
        SealError: the database uses a key that is not configured.
    """
    used = set(memos.read(session, IN_USE).split())
    for name in sorted(used - (sealer.names if sealer else frozenset())):
        raise SealError(missing(name))
    if sealer is not None and sealer.current and sealer.current not in used:
        memos.write(session, IN_USE, " ".join(sorted(used | {sealer.current})))


@contextmanager
def as_stored(database: Database) -> Iterator[Database]:
    """The same database, its values neither sealed nor opened."""
    raw = Database(database.url)
    try:
        yield raw
    finally:
        raw.dispose()


def reseal(
    database: Database, sealer: Sealer, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Rewrite what is not as it would be written today; return how many rows.

    A row that somebody changes meanwhile is left to the next run. Once none is left, the
    former keys are needed no more.

    Raises:
        SealError: a value is sealed under a key that is not configured, or was altered.
    """
    done = left = 0
    with as_stored(database) as raw:
        for table in TABLES:
            for page in _pages(raw, table):
                stale = [row for row in page if not _is_current(row, table, sealer)]
                changed = raw.call(_rewrite, table, sealer, stale)
                done, left = done + changed, left + len(stale) - changed
                progress(len(page))
        if not left:
            raw.call(memos.write, IN_USE, sealer.current)
    return done


def total(session: Session) -> int:
    """How many rows :func:`reseal` looks at."""
    return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES)


def remaining(database: Database, sealer: Sealer) -> Remaining:
    """How much is not as it would be written today."""
    rows = waiting = 0
    with as_stored(database) as raw:
        for table in TABLES:
            for page in _pages(raw, table):
                rows += len(page)
                waiting += sum(not _is_current(row, table, sealer) for row in page)
    return Remaining(rows, waiting)


def _pages(raw: Database, table: Table) -> Iterator[list[Row]]:
    """The rows by key, some at a time."""
    after: Any = None
    while page := raw.call(_read, table, after):
        yield page
        after = page[-1][_key(table).name]


def _read(session: Session, table: Table, after: Any) -> list[Row]:
    key = _key(table)
    query = select(key, *_columns(table)).order_by(key).limit(PAGE)
    if after is not None:
        query = query.where(key > after)
    return [dict(row) for row in session.execute(query).mappings()]


def _rewrite(session: Session, table: Table, sealer: Sealer, rows: list[Row]) -> int:
    """Write rows under the key in use, those that did not change meanwhile."""
    changed = 0
    for row in rows:
        statement = update(table).where(_key(table) == row[_key(table).name])
        for column in _columns(table):
            if isinstance(column.type, SealedText):
                statement = statement.where(column == row[column.name])
        values = {c.name: _resealed(row[c.name], c.type, sealer) for c in _columns(table)}
        changed += rows_changed(session.execute(statement.values(values)))
    return changed


def _resealed(stored: Any, kind: object, sealer: Sealer) -> Any:
    if isinstance(kind, SealedText):
        return sealer.seal(sealer.open(stored, kind.purpose), kind.purpose)
    purpose = cast("SealedJson", kind).purpose
    return sealed_json(sealer, opened_json(sealer, stored, purpose), purpose)


def _is_current(row: Row, table: Table, sealer: Sealer) -> bool:
    return all(sealer.is_current(_token(row[column.name])) for column in _columns(table))


def _token(stored: Any) -> str:
    """What bears the name of the key: of a JSON value, its only field."""
    if isinstance(stored, str):
        return stored
    is_sealed = isinstance(stored, dict) and stored.keys() == {FIELD}
    return str(stored[FIELD]) if is_sealed else json.dumps(stored)


def _key(table: Table) -> Column[Any]:
    (key,) = table.primary_key
    return key


def _columns(table: Table) -> list[Column[Any]]:
    """Those that are sealed."""
    return [c for c in table.columns if isinstance(c.type, SealedText | SealedJson)]


TABLES = tuple(table for table in Base.metadata.sorted_tables if _columns(table))
