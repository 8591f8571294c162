"""Verdicts per revision and product; the assets they touch follow by a join."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, func, select, union
from sqlalchemy.orm import Session

from bot.domain.facility import AssetCategory
from bot.domain.matching import InventoryProduct, Span, Verdict, VerdictKind
from bot.store.schema import (
    AdvisoryRow,
    AlertRow,
    AssetRow,
    CveRow,
    ExploitRow,
    FacilityRow,
    ProductRow,
    RevisionRow,
    VerdictRow,
)
from bot.store.sealing import sealer_of
from bot.store.statements import insert_ignoring

MATCHED = (
    VerdictRow.revision_id,
    VerdictRow.kind,
    VerdictRow.reason,
    VerdictRow.target,
    VerdictRow.field,
    VerdictRow.span_start,
    VerdictRow.span_end,
    VerdictRow.quote,
    AssetRow.facility_id,
    AssetRow.id.label("asset_id"),
    AssetRow.line_id,
    AssetRow.product_id,
    AssetRow.name,
    AssetRow.category,
    AssetRow.location,
    AssetRow.exposed,
    AssetRow.quantity,
    ProductRow.vendor,
    ProductRow.product,
    ProductRow.version,
    ProductRow.cpe,
)
"""Columns and not entities: a year replayed over a region is millions of these."""


@dataclass(frozen=True, slots=True)
class MatchedAsset:
    """One asset that a revision concerns, or may concern."""

    revision_id: int
    facility_id: int
    asset_id: int
    line_id: str
    name: str
    vendor: str
    product: str
    version: str
    cpe: str
    product_id: int
    category: AssetCategory
    location: str
    exposed: bool
    quantity: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """How many machines of one product and category a bulletin concerns at a facility."""

    advisory_id: int
    reference: str
    published_at: datetime
    vendor: str
    product: str
    kind: VerdictKind
    target: str
    category: AssetCategory
    count: int


@dataclass(frozen=True, slots=True)
class SureMachines:
    """Machines of one product and category that a bulletin concerns for sure."""

    product_id: int
    product: InventoryProduct
    category: AssetCategory
    target: str
    count: int


@dataclass(frozen=True, slots=True)
class SureVerdict:
    """What the current revision of a bulletin says for sure of some machines of a facility."""

    advisory_id: int
    revision_id: int
    machines: SureMachines


def write(
    session: Session,
    verdicts: Iterable[tuple[int, int, Verdict]],
    *,
    replacing: Sequence[int] = (),
) -> int:
    """Keep verdicts ``(revision id, product id, verdict)``; return how many are new.

    Whatever was said before of the revisions ``replacing`` is forgotten first.
    """
    if replacing:
        session.execute(delete(VerdictRow).where(VerdictRow.revision_id.in_(replacing)))
    rows = [_row(revision, product, verdict) for revision, product, verdict in verdicts]
    return insert_ignoring(session, VerdictRow, rows, conflict=["revision_id", "product_id"])


def matched_assets(
    session: Session,
    revision_ids: Sequence[int],
    *,
    facility_ids: Sequence[int] | None = None,
    since_day_one: bool = False,
) -> list[MatchedAsset]:
    """The present assets that these revisions concern, by facility, name and line.

    ``since_day_one`` leaves out, for each facility, bulletins first published before its
    first inventory.
    """
    query = (
        select(*MATCHED)
        .join(AssetRow, AssetRow.product_id == VerdictRow.product_id)
        .join(ProductRow, ProductRow.id == VerdictRow.product_id)
        .where(AssetRow.removed_at.is_(None))
        .where(VerdictRow.revision_id.in_(revision_ids))
        .order_by(AssetRow.facility_id, AssetRow.name, AssetRow.line_id)
    )
    if facility_ids is not None:
        query = query.where(AssetRow.facility_id.in_(facility_ids))
    if since_day_one:
        query = (
            query.join(RevisionRow, RevisionRow.id == VerdictRow.revision_id)
            .join(AdvisoryRow, AdvisoryRow.id == RevisionRow.advisory_id)
            .join(FacilityRow, FacilityRow.id == AssetRow.facility_id)
            .where(AdvisoryRow.published_at >= FacilityRow.inventory_since)
        )
    told: dict[tuple[int, int], Verdict] = {}
    found = [_matched(row, told) for row in session.execute(query)]
    if sealer_of(session.get_bind().dialect):  # the database ordered what it cannot read
        found.sort(key=lambda each: (each.facility_id, each.name, each.line_id))
    return found


def revisions_concerning(session: Session, facility_id: int) -> list[int]:
    """Current revisions that may have something to tell a facility now.

    Those that concern its present machines and were published since its first inventory,
    and those of its alerts, which may be over.
    """
    current = (RevisionRow.advisory_id == AdvisoryRow.id, RevisionRow.number == AdvisoryRow.number)
    by_machines = (
        select(RevisionRow.id)
        .join(AdvisoryRow, and_(*current))
        .join(VerdictRow, VerdictRow.revision_id == RevisionRow.id)
        .join(AssetRow, AssetRow.product_id == VerdictRow.product_id)
        .join(FacilityRow, FacilityRow.id == AssetRow.facility_id)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .where(AdvisoryRow.published_at >= FacilityRow.inventory_since)
    )
    by_alerts = (
        select(RevisionRow.id)
        .join(AdvisoryRow, and_(*current))
        .join(AlertRow, AlertRow.advisory_id == AdvisoryRow.id)
        .where(AlertRow.facility_id == facility_id)
    )
    found = session.scalars(union(by_machines, by_alerts)).all()
    return sorted(found)


def standing(session: Session, facility_id: int) -> list[Standing]:
    """Every current verdict on a facility's present products, the latest bulletin first."""
    identity = (
        VerdictRow.revision_id,
        AdvisoryRow.id,
        AdvisoryRow.reference,
        AdvisoryRow.published_at,
        ProductRow.vendor,
        ProductRow.product,
        VerdictRow.kind,
        VerdictRow.target,
        AssetRow.category,
    )
    rows = session.execute(
        select(*identity, func.sum(AssetRow.quantity).label("machines"))
        .select_from(VerdictRow)
        .join(AssetRow, AssetRow.product_id == VerdictRow.product_id)
        .join(ProductRow, ProductRow.id == VerdictRow.product_id)
        .join(RevisionRow, RevisionRow.id == VerdictRow.revision_id)
        .join(AdvisoryRow, AdvisoryRow.id == RevisionRow.advisory_id)
        .where(AdvisoryRow.number == RevisionRow.number)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .group_by(*identity)
        .order_by(AdvisoryRow.published_at.desc(), AdvisoryRow.id)
    )
    return [
        Standing(
            advisory_id=row.id,
            reference=row.reference,
            published_at=row.published_at,
            vendor=row.vendor,
            product=row.product,
            kind=VerdictKind(row.kind),
            target=row.target,
            category=AssetCategory(row.category),
            count=row.machines,
        )
        for row in rows
    ]


