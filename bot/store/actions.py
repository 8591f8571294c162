"""Actions: their bulletins, their lots, and what people answered."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.action import (
    WAITING,
    Action,
    ActionState,
    Demand,
    Member,
    Outcome,
    lot_state,
    state_of,
)
from bot.domain.alert import LOT_CLEARED, LOT_OPEN, AnswerKind, Urgency
from bot.domain.facility import AssetCategory
from bot.domain.reason import Reason
from bot.domain.reference import ACTION, numbered, series
from bot.domain.scope import Reopening
from bot.store.schema import (
    ActionAlertRow,
    ActionAnswerRow,
    ActionLotRow,
    ActionRow,
    ActionToldRow,
    AdvisoryRow,
    AlertRow,
    AnswerRow,
    AssetRow,
    LotRow,
    PersonRow,
    ProductRow,
    RevisionRow,
)
from bot.store.statements import insert_ignoring, insert_many, next_numbers

AT_ONCE = 5_000  # values in one IN: both engines take more
OPEN_STATES = tuple(state.value for state in (*WAITING, ActionState.PROPOSED))


@dataclass(frozen=True, slots=True)
class ActionLot:
    """What one team last answered; ``state`` is ``open`` or an answer's kind."""

    category: AssetCategory
    state: str
    due: date | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClosedBulletin:
    """A bulletin that an action closes, with the alert that tells it, if there is one."""

    action_id: uuid.UUID
    advisory_id: int
    reference: str
    title: str
    published_at: datetime
    alert_id: uuid.UUID | None
    revision_id: int  # the current one
    alert: str  # its reference, or empty
    state: str  # of the alert, empty without one
    muted: bool = False
    reasons: tuple[Reason, ...] = ()  # of the alert's urgency


@dataclass(frozen=True, slots=True)
class ActionMachine:
    """A machine that an action is about, and the version it must reach."""

    name: str  # or the line of the inventory, when it has none
    version: str
    category: AssetCategory
    quantity: int
    target: str


@dataclass(frozen=True, slots=True)
class ActionAnswer:
    """What somebody answered to an action, and when."""

    category: AssetCategory
    person: str
    kind: AnswerKind
    note: str
    due: date | None
    at: datetime


def take_references(session: Session, count: int, *, now: datetime) -> list[str]:
    """``count`` new action references of the current year."""
    name = series(ACTION, now.year)
    return [numbered(name, number) for number in next_numbers(session, name, count)]


def touching(
    session: Session,
    *,
    products: Sequence[str],
    advisory_ids: Sequence[int],
    facility_ids: Sequence[int],
    known: bool,
) -> list[Action]:
    """The actions of these facilities on these products, or that close these bulletins.

    Those that wait, and those that seem done and nobody confirmed.

    Args:
        products: keys in the catalogue.
        known: whether some action may close these bulletins already.
    """
    about: ColumnElement[bool] = ActionRow.product.in_(products)
    if known:
        closing = select(ActionAlertRow.action_id).where(
            ActionAlertRow.advisory_id.in_(advisory_ids)
        )
        about = or_(about, ActionRow.id.in_(closing))
    found: list[Action] = []
    for batch in _batches(facility_ids):
        query = (
            select(ActionRow)
            .where(ActionRow.facility_id.in_(batch), ActionRow.state.in_(OPEN_STATES))
            .where(about)
        )
        found += [_action(row) for row in session.scalars(query)]
    return found


def of_alerts(session: Session, alert_ids: Sequence[uuid.UUID]) -> list[Action]:
    """The actions that close these alerts, whatever their state."""
    found: dict[uuid.UUID, Action] = {}
    for batch in _batches(alert_ids):
        query = (
            select(ActionRow)
            .join(ActionAlertRow, ActionAlertRow.action_id == ActionRow.id)
            .where(ActionAlertRow.alert_id.in_(batch))
            .distinct()
        )
        for row in session.scalars(query):
            found[row.id] = _action(row)
    return list(found.values())


