"""The outbox: deliveries claimed under a fenced lease, recorded only by who holds it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from bot.domain.delivery import Address, DeliveryState, NewDelivery
from bot.domain.message import ChannelName, Message
from bot.store.claims import (
    LEASE,
    hand_back,
    lease_due,
    mark_all_delivered,
    mark_dead,
    mark_delivered,
    mark_due_again,
)
from bot.store.schema import DeliveryRow, new_id
from bot.store.statements import batches, insert_ignoring, rows_changed
from bot.store.wakeup import Topic, ring

__all__ = [
    "LEASE",
    "Delivery",
    "about",
    "behind_receipt",
    "by_key",
    "counts",
    "drop",
    "enqueue",
    "hand_back",
    "lease_due",
    "listed",
    "mark_all_delivered",
    "mark_bounced",
    "mark_dead",
    "mark_delivered",
    "mark_due_again",
    "replay",
    "replay_all",
    "thread_roots",
]

MAY_BOUNCE = (
    DeliveryState.DELIVERED,
    DeliveryState.LEASED,
    DeliveryState.UNCERTAIN,
    DeliveryState.DUE,
)
REPLACED = "replaced by a later message before it was told"
DROPPABLE = (
    DeliveryState.DUE,
    DeliveryState.UNCERTAIN,
    DeliveryState.DEAD,
    DeliveryState.HELD,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox as an operator sees it."""

    id: uuid.UUID
    kind: str
    subject: str
    subject_id: uuid.UUID
    facility_id: int | None
    channel: str
    address: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None
    receipt: str
    reason: str
    message: Message
    key: str


def enqueue(session: Session, deliveries: Iterable[NewDelivery], *, now: datetime) -> int:
    """Write deliveries that are not there yet; return how many were new."""
    rows = {
        delivery.key: {
            "id": new_id(),
            "key": delivery.key,
            "kind": delivery.kind.value,
            "subject_id": delivery.subject_id,
            "subject": delivery.subject,
            "facility_id": delivery.facility_id,
            "channel": delivery.to.channel.value,
            "address": delivery.to.address,
            "marking": int(delivery.message.marking),
            "payload": delivery.message.to_json(),
            "state": DeliveryState.DUE.value,
            "due_at": max(now, delivery.not_before or now),
            "attempts": 0,
            "created_at": now,
            "trace_id": delivery.trace_id,
            "receipt": "",
            "reason": "",
        }
        for delivery in deliveries
    }
    written = insert_ignoring(session, DeliveryRow, list(rows.values()), conflict=["key"])
    if written:
        ring(session, Topic.DISPATCH)
    return written


def replace_waiting(session: Session, later: Iterable[NewDelivery], *, now: datetime) -> None:
    """Drop what waits for the end of somebody's quiet and ``later`` says again, whole.

    Only what is about the very same subject at the same address, and was never tried.
    """
    for delivery in later:
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.subject_id == delivery.subject_id)
            .where(DeliveryRow.subject == delivery.subject)
            .where(DeliveryRow.channel == delivery.to.channel.value)
            .where(DeliveryRow.address == delivery.to.address)
            .where(DeliveryRow.state == DeliveryState.DUE.value, DeliveryRow.attempts == 0)
            .where(DeliveryRow.due_at > now, DeliveryRow.key != delivery.key)
            .values(state=DeliveryState.DROPPED.value, reason=REPLACED, settled_at=now)
        )


def counts(session: Session) -> dict[tuple[ChannelName, DeliveryState], int]:
    """How many deliveries there are, by channel and state."""
    rows = session.execute(
        select(DeliveryRow.channel, DeliveryRow.state, func.count()).group_by(
            DeliveryRow.channel, DeliveryRow.state
        )
    )
    return {(ChannelName(channel), DeliveryState(state)): count for channel, state, count in rows}


def listed(
    session: Session, *, states: Sequence[DeliveryState] = (), limit: int = 200
) -> list[Delivery]:
    """The latest deliveries, those in ``states`` only when it is not empty."""
    query = (
        select(DeliveryRow)
        .order_by(DeliveryRow.created_at.desc(), DeliveryRow.id.desc())
        .limit(limit)
    )
    if states:
        query = query.where(DeliveryRow.state.in_([state.value for state in states]))
    return [_delivery(row) for row in session.scalars(query)]


def about(session: Session, subject_id: uuid.UUID) -> list[Delivery]:
    """Every delivery about a subject, oldest first."""
    rows = session.scalars(
        select(DeliveryRow)
        .where(DeliveryRow.subject_id == subject_id)
        .order_by(DeliveryRow.created_at, DeliveryRow.id)
    )
    return [_delivery(row) for row in rows]


