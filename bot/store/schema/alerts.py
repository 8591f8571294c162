"""Alerts, the part of each team, its answers, and what was muted or told already."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, BigKey, new_id
from bot.store.sealing import SealedText


class AlertRow(Base):
    """An advisory that concerns a facility: one row, whatever the revisions."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("advisory_id", "facility_id"),
        Index("ix_alert_facility_id_opened_at", "facility_id", "opened_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    advisory_id: Mapped[int] = mapped_column(ForeignKey("advisory.id"))
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))  # last one told
    state: Mapped[str] = mapped_column(String(16))
    urgency: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[list[str]]  # of the urgency
    verdict: Mapped[str] = mapped_column(String(12))  # the strongest among its assets
    headline: Mapped[str]  # product named in one line
    target: Mapped[str]
    assets_affected: Mapped[int]
    assets_to_check: Mapped[int]
    scope: Mapped[dict[str, Any]]  # what it concerns now
    match_digest: Mapped[str] = mapped_column(String(64))  # of the scope last told
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]  # when there was last something to tell
    muted_until: Mapped[datetime | None]  # nothing is said of it until a mute ends
    trace_id: Mapped[str] = mapped_column(String(32))
    cleared_at: Mapped[datetime | None]  # when no machine was left
    cleared_by: Mapped[str | None] = mapped_column(String(16))  # inventory, or revision


class LotRow(Base):
    """The part of an alert that one team answers for."""

    __tablename__ = "lot"

    alert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))  # open, cleared, or the last answer's kind
    answered_at: Mapped[datetime | None]
    reminder_step: Mapped[int] = mapped_column(default=0, server_default="0")  # of the ladder
    reminder_at: Mapped[datetime | None] = mapped_column(index=True)  # null once answered


class AnswerRow(Base):
    """What somebody answered; answers follow one another and are never overwritten.

    Either ``person_id`` is set, or ``contact``: the mailbox of a contact who is nobody
    registered.
    """

    __tablename__ = "answer"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    alert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alert.id"), index=True)
    category: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    contact: Mapped[str] = mapped_column(default="", server_default="")
    kind: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(SealedText("answer.note"))
    due: Mapped[date | None]
    at: Mapped[datetime]


class MuteRow(Base):
    """What a facility asked not to hear of until a day, and why. Never deleted: it ends."""

    __tablename__ = "mute"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    scope: Mapped[str] = mapped_column(String(16))
    target: Mapped[str]  # reference of an alert, words of a product's name, or empty
    explicit: Mapped[bool]  # an alert that only its RSSI may mute
    reason: Mapped[str] = mapped_column(SealedText("mute.reason"))
    last_day: Mapped[date]
    until: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_by: Mapped[str] = mapped_column(String(64), default="")


class DigestedRow(Base):
    """That a digest to a destination told an alert in this state. Time alone cannot say it:
    an alert may be committed after a digest that was dated later."""

    __tablename__ = "digested"

    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True
    )
    alert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    match_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