def members(
    session: Session, action_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, dict[int, Member]]:
    """What each of these actions closes, by advisory id."""
    found: dict[uuid.UUID, dict[int, Member]] = {id_: {} for id_ in action_ids}
    table = ActionAlertRow.__table__.c
    for batch in _batches(action_ids):
        for row in session.execute(select(*table).where(ActionAlertRow.action_id.in_(batch))):
            found[row.action_id][row.advisory_id] = Member(
                row.advisory_id, _demands(row.demands), row.release, row.alert_id
            )
    return found


def day_one(session: Session, facility_id: int) -> list[int]:
    """The advisories without an alert that actions of a facility close."""
    return list(
        session.scalars(
            select(ActionAlertRow.advisory_id)
            .join(ActionRow, ActionRow.id == ActionAlertRow.action_id)
            .where(ActionRow.facility_id == facility_id, ActionAlertRow.alert_id.is_(None))
            .distinct()
        )
    )


def add(session: Session, actions: Sequence[Action]) -> None:
    """Write new actions."""
    insert_many(session, ActionRow, [_values(action) for action in actions], conflict=["id"])


def save(session: Session, actions: Sequence[Action]) -> None:
    """Write existing actions again."""
    if actions:
        session.execute(update(ActionRow), [_values(action) for action in actions])


def replace_members(
    session: Session,
    kept: Mapping[uuid.UUID, Iterable[Member]],
    *,
    emptied: Sequence[uuid.UUID] = (),
) -> None:
    """Say again what these actions close; the ``emptied`` ones close nothing any more.

    A bulletin that was closed by another action of ``emptied`` moves.
    """
    for batch in _batches([*kept, *emptied]):
        session.execute(delete(ActionAlertRow).where(ActionAlertRow.action_id.in_(batch)))
    add_members(session, kept)


def add_members(session: Session, kept: Mapping[uuid.UUID, Iterable[Member]]) -> None:
    """Say what new actions close."""
    rows = [
        {
            "action_id": action_id,
            "advisory_id": member.advisory_id,
            "alert_id": member.alert_id,
            "release": member.release,
            "demands": [
                [each.product, each.category.value, each.target, each.machines]
                for each in member.demands
            ],
        }
        for action_id, found in kept.items()
        for member in found
    ]
    insert_many(session, ActionAlertRow, rows, conflict=["action_id", "advisory_id"])


def by_reference(session: Session, reference: str) -> Action | None:
    """The action that has this reference."""
    row = session.scalar(select(ActionRow).where(ActionRow.reference == reference.upper()))
    return _action(row) if row else None


def by_ids(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Action]:
    """These actions, by id."""
    rows = session.scalars(select(ActionRow).where(ActionRow.id.in_(ids)))
    return {row.id: _action(row) for row in rows}


def listed(
    session: Session,
    *,
    facility_ids: Sequence[int] | None = None,
    states: Iterable[ActionState] = WAITING,
) -> list[Action]:
    """The actions of these facilities (of all, by default) in these states."""
    query = select(ActionRow).where(ActionRow.state.in_([state.value for state in states]))
    if facility_ids is not None:
        query = query.where(ActionRow.facility_id.in_(facility_ids))
    return [_action(row) for row in session.scalars(query.order_by(ActionRow.opened_at))]


