"""Contacts: whom to reach at a facility, by role and rank."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.domain.facility import Contact
from bot.store.schema import ContactRow
from bot.store.statements import rows_changed
from feeds.advisory import Tlp


def ceilings(session: Session, emails: Collection[str]) -> dict[str, Tlp]:
    """The lowest ceiling of those of these mailboxes that are some facility's contact's."""
    if not emails:
        return {}
    rows = session.execute(
        select(ContactRow.email, func.min(ContactRow.ceiling))
        .where(ContactRow.email.in_(emails))
        .group_by(ContactRow.email)
    )
    return {email: Tlp(ceiling) for email, ceiling in rows}


def add(session: Session, facility_id: int, contact: Contact) -> None:
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


def remove(session: Session, facility_id: int, email: str) -> int:
    """Take out every contact of a facility that has this mailbox; return how many."""
    done = session.execute(
        delete(ContactRow)
        .where(ContactRow.facility_id == facility_id)
        .where(func.lower(ContactRow.email) == email.casefold())
    )
    return rows_changed(done)


def replace(session: Session, facility_id: int, contacts: Iterable[Contact]) -> None:
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


def by_facility(
    session: Session, facility_ids: Sequence[int] | None = None
) -> dict[int, list[Contact]]:
    """The contacts of these facilities or of all, by facility: by rank, then as they came."""
    query = select(ContactRow).order_by(ContactRow.rank, ContactRow.id)
    if facility_ids is not None:
        query = query.where(ContactRow.facility_id.in_(facility_ids))
    found: dict[int, list[Contact]] = {}
    for row in session.scalars(query):
        contact = Contact(row.name, row.role, row.email, row.phone, row.rank, Tlp(row.ceiling))
        found.setdefault(row.facility_id, []).append(contact)
    return found