def thread_roots(session: Session, subject_id: uuid.UUID) -> dict[Address, str]:
    """Receipts of the first messages delivered about a subject, by address."""
    return every_thread_root(session, [subject_id]).get(subject_id, {})


def every_thread_root(
    session: Session, subject_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, dict[Address, str]]:
    """The same of several subjects; those that nothing was delivered about are left out."""
    found: dict[uuid.UUID, dict[Address, str]] = {}
    for batch in batches(subject_ids):
        rows = session.execute(
            select(
                DeliveryRow.subject_id,
                DeliveryRow.channel,
                DeliveryRow.address,
                DeliveryRow.receipt,
            )
            .where(DeliveryRow.subject_id.in_(batch))
            .where(DeliveryRow.state == DeliveryState.DELIVERED.value)
            .order_by(DeliveryRow.created_at.desc())
        )
        for subject_id, channel, address, receipt in rows:
            found.setdefault(subject_id, {})[Address(ChannelName(channel), address)] = receipt
    return found


def behind_receipt(
    session: Session, channel: ChannelName, address: str, receipt: str
) -> Delivery | None:
    """The delivery that a channel gave this receipt for: what people answer to."""
    row = session.scalar(
        select(DeliveryRow)
        .where(DeliveryRow.channel == channel.value)
        .where(DeliveryRow.address == address)
        .where(DeliveryRow.receipt == receipt)
    )
    return _delivery(row) if row else None


def by_key(session: Session, key: str) -> Delivery | None:
    """The delivery that has this key."""
    row = session.scalar(select(DeliveryRow).where(DeliveryRow.key == key))
    return _delivery(row) if row else None


def mark_bounced(session: Session, key: str, reason: str, *, now: datetime) -> bool:
    """A mail came back: it is dead after all; False if it was dead or held already.

    The bounce may be read before its worker has recorded the delivery: the worker then
    finds its lease gone.
    """
    done = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.key == key)
        .where(DeliveryRow.state.in_([state.value for state in MAY_BOUNCE]))
        .values(
            state=DeliveryState.DEAD.value,
            reason=reason,
            settled_at=now,
            lease_token=None,
            lease_until=None,
        )
    )
    return rows_changed(done) == 1


def replay(session: Session, delivery_id: uuid.UUID, *, now: datetime) -> bool:
    """Put a dead or held delivery back in the queue; False if it is neither."""
    stopped = DeliveryRow.state.in_([DeliveryState.DEAD.value, DeliveryState.HELD.value])
    return _due_again(session, and_(DeliveryRow.id == delivery_id, stopped), now=now) == 1


def replay_all(
    session: Session, channel: ChannelName, state: DeliveryState, *, now: datetime
) -> int:
    """Put every delivery of ``channel`` in ``state`` (dead or held) back; return how many."""
    stopped = and_(DeliveryRow.channel == channel.value, DeliveryRow.state == state.value)
    return _due_again(session, stopped, now=now)


def drop(session: Session, delivery_id: uuid.UUID, reason: str, *, now: datetime) -> str | None:
    """Never send a delivery, and keep why; return its reference, None when it cannot be.

    A delivered one cannot be, nor one that a worker holds: it may be on its way.
    """
    row = session.scalar(
        select(DeliveryRow)
        .where(DeliveryRow.id == delivery_id)
        .where(DeliveryRow.state.in_([state.value for state in DROPPABLE]))
        .with_for_update()
    )
    if row is None:
        return None
    row.state, row.reason, row.settled_at = DeliveryState.DROPPED.value, reason, now
    return row.subject


def _due_again(session: Session, which: ColumnElement[bool], *, now: datetime) -> int:
    """As uncertain: the peer is asked first, for an attempt may have arrived after all."""
    done = session.execute(
        update(DeliveryRow)
        .where(which)
        .values(
            state=DeliveryState.UNCERTAIN.value,
            due_at=now,
            created_at=now,  # the give-up age starts again
            settled_at=None,
            reason="",
        )
    )
    ring(session, Topic.DISPATCH)
    return rows_changed(done)


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        subject_id=row.subject_id,
        facility_id=row.facility_id,
        channel=row.channel,
        address=row.address,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        settled_at=row.settled_at,
        receipt=row.receipt,
        reason=row.reason,
        message=Message.from_json(row.payload),
        key=row.key,
    )
