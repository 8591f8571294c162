"""Mutes: what facilities asked not to hear of for a while."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.domain.mute import Mute, MuteScope
from bot.domain.question import product_name
from bot.domain.reference import MUTE, numbered, series
from bot.store.alerts import OPEN_STATES, Alert, alert_of
from bot.store.schema import AlertRow, AssetRow, DigestedRow, LotRow, MuteRow, ProductRow
from bot.store.statements import next_numbers, rows_changed

EXPIRED = "expired"  # who ended it: time did


def take_reference(session: Session, *, now: datetime) -> str:
    """A new reference of the current year."""
    name = series(MUTE, now.year)
    return numbered(name, next_numbers(session, name, 1)[0])


def add(session: Session, mute: Mute) -> None:
    """Write a mute."""
    session.add(
        MuteRow(
            reference=mute.reference,
            facility_id=mute.facility_id,
            scope=mute.scope.value,
            target=mute.target,
            explicit=mute.explicit,
            reason=mute.reason,
            last_day=mute.last_day,
            until=mute.until,
            created_at=mute.created_at,
            created_by=mute.created_by,
        )
    )
    session.flush()


def active(session: Session, facility_ids: Collection[int] | None = None) -> dict[int, list[Mute]]:
    """The mutes that have not ended, by facility: of these, or of all; the soonest end first."""
    query = select(MuteRow).where(MuteRow.ended_at.is_(None)).order_by(MuteRow.until)
    if facility_ids is not None:
        query = query.where(MuteRow.facility_id.in_(facility_ids))
    found: dict[int, list[Mute]] = {}
    for row in session.scalars(query):
        found.setdefault(row.facility_id, []).append(_mute(row))
    return found


def by_reference(session: Session, reference: str) -> Mute | None:
    """The mute of this reference, if it has not ended."""
    row = session.scalar(
        select(MuteRow)
        .where(MuteRow.reference == reference.strip().upper())
        .where(MuteRow.ended_at.is_(None))
    )
    return _mute(row) if row else None


def end(session: Session, reference: str, *, by: str, now: datetime) -> bool:
    """End a mute; False if it has ended already."""
    done = session.execute(
        update(MuteRow)
        .where(MuteRow.reference == reference, MuteRow.ended_at.is_(None))
        .values(ended_at=now, ended_by=by)
    )
    return rows_changed(done) == 1


def over(session: Session, *, now: datetime) -> list[Mute]:
    """The mutes whose time is over, and that nobody has ended yet."""
    rows = session.scalars(select(MuteRow).where(MuteRow.ended_at.is_(None), MuteRow.until <= now))
    return [_mute(row) for row in rows]


def open_alerts(session: Session, facility_id: int) -> list[Alert]:
    """The open alerts of a facility, muted or not."""
    rows = session.scalars(
        select(AlertRow)
        .where(AlertRow.facility_id == facility_id)
        .where(AlertRow.state.in_([state.value for state in OPEN_STATES]))
    )
    return [alert_of(row) for row in rows]


def product_names(session: Session, facility_id: int) -> dict[int, str]:
    """What each present machine of a facility is, by asset id: vendor and product as typed."""
    rows = session.execute(
        select(AssetRow.id, ProductRow.vendor, ProductRow.product)
        .join(ProductRow, ProductRow.id == AssetRow.product_id)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
    )
    return {asset_id: product_name(vendor, product) for asset_id, vendor, product in rows}


def hold(session: Session, alert_ids: Collection[uuid.UUID], until: datetime) -> None:
    """Say nothing of these alerts until then."""
    _set(session, alert_ids, muted_until=until)


def release(
    session: Session, alert_ids: Collection[uuid.UUID], *, remind_at: datetime, now: datetime
) -> None:
    """Let these alerts come back: in the next digest, and in reminders from then on."""
    _set(session, alert_ids, muted_until=None, changed_at=now)
    session.execute(delete(DigestedRow).where(DigestedRow.alert_id.in_(alert_ids)))
    session.execute(
        update(LotRow)
        .where(LotRow.alert_id.in_(alert_ids), LotRow.reminder_at < remind_at)
        .values(reminder_at=remind_at)
    )


def count_held(session: Session, facility_id: int) -> tuple[int, set[datetime]]:
    """How many open alerts of a facility are muted, and when they come back."""
    rows = session.execute(
        select(AlertRow.muted_until, func.count())
        .where(AlertRow.facility_id == facility_id, AlertRow.muted_until.is_not(None))
        .where(AlertRow.state.in_([state.value for state in OPEN_STATES]))
        .group_by(AlertRow.muted_until)
    ).all()
    return sum(count for _, count in rows), {until for until, _ in rows if until}


def _set(session: Session, alert_ids: Collection[uuid.UUID], **values: object) -> None:
    session.execute(update(AlertRow).where(AlertRow.id.in_(alert_ids)).values(values))


def _mute(row: MuteRow) -> Mute:
    return Mute(
        reference=row.reference,
        facility_id=row.facility_id,
        scope=MuteScope(row.scope),
        target=row.target,
        explicit=row.explicit,
        reason=row.reason,
        last_day=row.last_day,
        until=row.until,
        created_at=row.created_at,
        created_by=row.created_by,
    )
