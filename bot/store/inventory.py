"""What facilities have: assets, and the products they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from sqlalchemy import and_, bindparam, case, delete, func, select, update
from sqlalchemy.orm import Session

from bot.domain.alert import Coverage
from bot.domain.facility import AssetCategory, InventoryLine
from bot.domain.matching import InventoryProduct
from bot.store.schema import AssetRow, FacilityRow, ProductRow, UploadRow
from bot.store.statements import batches, insert_many
from bot.store.wakeup import Topic, ring

ROWS_AT_ONCE = 5000
LONGEST_VERSION = 128  # characters


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """What an upload was: ``dated`` is the day the inventory describes."""

    filename: str
    dated: datetime
    lines: int
    bad: int
    added: int
    changed: int
    removed: int


def current(session: Session, facility_id: int) -> dict[str, InventoryLine]:
    """The present lines of a facility, by line id."""
    return {line.line_id: line for line in each_line(session, facility_id)}


def each_line(session: Session, facility_id: int) -> Iterator[InventoryLine]:
    """The present lines of a facility, one after the other; their words are shared."""
    rows = session.execute(
        select(*LINE)
        .join(ProductRow, ProductRow.id == AssetRow.product_id)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None)),
        execution_options={"yield_per": ROWS_AT_ONCE},
    )
    shared: dict[str, str] = {}
    for row in rows:
        line_id, category, name, *words, exposed, quantity = row
        vendor, product, version, cpe, location = (shared.setdefault(w, w) for w in words)
        yield InventoryLine(
            line_id, _CATEGORIES[category], name, vendor, product, version, cpe, location,
            exposed, quantity,
        )  # fmt: skip


def assessed(session: Session, facility_id: int) -> Iterator[tuple[InventoryLine, int, bool, bool]]:
    """The present lines of a facility with, of the product of each, its id, whether it is
    recognised and whether it has a version."""
    flags = (ProductRow.id, ProductRow.recognised, ProductRow.versioned)
    rows = session.execute(
        select(*LINE, *(column.label(f"_{column.key}") for column in flags))
        .join(ProductRow, ProductRow.id == AssetRow.product_id)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .order_by(AssetRow.id)
    )
    for *line, product_id, recognised, versioned in rows:
        yield _line(line), product_id, bool(recognised), bool(versioned)


def lines(session: Session, asset_ids: Sequence[int]) -> list[InventoryLine]:
    """These lines, those removed since left out."""
    rows = session.execute(
        select(*LINE)
        .join(ProductRow, ProductRow.id == AssetRow.product_id)
        .where(AssetRow.id.in_(asset_ids), AssetRow.removed_at.is_(None))
    )
    return [_line(row) for row in rows]


def write_lines(
    session: Session,
    facility_id: int,
    *,
    added: Sequence[InventoryLine],
    changed: Sequence[InventoryLine],
    removed: Sequence[str],
    now: datetime,
) -> None:
    """Apply a difference to a facility's inventory, which is to be judged again.

    A line that was removed and comes back is a new one.
    """
    session.execute(update(FacilityRow).where(FacilityRow.id == facility_id).values(changed_at=now))
    ring(session, Topic.MATCH)
    products = intern(session, map(_product, chain(added, changed)))
    _revive(session, facility_id, added)
    for batch in batches(added):
        rows = [_asset(facility_id, line, products[_product(line)]) for line in batch]
        insert_many(session, AssetRow, rows, conflict=["facility_id", "line_id"])
    if changed:
        _change(
            session,
            [_asset(facility_id, line, products[_product(line)]) for line in changed],
        )
    for batch in batches(removed):
        session.execute(
            update(AssetRow)
            .where(AssetRow.facility_id == facility_id)
            .where(AssetRow.line_id.in_(batch))
            .values(removed_at=now)
        )


def record_upload(
    session: Session, facility_id: int, upload: UploadRecord, *, now: datetime
) -> None:
    """Keep the trace of an upload, and date the facility's inventory by it."""
    session.add(
        UploadRow(
            facility_id=facility_id,
            received_at=now,
            dated=upload.dated,
            filename=upload.filename,
            lines=upload.lines,
            bad=upload.bad,
            added=upload.added,
            changed=upload.changed,
            removed=upload.removed,
        )
    )
    facility = session.get_one(FacilityRow, facility_id)
    # CERT-FR dates its bulletins at midnight: one that comes out this evening is not older
    day = upload.dated.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    facility.inventory_since = min(facility.inventory_since or day, day)
    facility.inventory_dated = max(facility.inventory_dated or upload.dated, upload.dated)
    session.flush()
    refresh_coverage(session, [facility_id])


