"""Who is silent: what an authority is told once a day, as counts and names of facilities.

Never a machine, a product that a facility runs, or a contact: an authority sees who has
not answered, not what they have.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.authority import WorkingHours
from feeds.advisory import Pap, Tlp

AGAIN = timedelta(days=7)  # what is silent and was said is said again once a week
CEILING = Tlp.AMBER  # of an authority's SSI mailbox or room; the message's own marking


class SilenceKind(StrEnum):
    """What was not answered."""

    ALERTE = "alerte"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class Silence:
    """One *alerte* or campaign, and the facilities of one authority that are silent on it.

    ``told`` counts those that were told, ``silent`` names those that everybody to be told
    there was told and nobody answered. ``hidden``: the bulletin is marked above what the
    reader may receive; its reference and title are left out.
    """

    kind: SilenceKind
    reference: str
    title: str
    since: datetime
    told: int
    silent: tuple[str, ...]
    tlp: Tlp = Tlp.CLEAR
    hidden: bool = False
    pap: Pap = Pap.CLEAR

    @property
    def marks(self) -> frozenset[str]:
        """What tells this silence apart from those said before."""
        return frozenset(f"{self.reference} {name}" for name in self.silent)


@dataclass(frozen=True, slots=True)
class AuthorityCount:
    """What the national level sees of one authority: numbers of facilities, no name."""

    authority: str
    told: int
    silent: int


@dataclass(frozen=True, slots=True)
class SilencesView:
    """Everything the daily message says. ``counts`` is filled at the national level only,
    ``silences`` elsewhere."""

    reference: str
    authority: str
    on: date
    silences: tuple[Silence, ...] = ()
    counts: tuple[AuthorityCount, ...] = ()
    tlp: Tlp = CEILING
    pap: Pap = Pap.CLEAR  # the highest of the bulletins it names
    exercise: bool = False
    language: str = "fr"

    @property
    def facilities(self) -> int:
        """How many facilities are silent on something."""
        if self.counts:
            return sum(each.silent for each in self.counts)
        return len({name for silence in self.silences for name in silence.silent})


@dataclass(frozen=True, slots=True)
class LastTold:
    """What was silent when it was last looked at, on ``looked``, and when the authority was
    last told; ``on`` is None when it never was."""

    looked: date
    on: date | None = None
    marks: frozenset[str] = frozenset()


def is_worth_a_message(marks: Collection[str], last: LastTold | None, today: date) -> bool:
    """Whether somebody is newly silent, or what was said is a week old and still so."""
    if not marks:
        return False
    if last is None or last.on is None:
        return True
    return bool(set(marks) - last.marks) or today - last.on >= AGAIN


def day_to_tell(now: datetime, office: WorkingHours, hour: int) -> date | None:
    """Today, from ``hour`` on in the authority's working hours; None at any other time."""
    local = now.astimezone(ZoneInfo(office.time_zone))
    if not office.contains(now) or local.time() < time(hour):
        return None
    return local.date()
