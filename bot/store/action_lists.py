"""What is said of actions: the bulletins they close, their machines, what was told."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.domain.action import Action
from bot.domain.facility import AssetCategory
from bot.domain.reason import Reason
from bot.store.schema import (
    ActionAlertRow,
    ActionRow,
    ActionToldRow,
    AdvisoryRow,
    AlertRow,
    AssetRow,
    ProductRow,
    RevisionRow,
)
from bot.store.statements import batches, insert_ignoring


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
    machines: int = 0  # all that the alert is about
    reasons: tuple[Reason, ...] = ()  # of the alert's urgency


@dataclass(frozen=True, slots=True)
class ActionMachine:
    """A machine that an action is about, and the version it must reach."""

    name: str  # or the line of the inventory, when it has none
    version: str
    category: AssetCategory
    quantity: int
    target: str


def closes(session: Session, action_ids: Sequence[uuid.UUID]) -> list[ClosedBulletin]:
    """The bulletins that these actions close, the latest first."""
    return [
        _closed(row) for batch in batches(action_ids) for row in session.execute(_closing(batch))
    ]


def _closing(action_ids: Sequence[uuid.UUID]) -> Select[*tuple[Any, ...]]:
    current = and_(
        RevisionRow.advisory_id == AdvisoryRow.id, RevisionRow.number == AdvisoryRow.number
    )
    return (
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
            (AlertRow.assets_affected + AlertRow.assets_to_check).label("machines"),
            AlertRow.reasons,
            RevisionRow.id.label("revision_id"),
        )
        .join(AdvisoryRow, AdvisoryRow.id == ActionAlertRow.advisory_id)
        .join(RevisionRow, current)
        .outerjoin(AlertRow, AlertRow.id == ActionAlertRow.alert_id)
        .where(ActionAlertRow.action_id.in_(action_ids))
        .order_by(AdvisoryRow.published_at.desc(), AdvisoryRow.id.desc())
    )


def _closed(row: Row[*tuple[Any, ...]]) -> ClosedBulletin:
    return ClosedBulletin(
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
        machines=row.machines or 0,
        reasons=tuple(map(Reason.read, row.reasons or ())),
    )


def former(session: Session, action_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The reference of the action that each of these replaced last, for those that did."""
    found: dict[uuid.UUID, str] = {}
    for batch in batches(action_ids):
        rows = session.execute(
            select(ActionRow.superseded_by, ActionRow.reference)
            .where(ActionRow.superseded_by.in_(batch))
            .order_by(ActionRow.closed_at)
        )
        found |= {row.superseded_by: row.reference for row in rows}
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


def told(
    session: Session, subscription_id: int, action_ids: Sequence[uuid.UUID]
) -> set[tuple[uuid.UUID, str]]:
    """Pairs (action id, what a digest to this destination said of it)."""
    found: set[tuple[uuid.UUID, str]] = set()
    for batch in batches(action_ids):
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
