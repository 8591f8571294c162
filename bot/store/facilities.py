"""Facilities, their contacts and their subscriptions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    ScalarSelect,
    case,
    cast,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased

from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Contact, Facility, FacilityKind, Function
from bot.domain.marking import USUAL_PAP
from bot.domain.message import ChannelName
from bot.domain.quiet import QuietHours
from bot.domain.routing import Rhythm, Subscription, Terms
from bot.store.schema import ContactRow, FacilityRow, SubscriptionRow
from bot.store.statements import rows_changed, upsert
from feeds.advisory import Pap, Tlp

OTHER = aliased(SubscriptionRow)  # any subscription of the same address


def _term_columns(of: type[SubscriptionRow]) -> tuple[ColumnElement[int], ...]:
    """Ceiling, PAP and links as numbers, of which the lowest wins."""
    usual = case({channel.value: int(pap) for channel, pap in USUAL_PAP.items()}, value=of.channel)
    return (of.ceiling, func.coalesce(of.pap, usual), cast(of.links, Integer))  # type: ignore[return-value]


def save(session: Session, facilities: Iterable[Facility]) -> tuple[int, int]:
    """Create facilities, or update those whose FINESS is known; return (created, updated).

    Their contacts of each role that is given are replaced; the others stay.
    """
    known = {row.finess: row for row in session.scalars(select(FacilityRow))}
    created = updated = 0
    for facility in facilities:
        row = known.get(facility.finess)
        if row is None:
            row = known[facility.finess] = FacilityRow(finess=facility.finess)
            session.add(row)
            created += 1
        else:
            updated += 1
        row.name = facility.name
        row.authority = facility.authority
        row.kind = facility.kind.value
        row.time_zone = facility.time_zone
        row.department = facility.department
        row.ght = facility.ght
        row.ght_head = facility.ght_head
        row.ose = facility.ose
        row.functions = [function.value for function in facility.functions]
        if facility.contacts:
            session.flush()
            _replace_contacts(session, row.id, facility.contacts)
    session.flush()
    return created, updated


def every(session: Session) -> list[Facility]:
    """All facilities, by FINESS, with their contacts."""
    return _read(session, None)


def page(session: Session, *, after: int = 0, limit: int, authority: str = "") -> list[Facility]:
    """The next facilities by id, without their contacts: of one authority, or of all."""
    columns = FacilityRow.__table__.columns
    query = select(*columns).where(FacilityRow.id > after).order_by(FacilityRow.id).limit(limit)
    if authority:
        query = query.where(FacilityRow.authority == authority)
    return [_facility(row, {}) for row in session.execute(query)]


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


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, Facility]:
    """These facilities, by id, with their contacts."""
    return {facility.id: facility for facility in _read(session, list(ids))}


def by_finess(session: Session, finess: str) -> Facility | None:
    """The facility that has this FINESS number."""
    row = session.scalar(select(FacilityRow.id).where(FacilityRow.finess == finess))
    return by_ids(session, [row])[row] if row is not None else None


def inventory_since(session: Session, ids: Iterable[int]) -> dict[int, datetime]:
    """The date of the first inventory of each facility that has one."""
    rows = session.execute(
        select(FacilityRow.id, FacilityRow.inventory_since).where(
            FacilityRow.id.in_(list(ids)), FacilityRow.inventory_since.is_not(None)
        )
    )
    return {row.id: row.inventory_since for row in rows}


def inspected(session: Session, facility_id: int) -> datetime | None:
    """The day that the latest inventory of a facility describes."""
    return session.scalar(select(FacilityRow.inventory_dated).where(FacilityRow.id == facility_id))


def awaiting_initial_state(session: Session) -> list[int]:
    """Facilities that have an inventory and were never sent their first picture."""
    return list(
        session.scalars(
            select(FacilityRow.id).where(
                FacilityRow.inventory_since.is_not(None), FacilityRow.initial_state_at.is_(None)
            )
        )
    )


def told_initial_state(session: Session, facility_id: int) -> bool:
    """Whether the day-one message of a facility was written."""
    return (
        session.scalar(select(FacilityRow.initial_state_at).where(FacilityRow.id == facility_id))
        is not None
    )


def mark_initial_state(session: Session, facility_id: int, *, now: datetime) -> None:
    """Record that the day-one message of a facility is written."""
    row = session.get_one(FacilityRow, facility_id)
    row.initial_state_at = now


def changed(session: Session) -> list[tuple[int, datetime]]:
    """Facilities whose equipment changed since their alerts were raised, and when it did."""
    rows = session.execute(
        select(FacilityRow.id, FacilityRow.changed_at)
        .where(FacilityRow.changed_at.is_not(None))
        .order_by(FacilityRow.changed_at)
    )
    return [(row.id, row.changed_at) for row in rows]


def settle(session: Session, facility_id: int, changed_at: datetime) -> None:
    """Record that alerts follow the equipment as it was at ``changed_at``, unless it moved on."""
    session.execute(
        update(FacilityRow)
        .where(FacilityRow.id == facility_id, FacilityRow.changed_at == changed_at)
        .values(changed_at=None)
    )


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


def subscriptions(
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


def contact_ceilings(session: Session, emails: Collection[str]) -> dict[str, Tlp]:
    """The lowest ceiling of those of these mailboxes that are some facility's contact's."""
    if not emails:
        return {}
    rows = session.execute(
        select(ContactRow.email, func.min(ContactRow.ceiling))
        .where(ContactRow.email.in_(emails))
        .group_by(ContactRow.email)
    )
    return {email: Tlp(ceiling) for email, ceiling in rows}


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


def mark_digested(session: Session, subscription_ids: Sequence[int], *, now: datetime) -> None:
    """Record that a digest up to ``now`` is written for these subscriptions."""
    for row in session.scalars(
        select(SubscriptionRow).where(SubscriptionRow.id.in_(subscription_ids))
    ):
        row.digested_at = now


def add_contact(session: Session, facility_id: int, contact: Contact) -> None:
    """Add a contact after those of the same role; the same mailbox in that role is replaced."""
    email = contact.email.casefold()
    same = [ContactRow.facility_id == facility_id, ContactRow.role == contact.role]
    session.execute(delete(ContactRow).where(*same, func.lower(ContactRow.email) == email))
    last = session.scalar(select(func.max(ContactRow.rank)).where(*same)) or 0
    session.add(
        ContactRow(
            facility_id=facility_id,
            name=contact.name,
            role=contact.role,
            email=email,
            phone=contact.phone,
            rank=last + 1,
            ceiling=int(contact.ceiling),
        )
    )
    session.flush()


def remove_contact(session: Session, facility_id: int, email: str) -> int:
    """Take out every contact of a facility that has this mailbox; return how many."""
    done = session.execute(
        delete(ContactRow)
        .where(ContactRow.facility_id == facility_id)
        .where(func.lower(ContactRow.email) == email.casefold())
    )
    return rows_changed(done)


def _replace_contacts(session: Session, facility_id: int, contacts: Iterable[Contact]) -> None:
    """Replace the contacts of the roles given; those of other roles were added by hand.

    A file of facilities knows no ceiling: that of a mailbox is kept.
    """
    contacts = list(contacts)
    given = ContactRow.role.in_({contact.role for contact in contacts})
    known = select(ContactRow.email, ContactRow.ceiling).where(
        ContactRow.facility_id == facility_id
    )
    kept = dict(session.execute(known).all())
    session.execute(delete(ContactRow).where(ContactRow.facility_id == facility_id, given))
    session.add_all(
        ContactRow(
            facility_id=facility_id,
            name=contact.name,
            role=contact.role,
            email=contact.email,
            phone=contact.phone,
            rank=contact.rank,
            ceiling=max(int(contact.ceiling), kept.get(contact.email, 0)),
        )
        for contact in contacts
    )


def _read(session: Session, ids: Sequence[int] | None) -> list[Facility]:
    query = select(FacilityRow).order_by(FacilityRow.finess)
    people = select(ContactRow).order_by(ContactRow.rank, ContactRow.id)
    if ids is not None:
        query = query.where(FacilityRow.id.in_(ids))
        people = people.where(ContactRow.facility_id.in_(ids))
    contacts: dict[int, list[Contact]] = {}
    for row in session.scalars(people):
        contact = Contact(row.name, row.role, row.email, row.phone, row.rank, Tlp(row.ceiling))
        contacts.setdefault(row.facility_id, []).append(contact)
    return [_facility(row, contacts) for row in session.scalars(query)]


def _facility(row: FacilityRow | Row[Any], contacts: Mapping[int, Sequence[Contact]]) -> Facility:
    return Facility(
        finess=row.finess,
        name=row.name,
        authority=row.authority,
        kind=FacilityKind(row.kind),
        time_zone=row.time_zone,
        department=row.department,
        ght=row.ght,
        ght_head=row.ght_head,
        ose=row.ose,
        functions=tuple(Function(name) for name in row.functions),
        contacts=tuple(contacts.get(row.id, ())),
        id=row.id,
    )


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
