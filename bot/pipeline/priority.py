"""What the urgency of an alert rests on, gathered; the rule itself is pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from bot.domain.alert import Urgency
from bot.domain.facility import AssetCategory
from bot.domain.matching import InventoryProduct
from bot.domain.priority import USUAL_SCALE, Facts, Judgement, Scale, judge
from bot.pipeline.concern import Concern, concerns
from bot.store import Session, advisories
from bot.store.alerts import Alert
from bot.store.verdicts import MatchedAsset
from feeds.advisory import AdvisoryKind

EndOf = Callable[[InventoryProduct], date | None]
"""The last day of support of a product at its version; None when that is not known for sure."""


def never_ends(_: InventoryProduct) -> date | None:
    """Nothing is known of any end of support."""
    return None


@dataclass(frozen=True, slots=True)
class Priorities:
    """The scale of the configuration, and the ends of support."""

    scale: Scale = USUAL_SCALE
    end_of: EndOf = never_ends

    def judge(self, concern: Concern, *, today: date) -> Judgement:
        """How soon a concern is told, and why."""
        return judge(self.facts(concern, today=today), self.scale)

    def facts(self, concern: Concern, *, today: date) -> Facts:
        """What is known of a concern. ``today`` says which supports are over."""
        advisory = concern.revision.advisory
        return Facts(
            alerte=advisory.kind is AdvisoryKind.ALERTE,
            sure=bool(concern.affected),
            aimed=not concern.assets,
            exploitation=concern.exploitation,
            exposed=any(asset.exposed for asset in concern.assets),
            biomedical=AssetCategory.BIOMEDICAL in concern.categories,
            ended_on=self._ended_on(concern.assets, today),
            cvss=advisory.cvss,
        )

    def _ended_on(self, assets: Iterable[MatchedAsset], today: date) -> date | None:
        """The earliest end of support that is over, among these machines."""
        products = {
            InventoryProduct(asset.vendor, asset.product, asset.version, asset.cpe)
            for asset in assets
        }
        ends = [end for product in products if (end := self.end_of(product)) and end < today]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True)
class Computation:
    """How the urgency of one alert comes out today, beside what was decided when it was told.

    ``sure``: a machine is concerned for sure; without one, no sum interrupts anybody.
    """

    reference: str
    told: Urgency
    now: Judgement
    sure: bool
    immediate_from: int


def computation(
    session: Session, alert: Alert, priorities: Priorities, *, today: date
) -> Computation | None:
    """Judge an alert again, with what is known today; None when it concerns nothing any more."""
    revisions = advisories.by_ids(session, [alert.revision_id])
    found = concerns(session, revisions, facility_ids=[alert.facility_id], since_day_one=False)
    if not found:
        return None
    return Computation(
        reference=alert.reference,
        told=alert.urgency,
        now=priorities.judge(found[0], today=today),
        sure=bool(found[0].affected),
        immediate_from=priorities.scale.immediate_from,
    )
