"""The bulletins as documents: found by what they say, in all their revisions, with what they
match. And what is asked to be judged again.

Source: OASIS CSAF 2.0, sections 9.1.12 (management system) and 9.1.13 (asset matching system).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.matching import VerdictKind
from bot.store.advisories import STORED, StoredRevision, stored
from bot.store.schema import (
    AdvisoryRow,
    AlertRow,
    AssetRow,
    CveRow,
    LotRow,
    ProductRow,
    RevisionRow,
    VerdictRow,
)

CURRENT = and_(RevisionRow.advisory_id == AdvisoryRow.id, RevisionRow.number == AdvisoryRow.number)


class Order(StrEnum):
    """What a list of bulletins is sorted by."""

    PUBLISHED = "published"  # the latest first
    REVISED = "revised"
    REFERENCE = "reference"
    TITLE = "title"
    PUBLISHER = "publisher"
    CVSS = "cvss"  # the highest first, those without a score last


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a bulletin must say; an empty field asks nothing.

    ``words`` stand in its title, ``product`` in what it says is affected.
    """

    words: str = ""
    cve: str = ""
    product: str = ""
    publisher: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A bulletin in a list. ``revision`` counts from 1; ``matched`` are lines it is told of."""

    reference: str
    publisher: str
    kind: str
    title: str
    published_at: datetime
    revised_at: datetime
    revision: int
    cvss: float | None
    matched: int


@dataclass(frozen=True, slots=True)
class Match:
    """A bulletin that concerns an asset, or may concern it."""

    line_id: str
    name: str
    product: str
    version: str
    reference: str
    title: str
    published_at: datetime
    kind: VerdictKind
    reason: str
    target: str


def search(
    session: Session, wanted: Wanted, *, order: Order = Order.PUBLISHED, limit: int
) -> list[Listed]:
    """The bulletins that say all that is wanted."""
    cvss = RevisionRow.body["cvss"].as_float()
    matched = (
        select(func.count(AssetRow.id))
        .join(VerdictRow, VerdictRow.product_id == AssetRow.product_id)
        .where(VerdictRow.revision_id == RevisionRow.id, AssetRow.removed_at.is_(None))
        .scalar_subquery()
    )
    orders: dict[Order, ColumnElement[Any]] = {
        Order.PUBLISHED: AdvisoryRow.published_at.desc(),
        Order.REVISED: AdvisoryRow.revised_at.desc(),
        Order.REFERENCE: AdvisoryRow.reference.asc(),
        Order.TITLE: AdvisoryRow.title.asc(),
        Order.PUBLISHER: AdvisoryRow.publisher.asc(),
        Order.CVSS: cvss.desc().nulls_last(),
    }
    rows = session.execute(
        select(AdvisoryRow, cvss.label("cvss"), matched.label("matched"))
        .join(RevisionRow, CURRENT)
        .where(*_conditions(wanted))
        .order_by(orders[order], AdvisoryRow.id)
        .limit(limit)
    )
    return [_listed(row.AdvisoryRow, row.cvss, row.matched) for row in rows]


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    title, body = func.lower(AdvisoryRow.title), func.lower(cast(RevisionRow.body, Text))
    for word in wanted.words.lower().split():
        found = title.contains(word, autoescape=True)
        yield or_(found, func.lower(AdvisoryRow.reference).contains(word, autoescape=True))
    for word in wanted.product.lower().split():
        yield body.contains(word, autoescape=True)
    if wanted.cve:
        named = select(CveRow.advisory_id).where(CveRow.cve == wanted.cve.upper())
        yield AdvisoryRow.id.in_(named)
    if wanted.publisher:
        publisher = func.lower(AdvisoryRow.publisher)
        yield publisher.contains(wanted.publisher.lower(), autoescape=True)
    if wanted.kind:
        yield AdvisoryRow.kind == wanted.kind
    if wanted.since is not None:
        yield AdvisoryRow.published_at >= wanted.since
    if wanted.until is not None:
        yield AdvisoryRow.published_at < wanted.until


def _listed(row: AdvisoryRow, cvss: float | None, matched: int) -> Listed:
    return Listed(
        reference=row.reference,
        publisher=row.publisher,
        kind=row.kind,
        title=row.title,
        published_at=row.published_at,
        revised_at=row.revised_at,
        revision=row.number,
        cvss=cvss,
        matched=matched,
    )


def revisions(session: Session, reference: str) -> list[StoredRevision]:
    """Every revision of a bulletin, the first one first; empty when it is not stored."""
    rows = session.execute(
        select(*STORED)
        .join(AdvisoryRow, AdvisoryRow.id == RevisionRow.advisory_id)
        .where(AdvisoryRow.reference == reference)
        .order_by(RevisionRow.advisory_id, RevisionRow.number)
    )
    return [stored(row) for row in rows]


def matches(session: Session, facility_id: int, *, line_id: str = "") -> list[Match]:
    """The bulletins of each asset of a facility, or of one, the latest first."""
    query = (
        select(AssetRow, ProductRow, VerdictRow, AdvisoryRow)
        .join(ProductRow, ProductRow.id == AssetRow.product_id)
        .join(VerdictRow, VerdictRow.product_id == AssetRow.product_id)
        .join(RevisionRow, RevisionRow.id == VerdictRow.revision_id)
        .join(AdvisoryRow, CURRENT)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .order_by(AssetRow.name, AssetRow.line_id, AdvisoryRow.published_at.desc())
    )
    if line_id:
        query = query.where(AssetRow.line_id == line_id)
    return [
        Match(
            line_id=asset.line_id,
            name=asset.name,
            product=f"{product.vendor} {product.product}".strip() or product.cpe,
            version=product.version,
            reference=advisory.reference,
            title=advisory.title,
            published_at=advisory.published_at,
            kind=VerdictKind(verdict.kind),
            reason=verdict.reason,
            target=verdict.target,
        )
        for asset, product, verdict, advisory in session.execute(query)
    ]


def lot_states(session: Session, advisory_id: int) -> list[tuple[int, str]]:
    """Where each team stands with a bulletin: ``(facility id, state)`` of each lot told."""
    rows = session.execute(
        select(AlertRow.facility_id, LotRow.state)
        .join(LotRow, LotRow.alert_id == AlertRow.id)
        .where(AlertRow.advisory_id == advisory_id)
        .order_by(AlertRow.facility_id, LotRow.category)
    )
    return [(facility_id, state) for facility_id, state in rows]


def judge_again(session: Session, references: Sequence[str]) -> list[str]:
    """Ask for these bulletins to be judged at the next run; return those that are not stored."""
    rows = session.execute(
        select(AdvisoryRow.reference, RevisionRow.id)
        .join(RevisionRow, CURRENT)
        .where(AdvisoryRow.reference.in_(references))
    )
    known = {row.reference: row.id for row in rows}
    session.execute(
        update(RevisionRow).where(RevisionRow.id.in_(known.values())).values(matched_at=None)
    )
    return [reference for reference in references if reference not in known]


def judge_assets_again(session: Session, facility_id: int, *, line_ids: Sequence[str] = ()) -> int:
    """Ask for assets of a facility, or for these lines, to be judged; return how many products.

    What was said of their products is forgotten: the next run says it again.
    """
    query = (
        select(AssetRow.product_id)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .distinct()
    )
    if line_ids:
        query = query.where(AssetRow.line_id.in_(line_ids))
    products = session.scalars(query).all()
    session.execute(delete(VerdictRow).where(VerdictRow.product_id.in_(query)))
    session.execute(update(ProductRow).where(ProductRow.id.in_(query)).values(matched_at=None))
    return len(products)
