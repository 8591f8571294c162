"""Awareness campaigns, whom each is for, and their answers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, new_id


class CampaignRow(Base):
    """An awareness campaign of an authority."""

    __tablename__ = "campaign"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    authority: Mapped[str] = mapped_column(String(32), index=True)
    authority_name: Mapped[str]  # as its recipients read it
    national: Mapped[bool]
    title: Mapped[str]
    body: Mapped[str]  # Markdown
    language: Mapped[str] = mapped_column(String(2))
    tlp: Mapped[int]
    audience: Mapped[dict[str, Any]]
    answers: Mapped[list[Any]]  # those offered
    exercise: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    approver_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None] = mapped_column(index=True)  # next occurrence to send
    every_days: Mapped[int]  # between reminders; 0: none
    reminders: Mapped[int]  # at most that many
    occurrence: Mapped[int]  # how many were sent, the first message included


class RecipientRow(Base):
    """A facility a campaign is for, frozen at approval; its answer when it came."""

    __tablename__ = "recipient"

    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), primary_key=True)
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(16))
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))


class RecipientAddressRow(Base):
    """Where a recipient was written to: a later change of subscription does not change it."""

    __tablename__ = "recipient_address"

    campaign_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str] = mapped_column(String(256), primary_key=True)
