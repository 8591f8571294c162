"""What is written is sent at once, long before the clock comes round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.domain.clock import system_clock
from bot.domain.message import ChannelName
from bot.jobs import Job, Jobs
from bot.pipeline.dispatch import Dispatcher
from bot.store import Database, advisories, outbox
from bot.store.migrate import upgrade
from bot.store.wakeup import Topic, keep_listening
from feeds.advisory import AdvisoryKind
from tests.acceptance.test_quiet import bulletin
from tests.servers.smtp import Relay
from tests.servers.waiting import eventually
from tests.store.test_outbox import written

NEVER = timedelta(minutes=10)  # the clock's period: nothing in these tests waits for it
SOON = 5.0  # seconds


@asynccontextmanager
async def sending(database: Database, relay: Relay) -> AsyncIterator[None]:
    """Dispatch when rung, and hardly ever otherwise."""
    options = EmailOptions(
        "127.0.0.1", "tocsin@sante.example", port=relay.port, security=EmailSecurity.PLAIN
    )
    channel = EmailChannel(options)
    dispatcher = Dispatcher(database, {ChannelName.EMAIL: channel}, clock=system_clock)
    database.bells.on(Topic.DISPATCH, dispatcher.wake)
    running = asyncio.create_task(dispatcher.run_for_ever(NEVER))
    await asyncio.sleep(0.1)  # it has looked, and found nothing
    try:
        yield
    finally:
        dispatcher.stop()
        await running
        await channel.close()


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[None]:
    """The connection that hears the others."""
    task = asyncio.create_task(keep_listening(database.url, database.bells))
    heard = asyncio.Event()
    database.bells.on(Topic.MATCH, heard.set)
    await asyncio.wait_for(heard.wait(), SOON)  # it rings once it listens
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_in_one_process_a_message_goes_when_it_is_written(
    tmp_path: Path, relay: Relay
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    upgrade(database)
    async with sending(database, relay):
        await database.run(outbox.enqueue, [written(1)], now=system_clock())
        await eventually(lambda: relay.envelopes, within=SOON)
    await database.close()


@pytest.mark.postgresql
async def test_what_another_process_writes_goes_at_once(postgresql_url: str, relay: Relay) -> None:
    database, other = Database(postgresql_url), Database(postgresql_url)  # they share no memory
    upgrade(database)
    async with listening(database), sending(database, relay):
        await other.run(outbox.enqueue, [written(1)], now=system_clock())
        await eventually(lambda: relay.envelopes, within=SOON)
    await database.close()
    await other.close()


@pytest.mark.postgresql
async def test_a_lost_connection_is_opened_again_and_nothing_is_forgotten(
    postgresql_url: str, relay: Relay
) -> None:
    database, other = Database(postgresql_url), Database(postgresql_url)
    upgrade(database)
    async with listening(database), sending(database, relay):
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            killed = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            ).fetchall()
        assert killed == [(True,)]
        await other.run(outbox.enqueue, [written(1)], now=system_clock())  # nobody hears it
        await eventually(lambda: len(relay.envelopes) == 1, within=SOON)
        await other.run(outbox.enqueue, [written(2)], now=system_clock())
        await eventually(lambda: len(relay.envelopes) == 2, within=SOON)
    await database.close()
    await other.close()


@pytest.mark.postgresql
async def test_a_bulletin_stored_by_another_process_starts_the_matching(
    postgresql_url: str,
) -> None:
    database, other = Database(postgresql_url), Database(postgresql_url)
    upgrade(database)
    runs: list[int] = []

    async def match() -> None:
        runs.append(len(runs))

    stop = asyncio.Event()
    jobs = [Job("match", NEVER, match, leased=True, topic=Topic.MATCH)]
    running = asyncio.create_task(Jobs(database).run(jobs, stop))
    async with listening(database):
        await asyncio.sleep(0.2)
        before = len(runs)
        now = system_clock()
        await other.run(advisories.store, [bulletin(AdvisoryKind.AVIS)], trace_id="t", now=now)
        await eventually(lambda: len(runs) > before, within=SOON)
    stop.set()
    await running
    await database.close()
    await other.close()
