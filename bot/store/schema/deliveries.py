"""The outbox, and what is known of the addresses it writes to."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, new_id
from bot.store.sealing import SealedJson


class DeliveryRow(Base):
    """The outbox: one message to one address, until it is accepted or given up."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_state_due_at", "state", "due_at"),
        Index("ix_delivery_subject_id_address", "subject_id", "address"),
        Index("ix_delivery_receipt", "receipt"),  # what a reaction or a reply is about
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[uuid.UUID]  # alert, incident, campaign; or the facility's digest
    subject: Mapped[str] = mapped_column(index=True)  # its speakable reference
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(256))
    marking: Mapped[int]
    payload: Mapped[dict[str, Any]] = mapped_column(SealedJson("delivery.payload"))
    state: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]  # the latest
    lease_token: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    receipt: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]  # delivered or dead
    trace_id: Mapped[str] = mapped_column(String(32))


class AnswerLinkRow(Base):
    """That the link of a mail was used, for a lot of its alerts or for all (empty)."""

    __tablename__ = "answer_link"

    delivery_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lot: Mapped[str] = mapped_column(String(32), primary_key=True)
    answer: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime]


class WithheldRow(Base):
    """A destination that was sent a neutral notice in place of a message, and why, until
    such a message passes again."""

    __tablename__ = "withheld"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str] = mapped_column(String(256), primary_key=True)
    why: Mapped[str] = mapped_column(String(32))
    times: Mapped[int]
    since: Mapped[datetime]
    last_at: Mapped[datetime]


class HeardMailRow(Base):
    """A mail that was read: a second copy of it says nothing more."""

    __tablename__ = "heard_mail"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256, hex
    at: Mapped[datetime]


class BadAddressRow(Base):
    """A mailbox that a relay gave up on, until somebody writes from it or subscribes it again."""

    __tablename__ = "bad_address"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str] = mapped_column(String(256), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))  # RFC 3463, or empty
    bounces: Mapped[int]
    since: Mapped[datetime]
    last_at: Mapped[datetime]