def closes(session: Session, action_ids: Sequence[uuid.UUID]) -> list[ClosedBulletin]:
    """The bulletins that these actions close, the latest first."""
    found: list[ClosedBulletin] = []
    for batch in _batches(action_ids):
        rows = session.execute(
            select(
                ActionAlertRow.action_id,
                AdvisoryRow.id.label("advisory_id"),
                AdvisoryRow.reference,
                AdvisoryRow.title,
                AdvisoryRow.published_at,
                AlertRow.id.label("alert_id"),
                AlertRow.reference.label("alert"),
                AlertRow.state,
                AlertRow.muted_until,
                AlertRow.reasons,
                RevisionRow.id.label("revision_id"),
            )
            .join(AdvisoryRow, AdvisoryRow.id == ActionAlertRow.advisory_id)
            .join(
                RevisionRow,
                and_(
                    RevisionRow.advisory_id == AdvisoryRow.id,
                    RevisionRow.number == AdvisoryRow.number,
                ),
            )
            .outerjoin(AlertRow, AlertRow.id == ActionAlertRow.alert_id)
            .where(ActionAlertRow.action_id.in_(batch))
            .order_by(AdvisoryRow.published_at.desc(), AdvisoryRow.id.desc())
        )
        found += [
            ClosedBulletin(
                action_id=row.action_id,
                advisory_id=row.advisory_id,
                reference=row.reference,
                title=row.title,
                published_at=row.published_at,
                alert_id=row.alert_id,
                revision_id=row.revision_id,
                alert=row.alert or "",
                state=row.state or "",
                muted=row.muted_until is not None,
                reasons=tuple(map(Reason.read, row.reasons or ())),
            )
            for row in rows
        ]
    return found


def lots(session: Session, action_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[ActionLot]]:
    """What was last answered to each of these actions, by team; nothing was to the others."""
    found: dict[uuid.UUID, list[ActionLot]] = {}
    for batch in _batches(action_ids):
        rows = session.scalars(select(ActionLotRow).where(ActionLotRow.action_id.in_(batch)))
        for row in rows:
            lot = ActionLot(AssetCategory(row.category), row.state, row.due, row.answered_at)
            found.setdefault(row.action_id, []).append(lot)
    return found


