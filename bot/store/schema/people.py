"""Who may act, through which accounts, and where."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, BigKey, new_id


class PersonRow(Base):
    """Somebody who may act."""

    __tablename__ = "person"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(String(256), unique=True)
    created_at: Mapped[datetime]


class IdentityRow(Base):
    """A chat account or mailbox that belongs to a person."""

    __tablename__ = "identity"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str] = mapped_column(String(256), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    linked_at: Mapped[datetime]


class GrantRow(Base):
    """A role somebody holds, at a facility or at an authority."""

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    authority: Mapped[str] = mapped_column(String(32))  # empty for a facility's


class InvitationRow(Base):
    """A one-time code by which a person links an account. Only its hash is kept."""

    __tablename__ = "invitation"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
