"""What bulletins ask of the machines of facilities, grouped by what is upgraded together."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.domain.action import Demand, Member, title, track_of
from bot.domain.facility import AssetCategory
from bot.domain.matching import InventoryProduct
from bot.domain.matching.upgrading import Upgrades
from bot.domain.question import product_name
from bot.domain.scope import Reopening
from bot.store.verdicts import MatchedAsset, SureMachines
from feeds.releases import Release

Place = tuple[int, str, str]
"""Facility id, product key, track: one action waits there at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one bulletin asks of one facility; without an alert it is older than the inventory."""

    facility_id: int
    advisory_id: int
    machines: tuple[SureMachines, ...]
    release: Release | None
    alert_id: uuid.UUID | None = None
    again: Reopening | None = None


@dataclass(slots=True)
class Group:
    """What is asked at one place."""

    members: dict[int, Member] = field(default_factory=dict)
    typed: dict[str, None] = field(default_factory=dict)
    title: str = ""
    again: Reopening | None = None

    @property
    def name(self) -> str:
        """What people call the product."""
        return self.title or title(list(self.typed))


def machines_of(asset: MatchedAsset) -> SureMachines:
    """One asset as what is asked of it."""
    return SureMachines(
        product_id=asset.product_id,
        product=InventoryProduct(asset.vendor, asset.product, asset.version, asset.cpe),
        category=asset.category,
        target=asset.verdict.target,
        count=asset.quantity,
    )


def grouped(upgrades: Upgrades, asked: Iterable[Asked]) -> dict[Place, Group]:
    """What each bulletin asks of each product, by place."""
    groups: dict[Place, Group] = {}
    for each in asked:
        release = each.release
        month = release.month if release else ""
        cumulative = bool(release and release.cumulative)
        counted: dict[Place, Counter[tuple[int, AssetCategory, str]]] = {}
        for some in each.machines:
            up = upgrades.of(some.product)
            track = track_of(some.target, month, cumulative=cumulative)
            place = (each.facility_id, up.key, track)
            counter = counted.setdefault(place, Counter())
            counter[some.product_id, some.category, some.target] += some.count
            group = groups.setdefault(place, Group(title=up.title))
            group.typed[product_name(some.product.vendor, some.product.product)] = None
        for place, counter in counted.items():
            demands = tuple(Demand(p, c, t, n) for (p, c, t), n in counter.items())
            group = groups[place]
            member = Member(each.advisory_id, demands, month, each.alert_id)
            group.members[each.advisory_id] = member
            group.again = each.again or group.again
    return groups
