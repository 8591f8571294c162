"""Who is told next when nobody answers, and when: in the facility's own working hours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.authority import WorkingHours
from bot.domain.facility import Contact, Facility

HoursOf = Callable[[Facility], WorkingHours]
"""The working hours of a facility, its own zone and holidays included."""

SAME_PEOPLE = ""
LADDER = (SAME_PEOPLE, "suppleant", "direction")
"""Roles told one after the other: those already told, the deputy, the direction."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: whom (a role of ``Contact``), and when. ``step`` counts from 0."""

    step: int
    role: str
    at: datetime


def next_rung(
    step: int,
    since: datetime,
    hours: WorkingHours,
    contacts: Sequence[Contact],
    *,
    aimed: bool = False,
) -> Rung | None:
    """The next step from ``step`` on, or None when there is nobody left to tell.

    It waits for the next working morning after ``since``: a night, a week-end or a local
    holiday never counts as silence. A role that nobody holds here is passed over. A
    bulletin ``aimed`` at people is reminded once, to the same people: nothing is broken.
    """
    for position in range(step, 1 if aimed else len(LADDER)):
        role = LADDER[position]
        if role == SAME_PEOPLE or reachable(role, contacts):
            return Rung(position, role, next_morning(since, hours))
    return None


def next_contact(step: int, contacts: Sequence[Contact]) -> str:
    """The role told after ``step``, empty when nobody is left."""
    return next((role for role in LADDER[step + 1 :] if reachable(role, contacts)), "")


def reachable(role: str, contacts: Sequence[Contact]) -> list[Contact]:
    """The contacts of a role who have a mail address, in order of rank."""
    found = [contact for contact in contacts if contact.role == role and contact.email]
    return sorted(found, key=lambda contact: contact.rank)


def local_day(moment: datetime, facility: Facility) -> date:
    """What day it is at the facility."""
    return moment.astimezone(ZoneInfo(facility.time_zone)).date()


def next_morning(moment: datetime, hours: WorkingHours) -> datetime:
    """When work starts on the first working day after ``moment``'s, in the facility's zone."""
    zone = ZoneInfo(hours.time_zone)
    tomorrow = moment.astimezone(zone).date() + timedelta(days=1)
    return hours.next_open(datetime.combine(tomorrow, time(), zone))
