"""Incidents and their time-lines. A time-line is appended to; nothing here changes a line."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.domain.incident import (
    Declaration,
    Event,
    Happening,
    Incident,
    IncidentState,
    incident_series,
)
from bot.domain.reference import numbered
from bot.domain.views import CareImpact
from bot.store.schema import FacilityRow, IncidentEventRow, IncidentRow, PersonRow, new_id
from bot.store.statements import next_numbers, rows_changed


def hold_facility(session: Session, facility_id: int) -> None:
    """Keep others from declaring for this facility until the transaction ends.

    Two people who declare at the same instant must not open two incidents.
    """
    session.execute(select(FacilityRow.id).where(FacilityRow.id == facility_id).with_for_update())


def add(
    session: Session, declaration: Declaration, person_id: uuid.UUID, *, now: datetime
) -> Incident:
    """Open an incident, numbered among its facility's, with its first line."""
    series = incident_series(now.year)
    (number,) = next_numbers(session, series, 1)
    row = IncidentRow(
        id=new_id(),
        reference=numbered(series, number),
        facility_id=declaration.facility_id,
        number=_next_number(session, declaration.facility_id),
        state=IncidentState.OPEN.value,
        exercise=declaration.exercise,
        what=declaration.what,
        care_affected=declaration.care.value,
        declared_by=person_id,
        declared_at=now,
        room="",
        alert=declaration.alert,
    )
    session.add(row)
    session.flush()
    append(session, row.id, Happening.DECLARED, declaration.what, person_id=person_id, now=now)
    return _incident(row)


def append(
    session: Session,
    incident_id: uuid.UUID,
    kind: Happening,
    text: str = "",
    *,
    now: datetime,
    person_id: uuid.UUID | None = None,
) -> None:
    """Add a line to the time-line; ``person_id`` is None for what Tocsin did."""
    session.add(
        IncidentEventRow(
            incident_id=incident_id, at=now, kind=kind.value, text=text, person_id=person_id
        )
    )
    session.flush()  # lines are read in the order of their numbers


def timeline(session: Session, incident_id: uuid.UUID) -> list[Event]:
    """The whole time-line, oldest line first."""
    rows = session.execute(
        select(IncidentEventRow, PersonRow.name)
        .outerjoin(PersonRow, PersonRow.id == IncidentEventRow.person_id)
        .where(IncidentEventRow.incident_id == incident_id)
        .order_by(IncidentEventRow.id)
    )
    return [Event(row.at, Happening(row.kind), row.text, name or "") for row, name in rows]


def open_at(session: Session, facility_id: int, *, exercise: bool) -> list[Incident]:
    """The incidents of a facility that are not closed, latest first.

    Exercises and real ones do not mix: a real incident must be declared during an exercise.
    """
    rows = session.scalars(
        select(IncidentRow)
        .where(IncidentRow.facility_id == facility_id)
        .where(IncidentRow.exercise == exercise)
        .where(IncidentRow.state != IncidentState.CLOSED.value)
        .order_by(IncidentRow.number.desc())
    )
    return [_incident(row) for row in rows]


def places(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, frozenset[str]]:
    """The addresses where each of these incidents may be told in full: its room, once there
    is one, and the mailbox of who declared it."""
    rows = session.execute(
        select(IncidentRow.id, IncidentRow.room, PersonRow.email)
        .join(PersonRow, PersonRow.id == IncidentRow.declared_by)
        .where(IncidentRow.id.in_(ids))
    )
    return {key: frozenset({room, email} - {""}) for key, room, email in rows}


def listed(
    session: Session,
    *,
    facility_ids: Sequence[int] | None = None,
    open_only: bool = True,
    limit: int = 100,
) -> list[Incident]:
    """Incidents, latest first: of these facilities, or of all."""
    query = select(IncidentRow).order_by(IncidentRow.declared_at.desc(), IncidentRow.id.desc())
    if facility_ids is not None:
        query = query.where(IncidentRow.facility_id.in_(facility_ids))
    if open_only:
        query = query.where(IncidentRow.state != IncidentState.CLOSED.value)
    return [_incident(row) for row in session.scalars(query.limit(limit))]


def by_reference(session: Session, reference: str) -> Incident | None:
    """The incident that has this reference."""
    row = session.scalar(select(IncidentRow).where(IncidentRow.reference == reference.upper()))
    return _incident(row) if row else None


def by_id(session: Session, incident_id: uuid.UUID) -> Incident:
    """The incident of a delivery."""
    return _incident(session.get_one(IncidentRow, incident_id, populate_existing=True))


def of_room(session: Session, room: str) -> Incident | None:
    """The incident that this private room is for."""
    row = session.scalar(select(IncidentRow).where(IncidentRow.room == room)) if room else None
    return _incident(row) if row else None


def save_room(session: Session, incident_id: uuid.UUID, room: str) -> bool:
    """Record where the incident is spoken of; False if a room was recorded already."""
    done = session.execute(
        update(IncidentRow)
        .where(IncidentRow.id == incident_id, IncidentRow.room == "")
        .values(room=room)
    )
    return rows_changed(done) == 1


def save_care(session: Session, incident_id: uuid.UUID, care: CareImpact) -> bool:
    """Record whether care is affected; False if that was known already."""
    done = session.execute(
        update(IncidentRow)
        .where(IncidentRow.id == incident_id, IncidentRow.care_affected != care.value)
        .values(care_affected=care.value)
    )
    return rows_changed(done) == 1


def save_state(session: Session, incident_id: uuid.UUID, state: IncidentState) -> bool:
    """Record where the incident stands; False if it stood there already."""
    done = session.execute(
        update(IncidentRow)
        .where(IncidentRow.id == incident_id, IncidentRow.state != state.value)
        .values(state=state.value)
    )
    return rows_changed(done) == 1


def _next_number(session: Session, facility_id: int) -> int:
    """The facility is held: nobody else takes this number."""
    last = session.scalar(
        select(func.max(IncidentRow.number)).where(IncidentRow.facility_id == facility_id)
    )
    return (last or 0) + 1


def _incident(row: IncidentRow) -> Incident:
    return Incident(
        id=row.id,
        reference=row.reference,
        facility_id=row.facility_id,
        number=row.number,
        state=IncidentState(row.state),
        exercise=row.exercise,
        what=row.what,
        care=CareImpact(row.care_affected),
        declared_by=row.declared_by,
        declared_at=row.declared_at,
        room=row.room,
        alert=row.alert,
    )
