"""One domain that is slow, that greylists or that is limited holds no other domain back."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.domain.clock import system_clock
from bot.domain.delivery import Address, DeliveryKind, DeliveryState, NewDelivery, RetryPolicy
from bot.domain.message import ChannelName, Message
from bot.pipeline.dispatch import Dispatcher
from bot.store import Database, outbox
from bot.store.migrate import upgrade
from tests.servers.smtp import Relay
from tests.servers.waiting import eventually

SLOW, QUICK = "orange.example", "ch-exemple.example"
MANY = 40


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty embedded database."""
    made = Database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    upgrade(made)
    yield made
    made.dispose()


def write(database: Database, domain: str, count: int) -> None:
    deliveries = [
        NewDelivery(
            kind=DeliveryKind.ALERT,
            subject_id=uuid.uuid4(),
            subject="ALR-2026-0001",
            to=Address.mailbox(f"ssi{number}@{domain}"),
            message=Message("objet", "corps"),
            trace_id="t",
        )
        for number in range(count)
    ]
    database.call(outbox.enqueue, deliveries, now=system_clock())


@asynccontextmanager
async def sending(
    database: Database,
    relay: Relay,
    *,
    per_minute: int = 0,
    every: timedelta = timedelta(milliseconds=50),
) -> AsyncIterator[None]:
    """Dispatch in the background, twenty times a second."""
    options = EmailOptions(
        "127.0.0.1",
        "tocsin@sante.example",
        port=relay.port,
        security=EmailSecurity.PLAIN,
        per_domain_per_minute=per_minute,
    )
    channel = EmailChannel(options)
    dispatcher = Dispatcher(
        database,
        {ChannelName.EMAIL: channel},
        clock=system_clock,
        policy=RetryPolicy(first=timedelta(minutes=5)),
    )
    running = asyncio.create_task(dispatcher.run_for_ever(every))
    try:
        yield
    finally:
        relay.release.set()
        dispatcher.stop()
        await running
        await channel.close()


def arrived(relay: Relay, domain: str) -> list[float]:
    """When the mails for a domain arrived."""
    pairs = zip(relay.envelopes, relay.arrivals, strict=True)
    return [at for envelope, at in pairs if envelope.rcpt_tos[0].endswith(f"@{domain}")]


async def test_a_domain_that_does_not_answer_holds_no_other(
    database: Database, relay: Relay
) -> None:
    relay.faults.hang_at_domain.add(SLOW)
    write(database, SLOW, MANY)  # first in the queue
    write(database, QUICK, MANY)
    started = time.monotonic()
    async with sending(database, relay):
        await eventually(lambda: len(arrived(relay, QUICK)) == MANY)
        assert time.monotonic() - started < 4, "the slow domain held the others"
        assert not arrived(relay, SLOW)
        relay.faults.hang_at_domain.clear()
        relay.release.set()
        await eventually(lambda: len(arrived(relay, SLOW)) == MANY)
    rows = database.call(outbox.listed)
    assert {row.state for row in rows} == {DeliveryState.DELIVERED}
    assert {row.attempts for row in rows} == {1}, "to wait for one's turn is no attempt"


async def test_a_domain_that_greylists_holds_no_other(database: Database, relay: Relay) -> None:
    relay.faults.at_domain[SLOW] = "451 4.7.1 Greylisted, try again later"
    write(database, SLOW, MANY)
    write(database, QUICK, MANY)
    async with sending(database, relay):
        await eventually(lambda: len(arrived(relay, QUICK)) == MANY)
    rows = database.call(outbox.listed)
    refused = [row for row in rows if row.address.endswith(SLOW)]
    assert {row.state for row in refused} == {DeliveryState.DUE}
    assert {row.reason for row in refused} == {"the relay answered 451 4.7.1"}


async def test_a_domain_gets_no_more_a_minute_than_allowed(
    database: Database, relay: Relay
) -> None:
    write(database, SLOW, 12)
    write(database, QUICK, 2)
    async with sending(database, relay, per_minute=600):
        await eventually(lambda: len(relay.envelopes) == 14)
    times = arrived(relay, SLOW)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) > 0.08, "one every tenth of a second"
    assert times[-1] - times[0] < 3, "and not much slower"
    assert max(arrived(relay, QUICK)) < times[4], "the others did not wait"


async def test_a_turn_is_not_missed_for_want_of_a_clock(database: Database, relay: Relay) -> None:
    write(database, SLOW, 3)
    async with sending(database, relay, per_minute=60, every=timedelta(minutes=5)):
        await eventually(lambda: len(relay.envelopes) == 3)
    gaps = [later - earlier for earlier, later in pairwise(arrived(relay, SLOW))]
    assert all(0.9 < gap < 1.9 for gap in gaps), "one a second, each second"
