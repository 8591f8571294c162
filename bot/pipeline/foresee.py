"""What an upload makes of actions, said with the upload and before bulletins are read again.

It is a forecast that reads only the bulletins of the actions it touches; matching decides, and
writes, a moment later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.action import WAITING, Action, ActionState, Member
from bot.domain.alert import AnswerKind
from bot.domain.facility import InventoryLine
from bot.domain.matching import InventoryProduct, Matcher, Reading, VerdictKind
from bot.domain.matching.upgrading import Upgrades
from bot.domain.upload import Change, UploadPlan
from bot.store import Session, action_answers, action_lists, actions, advisories, inventory
from feeds.releases import Releases


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Actions that seem done, whose machines left the inventory, and whose answer *corrigé* the
    inventory contradicts."""

    done: tuple[Action, ...] = ()
    removed: tuple[Action, ...] = ()
    denied: tuple[Action, ...] = ()


class Foresight:
    """Compares uploads with actions. Pure but for the session; nothing is written."""

    def __init__(self, matcher: Matcher, releases: Releases) -> None:
        self._matcher = matcher
        self._upgrades = Upgrades(matcher, releases)

    def of(
        self, session: Session, facility_id: int, plan: UploadPlan, *, dated: datetime
    ) -> Foreseen:
        """What ``plan``, just written, makes of the facility's actions.

        Args:
            dated: the day the inventory describes: what was answered later is not denied.
        """
        every = actions.listed(
            session, facility_ids=[facility_id], states=[*WAITING, ActionState.DONE]
        )
        waiting = [action for action in every if action.state in WAITING]
        answered = [action for action in every if action.state is ActionState.DONE]
        changed = set(inventory.known(session, _before(plan.changed)).values())
        gone = set(inventory.known(session, map(_product, plan.removed)).values())
        moved = [each for each in waiting if not (changed | gone).isdisjoint(each.needs)]
        left = action_lists.machines_left(
            session,
            [facility_id],
            sorted({product for action in (*moved, *answered) for product in action.needs}),
            since=dated,
        )
        there = {product for (_, product), (present, _) in left.items() if present}
        done: list[Action] = []
        removed: list[Action] = []
        for action in moved:
            if there.isdisjoint(action.needs) and not self._goes_on(session, action, plan):
                (removed if changed.isdisjoint(action.needs) else done).append(action)
        denied = self._denied(session, answered, there, dated)
        return Foreseen(tuple(done), tuple(removed), tuple(denied))

    def _goes_on(self, session: Session, action: Action, plan: UploadPlan) -> bool:
        """Whether what the upload says is there now is concerned as what was there before."""
        fresh = self._same(action, (change.after for change in plan.changed))
        fresh |= self._same(action, plan.added)
        members = actions.members(session, [action.id])[action.id]
        return bool(fresh) and self._concerned(session, members.values(), fresh)

    def _same(self, action: Action, lines: Iterable[InventoryLine]) -> set[InventoryProduct]:
        """The products of these lines that are upgraded with the action's."""
        products = set(map(_product, lines))
        return {each for each in products if self._upgrades.of(each).key == action.product}

    def _concerned(
        self, session: Session, members: Iterable[Member], products: Collection[InventoryProduct]
    ) -> bool:
        """Whether a bulletin of an action concerns one of these products for sure."""
        assets = [self._matcher.asset(product) for product in products]
        readings: Iterable[Reading] = (
            self._matcher.read(revision.advisory)
            for revision in advisories.latest(session, [each.advisory_id for each in members])
        )
        return any(
            self._matcher.judge_asset(reading, asset).kind is VerdictKind.AFFECTED
            for reading in readings
            for asset in assets
        )

    @staticmethod
    def _denied(
        session: Session, answered: Sequence[Action], there: Collection[int], dated: datetime
    ) -> list[Action]:
        """The actions answered *corrigé* before that day, whose machines are still as they were.

        Only where a version decides: an inventory does not show a setting.
        """
        lots = action_answers.lots(session, [action.id for action in answered])
        return [
            action
            for action in answered
            if any(target and product in there for product, target in action.needs.items())
            and any(
                lot.state == AnswerKind.FIXED and lot.answered_at and lot.answered_at < dated
                for lot in lots.get(action.id, ())
            )
        ]


def _before(changed: Iterable[Change]) -> Iterator[InventoryProduct]:
    return (_product(change.before) for change in changed)


def _product(line: InventoryLine) -> InventoryProduct:
    return InventoryProduct(line.vendor, line.product, line.version, line.cpe)
