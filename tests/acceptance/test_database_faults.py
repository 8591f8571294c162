"""A full disk and a restarted server in the middle of sending: nothing lost, and it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.domain.delivery import DeliveryState
from bot.domain.message import ChannelName
from bot.pipeline.dispatch import Dispatcher
from bot.store import Database, outbox
from bot.store.database import DatabaseUnreachableError
from bot.store.migrate import upgrade
from tests.servers.postgresql import running_cluster
from tests.servers.smtp import Relay
from tests.servers.waiting import eventually
from tests.store.test_outbox import let_leases_expire, written

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
MANY = 400  # several times what is leased at once
ROOMY = 1_000_000  # pages


@pytest.fixture
async def mail(relay: Relay) -> AsyncIterator[EmailChannel]:
    """The way to the relay."""
    options = EmailOptions(
        "127.0.0.1",
        "tocsin@sante.example",
        port=relay.port,
        security=EmailSecurity.PLAIN,
        connections_per_domain=MANY,  # one mailbox gets them all: on a busy machine it is slow
    )
    channel = EmailChannel(options)
    yield channel
    await channel.close()


def dispatcher(database: Database, mail: EmailChannel) -> Dispatcher:
    return Dispatcher(database, {ChannelName.EMAIL: mail}, clock=lambda: NOW, patience=timedelta())


def state_counts(database: Database) -> dict[DeliveryState, int]:
    return {state: count for (_, state), count in database.call(outbox.counts).items()}


def assert_all_arrived(database: Database, relay: Relay) -> None:
    """Every delivery is recorded, every mail is at the relay, each with its one Message-ID."""
    assert state_counts(database) == {DeliveryState.DELIVERED: MANY}
    assert len({mail["Message-ID"] for mail in relay.mails}) == MANY


@dataclass
class Disk:
    """How many pages the database may have: SQLite's own limit, set on each connection."""

    pages: int = ROOMY

    def limit(self, connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={self.pages}")


async def test_a_full_disk_says_so_and_loses_nothing(
    tmp_path: Path, relay: Relay, mail: EmailChannel
) -> None:
    database = Database(f"sqlite:///{tmp_path}/tocsin.db")
    upgrade(database)
    disk = Disk()
    event.listen(database.engine, "checkout", disk.limit)
    database.call(outbox.enqueue, [written(n) for n in range(MANY)], now=NOW)
    disk.pages = 1  # SQLite understands: as many as there are, and no more
    with pytest.raises(DatabaseUnreachableError, match=r"the database refused: .*full"):
        database.call(outbox.enqueue, [written(n) for n in range(MANY, 10 * MANY)], now=NOW)
    assert state_counts(database) == {DeliveryState.DUE: MANY}
    with pytest.raises(DatabaseUnreachableError, match="full"):
        await dispatcher(database, mail).run()
    disk.pages = ROOMY
    database.call(let_leases_expire)
    report = await dispatcher(database, mail).run()
    assert report.dead == 0
    assert_all_arrived(database, relay)
    await database.close()


@pytest.mark.postgresql
async def test_a_server_restarted_in_the_middle_loses_nothing(
    relay: Relay, mail: EmailChannel
) -> None:
    with running_cluster() as cluster, cluster.database() as url:
        database = Database(url)
        upgrade(database)
        database.call(outbox.enqueue, [written(n) for n in range(MANY)], now=NOW)
        sending = asyncio.create_task(dispatcher(database, mail).run())
        await eventually(lambda: len(relay.envelopes) >= MANY // 4)
        await asyncio.to_thread(cluster.stop)
        with pytest.raises(DatabaseUnreachableError, match="the database refused"):
            await sending
        assert len(relay.envelopes) < MANY
        with pytest.raises(DatabaseUnreachableError, match="the database refused"):
            await dispatcher(database, mail).run()
        await asyncio.to_thread(cluster.start)
        database.call(let_leases_expire)
        report = await dispatcher(database, mail).run()
        assert report.dead == 0
        assert_all_arrived(database, relay)
        await database.close()
