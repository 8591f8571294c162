"""Declared incidents and their time-lines."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, BigKey, new_id
from bot.store.sealing import SealedText


class IncidentRow(Base):
    """A declared incident. What happens to it is in its time-line."""

    __tablename__ = "incident"
    __table_args__ = (UniqueConstraint("facility_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    exercise: Mapped[bool]
    what: Mapped[str] = mapped_column(SealedText("incident.what"))
    care_affected: Mapped[str] = mapped_column(String(8))  # yes, no, unknown
    declared_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    declared_at: Mapped[datetime]
    room: Mapped[str] = mapped_column(default="")  # id of its private room, once created
    alert: Mapped[str] = mapped_column(default="")  # reference of the alert that led to it


class IncidentEventRow(Base):
    """One line of an incident's time-line: appended, never changed."""

    __tablename__ = "incident_event"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(24))
    text: Mapped[str] = mapped_column(SealedText("incident_event.text"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
