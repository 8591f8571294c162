"""The one picture of Tocsin's own state, read in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from bot.domain.delivery import DeliveryState
from bot.domain.health import ChannelQueue, OpenRoom, Snapshot, SourceState
from bot.domain.message import ChannelName
from bot.store import sources, withheld
from bot.store.schema import DeliveryRow
from bot.store.sources import SourceHealth

WAITING = (DeliveryState.DUE.value, DeliveryState.UNCERTAIN.value)
TO_SEND = (*WAITING, DeliveryState.LEASED.value)


def snapshot(
    session: Session,
    paces: Mapping[str, timedelta],
    *,
    now: datetime,
    chats: Mapping[str, timedelta] = MappingProxyType({}),
    certificate_ends: datetime | None = None,
) -> Snapshot:
    """The state of the sources of ``paces`` and of ``chats`` (name → time between two
    readings) and of the outbox of every channel that was ever used."""
    known = {each.name: each for each in sources.health(session)}
    return Snapshot(
        now,
        _states(known, paces),
        _states(known, chats),
        _queues(session, now=now),
        certificate_ends=certificate_ends,
        open_rooms=tuple(
            OpenRoom(each.to.address, each.since, each.times) for each in withheld.every(session)
        ),
    )


def _states(
    known: Mapping[str, SourceHealth], paces: Mapping[str, timedelta]
) -> tuple[SourceState, ...]:
    """A configured source that was never read has nothing but its name."""
    return tuple(
        SourceState(
            name,
            every,
            known[name].attempted_at,
            known[name].succeeded_at,
            known[name].failures,
            known[name].error,
            known[name].unreadable,
        )
        if name in known
        else SourceState(name, every)
        for name, every in sorted(paces.items())
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """The deliveries of one channel in one state."""

    state: DeliveryState
    count: int
    created_first: datetime
    settled_last: datetime | None


def _queues(session: Session, *, now: datetime) -> tuple[ChannelQueue, ...]:
    """One walk through the whole outbox; what follows asks for what is not settled."""
    rows = session.execute(
        select(
            DeliveryRow.channel,
            DeliveryRow.state,
            func.count(),
            func.min(DeliveryRow.created_at),
            func.max(DeliveryRow.settled_at),
        ).group_by(DeliveryRow.channel, DeliveryRow.state)
    )
    groups: dict[ChannelName, list[_Group]] = {}
    for channel, state, count, created_first, settled_last in rows:
        group = _Group(DeliveryState(state), count, created_first, settled_last)
        groups.setdefault(ChannelName(channel), []).append(group)
    return tuple(
        _queue(session, channel, mine, now=now) for channel, mine in sorted(groups.items())
    )


def _queue(
    session: Session, channel: ChannelName, groups: Sequence[_Group], *, now: datetime
) -> ChannelQueue:
    mine = DeliveryRow.channel == channel.value
    overdue = and_(DeliveryRow.state.in_(WAITING), DeliveryRow.due_at <= now)
    abandoned = and_(
        DeliveryRow.state == DeliveryState.LEASED.value, DeliveryRow.lease_until <= now
    )
    # of an abandoned lease, the hour at which anybody else could have taken it over
    was_due = case((overdue, DeliveryRow.due_at), else_=DeliveryRow.lease_until)
    delivered = (g.settled_last for g in groups if g.state is DeliveryState.DELIVERED)
    delivered_at = next(delivered, None)
    refused = _refused(mine, delivered_at)
    refusals, refused_since = session.execute(
        select(func.sum(DeliveryRow.attempts), func.min(DeliveryRow.created_at)).where(refused)
    ).one()
    latest = select(DeliveryRow.reason).where(refused).order_by(DeliveryRow.attempted_at.desc())
    return ChannelQueue(
        channel=channel,
        states=tuple(sorted((group.state, group.count) for group in groups)),
        overdue_since=session.scalar(
            select(func.min(was_due)).where(mine, or_(overdue, abandoned))
        ),
        waiting_since=min((g.created_first for g in groups if g.state in TO_SEND), default=None),
        delivered_at=delivered_at,
        refusals=int(refusals or 0),
        refused_since=refused_since,
        reason=session.scalar(latest.limit(1)) or "",
    )


def _refused(mine: ColumnElement[bool], delivered_at: datetime | None) -> ColumnElement[bool]:
    """Tried, not accepted, and nothing of the channel was accepted since."""
    failed = and_(
        mine,
        DeliveryRow.state.in_([*TO_SEND, DeliveryState.DEAD.value]),
        DeliveryRow.reason != "",
        DeliveryRow.attempted_at.is_not(None),
    )
    return failed if delivered_at is None else and_(failed, DeliveryRow.attempted_at > delivered_at)
