"""Advisories × facilities → alerts, their lots and their deliveries, in one transaction."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.alert import LOT_CLEARED, AlertState, AlertView, Coverage, Urgency
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.escalation import HoursOf, next_contact, next_rung
from bot.domain.facility import AssetCategory
from bot.domain.matching import VerdictKind
from bot.domain.priority import Judgement
from bot.domain.quiet import NO_QUIET, QuietHours
from bot.domain.routing import Subscription, told_at_once
from bot.domain.scope import Change, Scope
from bot.pipeline.actions.contradiction import Contradiction, contradicted
from bot.pipeline.actions.keeping import ActionKeeper
from bot.pipeline.concern import Concern, concerns
from bot.pipeline.priority import Priorities
from bot.pipeline.quiet import Hush
from bot.pipeline.recipients import Recipients
from bot.pipeline.view import merged, view
from bot.pipeline.worse import of_lots, since_told, touched
from bot.render import Renderer
from bot.store import Session, alerts, inventory, lots, mutes, outbox, subscriptions
from bot.store.advisories import StoredRevision
from bot.store.alerts import OPEN_STATES, Alert, ClearedBy
from bot.store.lots import Lot, NewLot
from bot.store.schema import new_id
from feeds.advisory import AdvisoryKind, Tlp


@dataclass(frozen=True, slots=True)
class AlertReport:
    """What raising alerts did. ``silent`` counts revisions that changed nothing here."""

    opened: int = 0
    changed: int = 0
    silent: int = 0
    deliveries: int = 0

    def __add__(self, other: AlertReport) -> AlertReport:
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return AlertReport(*(a + b for a, b in pairs))


@dataclass(frozen=True, slots=True)
class _Told:
    """A concern people are told of; ``worse`` is None the first time.

    ``lots`` are those that are new or worse: nobody is told of the others. ``before`` is
    what was told before, ``denied`` the answers that an inventory contradicts.
    """

    concern: Concern
    alert: Alert
    lots: tuple[AssetCategory, ...]
    remind_at: datetime | None
    worse: Change | None = None
    before: Scope = field(default_factory=Scope)
    denied: Contradiction | None = None


@dataclass(slots=True)
class _Batch:
    """What one call writes: gathered first, then written in a few statements."""

    opened: list[Alert] = field(default_factory=list)
    changed: list[Alert] = field(default_factory=list)
    lots: list[NewLot] = field(default_factory=list)
    reopened: list[NewLot] = field(default_factory=list)
    kept: dict[uuid.UUID, list[AssetCategory]] = field(default_factory=dict)
    ended: list[uuid.UUID] = field(default_factory=list)
    moved: list[uuid.UUID] = field(default_factory=list)
    told: list[_Told] = field(default_factory=list)
    followed: list[tuple[Concern, Alert]] = field(default_factory=list)  # all that concerns
    gone: list[Alert] = field(default_factory=list)
    silent: int = 0


def raise_alerts(
    session: Session,
    revisions: Sequence[StoredRevision],
    renderer: Renderer,
    *,
    now: datetime,
    hours: HoursOf,
    priorities: Priorities,
    keeper: ActionKeeper,
    quiet: QuietHours = NO_QUIET,
    facility_ids: Sequence[int] | None = None,
    inspected: datetime | None = None,
    floor: Tlp = Tlp.AMBER,
) -> AlertReport:
    """Open, or bring up to date, the alerts these revisions raise, and write what is told.

    A revision that changes nothing for a facility is silent there. A bulletin older than
    the facility's first inventory raises nothing: it is part of the initial state. What
    waited for a digest and becomes urgent is told at once, unless an upload alone makes it
    so: one column filled in must not be thirty messages.

    Args:
        inspected: the day that the latest inventory of these facilities describes: an
            answer *corrigé* older than it, that it contradicts, waits again.
    """
    advisory_ids = [revision.advisory_id for revision in revisions]
    known = alerts.of_advisories(session, advisory_ids, facility_ids=facility_ids)
    standing = lots.of_alerts(session, [alert.id for alert in known.values()])
    found = concerns(session, revisions, facility_ids=facility_ids, known=known)
    owners = list({each.facility.id for each in found})
    subscribed, muted = subscriptions.by_facility(session, owners), mutes.active(session, owners)
    hush = Hush(quiet, hours, subscribed, muted, now)
    again = contradicted(session, found, known, inspected) if inspected else {}
    batch = _sort(
        session,
        found,
        known,
        standing,
        again,
        now=now,
        hush=hush,
        priorities=priorities,
        promotes=facility_ids is None,
    )
    current = {revision.advisory_id: revision.id for revision in revisions}
    cleared = [
        _cleared(alert, current[alert.advisory_id], now)
        for alert in batch.gone
        if alert.state in (*OPEN_STATES, AlertState.SUPERSEDED)
    ]
    alerts.add(session, batch.opened)
    alerts.save_match(session, [*batch.changed, *cleared])
    lots.add(session, batch.lots)
    lots.reopen(session, batch.reopened)
    lots.clear(session, batch.kept)
    lots.follow(session, batch.moved)
    lots.silence(session, [*batch.ended, *(alert.id for alert in cleared)])
    keeper.follow(session, batch.followed, batch.gone, known=bool(known), again=again, now=now)
    deliveries = _deliveries(session, batch.told, renderer, hush, floor=floor)
    revised = [each for each in deliveries if each.kind is DeliveryKind.REVISION]
    outbox.replace_waiting(session, revised, now=now)
    written = outbox.enqueue(session, deliveries, now=now)
    return AlertReport(len(batch.opened), len(batch.changed), batch.silent, written)


def _sort(
    session: Session,
    found: Iterable[Concern],
    known: Mapping[tuple[int, int], Alert],
    standing: Mapping[uuid.UUID, Sequence[Lot]],
    again: Mapping[uuid.UUID, Contradiction],
    *,
    now: datetime,
    hush: Hush,
    priorities: Priorities,
    promotes: bool,
) -> _Batch:
    """Tell apart what is new, what is worse, what is only different, and what is over."""
    batch = _Batch()
    fresh: list[Concern] = []
    over = dict(known)
    for concern in found:
        alert = over.pop((concern.revision.advisory_id, concern.facility.id), None)
        if alert is None:
            fresh += [] if concern.over else [concern]  # nobody was told of what has ended
            continue
        judgement = priorities.judge(concern, today=now.date())
        lots_before, denied = standing[alert.id], again.get(alert.id)
        _sort_known(
            batch,
            concern,
            judgement,
            alert,
            lots_before,
            denied,
            now=now,
            hush=hush,
            promotes=promotes,
        )
    batch.gone = list(over.values())
    references = alerts.take_references(session, len(fresh), now=now) if fresh else []
    for concern, reference in zip(fresh, references, strict=True):
        judgement = priorities.judge(concern, today=now.date())
        opened = hush.held(_alert(concern, judgement, now=now, reference=reference), concern)
        remind_at = _reminder(opened, concern, hush)
        batch.opened.append(opened)
        batch.followed.append((concern, opened))
        batch.lots += _waiting(opened, concern.categories, remind_at)
        batch.told.append(_Told(concern, opened, tuple(concern.categories), remind_at))
    return batch


def _sort_known(
    batch: _Batch,
    concern: Concern,
    judgement: Judgement,
    alert: Alert,
    standing: Sequence[Lot],
    denied: Contradiction | None,
    *,
    now: datetime,
    hush: Hush,
    promotes: bool,
) -> None:
    """What becomes of an alert that people were told of before."""
    worse = since_told(alert, concern, judgement, denied, promotes=promotes)
    updated = _alert(concern, judgement, now=now, previous=alert, news=worse.is_news)
    updated = hush.held(updated, concern)
    batch.followed.append((concern, updated))
    there = {lot.category for lot in standing if lot.state != LOT_CLEARED}
    moved = [] if concern.over else [each for each in concern.categories if each not in there]
    if updated == alert and not moved:
        batch.silent += 1
        return
    remind_at = _reminder(updated, concern, hush)
    told_lots = touched(alert, concern, worse, denied) if worse.is_news else ()
    batch.changed.append(updated)
    if concern.over:
        batch.ended.append(alert.id)
    else:
        again = _waiting(updated, dict.fromkeys([*told_lots, *moved]), remind_at)
        batch.lots += again
        batch.reopened += again
        batch.kept[alert.id] = concern.categories
        batch.moved += [alert.id] if moved else []
    if worse.is_news:
        told = _Told(concern, updated, told_lots, remind_at, worse, alert.scope, denied)
        batch.told.append(told)
    else:
        batch.silent += 1


def _waiting(
    alert: Alert, categories: Iterable[AssetCategory], remind_at: datetime | None
) -> list[NewLot]:
    return [NewLot(alert.id, category, remind_at) for category in categories]


def _cleared(alert: Alert, revision_id: int, now: datetime) -> Alert:
    """Nothing it concerned is left: upgraded, removed, or the bulletin says otherwise now."""
    revised = revision_id != alert.revision_id
    return dataclasses.replace(
        alert,
        state=AlertState.CLEARED,
        revision_id=revision_id,
        cleared_at=now,
        cleared_by=ClearedBy.REVISION if revised else ClearedBy.INVENTORY,
        scope=Scope(),
        assets_affected=0,
        assets_to_check=0,
    )


def _alert(
    concern: Concern,
    judgement: Judgement,
    *,
    now: datetime,
    reference: str = "",
    previous: Alert | None = None,
    news: bool = True,
) -> Alert:
    told_before = previous if previous and not news else None
    state = _state(concern, previous, news=news)
    return Alert(
        id=previous.id if previous else new_id(),
        reference=previous.reference if previous else reference,
        advisory_id=concern.revision.advisory_id,
        facility_id=concern.facility.id,
        revision_id=concern.revision.id,
        state=state,
        urgency=told_before.urgency if told_before else judgement.urgency,
        reasons=judgement.reasons,
        verdict=VerdictKind.AFFECTED if concern.affected else VerdictKind.REVIEW,
        headline=concern.headline,
        target=concern.target,
        assets_affected=sum(asset.quantity for asset in concern.affected),
        assets_to_check=sum(asset.quantity for asset in concern.to_check),
        scope=concern.scope,
        match_digest=told_before.match_digest if told_before else concern.scope.digest,
        opened_at=previous.opened_at if previous else now,
        changed_at=told_before.changed_at if told_before else now,
        trace_id=concern.revision.trace_id,
    )


def _state(concern: Concern, previous: Alert | None, *, news: bool) -> AlertState:
    if concern.over:
        return AlertState(concern.over.value)
    ended = (AlertState.CLEARED, AlertState.CLOSED, AlertState.WITHDRAWN)
    if previous is None or news or previous.state in ended:
        return AlertState.OPEN
    return previous.state


def _reminder(alert: Alert, concern: Concern, hush: Hush) -> datetime | None:
    """When nobody's answer becomes a silence; what waits for a digest is not reminded."""
    if concern.over or alert.muted_until or alert.urgency is not Urgency.IMMEDIATE:
        return None
    facility = concern.facility
    first = next_rung(
        0,
        hush.heard_at(concern),
        hush.hours(facility),
        facility.contacts,
        aimed=not concern.assets,
    )
    return first.at if first else None


