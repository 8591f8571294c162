"""What somebody may answer for: their roles, those they stand in for, the members of a GHT."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.escalation import local_day
from bot.domain.facility import Facility
from bot.domain.lots import CORRESPONDENTS, EVERY_LOT, NO_LOT, Lots, duties, orphans
from bot.domain.people import DECLARING, Grant, Person, Role
from bot.domain.speaker import Speaker
from bot.store import absences, facilities, people
from bot.store.schema import FacilityRow, GrantRow

LOTS_OF_CONTACTS = {role: frozenset({lot}) for lot, role in CORRESPONDENTS.items()}
PRESTATAIRE = "prestataire"  # the role of a contact


def of_person(session: Session, person: Person, *, now: datetime) -> Speaker:
    """What a person may answer for at this moment."""
    grants = [*person.grants, *_stood_in_for(session, person, now)]
    here: dict[int, set[Role]] = {}
    for grant in grants:
        if grant.facility_id is not None:
            here.setdefault(grant.facility_id, set()).add(grant.role)
    held = _held(session, here)
    own = {id_: duties(roles) for id_, roles in here.items()}
    heads = [id_ for id_, roles in here.items() if roles & DECLARING]
    own |= dict.fromkeys(_members(session, heads), EVERY_LOT)
    return Speaker(
        name=person.name,
        email=person.email,
        person_id=person.id,
        duties=own,
        orphans={id_: orphans(roles) for id_, roles in held.items()},
        forwarded=frozenset(id_ for id_, roles in here.items() if Role.PRESTATAIRE in roles),
    )


def of_contact(
    session: Session,
    facility_id: int,
    email: str,
    references: Collection[str],
    *,
    now: datetime,
) -> Speaker | None:
    """What somebody whom nobody registered may answer, in reply to a mail about these alerts
    and no other; None unless this is the mailbox of a contact, or of who stands in today."""
    facility = facilities.by_ids(session, [facility_id]).get(facility_id)
    if facility is None:
        return None
    today = local_day(now, facility)
    stood_in_for = {
        absence.email: absence.substitute_name
        for absence in absences.around(session, now=now, emails=[email])
        if absence.substitute_email == email and absence.covers(today)
    }
    known = {email: "", **stood_in_for}
    for contact in facility.contacts:
        if (name := known.get(contact.email.casefold())) is not None:
            lots = LOTS_OF_CONTACTS.get(contact.role, EVERY_LOT)
            called_in = contact.role == PRESTATAIRE
            own = NO_LOT if called_in else lots
            return _outside(facility, email, name or contact.name, own, called_in, references)
    for absent_email, name in stood_in_for.items():
        away = people.by_email(session, absent_email)
        roles = [g.role for g in away.grants if g.facility_id == facility_id] if away else []
        if roles:
            called_in = Role.PRESTATAIRE in roles
            return _outside(facility, email, name, duties(roles), called_in, references)
    return None


def _outside(
    facility: Facility,
    email: str,
    name: str,
    own: Lots,
    called_in: bool,
    references: Collection[str],
) -> Speaker:
    return Speaker(
        name=name or email,
        email=email,
        contact=email,
        duties={facility.id: own} if own else {},
        forwarded=frozenset({facility.id} if called_in else ()),
        only=frozenset(references),
    )


def _stood_in_for(session: Session, person: Person, now: datetime) -> list[Grant]:
    """The roles of the people this one stands in for today, where each facility is."""
    found: list[Grant] = []
    for absence in absences.around(session, now=now, emails=[person.email]):
        away = people.by_email(session, absence.email)
        if away is None or absence.substitute_email != person.email:
            continue
        zones = _zones(session, away.facilities())
        found += [
            grant
            for grant in away.grants
            if grant.facility_id in zones
            and absence.covers(now.astimezone(zones[grant.facility_id]).date())
        ]
    return found


def _zones(session: Session, ids: Collection[int]) -> dict[int | None, ZoneInfo]:
    query = select(FacilityRow.id, FacilityRow.time_zone).where(FacilityRow.id.in_(ids))
    return {row.id: ZoneInfo(row.time_zone) for row in session.execute(query)}


def _held(session: Session, ids: Collection[int]) -> dict[int, set[Role]]:
    """Every role that somebody holds at each of these facilities."""
    found: dict[int, set[Role]] = {id_: set() for id_ in ids}
    query = select(GrantRow.facility_id, GrantRow.role).where(GrantRow.facility_id.in_(ids))
    for id_, role in session.execute(query):
        found[id_ or 0].add(Role(role))
    return found


def _members(session: Session, ids: Iterable[int]) -> list[int]:
    """The facilities of the GHTs that these are the heads of."""
    heads = select(FacilityRow.ght).where(
        FacilityRow.id.in_(list(ids)), FacilityRow.ght_head, FacilityRow.ght != ""
    )
    return list(session.scalars(select(FacilityRow.id).where(FacilityRow.ght.in_(heads))))
