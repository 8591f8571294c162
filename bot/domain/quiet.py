"""When people do not want to be interrupted, except by an *alerte*."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from bot.domain.authority import WorkingHours

DAY = timedelta(days=1)
LONGEST_HOLD = timedelta(days=4)  # an Easter week-end; a delivery is given up a day after that
LONGEST_NIGHT = timedelta(hours=16)  # longer, nothing would be told while people work
NEVER = frozenset({"", "none", "jamais", "aucune", "never"})
DAYS_OFF = frozenset({"week-ends", "weekends", "week-end", "weekend", "days-off"})
HOURS = re.compile(r"(\d{1,2})(?:h|:)?(\d{2})?\s*-\s*(\d{1,2})(?:h|:)?(\d{2})?")


class BadQuietHoursError(ValueError):
    """The text does not say quiet hours, or hours that leave no time to be told."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``starts`` to ``ends`` by the local clock, over midnight when it is later.

    Without hours there is no night; ``days_off``: week-ends and local holidays too.
    """

    starts: time | None = None
    ends: time | None = None
    days_off: bool = False

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``19:00-08:00 week-ends``, ``19h-8h``, ``week-ends`` or ``none``.

        Raises:
            BadQuietHoursError: anything else, or a night of more than 16 hours.
        """
        words = text.casefold().strip()
        found = HOURS.search(words)
        rest = (words.replace(found[0], " ") if found else words).split()
        if not set(rest) <= NEVER | DAYS_OFF | {"et", "and", "+"}:
            raise BadQuietHoursError(
                f"{text!r} is not quiet hours such as '19:00-08:00 week-ends', or 'none'"
            )
        days_off = not DAYS_OFF.isdisjoint(rest)
        if not found:
            return cls(days_off=days_off)
        try:
            starts = time(int(found[1]), int(found[2] or 0))
            ends = time(int(found[3]), int(found[4] or 0))
        except ValueError as error:
            raise BadQuietHoursError(f"{text!r}: {error}") from error
        if not timedelta() < _length(starts, ends) <= LONGEST_NIGHT:
            raise BadQuietHoursError(
                f"{text!r}: quiet hours last 16 hours at most, or nobody would be told by day"
            )
        return cls(starts, ends, days_off)

    def __str__(self) -> str:
        """What :meth:`read` reads back."""
        hours = f"{self.starts:%H:%M}-{self.ends:%H:%M}" if self.starts and self.ends else ""
        return f"{hours} {'week-ends' if self.days_off else ''}".strip() or "none"

    def cover(self, moment: datetime, office: WorkingHours) -> bool:
        """Whether ``moment`` is quiet, in the zone and with the holidays of ``office``."""
        local = moment.astimezone(ZoneInfo(office.time_zone))
        if self.days_off and not office.is_working_day(local.date()):
            return True
        if self.starts is None or self.ends is None:
            return False
        if self.starts < self.ends:
            return self.starts <= local.time() < self.ends
        return local.time() >= self.starts or local.time() < self.ends

    def end_after(self, moment: datetime, office: WorkingHours) -> datetime:
        """``moment`` if it is not quiet, else when the quiet ends.

        Never more than four days later: a longer quiet is broken on its last morning before.
        """
        at = moment
        while self.cover(at, office):
            following = self._next_change(at, office)
            if following > moment + LONGEST_HOLD:
                break
            at = following
        return at

    def _next_change(self, moment: datetime, office: WorkingHours) -> datetime:
        """The next midnight or end of a night after ``moment``."""
        zone = ZoneInfo(office.time_zone)
        day = moment.astimezone(zone).date()
        changes = [
            datetime.combine(each, at, zone)
            for each in (day, day + DAY)
            for at in (time(), self.ends or time())
        ]
        return min((each for each in changes if each > moment), key=datetime.timestamp)


NO_QUIET = QuietHours()


def _length(starts: time, ends: time) -> timedelta:
    minutes = (ends.hour - starts.hour) * 60 + ends.minute - starts.minute
    return timedelta(minutes=minutes % (24 * 60))
