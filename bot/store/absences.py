"""Who is away, and who stands in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.domain.absence import Absence
from bot.store.schema import AbsenceRow

ANYWHERE = timedelta(days=1)  # somewhere on Earth it is already tomorrow, or still yesterday


def add(session: Session, absence: Absence, *, by: str, now: datetime) -> None:
    """Note an absence; one of the same person that it overlaps is ended: the last word counts."""
    same = select(AbsenceRow).where(
        AbsenceRow.email == absence.email,
        AbsenceRow.ended_at.is_(None),
        AbsenceRow.starts_on <= absence.ends_on,
        AbsenceRow.ends_on >= absence.starts_on,
    )
    for row in session.scalars(same):
        row.ended_at = now
    session.add(
        AbsenceRow(
            email=absence.email,
            name=absence.name,
            starts_on=absence.starts_on,
            ends_on=absence.ends_on,
            substitute_email=absence.substitute_email,
            substitute_name=absence.substitute_name,
            noted_at=now,
            noted_by=by,
            ended_at=None,
        )
    )


def end(session: Session, email: str, *, now: datetime) -> int:
    """Take back what was noted of somebody's absences, to come or under way; return how many."""
    rows = session.scalars(
        select(AbsenceRow)
        .where(AbsenceRow.email == email.casefold(), AbsenceRow.ended_at.is_(None))
        .where(AbsenceRow.ends_on >= (now - ANYWHERE).date())
    ).all()
    for row in rows:
        row.ended_at = now
    return len(rows)


def around(
    session: Session, *, now: datetime, emails: Collection[str] | None = None
) -> list[Absence]:
    """The absences of these days, anywhere on Earth: whoever asks knows the local day.

    Args:
        emails: of these people, as absent or as substitutes; None for everybody.
    """
    query = (
        select(AbsenceRow)
        .where(AbsenceRow.ended_at.is_(None))
        .where(AbsenceRow.starts_on <= (now + ANYWHERE).date())
        .where(AbsenceRow.ends_on >= (now - ANYWHERE).date())
        .order_by(AbsenceRow.starts_on, AbsenceRow.id)
    )
    if emails is not None:
        named = [email.casefold() for email in emails]
        query = query.where(
            or_(AbsenceRow.email.in_(named), AbsenceRow.substitute_email.in_(named))
        )
    return [_absence(row) for row in session.scalars(query)]


def to_come(session: Session, *, now: datetime, emails: Collection[str]) -> list[Absence]:
    """The absences of these people that are not over, the soonest first."""
    query = (
        select(AbsenceRow)
        .where(AbsenceRow.ended_at.is_(None), AbsenceRow.ends_on >= (now - ANYWHERE).date())
        .where(func.lower(AbsenceRow.email).in_([email.casefold() for email in emails]))
        .order_by(AbsenceRow.starts_on, AbsenceRow.id)
    )
    return [_absence(row) for row in session.scalars(query)]


def _absence(row: AbsenceRow) -> Absence:
    return Absence(
        email=row.email,
        name=row.name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        substitute_email=row.substitute_email,
        substitute_name=row.substitute_name,
        id=row.id,
    )
