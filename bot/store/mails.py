"""What the mailbox taught: mails that were read, and addresses that bounce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.domain.delivery import Address
from bot.domain.message import ChannelName
from bot.store.schema import BadAddressRow, HeardMailRow
from bot.store.statements import insert_ignoring


@dataclass(frozen=True, slots=True)
class BadAddress:
    """An address that bounces. ``status`` is the relay's code (``5.1.1``), or empty."""

    address: Address
    status: str
    bounces: int
    since: datetime
    last_at: datetime


def hear(session: Session, digest: str, *, now: datetime) -> bool:
    """Record that a mail is read; False when it was before."""
    row = {"digest": digest, "at": now}
    return insert_ignoring(session, HeardMailRow, [row], conflict=["digest"]) == 1


def mark_bad(session: Session, address: Address, status: str, *, now: datetime) -> None:
    """Record that a mail to this address bounced."""
    fresh = {
        "channel": address.channel.value,
        "address": address.address,
        "status": status,
        "bounces": 0,
        "since": now,
        "last_at": now,
    }
    insert_ignoring(session, BadAddressRow, [fresh], conflict=["channel", "address"])
    row = session.get_one(BadAddressRow, (address.channel.value, address.address))
    row.bounces += 1
    row.status, row.last_at = status, now


def mark_good(session: Session, address: Address) -> None:
    """Forget that an address bounced: somebody wrote from it, or it was subscribed again."""
    session.execute(
        delete(BadAddressRow).where(
            BadAddressRow.channel == address.channel.value,
            BadAddressRow.address == address.address,
        )
    )


def bad_addresses(session: Session) -> dict[Address, BadAddress]:
    """Every address that bounces."""
    found = {}
    for row in session.scalars(select(BadAddressRow)):
        address = Address(ChannelName(row.channel), row.address)
        found[address] = BadAddress(address, row.status, row.bounces, row.since, row.last_at)
    return found
