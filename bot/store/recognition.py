"""Which products Tocsin knows: the others are *non évalué*, and asked about."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.matching import RESEMBLING, InventoryProduct, VerdictKind
from bot.store.inventory import PRODUCT, typed_product
from bot.store.schema import AssetRow, ProductRow, VerdictRow
from bot.store.statements import batches


def unrecognised_products(session: Session) -> list[tuple[int, InventoryProduct]]:
    """Products that no bulletin and no catalogue named so far, those never assessed included."""
    rows = session.execute(select(*PRODUCT).where(ProductRow.recognised.is_not(True)))
    return [(row.id, typed_product(row)) for row in rows]


def named_by_verdicts(session: Session, product_ids: Sequence[int]) -> set[int]:
    """Those of these products of which a bulletin says something for sure of their name."""
    named = or_(VerdictRow.kind == VerdictKind.AFFECTED.value, VerdictRow.reason.not_in(RESEMBLING))
    found: set[int] = set()
    for batch in batches(product_ids):
        query = select(VerdictRow.product_id).where(VerdictRow.product_id.in_(batch), named)
        found.update(session.scalars(query.distinct()))
    return found


def mark_assessed(session: Session, assessed: Sequence[tuple[int, bool, bool]]) -> None:
    """Record, for each ``(id, recognised, versioned)``, what is known of a product."""
    if assessed:
        session.execute(
            update(ProductRow),
            [
                {"id": id_, "recognised": known, "versioned": versioned}
                for id_, known, versioned in assessed
            ],
        )


def recognise(session: Session, product_ids: Sequence[int]) -> list[int]:
    """Record that a bulletin speaks of these products; those that were not known to be so."""
    newly: list[int] = []
    for batch in batches(product_ids):
        unknown = and_(ProductRow.id.in_(batch), ProductRow.recognised.is_not(True))
        newly += session.scalars(select(ProductRow.id).where(unknown)).all()
    if newly:
        session.execute(
            update(ProductRow), [{"id": id_, "recognised": True} for id_ in sorted(newly)]
        )
    return newly


def unrecognised(
    session: Session, facility_id: int, *, limit: int
) -> list[tuple[InventoryProduct, int]]:
    """Products of a facility that Tocsin does not know, with how many lines each has, the most
    frequent first."""
    rows = session.execute(
        select(*PRODUCT, func.count().label("lines"))
        .join(AssetRow, AssetRow.product_id == ProductRow.id)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .where(ProductRow.recognised.is_(False))
        .group_by(*PRODUCT)
        .order_by(func.count().desc(), ProductRow.id)
        .limit(limit)
    )
    return [(typed_product(row), row.lines) for row in rows]


def not_judged(session: Session, facility_id: int) -> int:
    """How many present lines of a facility were not held against the bulletins yet."""
    return session.scalars(
        select(func.count())
        .select_from(AssetRow)
        .join(ProductRow, ProductRow.id == AssetRow.product_id)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .where(ProductRow.recognised.is_(None))
    ).one()
