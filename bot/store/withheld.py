"""Destinations that were sent a notice in place of a message, because they are not safe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.domain.delivery import Address, Withheld
from bot.domain.message import ChannelName
from bot.store.schema import WithheldRow
from bot.store.statements import insert_ignoring


@dataclass(frozen=True, slots=True)
class WithheldFrom:
    """A destination, why messages are withheld from it, how many were, and since when."""

    to: Address
    why: Withheld
    times: int
    since: datetime


def note(session: Session, to: Address, why: Withheld, *, now: datetime) -> None:
    """Record that a message was withheld."""
    fresh = {
        "channel": to.channel.value,
        "address": to.address,
        "why": why.value,
        "times": 0,
        "since": now,
        "last_at": now,
    }
    insert_ignoring(session, WithheldRow, [fresh], conflict=["channel", "address"])
    row = session.get_one(WithheldRow, (to.channel.value, to.address))
    row.times += 1
    row.why, row.last_at = why.value, now


def forget(session: Session, to: Address) -> None:
    """A message passed again, or the destination has new terms."""
    session.execute(
        delete(WithheldRow).where(
            WithheldRow.channel == to.channel.value, WithheldRow.address == to.address
        )
    )


def every(session: Session) -> list[WithheldFrom]:
    """The destinations that messages are withheld from, by address."""
    rows = session.scalars(select(WithheldRow).order_by(WithheldRow.channel, WithheldRow.address))
    return [
        WithheldFrom(
            Address(ChannelName(row.channel), row.address), Withheld(row.why), row.times, row.since
        )
        for row in rows
    ]
