"""What is worse than when people were last told, for whom, and for a part of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from bot.domain.alert import AlertState, Urgency
from bot.domain.facility import AssetCategory
from bot.domain.priority import Judgement
from bot.domain.scope import Change, Scope, change, of_part
from bot.pipeline.actions.contradiction import Contradiction
from bot.pipeline.concern import Concern
from bot.store.alerts import Alert


def since_told(
    alert: Alert,
    concern: Concern,
    judgement: Judgement,
    denied: Contradiction | None,
    *,
    promotes: bool,
) -> Change:
    """What is worse than what the facility was told.

    Args:
        promotes: whether what waited for a digest, and that nobody has answered, is told
            because it has become urgent.
    """
    worse = change(alert.scope, concern.scope)
    if denied:
        worse = dataclasses.replace(worse, again=denied.why)
    waited = alert.state is AlertState.OPEN and alert.urgency is Urgency.DIGEST
    urgent = judgement.urgency is Urgency.IMMEDIATE and not concern.over
    return dataclasses.replace(worse, promoted=promotes and waited and urgent)


def touched(
    alert: Alert, concern: Concern, worse: Change, denied: Contradiction | None
) -> tuple[AssetCategory, ...]:
    """The lots that what is worse is about: the others keep what was answered for them."""
    if denied and worse == Change(again=denied.why):
        return denied.categories
    if worse != Change(worse.newly_affected, worse.newly_to_check):
        return tuple(concern.categories)  # exploited, urgent, another version to reach, the end
    before = alert.scope.affected
    new = [asset for asset in concern.affected if asset.asset_id not in before]
    unsure = before | alert.scope.to_check
    new += [asset for asset in concern.to_check if asset.asset_id not in unsure]
    return tuple(dict.fromkeys(asset.category for asset in new))


def of_lots(
    worse: Change,
    before: Scope,
    concern: Concern,
    denied: Contradiction | None,
    lots: Collection[AssetCategory],
) -> Change:
    """What of it is about some of the lots."""
    assets = tuple(asset for asset in concern.assets if asset.category in lots)
    part = dataclasses.replace(concern, assets=assets).scope
    return of_part(worse, before, part, denied.of_lots(lots) if denied else None)
