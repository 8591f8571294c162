"""Advisories × facilities → alerts, their lots and their deliveries, in one transaction."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.alert import AlertState, AlertView, Coverage, Urgency
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.escalation import HoursOf, next_contact, next_rung
from bot.domain.facility import AssetCategory
from bot.domain.matching import VerdictKind
from bot.domain.priority import Judgement
from bot.domain.routing import Subscription, one_per_address, told_at_once
from bot.domain.scope import Change, Scope, change
from bot.pipeline.concern import Concern, concerns
from bot.pipeline.priority import Priorities
from bot.pipeline.view import merged, view
from bot.render import Renderer
from bot.store import Session, alerts, facilities, inventory, outbox
from bot.store.advisories import StoredRevision
from bot.store.alerts import OPEN_STATES, Alert
from bot.store.schema import new_id
from feeds.advisory import Tlp


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
    """A concern people are told of; ``worse`` is None the first time."""

    concern: Concern
    alert: Alert
    worse: Change | None = None


@dataclass(slots=True)
class _Batch:
    """What one call writes: gathered first, then written in a few statements."""

    opened: list[Alert] = field(default_factory=list)
    changed: list[Alert] = field(default_factory=list)
    lots: list[tuple[uuid.UUID, AssetCategory]] = field(default_factory=list)
    reopened: list[tuple[uuid.UUID, AssetCategory]] = field(default_factory=list)
    told: list[_Told] = field(default_factory=list)
    silent: int = 0


def raise_alerts(
    session: Session,
    revisions: Sequence[StoredRevision],
    renderer: Renderer,
    *,
    now: datetime,
    hours: HoursOf,
    priorities: Priorities,
    facility_ids: Sequence[int] | None = None,
    floor: Tlp = Tlp.AMBER,
) -> AlertReport:
    """Open, or bring up to date, the alerts these revisions raise, and write what is told.

    A revision that changes nothing for a facility is silent there. A bulletin older than
    the facility's first inventory raises nothing: it is part of the initial state.
    """
    advisory_ids = [revision.advisory_id for revision in revisions]
    known = alerts.of_advisories(session, advisory_ids, facility_ids=facility_ids)
    found = concerns(session, revisions, facility_ids=facility_ids, known=known)
    batch = _sort(session, found, known, now=now, hours=hours, priorities=priorities)
    alerts.add(session, batch.opened, batch.lots)
    alerts.save_match(session, batch.changed)
    alerts.add_lots(session, batch.lots)
    alerts.reopen_lots(session, batch.reopened)
    deliveries = _deliveries(session, batch.told, renderer, floor=floor)
    written = outbox.enqueue(session, deliveries, now=now)
    return AlertReport(len(batch.opened), len(batch.changed), batch.silent, written)


def _sort(
    session: Session,
    found: Iterable[Concern],
    known: Mapping[tuple[int, int], Alert],
    *,
    now: datetime,
    hours: HoursOf,
    priorities: Priorities,
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
        worse = change(alert.scope, concern.scope)
        judgement = priorities.judge(concern, today=now.date())
        updated = _alert(concern, judgement, now=now, previous=alert, news=worse.is_news)
        if worse.is_news:
            updated = _to_be_reminded(updated, concern, hours, now)
        if updated == alert:
            batch.silent += 1
            continue
        batch.changed.append(updated)
        batch.lots += [(alert.id, category) for category in concern.categories]
        if worse.is_news:
            batch.reopened += [(alert.id, category) for category in concern.categories]
            batch.told.append(_Told(concern, updated, worse))
        else:
            batch.silent += 1
    batch.changed += [_cleared(alert) for alert in over.values() if alert.state in OPEN_STATES]
    references = alerts.take_references(session, len(fresh), now=now) if fresh else []
    for concern, reference in zip(fresh, references, strict=True):
        judgement = priorities.judge(concern, today=now.date())
        opened = _alert(concern, judgement, now=now, reference=reference)
        opened = _to_be_reminded(opened, concern, hours, now)
        batch.opened.append(opened)
        batch.lots += [(opened.id, category) for category in concern.categories]
        batch.told.append(_Told(concern, opened))
    return batch


def _cleared(alert: Alert) -> Alert:
    """Nothing it concerned is left: upgraded, removed, or the bulletin says otherwise now."""
    return dataclasses.replace(
        alert,
        state=AlertState.CLEARED,
        scope=Scope(),
        assets_affected=0,
        assets_to_check=0,
        reminder_at=None,
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
        reminder_step=previous.reminder_step if previous else 0,
        reminder_at=previous.reminder_at if previous else None,
    )


def _state(concern: Concern, previous: Alert | None, *, news: bool) -> AlertState:
    if concern.over:
        return AlertState(concern.over.value)
    ended = (AlertState.CLEARED, AlertState.CLOSED, AlertState.WITHDRAWN)
    if previous is None or news or previous.state in ended:
        return AlertState.OPEN
    return previous.state


def _to_be_reminded(alert: Alert, concern: Concern, hours: HoursOf, now: datetime) -> Alert:
    """Say when nobody's answer becomes a silence; what waits for a digest is not reminded."""
    if concern.over:
        return dataclasses.replace(alert, reminder_at=None)
    if alert.urgency is not Urgency.IMMEDIATE:
        return alert
    first = next_rung(
        0, now, hours(concern.facility), concern.facility.contacts, aimed=not concern.assets
    )
    return dataclasses.replace(alert, reminder_step=0, reminder_at=first.at if first else None)


def _deliveries(
    session: Session, told: Sequence[_Told], renderer: Renderer, *, floor: Tlp
) -> list[NewDelivery]:
    """One message per advisory and address: a room shared by several facilities gets one."""
    ids = list({each.concern.facility.id for each in told})
    subscribed = facilities.subscriptions(session, ids)
    coverage = inventory.coverage(session, ids)
    shared: dict[tuple[int, Address], list[tuple[_Told, Subscription]]] = {}
    for each in told:
        for subscription in one_per_address(subscribed.get(each.concern.facility.id, ())):
            if told_at_once(subscription.rhythm, each.alert.urgency):
                place = (each.concern.revision.id, subscription.to)
                shared.setdefault(place, []).append((each, subscription))
    return [
        _delivery(session, together, coverage, renderer, floor=floor)
        for together in shared.values()
    ]


def _delivery(
    session: Session,
    together: Sequence[tuple[_Told, Subscription]],
    coverage: Mapping[int, Coverage],
    renderer: Renderer,
    *,
    floor: Tlp,
) -> NewDelivery:
    first, subscription = together[0]
    shown = dataclasses.replace(
        merged([_view(each, coverage) for each, _ in together]),
        language=subscription.language,
        revised=first.worse is not None,
    )
    ceiling = min(each.ceiling for _, each in together)
    message = renderer.alert(shown, channel=subscription.to.channel, ceiling=ceiling, floor=floor)
    if first.worse is not None:
        root = outbox.thread_roots(session, first.alert.id).get(subscription.to, "")
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
    )


def _view(told: _Told, coverage: Mapping[int, Coverage]) -> AlertView:
    covered = coverage.get(told.concern.facility.id, Coverage())
    shown = view(told.concern, told.alert, covered)
    contacts = told.concern.facility.contacts if told.concern.assets else ()
    following = next_contact(told.alert.reminder_step, contacts)
    shown = dataclasses.replace(shown, next_step=told.alert.reminder_at, next_contact=following)
    return shown if told.worse is None else dataclasses.replace(shown, change=told.worse)
