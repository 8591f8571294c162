"""What people answered to actions, and how their lots stand."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.domain.action import WAITING, Action, lot_state, state_of
from bot.domain.alert import LOT_CLEARED, LOT_OPEN, AnswerKind
from bot.domain.facility import AssetCategory
from bot.store.actions import held, members, of_alerts, save
from bot.store.schema import ActionAnswerRow, ActionLotRow, AnswerRow, LotRow, PersonRow
from bot.store.statements import batches, insert_ignoring


@dataclass(frozen=True, slots=True)
class ActionLot:
    """What one team last answered; ``state`` is ``open`` or an answer's kind."""

    category: AssetCategory
    state: str
    due: date | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActionAnswer:
    """What somebody answered to an action, and when."""

    category: AssetCategory
    person: str
    kind: AnswerKind
    note: str
    due: date | None
    at: datetime


def lots(session: Session, action_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[ActionLot]]:
    """What was last answered to each of these actions, by team; nothing was to the others."""
    found: dict[uuid.UUID, list[ActionLot]] = {}
    for batch in batches(action_ids):
        rows = session.scalars(select(ActionLotRow).where(ActionLotRow.action_id.in_(batch)))
        for row in rows:
            lot = ActionLot(AssetCategory(row.category), row.state, row.due, row.answered_at)
            found.setdefault(row.action_id, []).append(lot)
    return found


def answers(session: Session, action_id: uuid.UUID) -> list[ActionAnswer]:
    """What was answered to an action, in order."""
    rows = session.execute(
        select(ActionAnswerRow, PersonRow.name)
        .join(PersonRow, PersonRow.id == ActionAnswerRow.person_id)
        .where(ActionAnswerRow.action_id == action_id)
        .order_by(ActionAnswerRow.at, ActionAnswerRow.id)
    )
    return [
        ActionAnswer(
            AssetCategory(row.category), name, AnswerKind(row.kind), row.note, row.due, row.at
        )
        for row, name in rows
    ]


def record_answer(
    session: Session,
    action: Action,
    categories: Sequence[AssetCategory],
    *,
    person_id: uuid.UUID,
    kind: AnswerKind,
    note: str = "",
    due: date | None = None,
    now: datetime,
) -> Action:
    """Append an answer for these teams, let the action's state follow, and return it."""
    session.add_all(
        ActionAnswerRow(
            action_id=action.id,
            category=category.value,
            person_id=person_id,
            kind=kind.value,
            note=note,
            due=due,
            at=now,
        )
        for category in categories
    )
    set_lots(session, {(action.id, c): ActionLot(c, kind.value, due, now) for c in categories})
    return settle(session, [action], now=now)[0]


def set_lots(session: Session, wanted: Mapping[tuple[uuid.UUID, AssetCategory], ActionLot]) -> None:
    """Write where lots stand, whatever they were."""
    rows = [
        {
            "action_id": action_id,
            "category": category.value,
            "state": lot.state,
            "due": lot.due,
            "answered_at": lot.answered_at,
        }
        for (action_id, category), lot in wanted.items()
    ]
    for row in rows:
        session.execute(
            delete(ActionLotRow).where(
                ActionLotRow.action_id == row["action_id"],
                ActionLotRow.category == row["category"],
            )
        )
    insert_ignoring(session, ActionLotRow, rows, conflict=["action_id", "category"])


def heard(
    session: Session,
    alert_id: uuid.UUID,
    categories: Collection[AssetCategory],
    *,
    now: datetime,
) -> None:
    """Let the actions that close an alert follow what these teams answered to the alert itself.

    A team has answered an action once it has answered every alert that the action closes.
    """
    closing = [action.id for action in of_alerts(session, [alert_id]) if action.state in WAITING]
    waiting = [action for action in held(session, closing) if action.state in WAITING]
    if not waiting:
        return
    closed = members(session, [action.id for action in waiting])
    told = [m.alert_id for found in closed.values() for m in found.values() if m.alert_id]
    states = {
        (row.alert_id, AssetCategory(row.category)): row
        for row in session.scalars(select(LotRow).where(LotRow.alert_id.in_(told)))
    }
    promised = _promised(session, told)
    wanted: dict[tuple[uuid.UUID, AssetCategory], ActionLot] = {}
    for action in waiting:
        for category in action.counts.keys() & set(categories):
            about = [
                (member.alert_id, category)
                for member in closed[action.id].values()
                if any(demand.category is category for demand in member.demands)
            ]
            rows = [states.get((id_, of)) for id_, of in about if id_]
            said = [row for row in rows if row is not None and row.state != LOT_CLEARED]
            if not said or len(rows) < len(about):
                continue
            state = lot_state(row.state for row in said)
            own = states.get((alert_id, category))
            if state == LOT_OPEN and (own is None or own.state != LOT_OPEN):
                continue  # another alert waits: this one was not opened again
            at = max((row.answered_at for row in said if row.answered_at), default=None)
            due = max((day for key in about if (day := promised.get(key))), default=None)
            wanted[action.id, category] = ActionLot(category, state, due, at)
    set_lots(session, wanted)
    settle(session, waiting, now=now)


def _promised(
    session: Session, alert_ids: Sequence[uuid.UUID]
) -> dict[tuple[uuid.UUID | None, AssetCategory], date | None]:
    """The day last promised for each lot, if its last answer promised one."""
    rows = session.execute(
        select(AnswerRow.alert_id, AnswerRow.category, AnswerRow.due)
        .where(AnswerRow.alert_id.in_(alert_ids))
        .order_by(AnswerRow.at, AnswerRow.id)
    )
    return {(row.alert_id, AssetCategory(row.category)): row.due for row in rows}


def settle(session: Session, actions: Sequence[Action], *, now: datetime) -> list[Action]:
    """Let the states of waiting or answered actions follow their lots; return them as they are."""
    answered = lots(session, [action.id for action in actions])
    settled: list[Action] = []
    for action in actions:
        known = {lot.category: lot.state for lot in answered.get(action.id, ())}
        state = state_of(known.get(category, "open") for category in action.counts)
        closed = None if state in WAITING else action.closed_at or now
        settled.append(replace(action, state=state, closed_at=closed))
    changed = [new for old, new in zip(actions, settled, strict=True) if new != old]
    save(session, changed)
    return settled


def reopen_lots(session: Session, action_id: uuid.UUID) -> None:
    """Let every team answer again."""
    session.execute(
        update(ActionLotRow).where(ActionLotRow.action_id == action_id).values(state="open")
    )
