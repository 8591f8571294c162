"""Whom a campaign is for, frozen when it was approved: who was told, answered, is silent."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    case,
    cast,
    exists,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased

from bot.domain.campaign import Campaign
from bot.domain.delivery import Address, DeliveryState
from bot.domain.message import ChannelName
from bot.store.schema import (
    DeliveryRow,
    FacilityRow,
    RecipientAddressRow,
    RecipientRow,
    SubscriptionRow,
)
from bot.store.statements import insert_ignoring
from feeds.advisory import Tlp


@dataclass(frozen=True, slots=True)
class Destination:
    """An address to be told, once; ``ceiling`` is the lowest it was ever given.

    ``facility_id`` is one of the recipients that are told there. ``links``: a mail may hold
    the link by which one answers.
    """

    to: Address
    ceiling: Tlp
    facility_id: int
    links: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a campaign went, in facilities.

    ``reached`` have an address, ``told`` accepted a message there, ``silent`` were told and
    have not answered.
    """

    recipients: int = 0
    reached: int = 0
    told: int = 0
    answered: int = 0
    silent: int = 0

    def __add__(self, other: Counts) -> Counts:
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return Counts(*(a + b for a, b in pairs))


@dataclass(frozen=True, slots=True)
class Recipient:
    """One facility, and what became of the campaign there; ``answer`` is a code."""

    facility_id: int
    finess: str
    name: str
    authority: str
    reached: bool
    told: bool
    answer: str
    answered_at: datetime | None


def freeze(session: Session, campaign_id: uuid.UUID, facility_ids: Iterable[int]) -> int:
    """Write recipients; return how many."""
    rows = [
        {
            "campaign_id": campaign_id,
            "facility_id": facility_id,
            "answer": "",
            "answered_at": None,
            "answered_by": None,
        }
        for facility_id in facility_ids
    ]
    return insert_ignoring(session, RecipientRow, rows, conflict=["campaign_id", "facility_id"])


def destinations(
    session: Session, campaign: Campaign, *, after: Address | None, limit: int
) -> list[Destination]:
    """The next addresses to tell, in their order: each once, however many facilities share it.

    From the second sending on, only those of facilities that have not answered.
    """
    other = aliased(SubscriptionRow)
    same = (other.channel == SubscriptionRow.channel, other.address == SubscriptionRow.address)
    ceiling = select(func.min(other.ceiling)).where(*same).scalar_subquery()
    links = select(func.min(cast(other.links, Integer))).where(*same).scalar_subquery()
    place = (SubscriptionRow.channel, SubscriptionRow.address)
    query = (
        select(*place, func.min(SubscriptionRow.facility_id), ceiling, links)
        .join(RecipientRow, RecipientRow.facility_id == SubscriptionRow.facility_id)
        .where(*_waited_for(campaign))
        .group_by(*place)
        .order_by(*place)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(*place) > (after.channel.value, after.address))
    return [
        Destination(Address(ChannelName(channel), address), Tlp(lowest), facility_id, bool(linked))
        for channel, address, facility_id, lowest, linked in session.execute(query)
    ]


def note_addresses(session: Session, campaign: Campaign, to: Sequence[Destination]) -> None:
    """Record which recipients are told at these addresses, which stand in their order."""
    if not to:
        return
    place = tuple_(SubscriptionRow.channel, SubscriptionRow.address)
    first, last = to[0].to, to[-1].to
    query = (
        select(SubscriptionRow.facility_id, SubscriptionRow.channel, SubscriptionRow.address)
        .join(RecipientRow, RecipientRow.facility_id == SubscriptionRow.facility_id)
        .where(*_waited_for(campaign))
        .where(place >= (first.channel.value, first.address))
        .where(place <= (last.channel.value, last.address))
    )
    rows = [{"campaign_id": campaign.id, **row} for row in session.execute(query).mappings()]
    conflict = ["campaign_id", "facility_id", "channel", "address"]
    insert_ignoring(session, RecipientAddressRow, rows, conflict=conflict)


def among(session: Session, campaign_id: uuid.UUID, facility_ids: Collection[int]) -> list[int]:
    """Those of these facilities that the campaign is for."""
    query = select(RecipientRow.facility_id).where(
        RecipientRow.campaign_id == campaign_id, RecipientRow.facility_id.in_(facility_ids)
    )
    return sorted(session.scalars(query))


