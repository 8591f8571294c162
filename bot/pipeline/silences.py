"""Telling an authority who is silent: once a day, in its working hours, and never in vain."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.domain.authority import Authority, AuthorityKind, WorkingHours
from bot.domain.campaign import Campaign, CampaignState
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.marking import USUAL_PAP
from bot.domain.reason import ReasonCode
from bot.domain.silence import (
    CEILING,
    AuthorityCount,
    LastTold,
    Silence,
    SilenceKind,
    SilencesView,
    day_to_tell,
    is_worth_a_message,
)
from bot.render import Renderer
from bot.store import (
    Session,
    advisories,
    alerts,
    campaigns,
    facilities,
    lots,
    outbox,
    recipients,
    silences,
)
from feeds.advisory import Pap

NAMESPACE = uuid.UUID("0f9e1f4e-6a2b-4f6e-9f0e-0d1c6a3b7c55")  # of the messages' identifiers
A_NIGHT = timedelta(hours=20)  # from the morning the direction is told to the next morning
TIME_TO_ANSWER = timedelta(days=7)  # after the last message of a campaign without reminders
FORGOTTEN = timedelta(days=60)  # then a campaign's silence teaches nothing any more
MANY = 10_000  # recipients of one campaign in one region

ByAuthority = Mapping[str, Sequence[Silence]]


def silent(session: Session, *, now: datetime) -> ByAuthority:
    """Who is silent, by code of authority: *alertes* whose whole ladder was told, oldest
    first, then campaigns whose last message is between a week and two months old."""
    found: dict[str, list[Silence]] = {}
    for authority, silence in (*_alertes(session, now), *_campaigns(session, now)):
        found.setdefault(authority, []).append(silence)
    return found


def write_silences(
    session: Session,
    renderer: Renderer,
    authorities: Sequence[Authority],
    addresses: Mapping[str, Address],
    *,
    now: datetime,
    hour: int,
    language: str,
) -> int:
    """Write the messages that are due today, one an authority; return how many.

    Args:
        addresses: SSI mailbox or room of each authority, by code; one that has none is told
            nothing.
        hour: of the authority's working day, from which it is told.
    """
    due = {
        each.code: day
        for each in authorities
        if each.code in addresses
        and (day := day_to_tell(now, WorkingHours(each, each.time_zone), hour))
    }
    known = {code: silences.last_told(session, code) for code in due}
    today = {code: day for code, day in due.items() if not _looked_on(known[code], day)}
    if not today:
        return 0
    everybody = silent(session, now=now)
    deliveries = []
    for authority in authorities:
        day = today.get(authority.code)
        if day is None:
            continue
        last, to = known[authority.code], addresses[authority.code]
        view, marks = _view(authority, everybody, authorities, day, USUAL_PAP[to.channel])
        worth = is_worth_a_message(marks, last, day)
        told_on = day if worth else last.on if last else None
        silences.save_told(session, authority.code, LastTold(day, told_on, marks))
        if worth:
            view = dataclasses.replace(view, language=language)
            deliveries.append(_delivery(renderer, view, to))
    return outbox.enqueue(session, deliveries, now=now)


def _view(
    authority: Authority,
    everybody: ByAuthority,
    authorities: Sequence[Authority],
    day: date,
    pap: Pap,
) -> tuple[SilencesView, frozenset[str]]:
    """What an authority reads, and what tells it apart from what it read before."""
    view = SilencesView(f"SIL-{authority.code}-{day:%Y%m%d}", authority.name, day)
    if authority.kind is AuthorityKind.NATIONAL:
        names = {each.code: each.name for each in authorities}
        every = [silence for found in everybody.values() for silence in found]
        view = dataclasses.replace(view, counts=national(everybody, names))
    else:
        every = list(everybody.get(authority.code, ()))
        shown = tuple(readable(silence, pap=pap) for silence in every)
        highest = max((each.pap for each in shown), default=Pap.CLEAR)
        view = dataclasses.replace(view, silences=shown, pap=highest)
    return view, frozenset(mark for silence in every for mark in silence.marks)


def national(everybody: ByAuthority, names: Mapping[str, str]) -> tuple[AuthorityCount, ...]:
    """The aggregate by authority, those with the most silent facilities first."""
    counts = [
        AuthorityCount(
            names.get(code, code),
            sum(each.told for each in found),
            len({name for each in found for name in each.silent}),
        )
        for code, found in everybody.items()
    ]
    return tuple(sorted(counts, key=lambda each: (-each.silent, each.authority)))


def _looked_on(last: LastTold | None, day: date) -> bool:
    return last is not None and last.looked == day


def readable(silence: Silence, *, pap: Pap = Pap.RED) -> Silence:
    """The silence as the authority may read it, where nothing above ``pap`` may go."""
    if silence.tlp <= CEILING and silence.pap <= pap:
        return silence
    return dataclasses.replace(silence, reference="", title="", pap=Pap.CLEAR, hidden=True)


def _delivery(renderer: Renderer, view: SilencesView, to: Address) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.SILENCES,
        subject_id=uuid.uuid5(NAMESPACE, view.reference),
        subject=view.reference,
        to=to,
        message=renderer.silences(view, channel=to.channel, ceiling=CEILING),
        trace_id=uuid.uuid5(NAMESPACE, view.reference).hex,
        content=view.reference,  # one a day, whatever it says
    )


def _alertes(session: Session, now: datetime) -> list[tuple[str, Silence]]:
    """*Alertes* that somebody is silent on, one for each bulletin and authority."""
    late = [
        lot
        for lot in lots.silent(session)
        if any(reason.code is ReasonCode.ALERTE for reason in lot.reasons)
    ]
    last = silences.last_written(session, {lot.alert_id for lot in late})
    late = [lot for lot in late if last.get(lot.alert_id, lot.opened_at) + A_NIGHT <= now]
    known = {
        alert.id: alert for alert in alerts.by_ids(session, list({lot.alert_id for lot in late}))
    }
    owners = facilities.by_ids(session, {lot.facility_id for lot in late})
    revisions = advisories.by_ids(session, sorted({a.revision_id for a in known.values()}))
    bulletins = {each.advisory_id: each.advisory for each in revisions}
    told = silences.told(session, list(bulletins))
    grouped: dict[tuple[int, str], list[lots.SilentLot]] = {}
    for lot in late:
        grouped.setdefault((known[lot.alert_id].advisory_id, lot.authority), []).append(lot)
    return [
        (
            authority,
            Silence(
                kind=SilenceKind.ALERTE,
                reference=bulletins[advisory_id].reference,
                title=bulletins[advisory_id].title,
                since=min(lot.opened_at for lot in group),
                told=told[advisory_id, authority],
                silent=tuple(sorted({owners[lot.facility_id].name for lot in group})),
                tlp=bulletins[advisory_id].tlp,
                pap=bulletins[advisory_id].pap or Pap.CLEAR,
            ),
        )
        for (advisory_id, authority), group in grouped.items()
    ]


def _campaigns(session: Session, now: datetime) -> list[tuple[str, Silence]]:
    """Campaigns that ask for an answer, have no reminder to come, and were not answered."""
    found = []
    ended = [each for each in campaigns.listed(session) if _asks_no_more(each)]
    last = silences.last_written(session, {each.id for each in ended})
    for campaign in ended:
        sent = last.get(campaign.id, campaign.created_at)
        if not TIME_TO_ANSWER <= now - sent < FORGOTTEN:
            continue
        by_code = recipients.counts(session, campaign.id)
        for code, counts in by_code.items():
            listed = recipients.listed(
                session, campaign.id, silent_only=True, authorities=[code], limit=MANY
            )
            names = tuple(sorted(each.name for each in listed if each.told))
            if names:
                text = campaign.text
                silence = Silence(
                    SilenceKind.CAMPAIGN,
                    campaign.reference,
                    text.title,
                    sent,
                    counts.told,
                    names,
                    text.tlp,
                )
                found.append((code, silence))
    return found


def _asks_no_more(campaign: Campaign) -> bool:
    """Whether a campaign asks for an answer and was sent for the last time.

    Nobody is reported for an exercise.
    """
    text = campaign.text
    return campaign.state is CampaignState.SENT and bool(text.answers) and not text.exercise
