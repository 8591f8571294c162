"""Facilities, whom to reach there, and where they want to be told."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, BigKey


class FacilityRow(Base):
    """A healthcare facility. ``inventory_since`` is the date of its first inventory."""

    __tablename__ = "facility"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    finess: Mapped[str] = mapped_column(String(9), unique=True)
    name: Mapped[str]
    authority: Mapped[str] = mapped_column(String(32), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    time_zone: Mapped[str] = mapped_column(String(64))
    department: Mapped[str] = mapped_column(String(8))
    ght: Mapped[str]
    ght_head: Mapped[bool]
    ose: Mapped[bool]
    functions: Mapped[list[str]]
    language: Mapped[str] = mapped_column(String(2), default="fr")
    changed_at: Mapped[datetime | None] = mapped_column(index=True)  # equipment to judge since
    inventory_since: Mapped[datetime | None]
    inventory_dated: Mapped[datetime | None]  # of the latest one
    assets: Mapped[int] = mapped_column(default=0)  # present lines; the three below are parts
    assets_assessed: Mapped[int] = mapped_column(default=0)
    assets_unversioned: Mapped[int] = mapped_column(default=0)
    assets_unrecognised: Mapped[int] = mapped_column(default=0)
    initial_state_at: Mapped[datetime | None]  # when the day-one message was written


class ContactRow(Base):
    """Somebody to reach at a facility."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    name: Mapped[str]
    role: Mapped[str] = mapped_column(String(32))
    email: Mapped[str]
    phone: Mapped[str]
    rank: Mapped[int]
    ceiling: Mapped[int] = mapped_column(default=1, server_default="1")  # GREEN: no machine


class AbsenceRow(Base):
    """Somebody away, and who stands in. People and contacts alike are known by their mail."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    email: Mapped[str] = mapped_column(String(256), index=True)
    name: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]  # included
    substitute_email: Mapped[str] = mapped_column(String(256), index=True)  # empty: nobody
    substitute_name: Mapped[str]
    noted_at: Mapped[datetime]
    noted_by: Mapped[str]
    ended_at: Mapped[datetime | None]  # taken back before its end


class SubscriptionRow(Base):
    """Where a facility wants to be told."""

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("facility_id", "channel", "address"),
        Index("ix_subscription_channel_address", "channel", "address"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(256))
    ceiling: Mapped[int]
    rhythm: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(2))
    digested_at: Mapped[datetime]  # last digest, or the day of subscription
    categories: Mapped[list[str]] = mapped_column(default=list, server_default="[]")  # empty: all
    quiet: Mapped[str | None] = mapped_column(String(32))  # null: as the configuration says
    links: Mapped[bool] = mapped_column(default=False, server_default=false())
    pap: Mapped[int | None]  # highest PAP it may receive; null: the channel's usual one
