"""Awareness campaigns: their texts, their states, their hours."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.campaign import (
    Campaign,
    CampaignAnswer,
    CampaignAudience,
    CampaignState,
    CampaignText,
)
from bot.domain.delivery import DeliveryState
from bot.domain.reference import CAMPAIGN, numbered, series
from bot.store.schema import CampaignRow, DeliveryRow, RecipientRow
from bot.store.statements import next_numbers, rows_changed
from feeds.advisory import Tlp

CANCELLED = "campaign cancelled"  # why its deliveries were not sent


def take_reference(session: Session, *, now: datetime) -> str:
    """A new campaign reference of the current year."""
    name = series(CAMPAIGN, now.year)
    return numbered(name, next_numbers(session, name, 1)[0])


def add(session: Session, campaign: Campaign) -> None:
    """Write a new campaign."""
    text = campaign.text
    session.add(
        CampaignRow(
            id=campaign.id,
            reference=campaign.reference,
            authority=campaign.authority,
            authority_name=campaign.authority_name,
            national=campaign.national,
            title=text.title,
            body=text.body,
            language=text.language,
            tlp=int(text.tlp),
            audience=text.audience.to_json(),
            answers=[dataclasses.asdict(answer) for answer in text.answers],
            exercise=text.exercise,
            state=campaign.state.value,
            author_id=campaign.author_id,
            created_at=campaign.created_at,
            next_at=campaign.next_at,
            every_days=text.every_days,
            reminders=text.reminders,
            occurrence=campaign.occurrence,
        )
    )
    session.flush()


def by_reference(session: Session, reference: str, *, lock: bool = False) -> Campaign | None:
    """The campaign people know as this reference; ``lock``: nobody else changes it meanwhile."""
    query = select(CampaignRow).where(CampaignRow.reference == reference.strip().upper())
    row = session.scalar(query.with_for_update() if lock else query)
    return _campaign(row) if row else None


def listed(
    session: Session, *, authorities: Collection[str] | None = None, national: bool = True
) -> list[Campaign]:
    """Campaigns, latest first: of these authorities, of all when None, national ones or not."""
    query = select(CampaignRow).order_by(CampaignRow.created_at.desc())
    if authorities is not None:
        mine = CampaignRow.authority.in_(authorities)
        query = query.where(or_(mine, CampaignRow.national.is_(True)) if national else mine)
    return [_campaign(row) for row in session.scalars(query)]


def received(session: Session, facility_ids: Collection[int]) -> list[Campaign]:
    """Campaigns that were sent to one of these facilities, latest first."""
    mine = exists().where(
        RecipientRow.campaign_id == CampaignRow.id, RecipientRow.facility_id.in_(facility_ids)
    )
    query = (
        select(CampaignRow)
        .where(CampaignRow.occurrence > 0, mine)
        .order_by(CampaignRow.approved_at.desc())
    )
    return [_campaign(row) for row in session.scalars(query)]


def due(session: Session, *, now: datetime) -> list[Campaign]:
    """Approved campaigns whose hour has come."""
    query = (
        select(CampaignRow)
        .where(CampaignRow.state == CampaignState.APPROVED.value, CampaignRow.next_at <= now)
        .order_by(CampaignRow.next_at)
    )
    return [_campaign(row) for row in session.scalars(query)]


def approve(
    session: Session, campaign_id: uuid.UUID, approver_id: uuid.UUID, *, now: datetime
) -> bool:
    """Approve a draft, to be sent at its hour or now; False if it is a draft no more."""
    return _change(
        session,
        campaign_id,
        CampaignRow.state == CampaignState.DRAFT.value,
        state=CampaignState.APPROVED.value,
        approver_id=approver_id,
        approved_at=now,
        next_at=case((CampaignRow.next_at > now, CampaignRow.next_at), else_=now),
    )


def cancel(session: Session, campaign_id: uuid.UUID, *, now: datetime) -> int:
    """Stop a campaign; return how many messages were waiting and will not be sent."""
    _change(session, campaign_id, state=CampaignState.CANCELLED.value, next_at=None)
    waiting = [DeliveryState.DUE.value, DeliveryState.UNCERTAIN.value]
    stopped = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.subject_id == campaign_id, DeliveryRow.state.in_(waiting))
        .values(state=DeliveryState.DEAD.value, reason=CANCELLED, settled_at=now)
    )
    return rows_changed(stopped)


def advance(session: Session, campaign: Campaign, *, next_at: datetime | None) -> bool:
    """Record that a sending is written; False if it was cancelled or recorded meanwhile."""
    state = CampaignState.APPROVED if next_at else CampaignState.SENT
    return _change(
        session,
        campaign.id,
        _at_same_point(campaign),
        state=state.value,
        occurrence=campaign.occurrence + 1,
        next_at=next_at,
    )


def hold(session: Session, campaign: Campaign) -> bool:
    """Whether this very sending is still to be written; if so nobody cancels it meanwhile."""
    query = (
        select(CampaignRow.id)
        .where(CampaignRow.id == campaign.id, _at_same_point(campaign))
        .with_for_update()
    )
    return session.scalar(query) is not None


def _at_same_point(campaign: Campaign) -> ColumnElement[bool]:
    return and_(
        CampaignRow.state == CampaignState.APPROVED.value,
        CampaignRow.occurrence == campaign.occurrence,
    )


def _change(
    session: Session, campaign_id: uuid.UUID, *conditions: ColumnElement[bool], **values: object
) -> bool:
    done = session.execute(
        update(CampaignRow)
        .where(CampaignRow.id == campaign_id, *conditions)
        .values(values)
        .execution_options(synchronize_session="fetch")
    )
    return rows_changed(done) == 1


def _campaign(row: CampaignRow) -> Campaign:
    text = CampaignText(
        title=row.title,
        body=row.body,
        audience=CampaignAudience.from_json(row.audience),
        answers=tuple(CampaignAnswer(**answer) for answer in row.answers),
        tlp=Tlp(row.tlp),
        language=row.language,
        exercise=row.exercise,
        every_days=row.every_days,
        reminders=row.reminders,
    )
    return Campaign(
        id=row.id,
        reference=row.reference,
        authority=row.authority,
        authority_name=row.authority_name,
        national=row.national,
        text=text,
        author_id=row.author_id,
        created_at=row.created_at,
        state=CampaignState(row.state),
        approver_id=row.approver_id,
        approved_at=row.approved_at,
        next_at=row.next_at,
        occurrence=row.occurrence,
    )