def _deliveries(
    session: Session, told: Sequence[_Told], renderer: Renderer, hush: Hush, *, floor: Tlp
) -> list[NewDelivery]:
    """One message per advisory and address: a room shared by several facilities gets one."""
    ids = list({each.concern.facility.id for each in told})
    coverage = inventory.coverage(session, ids)
    shared: dict[tuple[int, Address], list[tuple[_Told, Subscription]]] = {}
    recipients = Recipients(session, now=hush.now)
    for each in (each for each in told if each.alert.muted_until is None):
        facility = each.concern.facility
        places = hush.subscribed.get(facility.id, ())
        on_call = _called_out(each.concern, hush)
        for subscription, some in recipients.told(facility, places, each.lots, on_call=on_call):
            if told_at_once(subscription.rhythm, each.alert.urgency):
                place = (each.concern.revision.id, subscription.to)
                part = dataclasses.replace(each, lots=tuple(some))
                shared.setdefault(place, []).append((part, subscription))
    again = [each.alert.id for each in told if each.worse is not None]
    roots = outbox.every_thread_root(session, again)
    return [
        _delivery(together, coverage, roots, renderer, hush, floor=floor)
        for together in shared.values()
    ]


def _called_out(concern: Concern, hush: Hush) -> bool:
    """Whether whoever is on call is told: an *alerte*, when nobody is at work."""
    if concern.revision.advisory.kind is not AdvisoryKind.ALERTE:
        return False
    return not hush.hours(concern.facility).contains(hush.now)


