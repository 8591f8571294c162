"""Alerts: what concerns whom. Their lots and answers are in :mod:`bot.store.lots`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, exists, insert, or_, select, true, update
from sqlalchemy.orm import Session

from bot.domain.alert import AlertState, Urgency
from bot.domain.matching import VerdictKind
from bot.domain.reason import Reason
from bot.domain.reference import ALERT, numbered, series
from bot.domain.routing import Subscription
from bot.domain.scope import Scope
from bot.store.schema import AdvisoryRow, AlertRow, DigestedRow, LotRow
from bot.store.statements import batches, insert_ignoring, next_numbers

LATE_COMMIT = timedelta(days=1)  # far longer than any transaction takes to commit
OPEN_STATES = (AlertState.OPEN, AlertState.TAKEN)
RELEASED = "released"  # instead of a digest: that a revision ended the alert was told


class ClearedBy(StrEnum):
    """Why an alert concerns no machine any more."""

    INVENTORY = "inventory"
    REVISION = "revision"  # of the bulletin


@dataclass(frozen=True, slots=True)
class Alert:
    """One advisory that concerns one facility. ``match_digest`` is that of the scope last told."""

    id: uuid.UUID
    reference: str
    advisory_id: int
    facility_id: int
    revision_id: int
    state: AlertState
    urgency: Urgency
    reasons: tuple[Reason, ...]  # of the urgency, when it was last judged
    verdict: VerdictKind
    headline: str
    target: str
    assets_affected: int
    assets_to_check: int
    scope: Scope
    match_digest: str
    opened_at: datetime
    changed_at: datetime
    trace_id: str
    cleared_at: datetime | None = None
    cleared_by: ClearedBy | None = None
    muted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """An alert with what a list says of it."""

    alert: Alert
    advisory: str
    title: str


def take_references(session: Session, count: int, *, now: datetime) -> list[str]:
    """``count`` new alert references of the current year."""
    name = series(ALERT, now.year)
    return [numbered(name, number) for number in next_numbers(session, name, count)]


def of_advisories(
    session: Session, advisory_ids: Sequence[int], *, facility_ids: Sequence[int] | None = None
) -> dict[tuple[int, int], Alert]:
    """The alerts these advisories raised, there or everywhere, by (advisory id, facility id).

    Nobody answers them until the transaction ends: what is written back is what was read.
    """
    query = (
        select(AlertRow)
        .where(AlertRow.advisory_id.in_(advisory_ids))
        .order_by(AlertRow.id)
        .with_for_update(key_share=True)
    )
    if facility_ids is not None:
        query = query.where(AlertRow.facility_id.in_(facility_ids))
    return {(row.advisory_id, row.facility_id): alert_of(row) for row in session.scalars(query)}


def add(session: Session, alerts: Sequence[Alert]) -> None:
    """Write new alerts; their lots come next."""
    if alerts:
        session.execute(insert(AlertRow), [_values(alert) for alert in alerts])


def save_match(session: Session, alerts: Sequence[Alert]) -> None:
    """Write again what existing alerts concern."""
    if alerts:
        session.execute(update(AlertRow), [_values(alert) for alert in alerts])


def hold(session: Session, ids: Sequence[uuid.UUID]) -> None:
    """Let nobody else answer or write these alerts until the transaction ends."""
    for batch in batches(sorted(ids)):
        query = select(AlertRow.id).where(AlertRow.id.in_(batch)).order_by(AlertRow.id)
        session.execute(query.with_for_update(key_share=True))


def by_ids(session: Session, ids: Sequence[uuid.UUID]) -> list[Alert]:
    """These alerts, in that order."""
    found: dict[uuid.UUID, Alert] = {}
    for batch in batches(ids):
        query = select(AlertRow).where(AlertRow.id.in_(batch))
        found |= {row.id: alert_of(row) for row in session.scalars(query)}
    return [found[id_] for id_ in ids if id_ in found]


def by_reference(session: Session, reference: str) -> Alert | None:
    """The alert that has this reference."""
    row = session.scalar(select(AlertRow).where(AlertRow.reference == reference.upper()))
    return alert_of(row) if row else None


def set_state(session: Session, ids: Sequence[uuid.UUID], state: AlertState) -> None:
    """Let these alerts be in this state."""
    for batch in batches(ids):
        session.execute(update(AlertRow).where(AlertRow.id.in_(batch)).values(state=state.value))


def listed(
    session: Session,
    *,
    facility_ids: Sequence[int] | None = None,
    open_only: bool = True,
    limit: int = 100,
) -> list[ListedAlert]:
    """Alerts, the most urgent then the latest first."""
    query = _listing().order_by(AlertRow.urgency.desc(), AlertRow.opened_at.desc()).limit(limit)
    if facility_ids is not None:
        query = query.where(AlertRow.facility_id.in_(facility_ids))
    if open_only:
        query = query.where(AlertRow.state.in_([state.value for state in OPEN_STATES]))
    return _listed(session, query)


def undigested(session: Session, facility_id: int, subscription: Subscription) -> list[ListedAlert]:
    """Open alerts of a facility that no digest to this destination told as they stand now.

    Those older than the subscription, or than its last digest by more than
    :data:`LATE_COMMIT`, are left out.
    """
    told = select(DigestedRow.alert_id).where(
        DigestedRow.subscription_id == subscription.id,
        DigestedRow.alert_id == AlertRow.id,
        DigestedRow.match_digest == AlertRow.match_digest,
    )
    query = (
        _listing()
        .where(AlertRow.facility_id == facility_id, ~told.exists(), _wanted(subscription))
        .where(AlertRow.changed_at >= subscription.digested_at - LATE_COMMIT)
        .where(AlertRow.urgency == Urgency.DIGEST.value, AlertRow.muted_until.is_(None))
        .where(AlertRow.state.in_([state.value for state in OPEN_STATES]))
        .order_by(AlertRow.opened_at)
    )
    return _listed(session, query)


def released(session: Session, facility_id: int, subscription: Subscription) -> list[ListedAlert]:
    """Alerts told here that a revision of their bulletin ended, and no digest said so yet."""
    said = DigestedRow.subscription_id == subscription.id
    told = select(DigestedRow.alert_id).where(said, DigestedRow.alert_id == AlertRow.id)
    query = (
        _listing()
        .where(AlertRow.facility_id == facility_id, _wanted(subscription))
        .where(AlertRow.state == AlertState.CLEARED.value)
        .where(AlertRow.cleared_by == ClearedBy.REVISION.value)
        .where(AlertRow.cleared_at >= subscription.digested_at - LATE_COMMIT)
        .where(or_(AlertRow.urgency == Urgency.IMMEDIATE.value, told.exists()))
        .where(~told.where(DigestedRow.match_digest == RELEASED).exists())
        .order_by(AlertRow.cleared_at)
    )
    return _listed(session, query)


def _wanted(subscription: Subscription) -> ColumnElement[bool]:
    """What a destination that is limited to some lots is told of."""
    if not subscription.lots:
        return true()
    names = [lot.value for lot in subscription.lots]
    return exists().where(LotRow.alert_id == AlertRow.id, LotRow.category.in_(names))


def mark_released(session: Session, subscription_id: int, told: Iterable[Alert]) -> None:
    """Record that a digest to this destination says that these alerts are over."""
    rows = [
        {"subscription_id": subscription_id, "alert_id": alert.id, "match_digest": RELEASED}
        for alert in told
    ]
    conflict = ["subscription_id", "alert_id", "match_digest"]
    insert_ignoring(session, DigestedRow, rows, conflict=conflict)


def mark_digested(session: Session, subscription_id: int, told: Iterable[Alert]) -> None:
    """Record that a digest to this destination tells these alerts as they stand now."""
    rows = [
        {
            "subscription_id": subscription_id,
            "alert_id": alert.id,
            "match_digest": alert.match_digest,
        }
        for alert in told
    ]
    conflict = ["subscription_id", "alert_id", "match_digest"]
    insert_ignoring(session, DigestedRow, rows, conflict=conflict)


def _listed(session: Session, query: Select[AlertRow, str, str]) -> list[ListedAlert]:
    return [
        ListedAlert(alert_of(row), reference, title)
        for row, reference, title in session.execute(query)
    ]


def _listing() -> Select[AlertRow, str, str]:
    return select(AlertRow, AdvisoryRow.reference, AdvisoryRow.title).join(
        AdvisoryRow, AdvisoryRow.id == AlertRow.advisory_id
    )


def _values(alert: Alert) -> dict[str, object]:
    values = {field.name: getattr(alert, field.name) for field in fields(alert)}
    return {**values, "reasons": list(map(str, alert.reasons)), "scope": alert.scope.to_json()}


def alert_of(row: AlertRow) -> Alert:
    """The alert that a row holds."""
    return Alert(
        id=row.id,
        reference=row.reference,
        advisory_id=row.advisory_id,
        facility_id=row.facility_id,
        revision_id=row.revision_id,
        state=AlertState(row.state),
        urgency=Urgency(row.urgency),
        reasons=tuple(map(Reason.read, row.reasons)),
        verdict=VerdictKind(row.verdict),
        headline=row.headline,
        target=row.target,
        assets_affected=row.assets_affected,
        assets_to_check=row.assets_to_check,
        scope=Scope.from_json(row.scope),
        match_digest=row.match_digest,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        trace_id=row.trace_id,
        cleared_at=row.cleared_at,
        cleared_by=ClearedBy(row.cleared_by) if row.cleared_by else None,
        muted_until=row.muted_until,
    )
