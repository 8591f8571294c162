"""Replays bulletins by date on the registered facilities: who would have received what.

Nothing is sent or written. The rules are those that write deliveries; what a facility had
at the time is not known, so today's inventory stands for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median, quantiles

from bot.domain.alert import Urgency
from bot.domain.digest import Schedule
from bot.domain.facility import Facility, FacilityKind
from bot.domain.routing import Rhythm, Subscription, told_at_once, usual_rhythm
from bot.pipeline.concern import Concern, concerns
from bot.pipeline.priority import Priorities
from bot.store import Session, advisories, facilities, subscriptions
from bot.store.advisories import StoredRevision
from feeds.advisory import AdvisoryKind

AT_ONCE = 50  # revisions whose assets are held together
WEEK = timedelta(days=7)
MONTH = timedelta(days=365) / 12

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one facility would have received, at its busiest destination.

    ``weekly`` and ``monthly`` have one count for each week and each twelfth of a year of the
    period, quiet ones included. ``late`` counts *alertes* that would have waited: it must be 0.
    """

    facility: Facility
    immediate: int
    digests: int
    alerts: int
    weekly: tuple[int, ...]
    monthly: tuple[int, ...]
    late: int = 0

    @property
    def total(self) -> int:
        """Messages over the period."""
        return self.immediate + self.digests


@dataclass(frozen=True, slots=True)
class Spread:
    """Messages of a usual period, of a bad one (95th percentile), and of the worst."""

    median: float
    p95: float
    worst: int

    @classmethod
    def of(cls, counts: Sequence[int]) -> Spread:
        """The spread of some counts."""
        if len(counts) < 2:  # quantiles wants two
            only = counts[0] if counts else 0
            return cls(only, only, only)
        return cls(median(counts), quantiles(counts, n=20)[-1], max(counts))


@dataclass(frozen=True, slots=True)
class KindTraffic:
    """What the facilities of one kind would have received: all their weeks, all their months."""

    kind: FacilityKind
    facilities: int
    weekly: Spread
    monthly: Spread
    late: int


@dataclass(slots=True)
class _Tally:
    """What is counted for one facility while the period is replayed."""

    immediate: list[datetime] = field(default_factory=list)
    digest_days: set[datetime] = field(default_factory=set)
    alerts: int = 0
    late: int = 0


def simulate(
    session: Session,
    schedule: Schedule,
    priorities: Priorities,
    *,
    start: datetime,
    end: datetime,
    progress: Progress = lambda _: None,
) -> list[Traffic]:
    """Replay the bulletins first published in ``[start, end)``.

    What is exploited, and how likely the rest is to be, is what is known today. Answers are
    taken to be given: reminders are not counted.

    Args:
        progress: told of each batch of bulletins replayed.
    """
    subscribed = subscriptions.by_facility(session)
    everyone = facilities.every(session)
    tallies = {facility.id: _Tally() for facility in everyone}
    for batch in _batches(advisories.published_between(session, start, end)):
        for concern in concerns(session, batch, since_day_one=False):
            facility = concern.facility
            usual = _busiest(subscribed.get(facility.id, ()), usual_rhythm(facility.kind))
            _count(tallies[facility.id], concern, usual, schedule, priorities)
        progress(len(batch))
    return [_traffic(facility, tallies[facility.id], start, end) for facility in everyone]


def by_kind(traffic: Iterable[Traffic]) -> list[KindTraffic]:
    """The traffic of each kind of facility, the busiest first."""
    grouped: dict[FacilityKind, list[Traffic]] = {}
    for each in traffic:
        grouped.setdefault(each.facility.kind, []).append(each)
    found = [
        KindTraffic(
            kind,
            len(group),
            Spread.of([count for each in group for count in each.weekly]),
            Spread.of([count for each in group for count in each.monthly]),
            sum(each.late for each in group),
        )
        for kind, group in grouped.items()
    ]
    return sorted(found, key=lambda each: (-each.monthly.median, -each.monthly.p95))


def _batches(revisions: Sequence[StoredRevision]) -> Iterator[Sequence[StoredRevision]]:
    for begin in range(0, len(revisions), AT_ONCE):
        yield revisions[begin : begin + AT_ONCE]


def _busiest(subscriptions: Sequence[Subscription], default: Rhythm) -> Rhythm:
    """The rhythm of the destination that receives the most."""
    order = [Rhythm.MONTHLY, Rhythm.WEEKLY, Rhythm.DAILY, Rhythm.IMMEDIATE]
    return max((s.rhythm for s in subscriptions), key=order.index, default=default)


def _count(
    tally: _Tally, concern: Concern, rhythm: Rhythm, schedule: Schedule, priorities: Priorities
) -> None:
    advisory = concern.revision.advisory
    soon = priorities.judge(concern, today=advisory.published_at.date()).urgency
    tally.alerts += 1
    if told_at_once(rhythm, soon):
        tally.immediate.append(advisory.published_at)
        return
    zone = concern.facility.time_zone
    tally.digest_days.add(schedule.following(rhythm, time_zone=zone, now=advisory.published_at))
    tally.late += soon is not Urgency.IMMEDIATE and advisory.kind is AdvisoryKind.ALERTE


def _traffic(facility: Facility, tally: _Tally, start: datetime, end: datetime) -> Traffic:
    moments = [*tally.immediate, *tally.digest_days]
    return Traffic(
        facility=facility,
        immediate=len(tally.immediate),
        digests=len(tally.digest_days),
        alerts=tally.alerts,
        weekly=_counted(moments, WEEK, start, end),
        monthly=_counted(moments, MONTH, start, end),
        late=tally.late,
    )


def _counted(
    moments: Iterable[datetime], step: timedelta, start: datetime, end: datetime
) -> tuple[int, ...]:
    """How many moments each step of the period holds; a digest due after its end is in the last."""
    steps = max(1, round((end - start) / step))
    found = Counter(min((moment - start) // step, steps - 1) for moment in moments)
    return tuple(found[number] for number in range(steps))
