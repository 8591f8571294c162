"""When a digest is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

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