def before_day_one(session: Session, facility_id: int) -> list[SureVerdict]:
    """What bulletins older than a facility's first inventory, that raised no alert, say for
    sure of its present machines."""
    alerted = select(AlertRow.advisory_id).where(AlertRow.facility_id == facility_id)
    identity = (
        AdvisoryRow.id,
        RevisionRow.id,
        ProductRow.id,
        ProductRow.vendor,
        ProductRow.product,
        ProductRow.version,
        ProductRow.cpe,
        AssetRow.category,
        VerdictRow.target,
    )
    rows = session.execute(
        select(*identity, func.sum(AssetRow.quantity))
        .select_from(VerdictRow)
        .join(AssetRow, AssetRow.product_id == VerdictRow.product_id)
        .join(ProductRow, ProductRow.id == VerdictRow.product_id)
        .join(RevisionRow, RevisionRow.id == VerdictRow.revision_id)
        .join(AdvisoryRow, AdvisoryRow.id == RevisionRow.advisory_id)
        .join(FacilityRow, FacilityRow.id == AssetRow.facility_id)
        .where(AdvisoryRow.number == RevisionRow.number)
        .where(AdvisoryRow.published_at < FacilityRow.inventory_since)
        .where(AdvisoryRow.id.not_in(alerted))
        .where(VerdictRow.kind == VerdictKind.AFFECTED.value)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .group_by(*identity)
    )
    return [
        SureVerdict(
            advisory_id,
            revision_id,
            SureMachines(
                product_id, InventoryProduct(*typed), AssetCategory(category), target, count
            ),
        )
        for advisory_id, revision_id, product_id, *typed, category, target, count in rows
    ]


