"""Actions: their bulletins, their lots, and what people answered."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.action import (
    WAITING,
    Action,
    ActionState,
    Demand,
    Member,
    Outcome,
)
from bot.domain.alert import Urgency
from bot.domain.facility import AssetCategory
from bot.domain.reference import ACTION, numbered, series
from bot.domain.scope import Reopening
from bot.store.schema import (
    ActionAlertRow,
    ActionRow,
)
from bot.store.statements import batches, insert_many, next_numbers

AT_ONCE = 5_000  # values in one IN: both engines take more
OPEN_STATES = tuple(state.value for state in (*WAITING, ActionState.PROPOSED))


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
    """The actions of these facilities on these products, or that close these bulletins: nobody
    answers them until the transaction ends.

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
    for batch in batches(facility_ids):
        query = (
            select(ActionRow)
            .where(ActionRow.facility_id.in_(batch), ActionRow.state.in_(OPEN_STATES))
            .where(about)
            .order_by(ActionRow.id)
            .with_for_update(key_share=True)
        )
        found += [_action(row) for row in session.scalars(query)]
    return found


def held(session: Session, action_ids: Sequence[uuid.UUID]) -> list[Action]:
    """These actions as they are now; nobody else writes them until the transaction ends.

    Hold the alerts they close first: whoever writes both takes them in that order.
    """
    found: list[Action] = []
    for batch in batches(action_ids):
        query = (
            select(ActionRow)
            .where(ActionRow.id.in_(batch))
            .order_by(ActionRow.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        found += [_action(row) for row in session.scalars(query)]
    return found


def of_alerts(session: Session, alert_ids: Sequence[uuid.UUID]) -> list[Action]:
    """The actions that close these alerts, whatever their state."""
    found: dict[uuid.UUID, Action] = {}
    for batch in batches(alert_ids):
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
    for batch in batches(action_ids):
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
    for batch in batches([*kept, *emptied]):
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


def ended(session: Session, facility_id: int, *, since: datetime) -> list[Action]:
    """The actions of a facility that are over since then."""
    query = (
        select(ActionRow)
        .where(ActionRow.facility_id == facility_id, ActionRow.closed_at >= since)
        .where(ActionRow.state != ActionState.SUPERSEDED.value)
    )
    return [_action(row) for row in session.scalars(query)]


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
