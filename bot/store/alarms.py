"""What the operator was told is wrong, until it is over."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.domain.delivery import Address
from bot.domain.health import Finding
from bot.domain.message import ChannelName
from bot.store.schema import AlarmRow, new_id


@dataclass(frozen=True, slots=True)
class Alarm:
    """A problem that lasts, and where it was told."""

    id: uuid.UUID
    problem: str
    subject: str
    to: Address

    @property
    def code(self) -> str:
        """As :attr:`Finding.code`."""
        return f"{self.problem}:{self.subject}"


def current(session: Session) -> list[Alarm]:
    """The alarms that are not over, oldest first."""
    rows = session.scalars(
        select(AlarmRow).where(AlarmRow.closed_at.is_(None)).order_by(AlarmRow.opened_at)
    )
    return [
        Alarm(row.id, row.problem, row.subject, Address(ChannelName(row.channel), row.address))
        for row in rows
    ]


def raise_alarm(session: Session, finding: Finding, to: Address, *, now: datetime) -> Alarm:
    """Remember that ``finding`` is told to ``to``."""
    made = Alarm(new_id(), finding.problem.value, finding.subject, to)
    session.add(
        AlarmRow(
            id=made.id,
            problem=made.problem,
            subject=made.subject,
            channel=to.channel.value,
            address=to.address,
            opened_at=now,
        )
    )
    return made


def close(session: Session, alarm: Alarm, *, now: datetime) -> None:
    """Remember that it is over."""
    session.execute(update(AlarmRow).where(AlarmRow.id == alarm.id).values(closed_at=now))
