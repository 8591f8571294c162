"""When a digest is due, and what it groups: actions, not bulletins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.decision import CategoryCount, Decision
from bot.domain.facility import AssetCategory
from bot.domain.routing import Rhythm

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When digests go: ``hour`` in the facility's zone; weekly ones on ``weekday`` (0: Monday),
    monthly ones on the first such day of the month."""

    hour: int = 9
    weekday: int = 0

    def latest(self, rhythm: Rhythm, *, time_zone: str, now: datetime) -> datetime:
        """The last moment, at or before ``now``, at which a digest of this rhythm is due.

        Local time decides: 9 h in Martinique is 9 h there, and stays so across a change
        of summer time.
        """
        zone = ZoneInfo(time_zone)
        day = now.astimezone(zone).date()
        while not self._is_day(rhythm, day) or self._at(day, zone) > now:
            day -= DAY
        return self._at(day, zone)

    def following(self, rhythm: Rhythm, *, time_zone: str, now: datetime) -> datetime:
        """The first moment after ``now`` at which a digest of this rhythm is due."""
        zone = ZoneInfo(time_zone)
        day = now.astimezone(zone).date()
        while not self._is_day(rhythm, day) or self._at(day, zone) <= now:
            day += DAY
        return self._at(day, zone)

    def _is_day(self, rhythm: Rhythm, day: date) -> bool:
        if rhythm in (Rhythm.WEEKLY, Rhythm.MONTHLY) and day.weekday() != self.weekday:
            return False
        return rhythm is not Rhythm.MONTHLY or day.day <= WEEK.days

    def _at(self, day: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(day, time(self.hour), zone)


@dataclass(frozen=True, slots=True)
class Item:
    """One bulletin × one product of a facility, as the digest weighs it."""

    product: str  # as the facility writes it
    target: str
    advisory: str
    reference: str  # of the alert, empty on day one
    counts: tuple[tuple[AssetCategory, int], ...]
    exploited: bool
    sure: bool  # affected, not only to be checked
    published_at: datetime


@dataclass(slots=True)
class _Group:
    items: list[Item] = field(default_factory=list)

    def decision(self) -> Decision:
        """The group as one decision, its newest target first."""
        latest = max(self.items, key=lambda item: item.published_at)
        counted: Counter[AssetCategory] = Counter()
        for item in self.items:
            for category, count in item.counts:
                counted[category] = max(counted[category], count)
        targets = [i.target for i in sorted(self.items, key=lambda i: i.published_at) if i.target]
        return Decision(
            title=latest.product,
            target=targets[-1] if targets else "",
            counts=tuple(CategoryCount(category, n) for category, n in counted.most_common()),
            closes=tuple(dict.fromkeys(item.advisory for item in self.items)),
            reference=latest.reference,
            exploited=any(item.exploited for item in self.items),
        )

    def weight(self) -> tuple[bool, bool, int, int]:
        """What makes an action useful: exploited, sure, bulletins closed, machines."""
        return (
            any(item.exploited for item in self.items),
            any(item.sure for item in self.items),
            len({item.advisory for item in self.items}),
            sum(count for item in self.items for _, count in item.counts),
        )


def decisions(items: Iterable[Item]) -> list[Decision]:
    """Group by product what one upgrade closes; the most useful first."""
    groups: dict[str, _Group] = {}
    for item in items:
        groups.setdefault(item.product.casefold(), _Group()).items.append(item)
    ranked = sorted(groups.values(), key=lambda group: group.weight(), reverse=True)
    return [group.decision() for group in ranked]


def split_sure(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """What is certain, and what is only to be checked."""
    return [item for item in items if item.sure], [item for item in items if not item.sure]
