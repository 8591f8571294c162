"""What authorities were told of silences, and how many facilities were told of something."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain.silence import LastTold
from bot.store import memos
from bot.store.schema import AlertRow, DeliveryRow, FacilityRow

MEMO = "silences:"


def told(session: Session, advisory_ids: Collection[int]) -> dict[tuple[int, str], int]:
    """How many facilities each of these advisories concerns, by (advisory id, authority)."""
    rows = session.execute(
        select(AlertRow.advisory_id, FacilityRow.authority, func.count())
        .join(FacilityRow, FacilityRow.id == AlertRow.facility_id)
        .where(AlertRow.advisory_id.in_(advisory_ids))
        .group_by(AlertRow.advisory_id, FacilityRow.authority)
    )
    return {(advisory_id, authority): count for advisory_id, authority, count in rows}


def last_written(session: Session, subject_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When a message about each of these was last written: a campaign's last reminder, an
    alert's last rung."""
    rows = session.execute(
        select(DeliveryRow.subject_id, func.max(DeliveryRow.created_at))
        .where(DeliveryRow.subject_id.in_(subject_ids))
        .group_by(DeliveryRow.subject_id)
    )
    return dict(rows.all())


def last_told(session: Session, authority: str) -> LastTold | None:
    """What an authority was last told of silences."""
    kept = memos.read(session, MEMO + authority)
    if not kept:
        return None
    values = json.loads(kept)
    on = date.fromisoformat(values["on"]) if values["on"] else None
    return LastTold(date.fromisoformat(values["looked"]), on, frozenset(values["marks"]))


def save_told(session: Session, authority: str, told_now: LastTold) -> None:
    """Remember what is silent today, and what an authority is told."""
    values = {
        "looked": told_now.looked.isoformat(),
        "on": told_now.on.isoformat() if told_now.on else "",
        "marks": sorted(told_now.marks),
    }
    memos.write(session, MEMO + authority, json.dumps(values, ensure_ascii=False))
