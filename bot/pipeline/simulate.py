"""Replays bulletins by date on the registered facilities: who would have received what.

Nothing is sent or written. The rules are those that write deliveries; what a facility had
at the time is not known, so today's inventory stands for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median, quantiles

from bot.domain.alert import Urgency
from bot.domain.digest import Schedule
from bot.domain.facility import Facility
from bot.domain.routing import Rhythm, Subscription, told_at_once, usual_rhythm
from bot.pipeline.concern import Concern, concerns, judged
from bot.store import Session, advisories, facilities
from bot.store.advisories import StoredRevision

AT_ONCE = 50  # revisions whose assets are held together
WEEK = timedelta(days=7)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one facility would have received, at its busiest destination.

    ``weekly`` has one count a week of the period, quiet weeks included. ``late`` counts
    *alertes* that would have waited: it must be 0.
    """

    facility: Facility
    immediate: int
    digests: int
    alerts: int
    weekly: tuple[int, ...]
    late: int = 0

    @property
    def total(self) -> int:
        """Messages over the period."""
        return self.immediate + self.digests

    @property
    def median(self) -> float:
        """Messages of a usual week."""
        return median(self.weekly) if self.weekly else 0.0

    @property
    def p95(self) -> float:
        """Messages of a bad week."""
        return quantiles(self.weekly, n=20)[-1] if len(self.weekly) > 1 else float(self.total)


@dataclass(slots=True)
class _Tally:
    """What is counted for one facility while the period is replayed."""

    immediate: dict[int, int] = field(default_factory=Counter)  # by week
    digest_days: set[datetime] = field(default_factory=set)
    alerts: int = 0
    late: int = 0


def simulate(
    session: Session,
    schedule: Schedule,
    *,
    start: datetime,
    end: datetime,
    progress: Progress = lambda _: None,
) -> list[Traffic]:
    """Replay the bulletins first published in ``[start, end)``.

    Args:
        progress: told of each batch of bulletins replayed.
    """
    subscribed = facilities.subscriptions(session)
    everyone = facilities.every(session)
    tallies = {facility.id: _Tally() for facility in everyone}
    for batch in _batches(advisories.published_between(session, start, end)):
        for concern in concerns(session, batch, since_day_one=False):
            facility = concern.facility
            usual = _busiest(subscribed.get(facility.id, ()), usual_rhythm(facility.kind))
            _count(tallies[facility.id], concern, usual, schedule, start)
        progress(len(batch))
    weeks = max(1, -((start - end) // WEEK))
    return [_traffic(facility, tallies[facility.id], weeks, start) for facility in everyone]


def _batches(revisions: Sequence[StoredRevision]) -> Iterator[Sequence[StoredRevision]]:
    for begin in range(0, len(revisions), AT_ONCE):
        yield revisions[begin : begin + AT_ONCE]


def _busiest(subscriptions: Sequence[Subscription], default: Rhythm) -> Rhythm:
    """The rhythm of the destination that receives the most."""
    order = [Rhythm.MONTHLY, Rhythm.WEEKLY, Rhythm.DAILY, Rhythm.IMMEDIATE]
    return max((s.rhythm for s in subscriptions), key=order.index, default=default)


def _count(
    tally: _Tally, concern: Concern, rhythm: Rhythm, schedule: Schedule, start: datetime
) -> None:
    published = concern.revision.advisory.published_at
    soon, reasons = judged(concern)
    tally.alerts += 1
    if told_at_once(rhythm, soon):
        tally.immediate[(published - start) // WEEK] += 1
        return
    zone = concern.facility.time_zone
    tally.digest_days.add(schedule.following(rhythm, time_zone=zone, now=published))
    tally.late += soon is not Urgency.IMMEDIATE and "alerte" in reasons


def _traffic(facility: Facility, tally: _Tally, weeks: int, start: datetime) -> Traffic:
    weekly = Counter(tally.immediate)
    for day in tally.digest_days:
        weekly[min((day - start) // WEEK, weeks - 1)] += 1
    return Traffic(
        facility=facility,
        immediate=sum(tally.immediate.values()),
        digests=len(tally.digest_days),
        alerts=tally.alerts,
        weekly=tuple(weekly[week] for week in range(weeks)),
        late=tally.late,
    )
