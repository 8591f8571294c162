"""Campaigns: written by one person, approved by another, then told through the outbox.

What an approval fixes is the list of facilities. Where each of them is told is read when
a message is written: a room that moved since is told in its new place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from bot.domain.authority import Authority, AuthorityKind
from bot.domain.campaign import (
    Campaign,
    CampaignAnswer,
    CampaignText,
    Refusal,
    may_act,
    next_reminder,
    speaks_for,
    why_not_approve,
    why_not_cancel,
)
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.facility import Facility
from bot.domain.message import ChannelName, Message
from bot.domain.people import Person
from bot.domain.views import CampaignView, OfferedAnswer
from bot.render import Renderer
from bot.store import (
    Database,
    Session,
    audit,
    campaigns,
    facilities,
    outbox,
    people,
    recipients,
    subscriptions,
)
from bot.store.recipients import Destination
from bot.store.schema import new_id
from feeds.advisory import Tlp

FACILITIES = 1_000  # read together
ADDRESSES = 500  # written together: a second or so, between which others may write
SHOWN = 20  # facilities named in a preview

Rendered = Callable[[ChannelName, Tlp, bool], Message]


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a campaign would be for, as things stand, and what they would read.

    ``unreachable`` facilities have no address; ``below`` addresses would be told only that
    a protected message awaits them; ``unknown`` are FINESS numbers that nobody bears.
    """

    reference: str
    facilities: int
    unreachable: int
    addresses: dict[ChannelName, int]
    below: int
    by_authority: dict[str, int]
    by_kind: dict[str, int]
    first: tuple[Facility, ...]
    unknown: tuple[str, ...]
    samples: dict[ChannelName, Message]


def create(
    session: Session,
    text: CampaignText,
    *,
    authority: Authority,
    author: Person,
    at: datetime | None,
    now: datetime,
) -> Campaign | Refusal:
    """Write a draft. ``at``: when it is to be sent; None is as soon as it is approved.

    A draft is not changed: it is cancelled and another is written, so that what is
    approved is what was previewed.
    """
    national = authority.kind in {AuthorityKind.NATIONAL, AuthorityKind.CERT}
    if not speaks_for(author, authority.code, national=national):
        _note(session, author, "campaign.refused", authority.code, now=now, why=Refusal.ROLE)
        return Refusal.ROLE
    campaign = Campaign(
        id=new_id(),
        reference=campaigns.take_reference(session, now=now),
        authority=authority.code,
        authority_name=authority.name,
        national=national,
        text=text,
        author_id=author.id,
        created_at=now,
        next_at=at,
    )
    campaigns.add(session, campaign)
    _note(session, author, "campaign.created", campaign.reference, now=now, title=text.title)
    return campaign


def preview(session: Session, campaign: Campaign, renderer: Renderer) -> Preview:
    """Whom a campaign is for and what they read; writes nothing."""
    found: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    first: list[Facility] = []
    unknown = set(campaign.text.audience.finess)
    ceilings: dict[Address, Tlp] = {}
    unreachable = 0
    for group in _covered(session, campaign):
        told = set()
        for facility_id, to, ceiling in subscriptions.addresses(session, [f.id for f in group]):
            ceilings[to] = min(ceiling, ceilings.get(to, Tlp.RED))
            told.add(facility_id)
        unreachable += len(group) - len(told)
        found.update(facility.authority for facility in group)
        kinds.update(facility.kind.value for facility in group)
        first += group[: SHOWN - len(first)]
        unknown -= {facility.finess for facility in group}
    channels = Counter(to.channel for to in ceilings)
    return Preview(
        reference=campaign.reference,
        facilities=found.total(),
        unreachable=unreachable,
        addresses=dict(channels),
        below=sum(ceiling < campaign.text.tlp for ceiling in ceilings.values()),
        by_authority=dict(sorted(found.items())),
        by_kind=dict(sorted(kinds.items())),
        first=tuple(first),
        unknown=tuple(sorted(unknown)),
        samples={
            channel: message(campaign, renderer, channel=channel, ceiling=Tlp.RED)
            for channel in (channels or ChannelName)
        },
    )


def approve(
    session: Session, reference: str, approver: Person, *, now: datetime
) -> tuple[Campaign, int] | Refusal:
    """Approve a draft and freeze its recipients; return it and how many they are.

    It is sent at its hour, or by the next :func:`send_due` when that has passed.
    """
    campaign = campaigns.by_reference(session, reference, lock=True)
    if campaign is None:
        return Refusal.UNKNOWN
    author = people.by_id(session, campaign.author_id)
    why = why_not_approve(campaign, author=author, approver=approver)
    if why is None and not any(_covered(session, campaign)):
        why = Refusal.NOBODY
    if why is not None:
        _note(session, approver, "campaign.refused", campaign.reference, now=now, why=why)
        return why
    frozen = sum(
        recipients.freeze(session, campaign.id, [facility.id for facility in group])
        for group in _covered(session, campaign)
    )
    campaigns.approve(session, campaign.id, approver.id, now=now)
    _note(session, approver, "campaign.approved", campaign.reference, now=now, recipients=frozen)
    return campaigns.by_reference(session, campaign.reference) or campaign, frozen


