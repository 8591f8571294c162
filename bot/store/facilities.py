"""Facilities, and what is remembered of each as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from bot.domain.facility import Contact, Facility, FacilityKind, Function
from bot.store import contacts
from bot.store.schema import FacilityRow


def save(session: Session, facilities: Iterable[Facility]) -> tuple[int, int]:
    """Create facilities, or update those whose FINESS is known; return (created, updated).

    Their contacts of each role that is given are replaced; the others stay.
    """
    known = {row.finess: row for row in session.scalars(select(FacilityRow))}
    created = updated = 0
    for facility in facilities:
        row = known.get(facility.finess)
        if row is None:
            row = known[facility.finess] = FacilityRow(finess=facility.finess)
            session.add(row)
            created += 1
        else:
            updated += 1
        row.name = facility.name
        row.authority = facility.authority
        row.kind = facility.kind.value
        row.time_zone = facility.time_zone
        row.department = facility.department
        row.ght = facility.ght
        row.ght_head = facility.ght_head
        row.ose = facility.ose
        row.functions = [function.value for function in facility.functions]
        if facility.contacts:
            session.flush()
            contacts.replace(session, row.id, facility.contacts)
    session.flush()
    return created, updated


def every(session: Session) -> list[Facility]:
    """All facilities, by FINESS, with their contacts."""
    return _read(session, None)


def page(session: Session, *, after: int = 0, limit: int, authority: str = "") -> list[Facility]:
    """The next facilities by id, without their contacts: of one authority, or of all."""
    columns = FacilityRow.__table__.columns
    query = select(*columns).where(FacilityRow.id > after).order_by(FacilityRow.id).limit(limit)
    if authority:
        query = query.where(FacilityRow.authority == authority)
    return [_facility(row, {}) for row in session.execute(query)]


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, Facility]:
    """These facilities, by id, with their contacts."""
    return {facility.id: facility for facility in _read(session, list(ids))}


def by_finess(session: Session, finess: str) -> Facility | None:
    """The facility that has this FINESS number."""
    row = session.scalar(select(FacilityRow.id).where(FacilityRow.finess == finess))
    return by_ids(session, [row])[row] if row is not None else None


def inventory_since(session: Session, ids: Iterable[int]) -> dict[int, datetime]:
    """The date of the first inventory of each facility that has one."""
    rows = session.execute(
        select(FacilityRow.id, FacilityRow.inventory_since).where(
            FacilityRow.id.in_(list(ids)), FacilityRow.inventory_since.is_not(None)
        )
    )
    return {row.id: row.inventory_since for row in rows}


def inspected(session: Session, facility_id: int) -> datetime | None:
    """The day that the latest inventory of a facility describes."""
    return session.scalar(select(FacilityRow.inventory_dated).where(FacilityRow.id == facility_id))


def awaiting_initial_state(session: Session) -> list[int]:
    """Facilities that have an inventory and were never sent their first picture."""
    return list(
        session.scalars(
            select(FacilityRow.id).where(
                FacilityRow.inventory_since.is_not(None), FacilityRow.initial_state_at.is_(None)
            )
        )
    )


def told_initial_state(session: Session, facility_id: int) -> bool:
    """Whether the day-one message of a facility was written."""
    return (
        session.scalar(select(FacilityRow.initial_state_at).where(FacilityRow.id == facility_id))
        is not None
    )


def mark_initial_state(session: Session, facility_id: int, *, now: datetime) -> None:
    """Record that the day-one message of a facility is written."""
    row = session.get_one(FacilityRow, facility_id)
    row.initial_state_at = now


def changed(session: Session) -> list[tuple[int, datetime]]:
    """Facilities whose equipment changed since their alerts were raised, and when it did."""
    rows = session.execute(
        select(FacilityRow.id, FacilityRow.changed_at)
        .where(FacilityRow.changed_at.is_not(None))
        .order_by(FacilityRow.changed_at)
    )
    return [(row.id, row.changed_at) for row in rows]


def settle(session: Session, facility_id: int, changed_at: datetime) -> None:
    """Record that alerts follow the equipment as it was at ``changed_at``, unless it moved on."""
    session.execute(
        update(FacilityRow)
        .where(FacilityRow.id == facility_id, FacilityRow.changed_at == changed_at)
        .values(changed_at=None)
    )


def _read(session: Session, ids: Sequence[int] | None) -> list[Facility]:
    query = select(FacilityRow).order_by(FacilityRow.finess)
    if ids is not None:
        query = query.where(FacilityRow.id.in_(ids))
    people = contacts.by_facility(session, ids)
    return [_facility(row, people) for row in session.scalars(query)]


def _facility(row: FacilityRow | Row[Any], people: Mapping[int, Sequence[Contact]]) -> Facility:
    return Facility(
        finess=row.finess,
        name=row.name,
        authority=row.authority,
        kind=FacilityKind(row.kind),
        time_zone=row.time_zone,
        department=row.department,
        ght=row.ght,
        ght_head=row.ght_head,
        ose=row.ose,
        functions=tuple(Function(name) for name in row.functions),
        contacts=tuple(people.get(row.id, ())),
        id=row.id,
    )
