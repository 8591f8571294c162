"""Upgrades, the bulletins each one closes, and what was answered and said of it."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, new_id
from bot.store.sealing import SealedText


class ActionRow(Base):
    """An upgrade at a facility: one product, one target, every bulletin that it closes.

    One is open for a product and a ``track`` at a time; a higher target is another action,
    which ``superseded_by`` names. ``needs`` holds the version to reach by product id.
    """

    __tablename__ = "action"
    __table_args__ = (Index("ix_action_facility_id_product", "facility_id", "product"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    product: Mapped[str] = mapped_column(String(256))  # key in the catalogue, not as typed
    track: Mapped[str] = mapped_column(String(16))
    name: Mapped[str]  # as people read it
    state: Mapped[str] = mapped_column(String(16), index=True)
    urgency: Mapped[str] = mapped_column(String(16))  # the highest of its alerts'
    exploited: Mapped[bool]
    release: Mapped[str] = mapped_column(String(7))  # 2026-03: a vendor's dated release, or empty
    needs: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]  # machines by category
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]  # when there was last something to tell
    closed_at: Mapped[datetime | None]
    superseded_by: Mapped[uuid.UUID | None]
    outcome: Mapped[dict[str, Any]]  # once no machine is left: what became of them
    reopened: Mapped[dict[str, Any]]  # why it waits again after an answer


class ActionAlertRow(Base):
    """That an action closes a bulletin, and for which machines. A bulletin older than the
    first inventory has no alert."""

    __tablename__ = "action_alert"

    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("action.id"), primary_key=True)
    advisory_id: Mapped[int] = mapped_column(
        ForeignKey("advisory.id"), primary_key=True, index=True
    )
    alert_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("alert.id"), index=True)
    release: Mapped[str] = mapped_column(String(7))
    demands: Mapped[list[Any]]  # (product id, category, version asked, machines)


class ActionLotRow(Base):
    """What one team last answered to an action; there is no row before the first answer."""

    __tablename__ = "action_lot"

    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("action.id"), primary_key=True)
    category: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))  # open, or the last answer's kind
    due: Mapped[date | None]
    answered_at: Mapped[datetime | None]


class ActionAnswerRow(Base):
    """What somebody answered to an action: appended, never changed."""

    __tablename__ = "action_answer"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("action.id"), index=True)
    category: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(SealedText("action_answer.note"))
    due: Mapped[date | None]
    at: Mapped[datetime]


class ActionToldRow(Base):
    """That a digest to a destination said this of an action (late, perhaps done, again open)."""

    __tablename__ = "action_told"

    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True
    )
    action_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("action.id"), primary_key=True)
    said: Mapped[str] = mapped_column(String(64), primary_key=True)
