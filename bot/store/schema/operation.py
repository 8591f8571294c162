"""Tocsin itself: the audit, its alarms, leases, counters and memory across restarts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, BigKey, new_id
from bot.store.sealing import SealedJson


class AuditRow(Base):
    """Who did what. Appended only."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(String(48))
    subject: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(SealedJson("audit.payload"))


class AlarmRow(Base):
    """Something wrong with Tocsin itself, and what the operator was told of it."""

    __tablename__ = "alarm"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    problem: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(256))
    opened_at: Mapped[datetime]  # when it was first seen, this time
    told_at: Mapped[datetime | None]  # the latest; null while it may heal by itself
    times: Mapped[int] = mapped_column(default=0, server_default="0")  # told since it began
    well_since: Mapped[datetime | None]
    relapses: Mapped[int] = mapped_column(default=0, server_default="0")  # within a day
    closed_at: Mapped[datetime | None] = mapped_column(index=True)


class CounterRow(Base):
    """The last number given in a series of references: ``ALR-2026`` → 412."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int]


class LeaseRow(Base):
    """Something only one process may do at a time: own an account, read a source."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    token: Mapped[uuid.UUID]
    until: Mapped[datetime]


class MemoRow(Base):
    """A small value a chat must remember across restarts (a sync token)."""

    __tablename__ = "memo"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]
