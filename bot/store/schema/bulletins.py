"""What publishers say, how their sources were read, and what a bulletin says of a product."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.schema.base import Base, BigKey


class SourceRow(Base):
    """Where a source stopped reading, and how it has been."""

    __tablename__ = "source"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    cursor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    attempted_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    error: Mapped[str] = mapped_column(default="")


class SeenDocumentRow(Base):
    """A document of a file that was read to the end without a fault: it need not be again."""

    __tablename__ = "seen_document"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    advisories: Mapped[int]


class MalformedRow(Base):
    """An item nobody could read, kept until an operator has looked at it."""

    __tablename__ = "malformed"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str] = mapped_column(String(64), index=True)
    item: Mapped[str]
    reason: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    seen_at: Mapped[datetime]


class AdvisoryRow(Base):
    """One bulletin; its content is in its revisions, the current one by number."""

    __tablename__ = "advisory"
    __table_args__ = (UniqueConstraint("publisher", "reference"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    publisher: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(128), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    title: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(index=True)
    revised_at: Mapped[datetime]
    number: Mapped[int]  # of the current revision, from 1
    digest: Mapped[str] = mapped_column(String(64))
    excerpt: Mapped[bool]


class RevisionRow(Base):
    """One state of a bulletin, whole. ``matched_at`` is null until verdicts are written."""

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("advisory_id", "number"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    advisory_id: Mapped[int] = mapped_column(ForeignKey("advisory.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime]
    matched_at: Mapped[datetime | None] = mapped_column(index=True)
    readable: Mapped[bool | None]  # whether a product could be read in it; null until matched
    trace_id: Mapped[str] = mapped_column(String(32))


class CveRow(Base):
    """A vulnerability that the current revision of an advisory names."""

    __tablename__ = "advisory_cve"

    cve: Mapped[str] = mapped_column(String(24), primary_key=True)
    advisory_id: Mapped[int] = mapped_column(
        ForeignKey("advisory.id"), primary_key=True, index=True
    )


class ExploitRow(Base):
    """What is known of the exploitation of a vulnerability (CISA KEV, FIRST EPSS)."""

    __tablename__ = "exploit"

    cve: Mapped[str] = mapped_column(String(24), primary_key=True)
    exploited_on: Mapped[date | None]
    ransomware: Mapped[bool] = mapped_column(default=False)
    epss: Mapped[float | None]
    epss_percentile: Mapped[float | None]


class KnownNameRow(Base):
    """A product name some bulletin has used: its words, sorted. It makes products recognised."""

    __tablename__ = "known_name"

    words: Mapped[str] = mapped_column(String(512), primary_key=True)


class VerdictRow(Base):
    """What a revision says of a product. ``not_affected`` is not stored: it is the rest."""

    __tablename__ = "verdict"
    __table_args__ = (Index("ix_verdict_product_id", "product_id"),)

    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(64))
    target: Mapped[str]
    field: Mapped[str] = mapped_column(String(64))  # of the span; empty without one
    span_start: Mapped[int]
    span_end: Mapped[int]
    quote: Mapped[str]
