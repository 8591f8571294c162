"""Who is away, who stands in, and who is written to instead. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.answers import read_day
from bot.domain.facility import Contact
from bot.domain.wording import composed, fold
from feeds.advisory import Tlp

STAND_IN_CEILING = Tlp.GREEN  # of who stands in, by mail: counts, no machine


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody away from ``starts_on`` to ``ends_on``, both included.

    People and contacts alike are known by their mail address, in lower case. Without a
    ``substitute_email`` nobody stands in.
    """

    email: str
    name: str
    starts_on: date
    ends_on: date
    substitute_email: str = ""
    substitute_name: str = ""
    id: int = 0

    def covers(self, day: date) -> bool:
        """Whether ``day`` is within it."""
        return self.starts_on <= day <= self.ends_on


def present(
    contacts: Sequence[Contact], absences: Iterable[Absence], day: date
) -> tuple[Contact, ...]:
    """The contacts to write to on ``day``: substitutes in the place of who is away.

    Somebody away without a substitute is left out. The surprising case: when this would
    leave nobody who can be written to in a role, the absent of that role are written to
    all the same: a silence must not reach nobody.
    """
    away = {absence.email: absence for absence in absences if absence.covers(day)}
    found = [(contact, _standing_in(contact, away)) for contact in contacts]
    served = {contact.role for contact in (stand_in for _, stand_in in found) if contact}
    return tuple(
        stand_in or contact
        for contact, stand_in in found
        if stand_in is not None or contact.role not in served
    )


def _standing_in(contact: Contact, away: dict[str, Absence]) -> Contact | None:
    """The contact, or whoever stands in, or whoever stands in for that one; None: nobody."""
    seen: set[str] = set()
    while (absence := away.get(contact.email.casefold())) is not None:
        if not absence.substitute_email or contact.email.casefold() in seen:
            return None
        seen.add(contact.email.casefold())
        contact = dataclasses.replace(
            contact,
            name=absence.substitute_name,
            email=absence.substitute_email,
            phone="",
            ceiling=min(contact.ceiling, STAND_IN_CEILING),
        )
    return contact


_UNTIL = r"(?:jusqu'au|jusqu'a|au|until|to)"
_BY = r"(?:remplacante?s?|remplacee? par|suppleante?|remplace|replaced by|substitute)"
_SPOKEN = re.compile(
    rf"(?:(?:du|le|des|from)\s+)?(?P<start>.*?)\s*\b{_UNTIL}\s+(?P<end>.+?)"
    rf"(?:[\s,;:]+{_BY}\s*:?\s*(?P<by>.+))?"
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class AbsenceRequest:
    """What somebody says of their absence; the stand-in by name, by mail address or both."""

    starts_on: date
    ends_on: date
    name: str = ""
    email: str = ""


def read_absence(text: str, *, today: date) -> AbsenceRequest | None:
    """« du 12/08 au 26/08 remplaçant NOM »; « jusqu'au 26/08 » begins today.

    None when it says something else, or ends before it begins.

    Raises:
        BadDayError: a day that does not exist, or is past.
    """
    said = composed(text).strip()
    found = _SPOKEN.fullmatch(fold(said))
    if found is None:
        return None
    start = read_day(found["start"], today=today) if found["start"] else today
    end = read_day(found["end"], today=today)
    if start is None or end is None or end < start:
        return None
    by = said[found.start("by") : found.end("by")] if found["by"] else ""
    mail = _MAIL.search(by)
    return AbsenceRequest(
        starts_on=start,
        ends_on=end,
        name=_MAIL.sub("", by).strip(" \t<>()[],;:"),
        email=mail[0].casefold() if mail else "",
    )
