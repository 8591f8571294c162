"""A mute: what a facility does not want to hear of until a day, and why. It always ends.

It never holds an *alerte*, a bulletin aimed at people, or something exploited that concerns
the facility for sure, unless the RSSI mutes that very alert.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.answers import read_day
from bot.domain.authority import SATURDAY
from bot.domain.reference import ALERT

UNTIL = re.compile(r"\s(?:jusqu\W?\s?(?:au|a|à)|until|till)\s+(?:le\s+)?", re.IGNORECASE)
EVERYTHING = frozenset({"tout", "all", "everything"})
DAY_WORDS = 4  # « le 12 août 2026 »
WORDS = re.compile(r"\w+")
LONGEST_REASON = 300
MORNING = time(9)  # of the day after the last: what comes back is read by somebody


class MuteScope(StrEnum):
    """What is muted."""

    ALERT = "alert"
    PRODUCT = "product"
    ALL = "all"


class MuteRefusal(StrEnum):
    """Why nothing was muted."""

    USAGE = "usage"  # what, until when and why were not all said
    ROLE = "role"
    TOO_LONG = "too_long"
    UNKNOWN_ALERT = "unknown_alert"
    UNKNOWN_PRODUCT = "unknown_product"  # the inventory has nothing of that name
    PROTECTED = "protected"  # only the RSSI mutes that alert


@dataclass(frozen=True, slots=True)
class MuteRequest:
    """What somebody asked. ``target`` is a reference, a product as typed, or empty for all."""

    scope: MuteScope
    target: str
    last_day: date
    reason: str


@dataclass(frozen=True, slots=True)
class Mute:
    """One mute. ``target`` is a reference, or the words of a product's name.

    ``explicit``: the RSSI muted an alert that is otherwise never muted. ``until`` is the
    moment at which it ends, in the morning after the ``last_day`` that was asked.
    """

    reference: str
    facility_id: int
    scope: MuteScope
    target: str
    explicit: bool
    reason: str
    last_day: date
    until: datetime
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Muteable:
    """What a rule needs to know of an alert. ``products`` are the names of its machines."""

    reference: str
    products: frozenset[str]
    protected: bool


def read_mute(text: str, *, today: date) -> MuteRequest | None:
    """Read « FortiOS jusqu'au 12/08 remplacement en cours »; None when something is missing.

    Raises:
        BadDayError: a day that cannot be meant.
    """
    what, marker, rest = _around(text)
    words = rest.split()
    last_day = read_day(" ".join(words[:DAY_WORDS]), today=today) if marker else None
    if last_day is None or not what:
        return None
    used = next(n for n in range(1, DAY_WORDS + 1) if _reads(words[:n], today) == last_day)
    if words[used:] and words[used].strip(",:") == str(last_day.year):
        used += 1
    reason = " ".join(words[used:]).strip(" :,;.–-")[:LONGEST_REASON]
    if not reason:
        return None
    return requested(what, last_day, reason)


def requested(what: str, last_day: date, reason: str) -> MuteRequest:
    """The request that names an alert, everything, or else a product."""
    if what.upper().startswith(f"{ALERT}-"):
        return MuteRequest(MuteScope.ALERT, what.upper(), last_day, reason)
    if what.casefold() in EVERYTHING:
        return MuteRequest(MuteScope.ALL, "", last_day, reason)
    return MuteRequest(MuteScope.PRODUCT, what, last_day, reason)


def ends_at(last_day: date, time_zone: str) -> datetime:
    """The first morning of a working week after the last day, where the facility is."""
    morning = last_day + timedelta(days=1)
    while morning.weekday() >= SATURDAY:
        morning += timedelta(days=1)
    return datetime.combine(morning, MORNING, ZoneInfo(time_zone))


def covers(target: str, product: str) -> bool:
    """Whether a product is one that ``target`` names: all its words are in the name."""
    wanted = set(WORDS.findall(target.casefold()))
    return bool(wanted) and wanted <= set(WORDS.findall(product.casefold()))


def holds(mute: Mute, alert: Muteable) -> bool:
    """Whether a mute that has not ended holds an alert.

    A mute of a product holds an alert only when all its machines are that product.
    """
    if mute.scope is MuteScope.ALERT:
        return mute.target == alert.reference and (mute.explicit or not alert.protected)
    if alert.protected:
        return False
    if mute.scope is MuteScope.ALL:
        return True
    return bool(alert.products) and all(covers(mute.target, name) for name in alert.products)


def muted_until(mutes: Iterable[Mute], alert: Muteable, now: datetime) -> datetime | None:
    """Until when an alert is muted; None when it is not."""
    return max((m.until for m in mutes if m.until > now and holds(m, alert)), default=None)


def products_covered(target: str, products: Collection[str]) -> list[str]:
    """The products of an inventory that ``target`` names, each spelling once, sorted."""
    return sorted({name for name in products if covers(target, name)})


def _around(text: str) -> tuple[str, str, str]:
    found = UNTIL.search(text)
    if found is None:
        return text.strip(), "", ""
    return text[: found.start()].strip(), found[0], text[found.end() :]


def _reads(words: list[str], today: date) -> date | None:
    return read_day(" ".join(words), today=today)