def former(session: Session, action_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The reference of the action that each of these replaced last, for those that did."""
    found: dict[uuid.UUID, str] = {}
    for batch in _batches(action_ids):
        rows = session.execute(
            select(ActionRow.superseded_by, ActionRow.reference)
            .where(ActionRow.superseded_by.in_(batch))
            .order_by(ActionRow.closed_at)
        )
        found |= {row.superseded_by: row.reference for row in rows}
    return found


def ended(session: Session, facility_id: int, *, since: datetime) -> list[Action]:
    """The actions of a facility that are over since then."""
    query = (
        select(ActionRow)
        .where(ActionRow.facility_id == facility_id, ActionRow.closed_at >= since)
        .where(ActionRow.state != ActionState.SUPERSEDED.value)
    )
    return [_action(row) for row in session.scalars(query)]


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
    waiting = [a for a in of_alerts(session, [alert_id]) if a.state in WAITING]
    if not waiting:
        return
    held = members(session, [action.id for action in waiting])
    told = [m.alert_id for found in held.values() for m in found.values() if m.alert_id]
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
                for member in held[action.id].values()
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


def machines_left(
    session: Session, facility_ids: Sequence[int], product_ids: Sequence[int], *, since: datetime
) -> dict[tuple[int, int], tuple[int, int]]:
    """By (facility id, product id): machines still there, and those removed since then."""
    quantity = func.sum(AssetRow.quantity)
    rows = session.execute(
        select(AssetRow.facility_id, AssetRow.product_id, AssetRow.removed_at.is_(None), quantity)
        .where(AssetRow.product_id.in_(product_ids), AssetRow.facility_id.in_(facility_ids))
        .where(or_(AssetRow.removed_at.is_(None), AssetRow.removed_at >= since))
        .group_by(AssetRow.facility_id, AssetRow.product_id, AssetRow.removed_at.is_(None))
    )
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for facility_id, product_id, present, machines in rows:
        there, gone = found.get((facility_id, product_id), (0, 0))
        added = (machines, 0) if present else (0, machines)
        found[facility_id, product_id] = (there + added[0], gone + added[1])
    return found


def machines(session: Session, action: Action, *, limit: int) -> list[ActionMachine]:
    """The machines of an action that the inventory shows now, by team then by name."""
    rows = session.execute(
        select(
            AssetRow.name,
            AssetRow.line_id,
            AssetRow.category,
            AssetRow.quantity,
            ProductRow.id,
            ProductRow.version,
        )
        .join(ProductRow, ProductRow.id == AssetRow.product_id)
        .where(AssetRow.facility_id == action.facility_id, AssetRow.removed_at.is_(None))
        .where(AssetRow.product_id.in_(list(action.needs)))
        .order_by(AssetRow.category, AssetRow.name, AssetRow.line_id)
        .limit(limit)
    )
    return [
        ActionMachine(
            name=row.name or row.line_id,
            version=row.version,
            category=AssetCategory(row.category),
            quantity=row.quantity,
            target=action.needs[row.id],
        )
        for row in rows
    ]


def told(session: Session, subscription_id: int, action_ids: Sequence[uuid.UUID]) -> set[Any]:
    """Pairs (action id, what a digest to this destination said of it)."""
    found: set[Any] = set()
    for batch in _batches(action_ids):
        rows = session.execute(
            select(ActionToldRow.action_id, ActionToldRow.said)
            .where(ActionToldRow.subscription_id == subscription_id)
            .where(ActionToldRow.action_id.in_(batch))
        )
        found |= {(row.action_id, row.said) for row in rows}
    return found


def mark_told(
    session: Session, subscription_id: int, said: Iterable[tuple[uuid.UUID, str]]
) -> None:
    """Record what a digest to this destination says of actions."""
    rows = [
        {"subscription_id": subscription_id, "action_id": action_id, "said": words}
        for action_id, words in said
    ]
    conflict = ["subscription_id", "action_id", "said"]
    insert_ignoring(session, ActionToldRow, rows, conflict=conflict)


def _batches(ids: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _demands(rows: Sequence[Sequence[Any]]) -> tuple[Demand, ...]:
    return tuple(
        Demand(product, _CATEGORIES[category], target, machines)
        for product, category, target, machines in rows
    )


_CATEGORIES = {category.value: category for category in AssetCategory}


def _values(action: Action) -> dict[str, Any]:
    outcome, reopened = action.outcome, action.reopened
    return {
        "id": action.id,
        "reference": action.reference,
        "facility_id": action.facility_id,
        "product": action.product,
        "track": action.track,
        "name": action.name,
        "state": action.state.value,
        "urgency": action.urgency.value,
        "exploited": action.exploited,
        "release": action.release,
        "needs": {str(product): target for product, target in action.needs.items()},
        "counts": {category.value: count for category, count in action.counts.items()},
        "opened_at": action.opened_at,
        "changed_at": action.changed_at,
        "closed_at": action.closed_at,
        "superseded_by": action.superseded_by,
        "outcome": {
            name: count
            for name in ("fixed", "removed", "released")
            if (count := getattr(outcome, name))
        },
        "reopened": {}
        if reopened is None
        else {
            "answered_on": reopened.answered_on.isoformat(),
            "inventory_on": reopened.inventory_on.isoformat(),
            "machines": reopened.machines,
            "versions": list(reopened.versions),
        },
    }


def _action(row: ActionRow) -> Action:
    again = row.reopened
    return Action(
        id=row.id,
        reference=row.reference,
        facility_id=row.facility_id,
        product=row.product,
        track=row.track,
        name=row.name,
        state=ActionState(row.state),
        urgency=Urgency(row.urgency),
        exploited=row.exploited,
        release=row.release,
        needs={int(product): target for product, target in row.needs.items()},
        counts={_CATEGORIES[category]: count for category, count in row.counts.items()},
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        closed_at=row.closed_at,
        superseded_by=row.superseded_by,
        outcome=Outcome(**row.outcome),
        reopened=Reopening(
            date.fromisoformat(again["answered_on"]),
            date.fromisoformat(again["inventory_on"]),
            again["machines"],
            tuple(again["versions"]),
        )
        if again
        else None,
    )
