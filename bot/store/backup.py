"""Every row out of a database and into another one, whatever their engines."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, func, insert, make_url, select, text, update
from sqlalchemy.types import TypeDecorator

from bot.domain.delivery import DeliveryState
from bot.store.database import Database, database_errors
from bot.store.migrate import MIGRATIONS
from bot.store.resealing import as_stored
from bot.store.schema import Base, DeliveryRow, LeaseRow

AT_ONCE = 2_000  # rows in memory
# a lease belongs to a process that ran when the backup was made
TABLES = tuple(t for t in Base.metadata.sorted_tables if t is not LeaseRow.__table__)
NAMES = frozenset(table.name for table in TABLES)
RELEASED = (
    DeliveryState.DUE.value,
    DeliveryState.LEASED.value,
    DeliveryState.UNCERTAIN.value,
)


class RowError(ValueError):
    """A line of a backup is not a row of its table."""


def schema_revision() -> str:
    """The schema of this version."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head() or ""


def dump(database: Database, write: Callable[[str, Iterator[str]], None]) -> None:
    """Give ``write`` each table's name and its rows, one JSON object each, all of one moment.

    Nobody who writes meanwhile is held up: SQLite is copied first by its backup interface,
    PostgreSQL shows one snapshot. What is sealed stays so.

    Raises:
        DatabaseUnreachableError: the database does not answer.
    """
    with database_errors(), as_stored(database) as raw, _one_moment(raw) as connection:
        for table in TABLES:
            write(table.name, _lines(connection, table))


def is_empty(database: Database) -> bool:
    """Whether no table has a row; the tables must be there."""
    with database_errors(), database.engine.connect() as connection:
        return not any(connection.scalar(select(func.count()).select_from(t)) for t in TABLES)


def load(
    database: Database, read: Callable[[str], Iterable[str]], *, held_because: str
) -> dict[str, int]:
    """Write the rows that ``read`` gives for each table; return how many for each table.

    What was waiting to be sent is held: see :class:`DeliveryState`. All of it is one
    transaction: a fault leaves the database as it was.

    Raises:
        RowError: a line is not a row of its table.
        DatabaseUnreachableError: the database does not answer, or is full.
    """
    counts: dict[str, int] = {}
    with database_errors(), as_stored(database) as raw, raw.engine.begin() as connection:
        for table in TABLES:
            counts[table.name] = _fill(connection, table, read(table.name))
            _count_on(connection, table)
        connection.execute(
            update(DeliveryRow)
            .where(DeliveryRow.state.in_(RELEASED))
            .values(
                state=DeliveryState.HELD.value,
                reason=held_because,
                lease_token=None,
                lease_until=None,
            )
        )
    return counts


def held(database: Database) -> int:
    """How many deliveries wait for the operator's word."""
    is_held = DeliveryRow.state == DeliveryState.HELD.value
    with database_errors(), database.engine.connect() as connection:
        return connection.scalar(select(func.count()).where(is_held)) or 0


@contextmanager
def _one_moment(database: Database) -> Iterator[Connection]:
    if not database.is_sqlite:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with database.engine.connect().execution_options(**options) as connection:
            yield connection
        return
    with TemporaryDirectory(prefix="tocsin-backup-") as folder:
        copy = Path(folder) / "tocsin.db"
        path = make_url(database.url).database or ""
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        copied = Database(f"sqlite:///{copy}")
        try:
            with copied.engine.connect() as connection:
                yield connection
        finally:
            copied.dispose()


def _lines(connection: Connection, table: Table) -> Iterator[str]:
    rows = connection.execution_options(yield_per=AT_ONCE).execute(select(table))
    for row in rows.mappings():
        values = {name: _plain(value) for name, value in row.items()}
        yield json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


def _fill(connection: Connection, table: Table, lines: Iterable[str]) -> int:
    batch: list[dict[str, Any]] = []
    count = 0
    for number, line in enumerate(lines, start=1):
        try:
            batch.append(_row(table, json.loads(line)))
        except (ValueError, TypeError, AttributeError) as error:
            raise RowError(f"{table.name}, row {number}: {error}") from error
        if len(batch) == AT_ONCE:
            connection.execute(insert(table), batch)
            batch.clear()
        count = number
    if batch:
        connection.execute(insert(table), batch)
    return count


def _row(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    if values.keys() != {column.name for column in table.columns}:
        raise ValueError("its columns are not those of this version")
    return {column.name: _typed(column.type, values[column.name]) for column in table.columns}


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    wanted = (kind.impl_instance if isinstance(kind, TypeDecorator) else kind).python_type
    if wanted in {datetime, date}:
        return wanted.fromisoformat(value)
    return uuid.UUID(value) if wanted is uuid.UUID else value


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows after the restored ones; SQLite does so by itself."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    highest = connection.scalar(select(func.max(column)))
    if highest is not None:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
            {"table": table.name, "column": column.name, "highest": highest},
        )
