"""What is wrong with Tocsin and what the operator was told of it, until a day after its end."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.domain.alarm import MEMORY, Course
from bot.domain.delivery import Address
from bot.domain.health import Finding
from bot.domain.message import ChannelName
from bot.store.schema import AlarmRow, new_id


@dataclass(frozen=True, slots=True)
class Alarm:
    """A problem, its course, and where it is told."""

    id: uuid.UUID
    problem: str
    subject: str
    to: Address
    course: Course

    @property
    def code(self) -> str:
        """As :attr:`Finding.code`."""
        return f"{self.problem}:{self.subject}"


def remembered(session: Session, *, now: datetime) -> list[Alarm]:
    """The alarms that are not over, and those that ended less than a day ago, oldest first."""
    rows = session.scalars(
        select(AlarmRow)
        .where(or_(AlarmRow.closed_at.is_(None), AlarmRow.closed_at > now - MEMORY))
        .order_by(AlarmRow.opened_at)
    )
    return [
        Alarm(
            row.id,
            row.problem,
            row.subject,
            Address(ChannelName(row.channel), row.address),
            Course(
                begun_at=row.opened_at,
                told_at=row.told_at,
                times=row.times,
                well_since=row.well_since,
                relapses=row.relapses,
                closed_at=row.closed_at,
            ),
        )
        for row in rows
    ]


def add(session: Session, finding: Finding, to: Address, course: Course) -> Alarm:
    """Remember a problem that is seen for the first time."""
    made = Alarm(new_id(), finding.problem.value, finding.subject, to, course)
    session.add(AlarmRow(id=made.id, problem=made.problem, subject=made.subject, **_values(made)))
    return made


def save(session: Session, alarm: Alarm) -> None:
    """Remember the course of a problem, and where it is told."""
    session.execute(update(AlarmRow).where(AlarmRow.id == alarm.id).values(**_values(alarm)))


def _values(alarm: Alarm) -> dict[str, object]:
    course = alarm.course
    return {
        "channel": alarm.to.channel.value,
        "address": alarm.to.address,
        "opened_at": course.begun_at,
        "told_at": course.told_at,
        "times": course.times,
        "well_since": course.well_since,
        "relapses": course.relapses,
        "closed_at": course.closed_at,
    }
