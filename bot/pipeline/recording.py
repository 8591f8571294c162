"""What became of attempts, written many at a time: each under its own lease's token.

Until it is written, a message that a peer accepted may be sent again: what a batch holds is
the most that a crash can double.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from bot.domain.clock import Clock
from bot.domain.delivery import Lease
from bot.store import Database, Session, outbox
from bot.store.database import DatabaseUnreachableError, synced_later

log = structlog.get_logger(__name__)

BATCH = 50  # written together at most
DELAY = timedelta(milliseconds=20)  # what the first of a batch waits for the others at most
RETRY = timedelta(milliseconds=250)  # between two attempts to write

Follow = Callable[[Session, Lease, str, datetime], None]
"""What follows from a delivery and its receipt, or from giving one up and the reason:
written in the transaction that records it."""


class Outcome(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    LATER = "later"
    DEAD = "dead"
    LOST = "lost"  # the lease was lost meanwhile: somebody else owns the delivery


@dataclass(frozen=True, slots=True)
class Delivered:
    """The peer accepted the message."""

    lease: Lease
    receipt: str


@dataclass(frozen=True, slots=True)
class Again:
    """To be tried again; ``uncertain``: the peer may have the message."""

    lease: Lease
    reason: str
    due_at: datetime
    uncertain: bool


@dataclass(frozen=True, slots=True)
class Untried:
    """It was not its turn: nothing was sent, and nothing refused."""

    lease: Lease
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """Given up."""

    lease: Lease
    reason: str


End = Delivered | Again | Untried | Dead


def nothing_follows(session: Session, lease: Lease, receipt: str, now: datetime) -> None:
    """The usual case: a message delivered, or given up, calls for nothing more."""


class Recorder:
    """Writes ends in batches, in the order in which they come.

    A database that does not answer is asked again for ``patience``: what was sent is known
    here alone. After that the error is kept for :meth:`drain`, and the leases run out.

    Args:
        on_fault: what becomes of a delivery whose record met a fault of ours, and why.
        told: hears the outcomes of each batch once it is written.
        coming: how many more are on their way.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        on_delivered: Follow,
        on_dead: Follow,
        on_fault: Callable[[Lease, str], End],
        told: Callable[[list[Outcome]], None],
        coming: Callable[[], int],
        patience: timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._on_delivered = on_delivered
        self._on_dead = on_dead
        self._on_fault = on_fault
        self._told = told
        self._coming = coming
        self._patience = patience
        self._waiting: list[End] = []
        self._being_written = 0
        self._full = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    @property
    def idle(self) -> bool:
        """Whether everything handed over is written."""
        return self._writer is None

    @property
    def unwritten(self) -> int:
        """How many ends a crash would lose: what was sent would be sent again."""
        return len(self._waiting) + self._being_written

    def put(self, end: End) -> None:
        """Hand over what became of an attempt; it is written at once, or with those that end
        within :data:`DELAY` in the middle of a broadcast."""
        self._waiting.append(end)
        if len(self._waiting) >= BATCH:
            self._full.set()
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def drain(self) -> None:
        """Wait until everything handed over is written.

        Raises:
            DatabaseUnreachableError: something could not be.
        """
        while self._writer is not None:
            await asyncio.wait({self._writer})
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    async def _write(self) -> None:
        """Write until nothing waits."""
        try:
            while self._waiting:
                if self._coming() >= BATCH // 2:  # so many that it is worth waiting for them
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._full.wait(), DELAY.total_seconds())
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                if len(self._waiting) < BATCH:
                    self._full.clear()
                self._being_written = len(batch)
                await self._write_batch(batch)
        finally:
            self._being_written = 0
            self._writer = None

    async def _write_batch(self, batch: Sequence[End]) -> None:
        try:
            outcomes = await self._record(batch)
        except DatabaseUnreachableError as error:
            self._failure = error
        else:
            self._being_written = 0
            self._told(outcomes)

    async def _record(self, batch: Sequence[End]) -> list[Outcome]:
        """Write a batch; where something in it cannot be written, each by itself.

        Raises:
            DatabaseUnreachableError: no answer, for longer than the patience.
        """
        (done,) = await asyncio.gather(self._persistently(batch), return_exceptions=True)
        if not isinstance(done, BaseException):
            return [_said(end, recorded) for end, recorded in zip(batch, done, strict=True)]
        if isinstance(done, DatabaseUnreachableError) or not isinstance(done, Exception):
            raise done
        if len(batch) > 1:
            return [outcome for end in batch for outcome in await self._record([end])]
        lease = batch[0].lease
        log.error("delivery fault", delivery=str(lease.delivery_id), exc_info=done)
        later = self._on_fault(lease, f"internal fault: {type(done).__name__}")
        (recorded,) = await self._persistently([later])
        return [_said(later, recorded)]

    async def _persistently(self, batch: Sequence[End]) -> list[bool]:
        """Write a batch in one transaction, as often as the patience allows."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience.total_seconds()
        while True:
            try:
                return await self._database.run(self._record_all, batch, last=not self._coming())
            except DatabaseUnreachableError as error:
                if loop.time() >= until:
                    raise
                log.warning("deliveries not recorded yet", count=len(batch), reason=str(error))
            await asyncio.sleep(RETRY.total_seconds())

    def _record_all(self, session: Session, batch: Sequence[End], *, last: bool) -> list[bool]:
        """Write every end and what follows from it; say of each whether its lease held.

        What the machine forgets when its power fails is claimed again as uncertain: only the
        ``last`` is worth waiting for the disk, and the next claim takes the others there.

        What follows is written in the order of what it is about: two processes that write
        about the same things then wait for one another, and never for each other.
        """
        if not last:
            synced_later(session)
        now = self._clock()
        receipts = [(end.lease, end.receipt) for end in batch if isinstance(end, Delivered)]
        recorded = outbox.mark_all_delivered(session, receipts, now=now)
        for end in sorted(batch, key=lambda end: end.lease.subject_id):
            held = end.lease.delivery_id in recorded
            if isinstance(end, Delivered) and held:
                self._on_delivered(session, end.lease, end.receipt, now)
            elif not isinstance(end, Delivered) and self._record_undelivered(session, end, now):
                recorded.add(end.lease.delivery_id)
        return [end.lease.delivery_id in recorded for end in batch]

    def _record_undelivered(
        self, session: Session, end: Again | Untried | Dead, now: datetime
    ) -> bool:
        if isinstance(end, Untried):
            return outbox.hand_back(session, end.lease, due_at=end.due_at)
        if isinstance(end, Again):
            return outbox.mark_due_again(
                session, end.lease, end.reason, due_at=end.due_at, uncertain=end.uncertain
            )
        recorded = outbox.mark_dead(session, end.lease, end.reason, now=now)
        if recorded:
            self._on_dead(session, end.lease, end.reason, now)
        return recorded


def _said(end: End, recorded: bool) -> Outcome:
    """Log one end; a lease that was lost was somebody else's to record."""
    outcome = _outcome(end) if recorded else Outcome.LOST
    lease = end.lease
    log.info(
        "delivery",
        outcome=outcome.value,
        channel=lease.to.channel.value,
        kind=lease.kind.value,
        attempt=lease.attempts,
        trace=lease.trace_id,
        reason=end.reason if isinstance(end, Again | Dead) else "",
    )
    return outcome


def _outcome(end: End) -> Outcome:
    if isinstance(end, Delivered):
        return Outcome.DELIVERED
    return Outcome.DEAD if isinstance(end, Dead) else Outcome.LATER
