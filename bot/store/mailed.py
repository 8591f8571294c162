"""Inventories that came by mail: what waits for a confirmation, and what is to be reported."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.domain.reference import INVENTORY, numbered, series
from bot.store.schema import MailedInventoryRow, UploadRow
from bot.store.statements import next_numbers


class MailedState(StrEnum):
    """Where an inventory that came by mail stands."""

    ASKED = "asked"  # nothing is written until the person confirms
    APPLIED = "applied"  # written; its report waits for the bulletins to be read again
    TOLD = "told"
    DROPPED = "dropped"  # refused by the person, or nobody confirmed in time


@dataclass(frozen=True, slots=True)
class MailedInventory:
    """One inventory.

    Args:
        thread: Message-ID of the mail it came in.
        body: the file; empty once nothing can follow from it.
        said: what it changed, facility by facility, as its report says it.
    """

    id: int
    reference: str
    facility_id: int  # the only one, or the first of those that the file speaks of
    person_id: uuid.UUID
    sender: str
    thread: str
    filename: str
    body: bytes
    state: MailedState
    said: Mapping[str, Any]
    received_at: datetime
    applied_at: datetime | None = None


def add(
    session: Session,
    *,
    facility_id: int,
    person_id: uuid.UUID,
    sender: str,
    thread: str,
    filename: str,
    body: bytes,
    now: datetime,
) -> MailedInventory:
    """Keep an inventory under a new reference, until somebody confirms it."""
    name = series(INVENTORY, now.year)
    row = MailedInventoryRow(
        reference=numbered(name, next(iter(next_numbers(session, name, 1)))),
        facility_id=facility_id,
        person_id=person_id,
        sender=sender,
        thread=thread,
        filename=filename,
        body=base64.b64encode(body).decode(),
        state=MailedState.ASKED.value,
        said={},
        received_at=now,
    )
    session.add(row)
    session.flush()
    return _mailed(row)


def by_reference(session: Session, reference: str) -> MailedInventory | None:
    """The inventory of this reference."""
    query = select(MailedInventoryRow).where(MailedInventoryRow.reference == reference)
    row = session.scalar(query)
    return _mailed(row) if row else None


def mark_applied(
    session: Session, kept: MailedInventory, said: Mapping[str, Any], *, again: bool, now: datetime
) -> None:
    """Record what it changed; the file is kept only when it may be applied ``again``."""
    values: dict[str, Any] = {
        "state": MailedState.APPLIED.value,
        "said": dict(said),
        "applied_at": now,
    }
    _set(session, kept.id, values if again else values | {"body": ""})


def mark(session: Session, kept: MailedInventory, state: MailedState) -> None:
    """Record that it was told, or dropped; what is dropped keeps no file."""
    values: dict[str, Any] = {"state": state.value}
    _set(session, kept.id, values | ({"body": ""} if state is MailedState.DROPPED else {}))


def unreported(session: Session) -> list[MailedInventory]:
    """Those that were written and whose sender was not told yet, oldest first."""
    query = (
        select(MailedInventoryRow)
        .where(MailedInventoryRow.state == MailedState.APPLIED.value)
        .order_by(MailedInventoryRow.id)
    )
    return [_mailed(row) for row in session.scalars(query)]


def forget(session: Session, *, before: datetime) -> None:
    """Drop what nobody confirmed, and every file, received before then."""
    old = MailedInventoryRow.received_at < before
    session.execute(
        update(MailedInventoryRow)
        .where(old, MailedInventoryRow.state == MailedState.ASKED.value)
        .values(state=MailedState.DROPPED.value)
    )
    session.execute(
        update(MailedInventoryRow).where(old, MailedInventoryRow.body != "").values(body="")
    )


def asked_since(session: Session, person_id: uuid.UUID, moment: datetime) -> int:
    """How many of a person's wait for a confirmation, of those received since then."""
    return session.scalars(
        select(func.count(MailedInventoryRow.id))
        .where(MailedInventoryRow.person_id == person_id)
        .where(MailedInventoryRow.state == MailedState.ASKED.value)
        .where(MailedInventoryRow.received_at >= moment)
    ).one()


def uploaded_since(session: Session, facility_id: int, moment: datetime) -> bool:
    """Whether another inventory of the facility came after ``moment``."""
    latest = session.scalar(
        select(func.max(UploadRow.received_at)).where(UploadRow.facility_id == facility_id)
    )
    return latest is not None and latest > moment


def _set(session: Session, id_: int, values: Mapping[str, Any]) -> None:
    session.execute(update(MailedInventoryRow).where(MailedInventoryRow.id == id_).values(**values))


def _mailed(row: MailedInventoryRow) -> MailedInventory:
    return MailedInventory(
        id=row.id,
        reference=row.reference,
        facility_id=row.facility_id,
        person_id=row.person_id,
        sender=row.sender,
        thread=row.thread,
        filename=row.filename,
        body=base64.b64decode(row.body),
        state=MailedState(row.state),
        said=row.said,
        received_at=row.received_at,
        applied_at=row.applied_at,
    )