def _delivery(
    together: Sequence[tuple[_Told, Subscription]],
    coverage: Mapping[int, Coverage],
    roots: Mapping[uuid.UUID, Mapping[Address, str]],
    renderer: Renderer,
    hush: Hush,
    *,
    floor: Tlp,
) -> NewDelivery:
    first, subscription = together[0]
    shown = merged([_view(each, coverage, subscription.language) for each, _ in together])
    message = renderer.alert(
        shown,
        channel=subscription.to.channel,
        ceiling=subscription.ceiling,  # the address's: the same for each
        floor=floor,
        pap=subscription.pap,
        link=subscription.links,
    )
    if first.worse is not None:
        root = roots.get(first.alert.id, {}).get(subscription.to, "")
        message = dataclasses.replace(message, thread=root)
    return NewDelivery(
        kind=DeliveryKind.ALERT if first.worse is None else DeliveryKind.REVISION,
        subject_id=first.alert.id,
        subject=shown.reference,
        to=subscription.to,
        message=message,
        trace_id=first.alert.trace_id,
        facility_id=first.concern.facility.id,
        content=first.alert.match_digest,
        not_before=min(hush.until(told.concern, each) for told, each in together),
        occurrence=first.worse.occurrence if first.worse else "",
    )


def _view(told: _Told, coverage: Mapping[int, Coverage], language: str) -> AlertView:
    covered = coverage.get(told.concern.facility.id, Coverage())
    contacts = told.concern.facility.contacts if told.concern.assets else ()
    shown = dataclasses.replace(
        view(told.concern, told.alert, covered),
        next_step=told.remind_at,
        next_contact=next_contact(0, contacts),
        language=language,
        revised=told.worse is not None,
    )
    limited = set(told.lots) < set(told.concern.categories)
    shown = shown.of_lots(told.lots) if limited else shown
    if told.worse is None:
        return shown
    worse = told.worse
    if limited:
        worse = of_lots(worse, told.before, told.concern, told.denied, told.lots)
    return dataclasses.replace(shown, change=worse)
