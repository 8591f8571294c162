"""Why an advisory concerns a facility, or does not, in the publisher's own words."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.facility import Facility
from bot.domain.matching import InventoryProduct, Matcher, Verdict
from bot.store import Session, inventory
from bot.store.advisories import StoredRevision


@dataclass(frozen=True, slots=True)
class Explanation:
    """One product of the facility that the advisory names, and what was concluded."""

    product: InventoryProduct
    lines: tuple[str, ...]  # ids of the inventory lines that are this product
    verdict: Verdict


def explain(
    session: Session, matcher: Matcher, facility: Facility, revision: StoredRevision
) -> list[Explanation]:
    """Judge again, now, every product of the facility that the advisory may name.

    Products that the advisory does not name are left out: there is nothing to explain.
    """
    reading = matcher.read(revision.advisory)
    lines: dict[InventoryProduct, list[str]] = {}
    for line in inventory.current(session, facility.id).values():
        product = InventoryProduct(line.vendor, line.product, line.version, line.cpe)
        lines.setdefault(product, []).append(line.name or line.line_id)
    return [
        Explanation(product, tuple(names), matcher.judge(reading, product))
        for product, names in lines.items()
        if matcher.keys(product) & reading.keys
    ]
