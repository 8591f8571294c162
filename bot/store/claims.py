"""The worker's side of the outbox: claim what is due, record what became of it.

Every statement here concerns many rows at once and is made once: at thousands of deliveries
a second, round trips and the making of statements are what costs.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    Row,
    String,
    Table,
    Update,
    Uuid,
    and_,
    bindparam,
    column,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from bot.domain.delivery import Address, DeliveryKind, DeliveryState, Lease
from bot.domain.message import ChannelName, Message
from bot.store.database import database_now
from bot.store.schema import DeliveryRow, new_id
from bot.store.statements import rows_changed

LEASE = timedelta(minutes=2)  # longer than the slowest channel's time-out

CLAIMED_IN_ORDER = (DeliveryState.LEASED, DeliveryState.UNCERTAIN, DeliveryState.DUE)

_READ_IN_ORDER = text(  # true: in this transaction alone
    "SELECT set_config('enable_bitmapscan', 'off', true), clock_timestamp() AS clock"
)
_TABLE = cast("Table", DeliveryRow.__table__)
_COLUMNS = _TABLE.c


def lease_due(
    session: Session,
    *,
    limit: int,
    now: datetime,
    channels: Sequence[ChannelName] = tuple(ChannelName),
    life: timedelta = LEASE,
    new_only: bool = False,
) -> list[Lease]:
    """Claim at most ``limit`` deliveries that are due, for ``life``.

    A lease that ran out is claimed again as *uncertain*: its worker may have sent the
    message before it died. Whether a lease ran out is judged by the database's clock.
    These come first, then what is uncertain, then the rest; the oldest first in each.

    Args:
        new_only: leave what is uncertain for another time: looking for it at each claim
            costs a third of a long queue.
    """
    clock = _clock_for_claims(session)
    given = {
        "clock": clock,
        "now": now,
        "of_channels": [channel.value for channel in channels],
        "until": clock + life,
        "token": new_id(),  # of this claim: no other ever has it
    }
    leases: list[Lease] = []
    for state in (DeliveryState.DUE,) if new_only else CLAIMED_IN_ORDER:
        if len(leases) < limit:
            claimed = session.execute(_claim(state), {**given, "most": limit - len(leases)}).all()
            uncertain = state is not DeliveryState.DUE
            oldest_first = sorted(claimed, key=lambda row: row.due_at)
            leases += [_lease(row, uncertain=uncertain) for row in oldest_first]
    return leases


def mark_all_delivered(
    session: Session, receipts: Sequence[tuple[Lease, str]], *, now: datetime
) -> set[uuid.UUID]:
    """Record that channels accepted these messages; return the ids of those recorded.

    One that is missing from the answer lost its lease: it is somebody else's by now.
    """
    if not receipts:
        return set()
    settle = _settle_rows if session.get_bind().dialect.name == "sqlite" else _settle_array
    return settle(session, receipts, now)


def mark_delivered(session: Session, lease: Lease, receipt: str, *, now: datetime) -> bool:
    """Record that the channel accepted the message; False if the lease was lost."""
    return bool(mark_all_delivered(session, [(lease, receipt)], now=now))


def mark_dead(session: Session, lease: Lease, reason: str, *, now: datetime) -> bool:
    """Give the delivery up for ``reason``; False if the lease was lost."""
    return _settle(session, lease, state=DeliveryState.DEAD, reason=reason, settled_at=now)


def mark_due_again(
    session: Session, lease: Lease, reason: str, *, due_at: datetime, uncertain: bool
) -> bool:
    """Put the delivery back for ``due_at``; False if the lease was lost."""
    state = DeliveryState.UNCERTAIN if uncertain else DeliveryState.DUE
    return _settle(session, lease, state=state, reason=reason, due_at=due_at)


def hand_back(session: Session, lease: Lease, *, due_at: datetime) -> bool:
    """Give back a delivery that was not tried: it is no attempt. False if the lease was lost."""
    state = DeliveryState.UNCERTAIN if lease.uncertain else DeliveryState.DUE
    return _settle(session, lease, state=state, due_at=due_at, attempts=lease.attempts - 1)


def _clock_for_claims(session: Session) -> datetime:
    """The database's clock; on PostgreSQL the claims that follow read the index in its order.

    Its planner does not know how few rows are wanted, and on a table it has no statistics of
    yet it would read and sort the whole queue at each claim.
    """
    if session.get_bind().dialect.name == "sqlite":
        return database_now(session)
    clock: datetime = session.execute(_READ_IN_ORDER).one().clock
    return clock.astimezone(UTC)


@lru_cache
def _claim(state: DeliveryState) -> Update:
    """Claim the oldest of one state, a state at a time: an index then gives the oldest first,
    where one condition for all of them would read and sort the whole queue at each claim.

    The rows are locked by an expression of their own, which PostgreSQL evaluates once;
    SQLite has one writer and needs no lock.
    """
    ready = (
        _COLUMNS.lease_until < bindparam("clock")
        if state is DeliveryState.LEASED
        else _COLUMNS.due_at <= bindparam("now")
    )
    picked = (
        select(_COLUMNS.id)
        .where(_COLUMNS.state == state.value, ready)
        .where(_COLUMNS.channel.in_(bindparam("of_channels", expanding=True)))
        .order_by(_COLUMNS.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    return (
        update(_TABLE)
        .where(_COLUMNS.id.in_(select(picked.c.id)))
        .values(
            state=DeliveryState.LEASED.value,
            lease_token=bindparam("token"),
            lease_until=bindparam("until"),
            attempts=_COLUMNS.attempts + 1,
            attempted_at=bindparam("now"),
        )
        .returning(
            *(_COLUMNS.id, _COLUMNS.key, _COLUMNS.kind, _COLUMNS.subject_id, _COLUMNS.channel),
            *(_COLUMNS.address, _COLUMNS.payload, _COLUMNS.due_at, _COLUMNS.attempts),
            *(_COLUMNS.created_at, _COLUMNS.trace_id, _COLUMNS.lease_token, _COLUMNS.subject),
        )
    )


def _settle_array(
    session: Session, receipts: Sequence[tuple[Lease, str]], now: datetime
) -> set[uuid.UUID]:
    """One statement for all of them: PostgreSQL takes columns as arrays."""
    given = {
        "ids": [lease.delivery_id for lease, _ in receipts],
        "tokens": [lease.token for lease, _ in receipts],
        "receipts": [receipt for _, receipt in receipts],
        "settled": now,
    }
    return set(session.execute(_delivered_array(), given).scalars())


@lru_cache
def _delivered_array() -> Update:
    ended = (
        func.unnest(
            bindparam("ids", type_=ARRAY(Uuid)),
            bindparam("tokens", type_=ARRAY(Uuid)),
            bindparam("receipts", type_=ARRAY(String)),
        )
        .table_valued(column("id", Uuid), column("token", Uuid), column("receipt", String))
        .render_derived(name="ended")
    )
    return (
        update(_TABLE)
        .where(_COLUMNS.id == ended.c.id, _COLUMNS.lease_token == ended.c.token)
        .values(receipt=ended.c.receipt, **_delivered_values())
        .returning(_COLUMNS.id)
    )


def _settle_rows(
    session: Session, receipts: Sequence[tuple[Lease, str]], now: datetime
) -> set[uuid.UUID]:
    """One statement a row: SQLite is in this process, and asking it costs little."""
    execute = session.connection().execute
    return {
        lease.delivery_id
        for lease, receipt in receipts
        if rows_changed(
            execute(
                _delivered_row(),
                {
                    "of_id": lease.delivery_id,
                    "of_token": lease.token,
                    "of_receipt": receipt,
                    "settled": now,
                },
            )
        )
    }


@lru_cache
def _delivered_row() -> Update:
    return (
        update(_TABLE)
        .where(
            and_(_COLUMNS.id == bindparam("of_id"), _COLUMNS.lease_token == bindparam("of_token"))
        )
        .values(receipt=bindparam("of_receipt"), **_delivered_values())
    )


def _delivered_values() -> dict[str, Any]:
    return {
        "state": DeliveryState.DELIVERED.value,
        "settled_at": bindparam("settled"),
        "reason": "",
        "lease_token": None,
        "lease_until": None,
    }


def _settle(session: Session, lease: Lease, *, state: DeliveryState, **values: object) -> bool:
    given = {"state": state.value, "lease_token": None, "lease_until": None, **values}
    done = session.execute(
        _settlement(tuple(given)),
        {"of_id": lease.delivery_id, "of_token": lease.token, **given},
    )
    return rows_changed(done) == 1


@lru_cache
def _settlement(names: tuple[str, ...]) -> Update:
    """The statement that settles these columns, if the lease still holds."""
    return (
        update(_TABLE)
        .where(_COLUMNS.id == bindparam("of_id"), _COLUMNS.lease_token == bindparam("of_token"))
        .values({name: bindparam(name) for name in names})
    )


def _lease(row: Row[Any], *, uncertain: bool) -> Lease:
    return Lease(
        delivery_id=row.id,
        token=row.lease_token,
        key=row.key,
        kind=DeliveryKind(row.kind),
        subject_id=row.subject_id,
        to=Address(ChannelName(row.channel), row.address),
        message=Message.from_json(row.payload),
        attempts=row.attempts,
        created_at=row.created_at,
        uncertain=uncertain,
        trace_id=row.trace_id,
        subject=row.subject,
    )
