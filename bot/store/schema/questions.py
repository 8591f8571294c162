"""What facilities were asked, and what their answers taught."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, BigKey
from bot.store.sealing import SealedJson, SealedText


class QuestionRow(Base):
    """A question put to a facility: one per product. Answered, it waits for nobody."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("facility_id", "key"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    key: Mapped[str] = mapped_column(String(400))  # of the product as typed, folded
    name: Mapped[str] = mapped_column(String(400))
    wants: Mapped[str] = mapped_column(String(16))
    settles: Mapped[int]
    machines: Mapped[int]
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(16), default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(64), default="")


class LessonRow(Base):
    """What an answer taught. Never deleted: it ends, and the row says when and by whom."""

    __tablename__ = "lesson"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    reach: Mapped[str] = mapped_column(String(16))
    line_id: Mapped[str] = mapped_column(String(128))  # empty unless it is about one line
    name: Mapped[str] = mapped_column(String(400))  # of the product as typed
    value: Mapped[str] = mapped_column(String(128))  # version or product
    reason: Mapped[str] = mapped_column(SealedText("lesson.reason"))
    taught_at: Mapped[datetime]
    taught_by: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime | None]
    confirmed_by: Mapped[str] = mapped_column(String(64), default="")
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    ended: Mapped[str] = mapped_column(String(64), default="")
    before: Mapped[dict[str, Any]] = mapped_column(
        SealedJson("lesson.before"), default=dict
    )  # by line id, what it changed