def answer(
    session: Session,
    campaign_id: uuid.UUID,
    facility_ids: Collection[int],
    code: str,
    *,
    person_id: uuid.UUID,
    now: datetime,
) -> None:
    """Record what facilities answered; the audit keeps what an answer replaces."""
    session.execute(
        update(RecipientRow)
        .where(RecipientRow.campaign_id == campaign_id)
        .where(RecipientRow.facility_id.in_(facility_ids))
        .values(answer=code, answered_at=now, answered_by=person_id)
    )


def last_answered(
    session: Session, campaign_id: uuid.UUID, person_id: uuid.UUID
) -> datetime | None:
    """When somebody last answered a campaign, for whichever facility."""
    query = select(func.max(RecipientRow.answered_at)).where(
        RecipientRow.campaign_id == campaign_id, RecipientRow.answered_by == person_id
    )
    return session.scalar(query)


def anybody_silent(session: Session, campaign_id: uuid.UUID) -> bool:
    """Whether a recipient has not answered."""
    query = select(RecipientRow.facility_id).where(
        RecipientRow.campaign_id == campaign_id, RecipientRow.answered_at.is_(None)
    )
    return session.scalar(query.limit(1)) is not None


def counts(session: Session, campaign_id: uuid.UUID) -> dict[str, Counts]:
    """How far a campaign went, by authority of the recipients."""
    answered = RecipientRow.answered_at.is_not(None)
    told = _told()
    query = (
        select(
            FacilityRow.authority,
            func.count(),
            _how_many(_reached()),
            _how_many(told),
            _how_many(answered),
            _how_many(and_(told, ~answered)),
        )
        .join(FacilityRow, FacilityRow.id == RecipientRow.facility_id)
        .where(RecipientRow.campaign_id == campaign_id)
        .group_by(FacilityRow.authority)
        .order_by(FacilityRow.authority)
    )
    return {authority: Counts(*numbers) for authority, *numbers in session.execute(query)}


def answers(
    session: Session, campaign_id: uuid.UUID, *, authorities: Collection[str] | None = None
) -> dict[str, int]:
    """How many facilities gave each answer, by code; of these authorities, or of all."""
    query = (
        select(RecipientRow.answer, func.count())
        .where(RecipientRow.campaign_id == campaign_id, RecipientRow.answered_at.is_not(None))
        .group_by(RecipientRow.answer)
    )
    if authorities is not None:
        query = query.join(FacilityRow, FacilityRow.id == RecipientRow.facility_id).where(
            FacilityRow.authority.in_(authorities)
        )
    return dict(session.execute(query).all())


def listed(
    session: Session,
    campaign_id: uuid.UUID,
    *,
    silent_only: bool = False,
    authorities: Collection[str] | None = None,
    limit: int = 100,
) -> list[Recipient]:
    """Recipients by FINESS: all, or those that were told or not and have not answered."""
    query = (
        select(FacilityRow, RecipientRow.answer, RecipientRow.answered_at, _reached(), _told())
        .join(FacilityRow, FacilityRow.id == RecipientRow.facility_id)
        .where(RecipientRow.campaign_id == campaign_id)
        .order_by(FacilityRow.finess)
        .limit(limit)
    )
    if silent_only:
        query = query.where(RecipientRow.answered_at.is_(None))
    if authorities is not None:
        query = query.where(FacilityRow.authority.in_(authorities))
    return [
        Recipient(
            facility_id=row.id,
            finess=row.finess,
            name=row.name,
            authority=row.authority,
            reached=bool(reached),
            told=bool(told),
            answer=code,
            answered_at=at,
        )
        for row, code, at, reached, told in session.execute(query)
    ]


def _waited_for(campaign: Campaign) -> list[ColumnElement[bool]]:
    """The recipients of the next sending."""
    everybody = RecipientRow.campaign_id == campaign.id
    return [everybody, RecipientRow.answered_at.is_(None)] if campaign.occurrence else [everybody]


def _reached() -> ColumnElement[bool]:
    """Whether the recipient of the enclosing query was written to anywhere."""
    return exists().where(
        RecipientAddressRow.campaign_id == RecipientRow.campaign_id,
        RecipientAddressRow.facility_id == RecipientRow.facility_id,
    )


def _told() -> ColumnElement[bool]:
    """Whether a message to one of its addresses was accepted."""
    return exists().where(
        RecipientAddressRow.campaign_id == RecipientRow.campaign_id,
        RecipientAddressRow.facility_id == RecipientRow.facility_id,
        DeliveryRow.subject_id == RecipientAddressRow.campaign_id,
        DeliveryRow.channel == RecipientAddressRow.channel,
        DeliveryRow.address == RecipientAddressRow.address,
        DeliveryRow.state == DeliveryState.DELIVERED.value,
    )


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
