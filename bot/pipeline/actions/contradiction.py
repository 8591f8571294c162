"""Answers *corrigé* that a later inventory denies."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from zoneinfo import ZoneInfo

from bot.domain.action import Action, ActionState
from bot.domain.alert import AlertState, AnswerKind
from bot.domain.facility import AssetCategory
from bot.domain.scope import Reopening
from bot.pipeline.actions.asked import Group, Place
from bot.pipeline.concern import Concern
from bot.store import Session, action_answers, actions, facilities, lots
from bot.store.alerts import Alert
from bot.store.verdicts import SureVerdict


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Answers *corrigé* that a later inventory denies, by team."""

    parts: Mapping[AssetCategory, Reopening]

    @property
    def categories(self) -> tuple[AssetCategory, ...]:
        """The teams whose answer is denied."""
        return tuple(self.parts)

    @property
    def why(self) -> Reopening:
        """What denies them all."""
        return reduce(add, self.parts.values())

    def of_lots(self, lots: Collection[AssetCategory]) -> Reopening | None:
        """What denies the answers of some of the teams."""
        parts = [why for lot, why in self.parts.items() if lot in lots]
        return reduce(add, parts) if parts else None


def contradicted(
    session: Session,
    found: Iterable[Concern],
    known: Mapping[tuple[int, int], Alert],
    inspected: datetime,
) -> dict[uuid.UUID, Contradiction]:
    """The alerts answered *corrigé* whose machines an inventory of that day still shows.

    Only where a version decides: an inventory does not show a setting.
    """
    pairs = [
        (concern, alert)
        for concern in found
        if (alert := known.get((concern.revision.advisory_id, concern.facility.id)))
        and alert.state in (AlertState.DONE, AlertState.TAKEN)
    ]
    fixed = lots.fixed(session, [alert.id for _, alert in pairs], before=inspected)
    denied: dict[uuid.UUID, Contradiction] = {}
    for concern, alert in pairs:
        answered = fixed.get(alert.id, {})
        left = [
            asset
            for asset in concern.affected
            if asset.category in answered and asset.version and asset.verdict.target
        ]
        if not left:
            continue
        zone = ZoneInfo(concern.facility.time_zone)
        parts: dict[AssetCategory, Reopening] = {}
        for asset in left:
            why = Reopening(
                answered_on=answered[asset.category].astimezone(zone).date(),
                inventory_on=inspected.astimezone(zone).date(),
                machines=asset.quantity,
                versions=(asset.version,),
            )
            known_of = parts.get(asset.category)
            parts[asset.category] = known_of + why if known_of else why
        denied[alert.id] = Contradiction(parts)
    return denied


def answered_on_day_one(
    session: Session,
    facility_id: int,
    groups: Mapping[Place, Group],
    standing: Sequence[SureVerdict],
) -> tuple[list[Action], set[tuple[Place, int]]]:
    """The actions of day one that are done and that the inventory denies, which ``groups`` then
    says; and what the others closed, by place and advisory: it is not asked again."""
    inspected = facilities.inspected(session, facility_id)
    owner = facilities.by_ids(session, [facility_id])[facility_id]
    done = actions.listed(session, facility_ids=[facility_id], states=[ActionState.DONE])
    held = actions.members(session, [action.id for action in done])
    answered = action_answers.lots(session, [action.id for action in done])
    denied: list[Action] = []
    settled: set[tuple[Place, int]] = set()
    for action in done:
        place = (action.facility_id, action.product, action.track)
        closed = {id_ for id_, member in held[action.id].items() if member.alert_id is None}
        left = closed & groups[place].members.keys() if place in groups else set()
        fixed = [lot for lot in answered.get(action.id, ()) if lot.state == AnswerKind.FIXED]
        since = max((lot.answered_at for lot in fixed if lot.answered_at), default=None)
        shown = [
            each.machines
            for each in standing
            if each.advisory_id in left and each.machines.product_id in action.needs
            if each.machines.product.version and each.machines.target
        ]
        if not (left and shown and since and inspected and since < inspected):
            settled |= {(place, id_) for id_ in closed}
            continue
        zone = ZoneInfo(owner.time_zone)
        most = {each.product_id: each.count for each in shown}
        groups[place].again = Reopening(
            answered_on=since.astimezone(zone).date(),
            inventory_on=inspected.astimezone(zone).date(),
            machines=sum(most.values()),
            versions=tuple(dict.fromkeys(each.product.version for each in shown)),
        )
        denied.append(action)
    return denied, settled
