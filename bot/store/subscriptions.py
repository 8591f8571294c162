"""Subscriptions: where facilities are told, and under which terms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    case,
    cast,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased

from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory
from bot.domain.marking import USUAL_PAP
from bot.domain.message import ChannelName
from bot.domain.quiet import QuietHours
from bot.domain.routing import Rhythm, Subscription, Terms
from bot.store.schema import SubscriptionRow
from bot.store.statements import rows_changed, upsert
from feeds.advisory import Pap, Tlp

OTHER = aliased(SubscriptionRow)  # any subscription of the same address


def subscribe(
    session: Session,
    facility_id: int,
    to: Address,
    *,
    ceiling: Tlp,
    rhythm: Rhythm,
    language: str,
    now: datetime,
    lots: Iterable[AssetCategory] = (),
    pap: Pap | None = None,
    links: bool = False,
) -> None:
    """Tell ``to`` what concerns a facility; an existing subscription takes the new terms.

    Args:
        lots: only what concerns these; all without any.
        pap: the highest PAP it may receive; None is the usual one of the channel.
        links: whether mails hold a link by which one answers.
    """
    upsert(
        session,
        SubscriptionRow,
        {
            "facility_id": facility_id,
            "channel": to.channel.value,
            "address": to.address,
            "ceiling": int(ceiling),
            "rhythm": rhythm.value,
            "language": language,
            "digested_at": now,
            "categories": sorted(lot.value for lot in lots),
            "pap": None if pap is None else int(pap),
            "links": links,
        },
        key=["facility_id", "channel", "address"],
        kept=["digested_at"],
    )


def unsubscribe(session: Session, facility_id: int, to: Address) -> bool:
    """Stop telling ``to``; False if it was not subscribed."""
    row = session.scalar(
        select(SubscriptionRow).where(
            SubscriptionRow.facility_id == facility_id,
            SubscriptionRow.channel == to.channel.value,
            SubscriptionRow.address == to.address,
        )
    )
    if row is None:
        return False
    session.delete(row)
    return True


def set_quiet(
    session: Session, facility_id: int, quiet: QuietHours | None, *, to: Address | None = None
) -> int:
    """Give the destinations of a facility, or one of them, their own quiet hours.

    None gives them back those of the configuration. Returns how many there are.
    """
    query = update(SubscriptionRow).where(SubscriptionRow.facility_id == facility_id)
    if to is not None:
        query = query.where(
            SubscriptionRow.channel == to.channel.value, SubscriptionRow.address == to.address
        )
    done = session.execute(query.values(quiet=None if quiet is None else str(quiet)))
    return rows_changed(done)


def by_facility(
    session: Session, facility_ids: Sequence[int] | None = None
) -> dict[int, list[Subscription]]:
    """Subscriptions by facility, of these facilities or of all, under their address's terms."""
    query = select(
        SubscriptionRow, *(_lowest(func.min(each)) for each in _term_columns(OTHER))
    ).order_by(SubscriptionRow.id)
    if facility_ids is not None:
        query = query.where(SubscriptionRow.facility_id.in_(facility_ids))
    found: dict[int, list[Subscription]] = {}
    for row, *lowest in session.execute(query):
        found.setdefault(row.facility_id, []).append(_subscription(row, _terms(lowest)))
    return found


def addresses(session: Session, facility_ids: Sequence[int]) -> list[tuple[int, Address, Tlp]]:
    """Where each of these facilities is told, and the lowest ceiling of that address."""
    query = select(
        SubscriptionRow.facility_id,
        SubscriptionRow.channel,
        SubscriptionRow.address,
        _lowest(func.min(OTHER.ceiling)),
    ).where(SubscriptionRow.facility_id.in_(facility_ids))
    return [
        (facility_id, Address(ChannelName(channel), address), Tlp(ceiling))
        for facility_id, channel, address, ceiling in session.execute(query)
    ]


def terms(session: Session, places: Collection[Address]) -> dict[Address, Terms]:
    """The terms of those of these addresses that are subscribed."""
    place = (SubscriptionRow.channel, SubscriptionRow.address)
    wanted = [(to.channel.value, to.address) for to in places]
    query = (
        select(*place, *(func.min(each) for each in _term_columns(SubscriptionRow)))
        .where(tuple_(*place).in_(wanted))
        .group_by(*place)
    )
    return {
        Address(ChannelName(channel), address): _terms(lowest)
        for channel, address, *lowest in session.execute(query)
    }


def ceiling_of(session: Session, to: Address, facility_id: int) -> Tlp:
    """The ceiling of this address for a facility; CLEAR where it is not subscribed.

    A private conversation is not a subscription: it is told as little as a public place. An
    address that is also told of another facility, under a lower ceiling, keeps to that one.
    """
    ceiling = session.scalar(
        select(_lowest(func.min(OTHER.ceiling)))
        .where(SubscriptionRow.facility_id == facility_id)
        .where(SubscriptionRow.channel == to.channel.value)
        .where(SubscriptionRow.address == to.address)
    )
    return Tlp.CLEAR if ceiling is None else Tlp(ceiling)


def facilities_of_address(session: Session, to: Address) -> list[int]:
    """The facilities told at this address: what a command typed there is about."""
    return list(
        session.scalars(
            select(SubscriptionRow.facility_id)
            .where(SubscriptionRow.channel == to.channel.value)
            .where(SubscriptionRow.address == to.address)
            .order_by(SubscriptionRow.facility_id)
        )
    )


def mark_digested(session: Session, subscription_ids: Sequence[int], *, now: datetime) -> None:
    """Record that a digest up to ``now`` is written for these subscriptions."""
    for row in session.scalars(
        select(SubscriptionRow).where(SubscriptionRow.id.in_(subscription_ids))
    ):
        row.digested_at = now


def _term_columns(of: type[SubscriptionRow]) -> tuple[ColumnElement[int], ...]:
    """Ceiling, PAP and links as numbers, of which the lowest wins."""
    usual = case({channel.value: int(pap) for channel, pap in USUAL_PAP.items()}, value=of.channel)
    return (of.ceiling, func.coalesce(of.pap, usual), cast(of.links, Integer))  # type: ignore[return-value]


def _lowest(value: ColumnElement[int]) -> ScalarSelect[int]:
    """A minimum over every subscription of the address of the enclosing query."""
    return (
        select(value)
        .where(OTHER.channel == SubscriptionRow.channel, OTHER.address == SubscriptionRow.address)
        .scalar_subquery()
    )


def _terms(lowest: Sequence[int]) -> Terms:
    ceiling, pap, links = lowest
    return Terms(Tlp(ceiling), Pap(pap), bool(links))


def _subscription(row: SubscriptionRow, terms: Terms) -> Subscription:
    return Subscription(
        id=row.id,
        facility_id=row.facility_id,
        to=Address(ChannelName(row.channel), row.address),
        ceiling=terms.ceiling,
        pap=terms.pap,
        links=terms.links,
        rhythm=Rhythm(row.rhythm),
        language=row.language,
        digested_at=row.digested_at,
        lots=frozenset(AssetCategory(category) for category in row.categories),
        quiet=None if row.quiet is None else QuietHours.read(row.quiet),
    )
