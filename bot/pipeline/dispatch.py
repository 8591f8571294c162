"""The outbox → the channels. No transaction is open while a message is being sent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from bot.channels.base import (
    Channel,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.domain.clock import Clock
from bot.domain.delivery import Lease, RetryPolicy
from bot.domain.message import ChannelName
from bot.store import Database, Session, outbox

log = structlog.get_logger(__name__)

AT_ONCE = 16  # leased together: what one process sends well within a lease

Progress = Callable[[int], None]
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


def nothing_follows(session: Session, lease: Lease, receipt: str, now: datetime) -> None:
    """The usual case: a message delivered, or given up, calls for nothing more."""


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
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._on_delivered = on_delivered
        self._on_dead = on_dead
        self._at_once = at_once
        self._lease = lease
        self._jitter = jitter

    async def run(self, progress: Progress = lambda _: None) -> DispatchReport:
        """Send until nothing more is due."""
        report = DispatchReport()
        while (done := await self.run_once()).attempts:
            report += done
            progress(done.attempts)
        return report

    async def run_once(self) -> DispatchReport:
        """Lease once, send all that was leased, record each."""
        leases = await self._database.run(
            outbox.lease_due,
            limit=self._at_once,
            now=self._clock(),
            channels=list(self._channels),
            life=self._lease,
        )
        sends = [self._deliver(lease) for lease in leases]
        ends = await asyncio.gather(*sends, return_exceptions=True)
        return DispatchReport.of(
            [await self._ended(lease, end) for lease, end in zip(leases, ends, strict=True)]
        )

    async def _ended(self, lease: Lease, end: Outcome | BaseException) -> Outcome:
        """What became of a delivery, a fault of ours included: it must not stop the others.

        Such a delivery is tried again later, as uncertain, and its row says why.
        """
        if isinstance(end, Outcome):
            return end
        if not isinstance(end, Exception):
            raise end
        log.error("delivery fault", delivery=str(lease.delivery_id), exc_info=end)
        return await self._later(lease, f"internal fault: {type(end).__name__}", uncertain=True)

    async def _deliver(self, lease: Lease) -> Outcome:
        channel = self._channels[lease.to.channel]
        try:
            receipt = await self._send(channel, lease)
        except PermanentDeliveryError as error:
            return await self._bury(lease, str(error))
        except UncertainDeliveryError as error:
            return await self._later(lease, str(error), uncertain=True)
        except TransientDeliveryError as error:
            return await self._later(
                lease, str(error), uncertain=lease.uncertain, retry_after=error.retry_after
            )
        recorded = await self._database.run(self._record, lease, receipt)
        return self._said(lease, Outcome.DELIVERED, recorded)

    @staticmethod
    async def _send(channel: Channel, lease: Lease) -> str:
        """Send, unless an earlier attempt turns out to have arrived."""
        if lease.uncertain:
            found = await channel.find(lease.to.address, key=lease.key)
            if found is not None:
                return found
        return await channel.send(lease.to.address, lease.message, key=lease.key)

    def _record(self, session: Session, lease: Lease, receipt: str) -> bool:
        now = self._clock()
        recorded = outbox.mark_delivered(session, lease, receipt, now=now)
        if recorded:
            self._on_delivered(session, lease, receipt, now)
        return recorded

    async def _later(
        self,
        lease: Lease,
        reason: str,
        *,
        uncertain: bool,
        retry_after: timedelta | None = None,
    ) -> Outcome:
        due_at = self._policy.next_attempt(
            lease, now=self._clock(), jitter=self._jitter(), retry_after=retry_after
        )
        if due_at is None:
            days = self._policy.give_up.days
            return await self._bury(lease, f"given up after {days} days: {reason}")
        recorded = await self._database.run(
            outbox.mark_due_again, lease, reason, due_at=due_at, uncertain=uncertain
        )
        return self._said(lease, Outcome.LATER, recorded, reason=reason)

    async def _bury(self, lease: Lease, reason: str) -> Outcome:
        recorded = await self._database.run(self._record_dead, lease, reason)
        return self._said(lease, Outcome.DEAD, recorded, reason=reason)

    def _record_dead(self, session: Session, lease: Lease, reason: str) -> bool:
        now = self._clock()
        recorded = outbox.mark_dead(session, lease, reason, now=now)
        if recorded:
            self._on_dead(session, lease, reason, now)
        return recorded

    @staticmethod
    def _said(lease: Lease, outcome: Outcome, recorded: bool, *, reason: str = "") -> Outcome:
        outcome = outcome if recorded else Outcome.LOST
        log.info(
            "delivery",
            outcome=outcome.value,
            channel=lease.to.channel.value,
            kind=lease.kind.value,
            attempt=lease.attempts,
            trace=lease.trace_id,
            reason=reason,
        )
        return outcome
