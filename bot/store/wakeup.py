"""Telling whoever waits for work that there is some, when the transaction that wrote it ends.

On PostgreSQL by NOTIFY, which reaches every process; on SQLite in this process, which is the
only one. A call that is missed costs a turn of the clock, nothing more: rows say what is due.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

import psycopg
import structlog
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)

RUNG = "tocsin.rung"  # of a session: what its transaction will ring
RECONNECT_FIRST, RECONNECT_LONGEST = timedelta(seconds=0.5), timedelta(seconds=30)
KEEPALIVE = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}


class Topic(StrEnum):
    """What there may be to do; also the names of PostgreSQL's channels."""

    MATCH = "tocsin_match"
    DISPATCH = "tocsin_dispatch"


def ring(session: Session, topic: Topic) -> None:
    """Call those who do this work, once this transaction is committed."""
    rung: set[Topic] = session.info.setdefault(RUNG, set())
    if topic not in rung:
        rung.add(topic)
        if session.get_bind().dialect.name != "sqlite":
            session.execute(text("SELECT pg_notify(:topic, '')"), {"topic": topic.value})


class Bells:
    """Who is called in this process. Rung from any thread."""

    def __init__(self) -> None:
        self._calls: defaultdict[
            Topic, list[tuple[asyncio.AbstractEventLoop, Callable[[], None]]]
        ] = defaultdict(list)

    def on(self, topic: Topic, call: Callable[[], None]) -> None:
        """Have ``call`` called in this event loop whenever the topic is rung."""
        self._calls[topic].append((asyncio.get_running_loop(), call))

    def ring(self, topic: Topic) -> None:
        """Call everybody who waits for it."""
        for loop, call in self._calls[topic]:
            if not loop.is_closed():
                loop.call_soon_threadsafe(call)


async def keep_listening(url: str, bells: Bells) -> None:
    """Ring ``bells`` at what other processes notify, over a connection of its own, for ever.

    While there is no connection the clock does the work, later; the log says so. A pooler
    in transaction mode passes no notification on: the clock then does it too.

    Args:
        url: of a PostgreSQL database, as the configuration spells it.
    """
    address = make_conninfo(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False),
        **KEEPALIVE,
    )
    pause = RECONNECT_FIRST
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                address, autocommit=True
            ) as connection:
                for topic in Topic:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(topic)))
                log.info("woken by the database")
                pause = RECONNECT_FIRST
                for topic in Topic:  # what was written while nobody listened
                    bells.ring(topic)
                async for notice in connection.notifies():
                    bells.ring(Topic(notice.channel))
        except (psycopg.Error, OSError) as error:
            log.warning("not woken by the database: by the clock", error=type(error).__name__)
        await asyncio.sleep(pause.total_seconds())
        pause = min(pause * 2, RECONNECT_LONGEST)