def affected_lines(session: Session, facility_id: int) -> int:
    """How many present lines of a facility a current bulletin concerns for sure."""
    return session.scalars(
        select(func.count(AssetRow.id.distinct()))
        .join(VerdictRow, VerdictRow.product_id == AssetRow.product_id)
        .join(RevisionRow, RevisionRow.id == VerdictRow.revision_id)
        .join(AdvisoryRow, AdvisoryRow.id == RevisionRow.advisory_id)
        .where(AdvisoryRow.number == RevisionRow.number)
        .where(VerdictRow.kind == VerdictKind.AFFECTED.value)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
    ).one()


def exploited_products(session: Session, facility_id: int) -> dict[int, tuple[str, str]]:
    """The products of a facility that an exploited vulnerability concerns for sure, by id: the
    latest bulletin that says so, and the version it asks for."""
    exploited = (
        select(CveRow.advisory_id)
        .join(ExploitRow, ExploitRow.cve == CveRow.cve)
        .where(ExploitRow.exploited_on.is_not(None))
    )
    rows = session.execute(
        select(VerdictRow.product_id, AdvisoryRow.reference, VerdictRow.target)
        .join(AssetRow, AssetRow.product_id == VerdictRow.product_id)
        .join(RevisionRow, RevisionRow.id == VerdictRow.revision_id)
        .join(AdvisoryRow, AdvisoryRow.id == RevisionRow.advisory_id)
        .where(AdvisoryRow.number == RevisionRow.number, AdvisoryRow.id.in_(exploited))
        .where(VerdictRow.kind == VerdictKind.AFFECTED.value)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .order_by(AdvisoryRow.published_at, AdvisoryRow.id)
    )
    return {row.product_id: (row.reference, row.target) for row in rows}


def _row(revision_id: int, product_id: int, verdict: Verdict) -> dict[str, Any]:
    span = verdict.span or Span("", 0, 0, "")
    return {
        "revision_id": revision_id,
        "product_id": product_id,
        "kind": verdict.kind.value,
        "reason": verdict.reason,
        "target": verdict.target,
        "field": span.field,
        "span_start": span.start,
        "span_end": span.end,
        "quote": span.text,
    }


def _matched(row: Row[*tuple[Any, ...]], told: dict[tuple[int, int], Verdict]) -> MatchedAsset:
    """The asset of a row; ``told`` are the verdicts read so far: thousands of assets share one."""
    judged = (row.revision_id, row.product_id)
    verdict = told.get(judged)
    if verdict is None:
        span = Span(row.field, row.span_start, row.span_end, row.quote) if row.field else None
        verdict = told[judged] = Verdict(VerdictKind(row.kind), row.reason, span, row.target)
    return MatchedAsset(
        revision_id=row.revision_id,
        facility_id=row.facility_id,
        asset_id=row.asset_id,
        line_id=row.line_id,
        product_id=row.product_id,
        name=row.name,
        vendor=row.vendor,
        product=row.product,
        version=row.version,
        cpe=row.cpe,
        category=AssetCategory(row.category),
        location=row.location,
        exposed=row.exposed,
        quantity=row.quantity,
        verdict=verdict,
    )
