"""One transaction in a worker thread, on SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from bot.store.sealing import ATTRIBUTE, Sealer
from bot.store.wakeup import RUNG, Bells

P = ParamSpec("P")
R = TypeVar("R")

Work = Callable[Concatenate[Session, P], R]

SYNCED_LATER = "tocsin_synced_later"  # an execution option
POSTGRESQL_CONNECTIONS = 8  # per process; also its number of worker threads


class DatabaseUnreachableError(Exception):
    """The database does not answer or refuses; the message says why, without its password."""


class DatabaseUrlError(ValueError):
    """The database URL cannot be used; the message says what one looks like."""


class Database:
    """Runs functions that take a :class:`Session`, each in a transaction of its own.

    No ``await`` can sit inside a transaction: the work runs in a thread and returns
    before anything else is awaited. SQLite has one writer, hence one thread.
    ``sealer`` seals what names machines; without one values are as they are stored.
    """

    def __init__(self, url: str, *, sealer: Sealer | None = None) -> None:
        self.url = _checked(url)
        self.is_sqlite = self.url.startswith("sqlite")
        workers = 1 if self.is_sqlite else POSTGRESQL_CONNECTIONS
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        if sealer is not None:
            setattr(self.engine.dialect, ATTRIBUTE, sealer)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, autoflush=True)
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="tocsin-store")
        self._running: set[asyncio.Future[Any]] = set()
        self.bells = Bells()

    async def run(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``work(session, …)`` in a transaction and return what it returned.

        The caller may be cancelled; the transaction is not: it ends by itself, and
        :meth:`close` waits for it.
        """
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._executor, lambda: self.call(work, *args, **kwargs))
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return await asyncio.shield(future)

    def call(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same, in this thread: for the command line, which has nothing else to do.

        Raises:
            DatabaseUnreachableError: no answer, a full disk, a restart: nothing was written.
        """
        with database_errors(), self._sessions() as session:
            with session.begin():
                done = work(session, *args, **kwargs)
            if self.is_sqlite:
                for topic in session.info.get(RUNG, ()):
                    self.bells.ring(topic)
        return done

    async def close(self) -> None:
        """Wait for the transactions under way, then let the connections go."""
        await asyncio.gather(*self._running, return_exceptions=True)
        self.dispose()

    def dispose(self) -> None:
        """Let the connections go."""
        self._executor.shutdown(wait=True)
        self.engine.dispose()


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn what a driver says of its server into one line without a password or a value."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        said = str(error.orig).strip().splitlines() or ["no answer"]
        raise DatabaseUnreachableError(f"the database refused: {said[0]}") from error


def database_now(session: Session) -> datetime:
    """The database's own clock, aware: the one clock that every worker shares."""
    if session.get_bind().dialect.name == "sqlite":
        stamp = session.execute(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")).scalar_one()
        return datetime.fromisoformat(str(stamp)).replace(tzinfo=UTC)
    now: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now.astimezone(UTC)


def _checked(url: str) -> str:
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError as error:
        raise DatabaseUrlError(
            "database_url cannot be read: write sqlite:///path/to/tocsin.db or"
            " postgresql://user@host/tocsin"
        ) from error
    if backend not in {"sqlite", "postgresql"}:
        raise DatabaseUrlError(
            f"database_url: {backend} is not supported, use sqlite or postgresql"
        )
    return url


def _postgresql_engine(url: str) -> Engine:
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=POSTGRESQL_CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,  # they hold messages and names; an error ends in a log
        pool_pre_ping=True,  # a restarted server must not cost a failed transaction
    )


def _sqlite_engine(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": 30, "check_same_thread": False},
        hide_parameters=True,  # they hold messages and names; an error ends in a log
    )
    event.listen(engine, "connect", _prepare_sqlite)
    # SQLite promotes a reading transaction to a writing one only if nobody wrote
    # meanwhile, and fails at once otherwise: every transaction starts as a writer.
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def synced_later(session: Session) -> None:
    """Have a transaction that begins here reach the disk with the next one: a process that
    dies forgets nothing of it, a machine that loses its power may.

    On SQLite; PostgreSQL keeps such things in its own memory, and would lose them by itself.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.connection(execution_options={SYNCED_LATER: True})


def _begin_sqlite(connection: Connection) -> None:
    later = connection.get_execution_options().get(SYNCED_LATER, False)
    connection.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if later else 'FULL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun above, not by the driver
    for pragma in ("journal_mode=WAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