def intern(session: Session, products: Iterable[InventoryProduct]) -> dict[InventoryProduct, int]:
    """The id of each product, created where nobody typed it so before."""
    wanted = list(dict.fromkeys(products))
    found = _ids(session, wanted)
    missing = [product for product in wanted if product not in found]
    if missing:
        rows = [
            {
                "vendor": product.vendor,
                "product": product.product,
                "version": product.version,
                "cpe": product.cpe,
                "matched_at": None,
                "recognised": None,
                "versioned": None,
            }
            for product in missing
        ]
        insert_many(session, ProductRow, rows, conflict=["vendor", "product", "version", "cpe"])
        found |= _ids(session, missing)  # another process may have created some meanwhile
    return {product: found[product] for product in wanted}


def known(session: Session, products: Iterable[InventoryProduct]) -> dict[InventoryProduct, int]:
    """The ids of those of these products that somebody typed so, now or before."""
    wanted = set(products)
    return {each: id_ for each, id_ in _ids(session, list(wanted)).items() if each in wanted}


def _ids(session: Session, products: Sequence[InventoryProduct]) -> dict[InventoryProduct, int]:
    """The ids of those of these products that somebody has typed so."""
    names = list(dict.fromkeys(product.product for product in products))
    found: dict[InventoryProduct, int] = {}
    for batch in batches(names):
        for row in session.execute(select(*PRODUCT).where(ProductRow.product.in_(batch))):
            found[typed_product(row)] = row.id
    return found


def products_after(session: Session, product_id: int) -> Iterator[tuple[int, InventoryProduct]]:
    """Products whose id is above ``product_id``, by id. They are never changed."""
    while True:
        rows = session.execute(
            select(*PRODUCT)
            .where(ProductRow.id > product_id)
            .order_by(ProductRow.id)
            .limit(ROWS_AT_ONCE)
        ).all()
        for row in rows:
            yield row.id, typed_product(row)
        if len(rows) < ROWS_AT_ONCE:
            return
        product_id = rows[-1].id


def products_by_ids(session: Session, ids: Sequence[int]) -> dict[int, InventoryProduct]:
    """These products, by id."""
    rows = session.execute(select(*PRODUCT).where(ProductRow.id.in_(ids)))
    return {row.id: typed_product(row) for row in rows}


def unmatched_products(session: Session) -> list[tuple[int, InventoryProduct]]:
    """Products never held against the bulletins."""
    rows = session.execute(select(*PRODUCT).where(ProductRow.matched_at.is_(None)))
    return [(row.id, typed_product(row)) for row in rows]


def mark_products_matched(session: Session, product_ids: Sequence[int], *, now: datetime) -> None:
    """Record that the verdicts on these products are written."""
    if product_ids:
        session.execute(update(ProductRow), [{"id": id_, "matched_at": now} for id_ in product_ids])


def facilities_with_products(session: Session, product_ids: Sequence[int]) -> set[int]:
    """The facilities that have one of these products."""
    found: set[int] = set()
    for batch in batches(product_ids):
        found.update(
            session.scalars(
                select(AssetRow.facility_id)
                .where(AssetRow.product_id.in_(batch))
                .where(AssetRow.removed_at.is_(None))
                .distinct()
            )
        )
    return found


