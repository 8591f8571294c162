"""The outbox → the channels. No transaction is open while a message is being sent.

A pipeline: what is due is leased as there is room, sent, and recorded in batches. No more is
leased than is sent at once, so that a process that dies holds little back.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.channels.base import (
    Channel,
    NotConfidentialError,
    PermanentDeliveryError,
    PostponedDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.domain.clock import Clock
from bot.domain.delivery import Lease, RetryPolicy, Withheld
from bot.domain.message import ChannelName
from bot.pipeline.gates import Gate
from bot.pipeline.recording import (
    Again,
    Dead,
    Delivered,
    End,
    Follow,
    Outcome,
    Recorder,
    Untried,
    nothing_follows,
)
from bot.store import Database, Session, outbox
from bot.store.database import DatabaseUnreachableError

log = structlog.get_logger(__name__)

AT_ONCE = 128  # leased and not recorded yet: sent well within a lease, and most of what a
# process that dies can send twice
AT_FIRST = 4  # of them when there was nothing to send before: a quiet hour is in no hurry
WIDER = 4  # one more for so many recorded
SLOW = timedelta(milliseconds=50)  # nothing ended meanwhile: destinations are slow
LOOK_AGAIN = timedelta(seconds=1)  # for what fell due, while something slow is being sent
SOON = timedelta(milliseconds=5)  # what the loop's clock and the other may differ by
PATIENCE = timedelta(seconds=30)  # with a database that does not answer, before it is an error

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class DispatchReport:
    """Attempts by outcome."""

    delivered: int = 0
    later: int = 0
    dead: int = 0
    lost: int = 0

    @classmethod
    def of(cls, outcomes: list[Outcome]) -> DispatchReport:
        """Count outcomes."""
        return cls(**{outcome.value: outcomes.count(outcome) for outcome in Outcome})

    def __add__(self, other: DispatchReport) -> DispatchReport:
        return DispatchReport(
            self.delivered + other.delivered,
            self.later + other.later,
            self.dead + other.dead,
            self.lost + other.lost,
        )

    @property
    def attempts(self) -> int:
        """How many deliveries were tried."""
        return self.delivered + self.later + self.dead + self.lost


class Dispatcher:
    """Sends what is due through the channels it has; leaves the rest to others."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[ChannelName, Channel],
        *,
        clock: Clock,
        policy: RetryPolicy | None = None,
        on_delivered: Follow = nothing_follows,
        on_dead: Follow = nothing_follows,
        at_once: int = AT_ONCE,
        lease: timedelta = outbox.LEASE,
        patience: timedelta = PATIENCE,
        gate: Gate | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._at_once = at_once
        self._lease = lease
        self._jitter = jitter
        self._gate = gate
        self._recorder = Recorder(
            database,
            clock=clock,
            on_delivered=self._delivered(on_delivered),
            on_dead=on_dead,
            on_fault=lambda lease, reason: self._later(lease, reason, uncertain=True),
            told=self._count,
            coming=lambda: len(self._sending),
            patience=patience,
        )
        self._window = 0.0  # how many may be leased now
        self._moved = asyncio.Event()
        self._sending: dict[asyncio.Task[End], Lease] = {}
        self._look_at = 0.0  # loop time: when to look for what is uncertain again
        self._low = 0  # once no more than that are leased, there is room worth a claim
        self._report = DispatchReport()
        self._progress: Progress = lambda _: None
        self._stopping = False

    def wake(self) -> None:
        """Something may be due: look now."""
        self._moved.set()

    def stop(self) -> None:
        """Lease nothing more; what is being sent is ended and recorded."""
        self._stopping = True
        self._moved.set()

    async def run_for_ever(self, every: timedelta) -> None:
        """Send what is due, when woken and at least ``every`` so often, until stopped."""
        while not self._stopping:
            try:
                await self.run()
            except DatabaseUnreachableError as error:
                log.error("dispatch failed", channels=list(self._channels), reason=str(error))
            await self._something_moves(every)

    async def run(self, progress: Progress = lambda _: None) -> DispatchReport:
        """Send until nothing more is due.

        Raises:
            DatabaseUnreachableError: what was sent meanwhile and could not be recorded is
                claimed again, as uncertain, when its lease ends.
        """
        self._report, self._progress = DispatchReport(), progress
        self._look_at = 0.0
        self._window = min(AT_FIRST, self._at_once)
        try:
            while not self._stopping and await self._turn():
                pass
        finally:
            await self._settled()
        return self._report

    async def run_once(self) -> DispatchReport:
        """Lease once, send all that was leased, record it; what follows is left in the outbox."""
        self._report, self._progress = DispatchReport(), lambda _: None
        await self._lease_and_send(self._at_once)
        await self._settled()
        return self._report

    async def _turn(self) -> bool:
        """Lease what there is room for, then wait for room; False once nothing is left."""
        window = int(self._window)
        room = max(0, window - self._unrecorded)
        busy = bool(self._sending) or not self._recorder.idle
        self._moved.clear()
        leased = await self._lease_and_send(room) if room else 0
        self._low = window // 2 if leased == room else 0
        if self._unrecorded > self._low > 0:
            self._moved.clear()  # what ended meanwhile made no room worth a claim
        if self._sending:
            narrow = self._window < self._at_once
            if not await self._something_moves(SLOW if narrow else LOOK_AGAIN):
                self._window = self._at_once  # what is slow must not hold the others
        elif busy:  # what follows from what ended during the claim may be due
            await self._recorder.drain()
        return bool(self._sending or leased or busy)

    async def _settled(self) -> None:
        """Wait until everything that was leased is sent and recorded."""
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._recorder.drain()

    async def _lease_and_send(self, room: int) -> int:
        now = asyncio.get_running_loop().time()
        leases: list[Lease] = []
        if now < self._look_at:
            leases = await self._database.run(self._claim, room, new_only=True)
        if len(leases) < room:
            self._look_at = now + LOOK_AGAIN.total_seconds()
            leases += await self._database.run(self._claim, room - len(leases), new_only=False)
        for lease in leases:
            task = asyncio.create_task(self._attempt(lease))
            self._sending[task] = lease
            task.add_done_callback(self._sent)
        return len(leases)

    def _claim(self, session: Session, limit: int, *, new_only: bool) -> list[Lease]:
        """Lease what is due; what its destination may not receive today is a notice."""
        now = self._clock()
        leases = outbox.lease_due(
            session,
            limit=limit,
            now=now,
            channels=list(self._channels),
            life=self._lease,
            new_only=new_only,
        )
        return self._gate.admit(session, leases, now) if self._gate else leases

    def _delivered(self, follow: Follow) -> Follow:
        """What follows from a delivery, what was withheld included."""
        gate = self._gate
        if gate is None:
            return follow

        def followed(session: Session, lease: Lease, receipt: str, now: datetime) -> None:
            gate.delivered(session, lease, now)
            follow(session, lease, receipt, now)

        return followed

    def _sent(self, task: asyncio.Task[End]) -> None:
        """Have an attempt recorded, a fault of ours included: it must not stop the others.

        Such a delivery is tried again later, as uncertain, and its row says why.
        """
        lease = self._sending.pop(task)
        if task.cancelled():
            end: End = self._later(lease, "interrupted", uncertain=True)
        elif (error := task.exception()) is not None:
            log.error("delivery fault", delivery=str(lease.delivery_id), exc_info=error)
            end = self._later(lease, f"internal fault: {type(error).__name__}", uncertain=True)
        else:
            end = task.result()
        if isinstance(end, Untried):
            self._come_back(end.due_at)
        self._recorder.put(end)
        self._look_for_room()

    def _come_back(self, due_at: datetime) -> None:
        """Look when what was put back is due: the clock would come round up to a second late."""
        wait = due_at - self._clock() + SOON
        asyncio.get_running_loop().call_later(wait.total_seconds(), self.wake)

    async def _something_moves(self, within: timedelta) -> bool:
        with suppress(TimeoutError):
            return await asyncio.wait_for(self._moved.wait(), within.total_seconds())
        return False

    async def _attempt(self, lease: Lease) -> End:
        """Send, or the neutral notice where the address does not protect the message."""
        try:
            return await self._attempt_as_is(lease)
        except NotConfidentialError as error:
            if self._gate is None or lease.withheld is not None:
                return Dead(lease, str(error))
            return await self._attempt_as_is(self._gate.notice(lease, Withheld.NOT_ENCRYPTED))

    async def _attempt_as_is(self, lease: Lease) -> End:
        try:
            return Delivered(lease, await self._send(self._channels[lease.to.channel], lease))
        except NotConfidentialError:
            raise
        except PermanentDeliveryError as error:
            return Dead(lease, str(error))
        except UncertainDeliveryError as error:
            return self._later(lease, str(error), uncertain=True)
        except PostponedDeliveryError as error:
            return Untried(lease, self._clock() + error.wait)
        except TransientDeliveryError as error:
            return self._later(
                lease, str(error), uncertain=lease.uncertain, retry_after=error.retry_after
            )

    @staticmethod
    async def _send(channel: Channel, lease: Lease) -> str:
        """Send, unless an earlier attempt turns out to have arrived."""
        if lease.uncertain:
            found = await channel.find(lease.to.address, key=lease.key)
            if found is not None:
                return found
        return await channel.send(lease.to.address, lease.message, key=lease.key)

    def _later(
        self,
        lease: Lease,
        reason: str,
        *,
        uncertain: bool,
        retry_after: timedelta | None = None,
    ) -> End:
        due_at = self._policy.next_attempt(
            lease, now=self._clock(), jitter=self._jitter(), retry_after=retry_after
        )
        if due_at is None:
            days = self._policy.give_up.days
            return Dead(lease, f"given up after {days} days: {reason}")
        return Again(lease, reason, due_at, uncertain=uncertain)

    def _count(self, outcomes: list[Outcome]) -> None:
        self._report += DispatchReport.of(outcomes)
        self._window = min(self._at_once, self._window + len(outcomes) / WIDER)
        self._progress(len(outcomes))
        self._look_for_room()

    @property
    def _unrecorded(self) -> int:
        """What is leased here: being sent, or sent and not written down yet."""
        return len(self._sending) + self._recorder.unwritten

    def _look_for_room(self) -> None:
        if self._unrecorded <= self._low or not self._sending:
            self._moved.set()