def cancel(
    session: Session, reference: str, person: Person, *, now: datetime
) -> tuple[Campaign, int] | Refusal:
    """Stop a campaign; return it and how many waiting messages will not be sent."""
    campaign = campaigns.by_reference(session, reference, lock=True)
    if campaign is None:
        return Refusal.UNKNOWN
    if why := why_not_cancel(campaign, person):
        _note(session, person, "campaign.refused", campaign.reference, now=now, why=why)
        return why
    stopped = campaigns.cancel(session, campaign.id, now=now)
    _note(session, person, "campaign.cancelled", campaign.reference, now=now, stopped=stopped)
    return campaigns.by_reference(session, campaign.reference) or campaign, stopped


def answer(
    session: Session,
    campaign: Campaign,
    given: CampaignAnswer,
    person: Person,
    facility_ids: Collection[int],
    *,
    now: datetime,
    note: str = "",
) -> list[int]:
    """Record an answer for those of these facilities that are recipients; return them."""
    mine = recipients.among(session, campaign.id, facility_ids)
    if mine:
        recipients.answer(session, campaign.id, mine, given.code, person_id=person.id, now=now)
        _note(
            session,
            person,
            "campaign.answered",
            campaign.reference,
            now=now,
            answer=given.code,
            facilities=mine,
            note=note,
        )
    return mine


def offered(campaign: Campaign, word: str) -> CampaignAnswer | None:
    """The answer offered that this word or this code stands for."""
    said = word.strip().casefold()
    listed = campaign.text.answers
    return next((each for each in listed if said in {each.code, each.word.casefold()}), None)


def may_answer(campaign: Campaign, person: Person, facility_id: int) -> bool:
    """Whether a person may answer for a facility: its own people, or who speaks for the
    authority and took a call."""
    return facility_id in person.facilities() or may_act(campaign, person)


async def send_due(
    database: Database, renderer: Renderer, *, now: datetime, at_once: int = ADDRESSES
) -> int:
    """Write the messages of the campaigns whose hour has come; return how many.

    A transaction writes ``at_once`` addresses at most. A sending that was interrupted starts
    again from its first address: what is written already is known by its key.
    """
    written = 0
    for campaign in await database.run(campaigns.due, now=now):
        rendered = cache(_renders(campaign, renderer))
        after: Address | None = None
        while True:
            wrote, after = await database.run(
                write_page, campaign, rendered, after=after, limit=at_once, now=now
            )
            written += wrote
            if after is None:
                break
        await database.run(_sent, campaign, now=now)
    return written


def message(
    campaign: Campaign,
    renderer: Renderer,
    *,
    channel: ChannelName,
    ceiling: Tlp,
    reminder: int = 0,
    link: bool = False,
) -> Message:
    """The campaign as a destination of that ceiling reads it; ``reminder`` 0 is the first one."""
    shown = view(campaign, reminder=reminder)
    return renderer.campaign(shown, channel=channel, ceiling=ceiling, link=link)


def view(campaign: Campaign, *, reminder: int = 0) -> CampaignView:
    """What the templates may name."""
    text = campaign.text
    return CampaignView(
        reference=campaign.reference,
        authority=campaign.authority_name,
        title=text.title,
        body=text.body,
        tlp=text.tlp,
        answers=tuple(
            OfferedAnswer(each.word, each.label, f"{campaign.reference}:{each.code}")
            for each in text.answers
        ),
        reminder=reminder,
        exercise=text.exercise,
        language=text.language,
    )


def _renders(campaign: Campaign, renderer: Renderer) -> Rendered:
    """What the sending that is due says, by channel, ceiling, and whether with a link."""
    return lambda channel, ceiling, link: message(
        campaign,
        renderer,
        channel=channel,
        ceiling=ceiling,
        reminder=campaign.occurrence,
        link=link,
    )


def write_page(
    session: Session,
    campaign: Campaign,
    rendered: Rendered,
    *,
    after: Address | None,
    limit: int,
    now: datetime,
) -> tuple[int, Address | None]:
    """Write the next messages; return how many were new, and the last address if more follow.

    Nothing is written once the sending is recorded or the campaign cancelled.
    """
    if not campaigns.hold(session, campaign):
        return 0, None
    page = recipients.destinations(session, campaign, after=after, limit=limit)
    recipients.note_addresses(session, campaign, page)
    written = outbox.enqueue(
        session, (_delivery(campaign, each, rendered) for each in page), now=now
    )
    return written, page[-1].to if len(page) == limit else None


def _delivery(campaign: Campaign, to: Destination, rendered: Rendered) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.CAMPAIGN,
        subject_id=campaign.id,
        subject=campaign.reference,
        to=to.to,
        message=rendered(to.to.channel, to.ceiling, to.links),
        trace_id=campaign.id.hex,
        facility_id=to.facility_id,
        occurrence=str(campaign.occurrence),
        content=campaign.reference,
    )


def _sent(session: Session, campaign: Campaign, *, now: datetime) -> None:
    """Record a sending that is written whole, and when silence is followed up."""
    again = next_reminder(campaign, now=now)
    if again and not recipients.anybody_silent(session, campaign.id):
        again = None
    campaigns.advance(session, campaign, next_at=again)


def _covered(session: Session, campaign: Campaign) -> Iterator[Sequence[Facility]]:
    """The facilities that a campaign covers today, some at a time; no empty group."""
    authority = "" if campaign.national else campaign.authority
    after = 0
    while page := facilities.page(session, after=after, limit=FACILITIES, authority=authority):
        after = page[-1].id
        if group := [facility for facility in page if campaign.covers(facility)]:
            yield group


def _note(
    session: Session, person: Person, action: str, subject: str, *, now: datetime, **said: object
) -> None:
    audit.note(session, str(person.id), action, subject, now=now, **said)
