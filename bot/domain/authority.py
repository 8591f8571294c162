"""Authorities (ARS and those that stand in for one), their holidays and working hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

SATURDAY = 5
_NONE: Mapping[str, str] = MappingProxyType({})
LEGAL_HOLIDAYS: Mapping[str, str] = MappingProxyType(
    {
        "01-01": "Jour de l'an",
        "easter+1": "Lundi de Pâques",
        "05-01": "Fête du Travail",
        "05-08": "Victoire de 1945",
        "easter+39": "Ascension",
        "easter+50": "Lundi de Pentecôte",
        "07-14": "Fête nationale",
        "08-15": "Assomption",
        "11-01": "Toussaint",
        "11-11": "Armistice de 1918",
        "12-25": "Noël",
    }
)
"""The eleven of article L3133-1 of the Code du travail, as :func:`holidays` reads them."""


class AuthorityKind(StrEnum):
    """What an authority is the authority of."""

    ARS = "ars"
    ARMY = "army"  # service de santé des armées
    TERRITORY = "territory"  # overseas, without an ARS
    NATIONAL = "national"  # FSSI: the aggregate of all
    CERT = "cert"  # CERT Santé


@dataclass(frozen=True, slots=True)
class Authority:
    """Who watches over facilities. ``code`` is its name in ``authorities.toml``.

    ``departments`` are FINESS codes (``9A`` for Guadeloupe), with the usual numbers as
    other spellings. ``mailbox`` is empty until somebody verified it by a round trip: it is
    never built from a name. Holidays are added to :data:`LEGAL_HOLIDAYS`, in the same
    form; ``department_holidays`` holds those of a part of the region only.
    """

    code: str
    name: str
    kind: AuthorityKind
    time_zone: str = "Europe/Paris"
    region: str = ""  # INSEE code
    departments: tuple[str, ...] = ()
    mailbox: str = ""
    phone: str = ""
    local_holidays: Mapping[str, str] = field(default_factory=lambda: _NONE)
    department_holidays: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def holidays(self, year: int, department: str = "") -> dict[date, str]:
        """The public holidays of a year, with their names, in the order of the dates."""
        special = self.department_holidays.get(department, _NONE)
        return holidays(year, LEGAL_HOLIDAYS, self.local_holidays, special)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When somebody answers: from ``opens`` to ``closes`` by the local clock, Monday to Friday.

    ``time_zone`` is the facility's, which may differ from its authority's.
    """

    authority: Authority
    time_zone: str
    department: str = ""
    opens: time = time(9)
    closes: time = time(18)

    def contains(self, moment: datetime) -> bool:
        """Whether ``moment`` (aware) is within working hours."""
        local = moment.astimezone(ZoneInfo(self.time_zone))
        return self.is_working_day(local.date()) and self.opens <= local.time() < self.closes

    def next_open(self, moment: datetime) -> datetime:
        """Return ``moment`` if it is within working hours, else when they start next.

        The answer is aware, in the facility's time zone.
        """
        zone = ZoneInfo(self.time_zone)
        local = moment.astimezone(zone)
        if self.contains(moment):
            return local
        day = local.date()
        if local.time() >= self.opens:  # opened already, and closed since
            day += timedelta(days=1)
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return datetime.combine(day, self.opens, zone)

    def is_working_day(self, day: date) -> bool:
        """Whether a day is neither of a week-end nor a local holiday."""
        return day.weekday() < SATURDAY and day not in self.authority.holidays(
            day.year, self.department
        )


REMEMBERED = 1_024  # days: a dozen a year and a region


def holidays(year: int, *tables: Mapping[str, str]) -> dict[date, str]:
    """Return the dates that tables name: ``05-27`` (month, day), or ``easter-2`` (days).

    Raises:
        ValueError: a table says something else.
    """
    found = {_day(year, word): name for table in tables for word, name in table.items()}
    return dict(sorted(found.items()))


@lru_cache(REMEMBERED)
def _day(year: int, word: str) -> date:
    if word.startswith("easter"):
        return easter(year) + timedelta(days=int(word.removeprefix("easter")))
    return date.fromisoformat(f"{year:04d}-{word}")


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar.

    Source: the anonymous algorithm published in Nature in 1876, as Meeus gives it in
    "Astronomical Algorithms", chapter 8.
    """
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    moon = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * moon) // 451
    month, day = divmod(h + moon - 7 * m + 114, 31)
    return date(year, month, day + 1)
