"""What facilities own, as they sent it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, BigKey
from bot.store.sealing import SealedJson, SealedText


class ColumnMappingRow(Base):
    """The columns that a facility chose for its files, from fields to headers."""

    __tablename__ = "column_mapping"

    facility_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("facility.id"), primary_key=True, autoincrement=False
    )
    columns: Mapped[dict[str, Any]]
    chosen_at: Mapped[datetime]


class UploadRow(Base):
    """One inventory as it was received; ``dated`` is the day it describes."""

    __tablename__ = "upload"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    dated: Mapped[datetime]
    received_at: Mapped[datetime]
    filename: Mapped[str]
    lines: Mapped[int]
    bad: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]


class MailedInventoryRow(Base):
    """An inventory that came by mail. ``body`` is the file in base64, while it may be needed."""

    __tablename__ = "mailed_inventory"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    reference: Mapped[str] = mapped_column(String(32), unique=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    sender: Mapped[str]
    thread: Mapped[str]
    filename: Mapped[str]
    body: Mapped[str] = mapped_column(SealedText("mailed_inventory.body"))
    state: Mapped[str] = mapped_column(String(16), index=True)
    said: Mapped[dict[str, Any]] = mapped_column(SealedJson("mailed_inventory.said"))
    received_at: Mapped[datetime] = mapped_column(index=True)
    applied_at: Mapped[datetime | None]


class ProductRow(Base):
    """A product as somebody typed it, shared by all the facilities that typed it so."""

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("vendor", "product", "version", "cpe"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    vendor: Mapped[str] = mapped_column(String(128))
    product: Mapped[str] = mapped_column(String(256))
    version: Mapped[str] = mapped_column(String(128))
    cpe: Mapped[str] = mapped_column(String(256))
    matched_at: Mapped[datetime | None] = mapped_column(index=True)
    recognised: Mapped[bool | None]  # null until assessed
    versioned: Mapped[bool | None]


class AssetRow(Base):
    """One line of a facility's inventory. ``removed_at`` keeps what an upload took away."""

    __tablename__ = "asset"
    __table_args__ = (
        UniqueConstraint("facility_id", "line_id"),
        Index("ix_asset_product_id_facility_id", "product_id", "facility_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    line_id: Mapped[str] = mapped_column(String(128))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    category: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(SealedText("asset.name"))
    location: Mapped[str] = mapped_column(SealedText("asset.location"))
    exposed: Mapped[bool]
    quantity: Mapped[int]
    removed_at: Mapped[datetime | None]
