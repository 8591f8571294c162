"""``!campagne``: campaigns told here, how far one went, and the second person's approval."""

from __future__ import annotations

import dataclasses

from bot.commands.base import OPEN_CEILING, Reply, Setting
from bot.domain.campaign import Campaign, CampaignState, Refusal, may_act
from bot.domain.people import NATIONAL
from bot.pipeline import campaign as pipeline
from bot.store import Session, campaigns, facilities, people, recipients, subscriptions
from bot.store.recipients import Counts
from feeds.advisory import Tlp

LIST = frozenset({"", "liste", "list"})
SHOW = frozenset({"voir", "montrer", "show"})
APPROVE = frozenset({"approuver", "approve"})
SHOWN = 20  # what the templates show; the rest is counted


def campaign(session: Session, setting: Setting) -> Reply:
    """``!campagne``, ``!campagne RÉFÉRENCE``, ``!campagne approuver RÉFÉRENCE``."""
    written = setting.invocation.args.strip()
    verb, _, rest = written.partition(" ")
    if verb.casefold() in APPROVE:
        return _approve(session, setting, rest.strip() or setting.invocation.subject)
    reference = rest.strip() if verb.casefold() in SHOW else written
    if reference.casefold() in LIST:
        reference = setting.invocation.subject if verb.casefold() not in LIST - {""} else ""
    return _show(session, setting, reference) if reference else _list(session, setting)


def answer_campaign(session: Session, setting: Setting) -> Reply:
    """Record what the facilities of this place, among the person's own, answer.

    ``args`` is the answer's code or word, then a note; ``subject`` the campaign.
    """
    word, _, note = setting.invocation.args.strip().partition(" ")
    reference = setting.invocation.subject
    found = campaigns.by_reference(session, reference)
    given = pipeline.offered(found, word) if found else None
    if found is None or given is None:
        return _refused(setting, Refusal.UNKNOWN, reference)
    mine = pipeline.answer(
        session,
        found,
        given,
        setting.person,
        setting.facility_ids,
        now=setting.now,
        note=note.strip(),
    )
    if not mine:
        return _refused(setting, Refusal.UNKNOWN, reference)
    names = [facility.name for facility in facilities.by_ids(session, mine).values()]
    return setting.reply(
        "campaign_answered", reference=found.reference, word=given.word, facilities=names
    )


def _list(session: Session, setting: Setting) -> Reply:
    """Those of the person's authorities, and those that their facilities received."""
    person = setting.person
    found = campaigns.received(session, setting.facility_ids)
    national = any(grant.role in NATIONAL for grant in person.grants)
    if national or person.authorities():
        found += campaigns.listed(session, authorities=person.authorities(), national=national)
    unique = [
        _nameable(session, setting, each) for each in {each.id: each for each in found}.values()
    ]
    return setting.reply("campaigns", campaigns=unique[:SHOWN], total=len(unique))


def _nameable(session: Session, setting: Setting, campaign: Campaign) -> Campaign:
    """The campaign, without its title where the place may not read it."""
    if campaign.text.tlp <= _ceiling(session, setting, campaign):
        return campaign
    return dataclasses.replace(campaign, text=dataclasses.replace(campaign.text, title=""))


def _ceiling(session: Session, setting: Setting, campaign: Campaign) -> Tlp:
    """What may be said of a campaign here: where facilities read, what they may; elsewhere
    its authority's own people read all of it."""
    place = setting.invocation.place
    subscribed = subscriptions.terms(session, [place]).get(place)
    if subscribed is not None:
        known = subscribed.ceiling
        return known if setting.invocation.confidential else min(known, OPEN_CEILING)
    return Tlp.RED if may_act(campaign, setting.person) else Tlp.CLEAR


def _show(session: Session, setting: Setting, reference: str) -> Reply:
    """To its authority: how far it went, or the draft. To a recipient: the message itself."""
    found = campaigns.by_reference(session, reference)
    if found is None:
        return _refused(setting, Refusal.UNKNOWN, reference)
    if may_act(found, setting.person):
        draft = found.state is CampaignState.DRAFT
        return _draft(session, setting, found) if draft else _counts(session, setting, found)
    told = recipients.among(session, found.id, setting.facility_ids) if found.occurrence else []
    if told:
        return _message(session, setting, found, told)
    if found.national and found.approver_id and setting.person.authorities():
        return _counts(session, setting, found)
    return _refused(setting, Refusal.UNKNOWN, reference)


def _message(session: Session, setting: Setting, found: Campaign, facility_ids: list[int]) -> Reply:
    """The message as a delivery to this place would be."""
    place = setting.invocation.place
    ceiling = min(setting.ceiling(session, each) for each in facility_ids)
    shown = pipeline.message(found, setting.renderer, channel=place.channel, ceiling=ceiling)
    return Reply(shown.text, shown.html, choices=shown.choices)


def _draft(session: Session, setting: Setting, found: Campaign) -> Reply:
    """What the approver must have read: whom it is for, and the words."""
    head = setting.reply(
        "campaign_draft",
        about=found,
        preview=pipeline.preview(session, found, setting.renderer),
        author=people.by_id(session, found.author_id).name,
    )
    channel = setting.invocation.place.channel
    ceiling = _ceiling(session, setting, found)
    shown = pipeline.message(found, setting.renderer, channel=channel, ceiling=ceiling)
    html = f"{head.html}{shown.html}" if shown.html else ""
    return Reply(f"{head.text}\n\n{shown.text}", html, private=True)


def _counts(session: Session, setting: Setting, found: Campaign) -> Reply:
    """Counts; and who is silent, unless the place is one that facilities read.

    An ARS sees its own region's part of a national campaign.
    """
    scope = None if may_act(found, setting.person) else setting.person.authorities()
    parts = recipients.counts(session, found.id)
    counted = sum((c for name, c in parts.items() if scope is None or name in scope), Counts())
    silent = (
        []
        if subscriptions.facilities_of_address(session, setting.invocation.place)
        else recipients.listed(session, found.id, silent_only=True, authorities=scope, limit=SHOWN)
    )
    given = recipients.answers(session, found.id, authorities=scope)
    reply = setting.reply(
        "campaign_counts",
        about=_nameable(session, setting, found),
        counts=counted,
        answers=[(each.label, given.get(each.code, 0)) for each in found.text.answers],
        silent=silent,
    )
    return Reply(reply.text, reply.html, private=True)


def _approve(session: Session, setting: Setting, reference: str) -> Reply:
    done = pipeline.approve(session, reference, setting.person, now=setting.now)
    if isinstance(done, Refusal):
        return _refused(setting, done, reference)
    approved, frozen = done
    return setting.reply("campaign_approved", about=approved, recipients=frozen)


def _refused(setting: Setting, why: Refusal, reference: str) -> Reply:
    return setting.reply(
        "campaign_refused", why=why.value, reference=reference, prefix=setting.invocation.prefix
    )
