"""How many deliveries the outbox claims and records a second; nothing is sent."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.message import Message
from bot.store import Database, outbox
from bot.store.migrate import upgrade
from feeds.advisory import Tlp
from tests.bench.figures import Figure
from tests.bench.skip import PYTEST_SKIPPED
from tests.servers.postgresql import running_cluster

DELIVERIES = 10_000
AT_ONCE = 50
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def run() -> Iterator[Figure]:
    """SQLite, then PostgreSQL where it is installed; one worker each."""
    with TemporaryDirectory(prefix="tocsin-bench-") as folder:
        yield _figure("sqlite", f"sqlite:///{Path(folder) / 'tocsin.db'}")
    with _postgresql() as url:
        if url:
            yield _figure("postgresql", url)


@contextmanager
def _postgresql() -> Iterator[str]:
    """The URL of an empty database; an empty text where there is no PostgreSQL."""
    try:
        with running_cluster() as cluster, cluster.database() as url:
            yield url
    except PYTEST_SKIPPED as reason:
        print(f"  skipped: {reason}")
        yield ""


def _figure(engine: str, url: str) -> Figure:
    database = Database(url)
    upgrade(database)
    database.call(outbox.enqueue, [_delivery(n) for n in range(DELIVERIES)], now=NOW)
    start = time.perf_counter()
    done = 0
    while leases := database.call(outbox.lease_due, limit=AT_ONCE, now=NOW):
        receipts = [(lease, f"<{lease.key}>") for lease in leases]
        done += len(database.call(outbox.mark_all_delivered, receipts, now=NOW))
    rate = done / (time.perf_counter() - start)
    database.dispose()
    if done != DELIVERIES:
        raise AssertionError(f"{done} of {DELIVERIES} deliveries recorded")
    return Figure(f"delivery.outbox_{engine}_per_s", rate, "deliveries/s")


def _delivery(number: int) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.ALERT,
        subject_id=uuid.UUID(int=number + 1),
        subject=f"ALR-2026-{number:05}",
        to=Address.mailbox(f"ssi@f{number:05}.example"),
        message=Message(f"[Tocsin] {number}", "À faire : mettre à jour. " * 40, marking=Tlp.AMBER),
        trace_id="bench",
    )
