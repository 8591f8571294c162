"""Senders killed at random moments, and what must be true whatever the moments were."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess

from bot.domain.clock import system_clock
from bot.domain.delivery import Address, DeliveryKind, DeliveryState, NewDelivery
from bot.domain.message import ChannelName, Message
from bot.store import Database, audit, outbox
from feeds.advisory import Tlp
from tests.servers.smtp import Relay
from tests.soak.sender import DOMAIN, LEASE, RECORDED, send_for_ever

ALERTS_A_KILL = 60  # enough that senders are seldom idle when they are killed
LIFE = (0.05, 0.3)  # seconds between two kills; a delivery takes a few milliseconds
STALLED_EVERY = 20  # kills: a sender is also stopped until its lease is lost, then goes on
STUCK = 30.0  # seconds without one more delivery; a lease of the dead lasts four


@dataclass(frozen=True, slots=True)
class Toll:
    """What came of the kills.

    ``interrupted`` deliveries were tried more than once; ``copies`` are mails that came
    beyond the first of each Message-ID.
    """

    alerts: int
    kills: int
    interrupted: int
    copies: int
    seconds: float


async def kill_senders(
    database: Database, relay: Relay, *, senders: int, kills: int, seed: int
) -> Toll:
    """Kill senders ``kills`` times while alerts are written, let the rest finish, and check.

    Raises:
        AssertionError: an alert was lost, recorded twice, or sent under two identities.
    """
    drawn = random.Random(seed)
    start = time.monotonic()
    written: list[NewDelivery] = []
    with _senders(database.url, relay.port, senders) as running:
        written += await _write(database, 0)
        await _drained(database, len(written))  # the first sender is slow to start
        for turn in range(kills):
            written += await _write(database, len(written))
            await asyncio.sleep(drawn.uniform(*LIFE))
            position = drawn.randrange(senders)
            if turn % STALLED_EVERY == 2:
                await _stall(running[position])
            running[position] = _replaced(running[position], database.url, relay.port)
        await _drained(database, len(written))
    interrupted = await asyncio.to_thread(_check, database, relay, written)
    assert interrupted, "no kill met a sender at work: this proved nothing"
    copies = len(relay.envelopes) - len(written)
    return Toll(len(written), kills, interrupted, copies, time.monotonic() - start)


async def _write(database: Database, first: int) -> list[NewDelivery]:
    """Write more alerts, numbered from ``first``."""
    fresh = [_alert(number) for number in range(first, first + ALERTS_A_KILL)]
    await database.run(outbox.enqueue, fresh, now=system_clock())
    return fresh


def _alert(number: int) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.ALERT,
        subject_id=uuid.UUID(int=number + 1),
        subject=f"ALR-2026-{number:04}",
        to=Address.mailbox(f"ssi@f{number:05}.example"),
        message=Message(f"[Tocsin] {number}", "À faire : mettre à jour.", marking=Tlp.AMBER),
        trace_id="kills",
    )


@contextmanager
def _senders(url: str, port: int, count: int) -> Iterator[list[ForkServerProcess]]:
    running = [_started(url, port) for _ in range(count)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.join()


def _started(url: str, port: int) -> ForkServerProcess:
    context = multiprocessing.get_context("forkserver")  # imports once: a start costs little
    context.set_forkserver_preload(["tests.soak.sender"])
    process = context.Process(target=send_for_ever, args=(url, port), daemon=True)
    process.start()
    return process


def _replaced(process: ForkServerProcess, url: str, port: int) -> ForkServerProcess:
    assert process.exitcode is None, f"a sender ended by itself: {process.exitcode}"
    process.kill()
    process.join()
    return _started(url, port)


async def _stall(process: ForkServerProcess) -> None:
    """Stop a sender until others may have taken what it holds, then let it record."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    await asyncio.sleep(LEASE.total_seconds() + 0.5)
    os.kill(process.pid, signal.SIGCONT)
    await asyncio.sleep(0.2)


async def _drained(database: Database, expected: int) -> None:
    """Wait until everything is delivered: leases of the dead run out by themselves."""
    done, delivered, since = (ChannelName.EMAIL, DeliveryState.DELIVERED), 0, time.monotonic()
    while delivered < expected:
        counts = await database.run(outbox.counts)
        if counts.get(done, 0) > delivered:
            delivered, since = counts[done], time.monotonic()
        assert time.monotonic() - since < STUCK, f"nothing is delivered any more: {counts}"
        await asyncio.sleep(0.1)


def _check(database: Database, relay: Relay, written: list[NewDelivery]) -> int:
    """Check everything that must hold; return how many deliveries were tried again."""
    expected = {f"<{delivery.key}@{DOMAIN}>": delivery.to.address for delivery in written}
    mails = [(str(mail["Message-ID"]), str(mail["To"])) for mail in relay.mails]
    assert dict(mails).keys() == expected.keys()  # none lost, none from nowhere
    assert set(mails) == set(expected.items())  # one identity, however often it came
    rows = database.call(outbox.listed, limit=len(written) + 1)
    assert Counter(row.state for row in rows) == {DeliveryState.DELIVERED: len(written)}
    assert {row.receipt for row in rows} == expected.keys()
    entries = database.call(audit.latest, limit=2 * len(written))
    recorded = Counter(entry.subject for entry in entries if entry.action == RECORDED)
    assert recorded == Counter(delivery.key for delivery in written)
    tried = {row.key: row.attempts for row in rows}
    copies = Counter(identity for identity, _ in mails)
    assert all(copies[f"<{key}@{DOMAIN}>"] <= attempts for key, attempts in tried.items())
    return sum(attempts > 1 for attempts in tried.values())
