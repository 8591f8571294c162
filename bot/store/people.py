"""Who may act: people, their accounts, their roles, and the codes that link the two."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain.delivery import Address
from bot.domain.people import AT_FACILITY, Grant, Person, Role
from bot.store.schema import GrantRow, IdentityRow, InvitationRow, PersonRow
from bot.store.statements import upsert

INVITATION = timedelta(days=7)  # long enough for a holiday, short enough to be safe
CODE_WORDS = 4
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # no letter that is read as a digit


def add(session: Session, name: str, email: str, *, now: datetime) -> Person:
    """Register a person, or find the one that has this mail address."""
    row = session.scalar(select(PersonRow).where(PersonRow.email == email.casefold()))
    if row is None:
        row = PersonRow(name=name, email=email.casefold(), created_at=now)
        session.add(row)
        session.flush()
    row.name = name
    link(session, row.id, Address.mailbox(email.casefold()), now=now)
    return _person(session, row)


def grant(
    session: Session,
    person_id: uuid.UUID,
    role: Role,
    *,
    facility_id: int | None = None,
    authority: str = "",
) -> None:
    """Give a role at a facility, or at an authority; twice is once."""
    known = session.scalar(
        select(GrantRow.id).where(
            GrantRow.person_id == person_id,
            GrantRow.role == role.value,
            GrantRow.facility_id.is_(facility_id)
            if facility_id is None
            else GrantRow.facility_id == facility_id,
            GrantRow.authority == authority,
        )
    )
    if known is None:
        session.add(
            GrantRow(
                person_id=person_id, role=role.value, facility_id=facility_id, authority=authority
            )
        )


def invite(session: Session, person_id: uuid.UUID, *, now: datetime) -> str:
    """A one-time code for this person, to be given to them by another way than the chat."""
    code = "-".join(
        "".join(secrets.choice(CODE_ALPHABET) for _ in range(4)) for _ in range(CODE_WORDS)
    )
    session.add(
        InvitationRow(
            code_hash=_hashed(code),
            person_id=person_id,
            expires_at=now + INVITATION,
            used_at=None,
        )
    )
    return code


def redeem(session: Session, code: str, identity: Address, *, now: datetime) -> Person | None:
    """Link the account that gave a good code to its person; None for any other code."""
    invitation = session.get(InvitationRow, _hashed(code))
    if invitation is None or invitation.used_at is not None or invitation.expires_at < now:
        return None
    invitation.used_at = now
    link(session, invitation.person_id, identity, now=now)
    return _person(session, session.get_one(PersonRow, invitation.person_id))


def link(session: Session, person_id: uuid.UUID, identity: Address, *, now: datetime) -> None:
    """Say that an account or a mailbox belongs to a person; it then belongs to no other."""
    upsert(
        session,
        IdentityRow,
        {
            "channel": identity.channel.value,
            "address": identity.address,
            "person_id": person_id,
            "linked_at": now,
        },
        key=["channel", "address"],
    )


def identified(session: Session, identity: Address) -> Person | None:
    """The person behind an account, or None for a stranger."""
    row = session.scalar(
        select(PersonRow)
        .join(IdentityRow, IdentityRow.person_id == PersonRow.id)
        .where(
            IdentityRow.channel == identity.channel.value,
            IdentityRow.address == identity.address,
        )
    )
    return _person(session, row) if row else None


def by_id(session: Session, person_id: uuid.UUID) -> Person:
    """The person of this id, with the roles of today."""
    return _person(session, session.get_one(PersonRow, person_id))


def by_email(session: Session, email: str) -> Person | None:
    """The person who has this mail address."""
    row = session.scalar(select(PersonRow).where(PersonRow.email == email.casefold()))
    return _person(session, row) if row else None


def identities(
    session: Session, channel: str, person_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, str]:
    """The account of each person on a channel, where there is one."""
    rows = session.execute(
        select(IdentityRow.person_id, IdentityRow.address)
        .where(IdentityRow.channel == channel, IdentityRow.person_id.in_(person_ids))
        .order_by(IdentityRow.linked_at)
    )
    return {row.person_id: row.address for row in rows}


def holding(
    session: Session, roles: Sequence[Role], *, facility_id: int | None = None, authority: str = ""
) -> list[Person]:
    """The people who hold one of these roles at a facility or an authority, by name."""
    place = (
        GrantRow.facility_id == facility_id
        if facility_id is not None
        else GrantRow.authority == authority
    )
    rows = session.scalars(
        select(PersonRow)
        .join(GrantRow, GrantRow.person_id == PersonRow.id)
        .where(place, GrantRow.role.in_([role.value for role in roles]))
        .order_by(PersonRow.name)
        .distinct()
    )
    return [_person(session, row) for row in rows]


def at_facility(session: Session, facility_id: int) -> list[Person]:
    """The people who hold a role at a facility, by name."""
    return holding(session, sorted(AT_FACILITY), facility_id=facility_id)


def count(session: Session) -> int:
    """How many people are registered."""
    return session.scalars(select(func.count()).select_from(PersonRow)).one()


def _hashed(code: str) -> str:
    """A code is random and long (78 bits): a plain hash is enough to keep it secret."""
    return hashlib.sha256("".join(code.upper().split("-")).encode()).hexdigest()


def _person(session: Session, row: PersonRow) -> Person:
    grants = session.scalars(
        select(GrantRow).where(GrantRow.person_id == row.id).order_by(GrantRow.id)
    )
    return Person(
        id=row.id,
        name=row.name,
        email=row.email,
        grants=tuple(Grant(Role(g.role), g.facility_id, g.authority) for g in grants),
    )
