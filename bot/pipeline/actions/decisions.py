"""Actions as people read them: what to decide, the most useful first."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.domain.action import Action
from bot.domain.alert import CLOSING_ANSWERS, LOT_OPEN, AlertState, AnswerKind, Urgency
from bot.domain.decision import CategoryCount, Decision
from bot.domain.facility import AssetCategory
from bot.domain.reason import Reason, ReasonCode, all_reasons
from bot.store import Session, action_answers, action_lists, lots
from bot.store.action_answers import ActionLot
from bot.store.action_lists import ClosedBulletin
from bot.store.alerts import OPEN_STATES

TARGETS_NAMED = 3  # beyond, "the version your branch requires" says more than a list
OF_MACHINES = frozenset({ReasonCode.EXPOSED, ReasonCode.BIOMEDICAL, ReasonCode.END_OF_SUPPORT})
STANDING = (*(state.value for state in OPEN_STATES), AlertState.SUPERSEDED.value, "")


@dataclass(frozen=True, slots=True)
class Weighed:
    """An action, with what tells how much it matters."""

    action: Action
    decision: Decision
    bulletins: tuple[ClosedBulletin, ...]
    lots: tuple[ActionLot, ...]

    @property
    def muted(self) -> bool:
        """Whether the facility does not want to hear of any of its bulletins now."""
        return bool(self.bulletins) and all(each.muted for each in self.bulletins)

    @property
    def late(self) -> bool:
        """Whether it should be over: the day promised is gone, or nobody ever answered."""
        return self.decision.late is not None or self.decision.overdue

    @property
    def weight(self) -> tuple[bool, bool, bool, int, int, int]:
        """What makes it useful: exploited, urgent, late, reasons, bulletins closed, machines."""
        return (
            self.action.exploited,
            self.action.urgency is Urgency.IMMEDIATE,
            self.late or self.action.reopened is not None,
            len(self.decision.reasons),
            len(self.decision.closes),
            self.action.machines,
        )


def weighed(
    session: Session,
    found: Sequence[Action],
    *,
    today: date,
    only: Collection[AssetCategory] = (),
) -> list[Weighed]:
    """These actions, the most useful first.

    Args:
        only: the teams somebody is told of; empty for all. What is no team's there is left
            out, and the machines of the others are not counted.
    """
    ids = [action.id for action in found]
    closed: dict[uuid.UUID, list[ClosedBulletin]] = {}
    for each in action_lists.closes(session, ids):
        closed.setdefault(each.action_id, []).append(each)
    answered = action_answers.lots(session, ids)
    told = [each.alert_id for some in closed.values() for each in some if each.alert_id]
    overdue = lots.unanswered(session, list(dict.fromkeys(told)))
    former = action_lists.former(session, ids)
    made = []
    for action in found:
        counts = {c: n for c, n in action.counts.items() if not only or c in only}
        if not counts:
            continue
        bulletins = tuple(closed.get(action.id, ()))
        standing = tuple(answered.get(action.id, ()))
        decision = decided(action, counts, bulletins, standing, overdue, today=today)
        decision = replace(
            decision,
            replaces=former.get(action.id, ""),
            awaiting=awaited(action, standing, counts, of_all=not only),
        )
        made.append(Weighed(action, decision, bulletins, standing))
    return sorted(made, key=lambda each: each.weight, reverse=True)


def decided(
    action: Action,
    counts: Mapping[AssetCategory, int],
    bulletins: Sequence[ClosedBulletin],
    answered: Sequence[ActionLot],
    overdue: Collection[uuid.UUID],
    *,
    today: date,
) -> Decision:
    """One action as a digest says it."""
    promised = [lot.due for lot in answered if lot.state == AnswerKind.PLANNED and lot.due]
    late = min(promised, default=today) if promised and min(promised) < today else None
    standing = [each for each in bulletins if each.state in STANDING and not each.muted]
    targets = action.targets
    month = date.fromisoformat(f"{action.release}-01") if action.release else None
    shown = len(targets) == 1 or (not month and len(targets) <= TARGETS_NAMED)
    return Decision(
        title=action.name,
        target=" / ".join(targets) if shown else "",
        by_branch=not shown and any(action.needs.values()),
        release=month,
        says_year=month is not None and month.year != today.year,
        counts=tuple(CategoryCount(category, count) for category, count in counts.items()),
        closes=tuple(each.reference for each in standing),
        reference=action.reference,
        exploited=action.exploited,
        reasons=all_reasons(_reasons(each, action) for each in standing),
        late=late,
        overdue=any(each.alert_id in overdue for each in bulletins),
        again=action.reopened,
    )


def awaited(
    action: Action,
    answered: Sequence[ActionLot],
    counts: Collection[AssetCategory],
    *,
    of_all: bool,
) -> str:
    """Whose move it is when it is not the reader's: a role of the templates' words, or empty.

    The prestataire's, once every team that still waits forwarded it; the biomedical team's,
    when only biomedical equipment waits for a bulletin that names no fix: whether it can be
    corrected at all is for them to say. A reader who is told of some teams only is that team.
    """
    state = {lot.category: lot.state for lot in answered}
    left = [each for each in counts if state.get(each, LOT_OPEN) not in CLOSING_ANSWERS]
    if left and all(state.get(each) == AnswerKind.FORWARDED for each in left):
        return "prestataire"
    unanswered = all(state.get(each, LOT_OPEN) in (LOT_OPEN, AnswerKind.UNKNOWN) for each in left)
    biomedical = left == [AssetCategory.BIOMEDICAL] and not any(action.needs.values())
    return "biomedical" if of_all and biomedical and unanswered and not action.release else ""


def _reasons(bulletin: ClosedBulletin, action: Action) -> list[Reason]:
    """Why an alert is urgent, as far as this action goes.

    An alert about other machines too may owe to them that it is exposed, biomedical or out of
    support: only what the bulletin itself says is then said.
    """
    alone = bulletin.machines <= action.machines
    return [each for each in bulletin.reasons if alone or each.code not in OF_MACHINES]
