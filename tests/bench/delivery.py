"""The outbox and what it sends: how many a second, how soon, against the plain clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.domain.delivery import Lease
from bot.pipeline.dispatch import AT_ONCE
from bot.store import Database, outbox
from bot.store.migrate import upgrade
from tests.bench import first_message, rooms, sending, workers
from tests.bench.figures import Figure
from tests.bench.skip import PYTEST_SKIPPED
from tests.servers.postgresql import DURABLE, running_cluster

DELIVERIES = 10_000
CLAIMED = AT_ONCE // 2  # together, in the middle of a broadcast
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def run() -> Iterator[Figure]:
    """Every figure; what is not installed is said and skipped."""
    measures: tuple[Callable[[], Iterator[Figure]], ...] = (
        outbox_on_sqlite,
        outbox_on_postgresql,
        sending.mails_on_sqlite,
        sending.mails_on_postgresql,
        sending.posts,
        workers.scale_out,
        rooms.messages,
        first_message.first_messages,
    )
    for measure in measures:
        try:
            yield from measure()
        except PYTEST_SKIPPED as reason:
            print(f"  skipped: {reason}")


def outbox_on_sqlite() -> Iterator[Figure]:
    """Rows claimed and recorded; nothing is sent."""
    with TemporaryDirectory(prefix="tocsin-bench-") as folder:
        yield _figure("sqlite", f"sqlite:///{Path(folder) / 'tocsin.db'}")


def outbox_on_postgresql() -> Iterator[Figure]:
    """The same, by one worker, with every commit on the disk."""
    with running_cluster(DURABLE) as cluster, cluster.database() as url:
        yield _figure("postgresql", url)


async def _claim_and_record(database: Database) -> int:
    """Claim while what was claimed before is recorded, as the dispatcher does."""

    async def claim() -> list[Lease]:
        return await database.run(outbox.lease_due, limit=CLAIMED, now=NOW, new_only=True)

    done, leases = 0, await claim()
    while leases:
        receipts = [(lease, f"<{lease.key}>") for lease in leases]
        recorded, leases = await asyncio.gather(
            database.run(outbox.mark_all_delivered, receipts, now=NOW), claim()
        )
        done += len(recorded)
    return done


def _figure(engine: str, url: str) -> Figure:
    database = Database(url)
    upgrade(database)
    database.call(outbox.enqueue, [sending.mail(n) for n in range(DELIVERIES)], now=NOW)
    start = time.perf_counter()
    done = asyncio.run(_claim_and_record(database))
    rate = done / (time.perf_counter() - start)
    database.dispose()
    if done != DELIVERIES:
        raise AssertionError(f"{done} of {DELIVERIES} deliveries recorded")
    return Figure(f"delivery.outbox_{engine}_per_s", rate, "deliveries/s")
