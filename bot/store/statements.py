"""The few statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Result, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.schema import Base, CounterRow

IDS_AT_ONCE = 5_000


def _insert(session: Session, table: type[Base]) -> Any:
    """A Core statement: ORM entities would cost twice the time of bulk rows."""
    session.flush()  # what the session has not written yet may be referred to
    bulk = cast("Table", table.__table__)
    sqlite_bound = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(bulk) if sqlite_bound else postgresql.insert(bulk)


def insert_ignoring(
    session: Session,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    conflict: Sequence[str],
) -> int:
    """Insert the rows that do not conflict on ``conflict``; return how many went in.

    Every row gives the same columns.
    """
    if not rows:
        return 0
    statement = _insert(session, table).on_conflict_do_nothing(index_elements=conflict)
    counted = {"preserve_rowcount": True}  # returning each row would cost half as much again
    return rows_changed(session.execute(statement, rows, execution_options=counted))


def insert_many(
    session: Session,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    conflict: Sequence[str],
) -> None:
    """The same for very many rows, uncounted: drivers take them all in one call.

    Every row gives every column that has no default in the database.
    """
    if rows:
        statement = _insert(session, table).on_conflict_do_nothing(index_elements=conflict)
        session.execute(statement, rows)


def rows_changed(result: Result[Any]) -> int:
    """How many rows an UPDATE or DELETE touched."""
    return cast("CursorResult[Any]", result).rowcount


def upsert(
    session: Session,
    table: type[Base],
    values: Mapping[str, Any],
    *,
    key: Sequence[str],
    kept: Sequence[str] = (),
) -> None:
    """Insert one row, or replace the values, but ``kept``, of the one that has the same key."""
    statement = _insert(session, table).values(values)
    changed = {name: statement.excluded[name] for name in values if name not in {*key, *kept}}
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))


def next_numbers(session: Session, series: str, count: int) -> range:
    """Take ``count`` numbers of a series, from 1, each given once."""
    statement = _insert(session, CounterRow).values(name=series, value=count)
    taken = session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": CounterRow.value + count}
        ).returning(CounterRow.value)
    ).scalar_one()
    return range(taken - count + 1, taken + 1)


def batches(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """``ids``, or rows, in parts that one statement takes on both engines."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]