def refresh_coverage(session: Session, facility_ids: Iterable[int]) -> None:
    """Count again what the inventories of these facilities can tell."""
    ids = list(facility_ids)
    versioned = and_(ProductRow.recognised.is_(True), ProductRow.versioned.is_(True))
    unversioned = and_(ProductRow.recognised.is_(True), ProductRow.versioned.is_(False))
    for batch in batches(ids):
        rows = session.execute(
            select(
                AssetRow.facility_id,
                func.count().label("total"),
                func.sum(case((versioned, 1), else_=0)).label("assessed"),
                func.sum(case((unversioned, 1), else_=0)).label("unversioned"),
            )
            .join(ProductRow, ProductRow.id == AssetRow.product_id)
            .where(AssetRow.facility_id.in_(batch), AssetRow.removed_at.is_(None))
            .group_by(AssetRow.facility_id)
        ).all()
        zero = {"assets": 0, "assets_assessed": 0, "assets_unversioned": 0}
        counted = {id_: {"id": id_, **zero, "assets_unrecognised": 0} for id_ in batch}
        for row in rows:
            counted[row.facility_id] = {
                "id": row.facility_id,
                "assets": row.total,
                "assets_assessed": row.assessed,
                "assets_unversioned": row.unversioned,
                "assets_unrecognised": row.total - row.assessed - row.unversioned,
            }
        session.execute(update(FacilityRow), list(counted.values()))


def coverage(session: Session, facility_ids: Iterable[int]) -> dict[int, Coverage]:
    """What the inventory of each facility can and cannot tell."""
    rows = session.scalars(select(FacilityRow).where(FacilityRow.id.in_(list(facility_ids))))
    return {
        row.id: Coverage(
            total=row.assets,
            assessed=row.assets_assessed,
            without_version=row.assets_unversioned,
            unrecognised=row.assets_unrecognised,
            uploaded_on=row.inventory_dated.date() if row.inventory_dated else None,
        )
        for row in rows
    }


PRODUCT = (
    ProductRow.id,
    ProductRow.vendor,
    ProductRow.product,
    ProductRow.version,
    ProductRow.cpe,
)


LINE = (  # in the order of the fields of InventoryLine
    AssetRow.line_id,
    AssetRow.category,
    AssetRow.name,
    ProductRow.vendor,
    ProductRow.product,
    ProductRow.version,
    ProductRow.cpe,
    AssetRow.location,
    AssetRow.exposed,
    AssetRow.quantity,
)
_CATEGORIES = {category.value: category for category in AssetCategory}


def _revive(session: Session, facility_id: int, added: Sequence[InventoryLine]) -> None:
    """Forget removed lines that come back, so that they are inserted anew."""
    gone = set(
        session.scalars(
            select(AssetRow.line_id).where(
                AssetRow.facility_id == facility_id, AssetRow.removed_at.is_not(None)
            )
        )
    )
    back = [line.line_id for line in added if line.line_id in gone]
    for batch in batches(back):
        session.execute(
            delete(AssetRow)
            .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_not(None))
            .where(AssetRow.line_id.in_(batch))
        )


def _change(session: Session, assets: Sequence[dict[str, Any]]) -> None:
    """Write lines again; all in one call to the driver."""
    named = [{f"_{name}": value for name, value in asset.items()} for asset in assets]
    settled: dict[str, Any] = {name: bindparam(f"_{name}") for name in assets[0]}
    session.connection().execute(
        update(AssetRow)
        .where(AssetRow.facility_id == bindparam("_facility_id"))
        .where(AssetRow.line_id == bindparam("_line_id"))
        .values(settled),
        named,
    )


def _product(line: InventoryLine) -> InventoryProduct:
    return InventoryProduct(line.vendor, line.product, line.version, line.cpe)


def typed_product(row: Any) -> InventoryProduct:
    """The product of a row that has the columns :data:`PRODUCT`."""
    return InventoryProduct(row.vendor, row.product, row.version, row.cpe)


def _asset(facility_id: int, line: InventoryLine, product_id: int) -> dict[str, Any]:
    return {
        "facility_id": facility_id,
        "line_id": line.line_id,
        "product_id": product_id,
        "category": line.category.value,
        "name": line.name,
        "location": line.location,
        "exposed": line.exposed,
        "quantity": line.quantity,
        "removed_at": None,
    }


def _line(row: Any) -> InventoryLine:
    line_id, category, *rest = row
    return InventoryLine(line_id, _CATEGORIES[category], *rest)
