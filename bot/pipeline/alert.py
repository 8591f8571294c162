"""Advisories × facilities → alerts, their lots and their deliveries, in one transaction."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.alert import AlertState, Coverage
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.facility import AssetCategory
from bot.domain.matching import VerdictKind
from bot.domain.routing import Subscription, one_per_address, told_at_once
from bot.pipeline.concern import Concern, concerns, judged
from bot.pipeline.view import merged, view
from bot.render import Renderer
from bot.store import Session, alerts, facilities, inventory, outbox
from bot.store.advisories import StoredRevision
from bot.store.alerts import Alert
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


@dataclass(slots=True)
class _Batch:
    """What one call writes: gathered first, then written in a few statements."""

    opened: list[Alert] = field(default_factory=list)
    changed: list[Alert] = field(default_factory=list)
    lots: list[tuple[uuid.UUID, AssetCategory]] = field(default_factory=list)
    told: list[tuple[Concern, Alert, bool]] = field(default_factory=list)
    silent: int = 0


def raise_alerts(
    session: Session,
    revisions: Sequence[StoredRevision],
    renderer: Renderer,
    *,
    now: datetime,
    facility_ids: Sequence[int] | None = None,
    floor: Tlp = Tlp.AMBER,
) -> AlertReport:
    """Open, or bring up to date, the alerts these revisions raise, and write what is told.

    A revision that changes nothing for a facility is silent there. A bulletin older than
    the facility's first inventory raises nothing: it is part of the initial state.
    """
    found = concerns(session, revisions, facility_ids=facility_ids)
    known = alerts.of_advisories(session, [revision.advisory_id for revision in revisions])
    batch = _sort(session, found, known, now=now)
    alerts.add(session, batch.opened, batch.lots)
    alerts.save_match(session, batch.changed)
    alerts.add_lots(session, batch.lots)
    deliveries = _deliveries(session, batch.told, renderer, floor=floor)
    written = outbox.enqueue(session, deliveries, now=now)
    return AlertReport(len(batch.opened), len(batch.changed), batch.silent, written)


def _sort(
    session: Session,
    found: Iterable[Concern],
    known: Mapping[tuple[int, int], Alert],
    *,
    now: datetime,
) -> _Batch:
    """Tell apart what is new, what changed and what is already told."""
    batch = _Batch()
    fresh: list[Concern] = []
    for concern in found:
        alert = known.get((concern.revision.advisory_id, concern.facility.id))
        if alert is None:
            fresh.append(concern)
        elif alert.match_digest == concern.digest:
            batch.silent += 1
        else:
            changed = _alert(concern, now=now, previous=alert)
            batch.changed.append(changed)
            batch.lots += [(alert.id, category) for category in concern.categories]
            batch.told.append((concern, changed, True))
    references = alerts.take_references(session, len(fresh), now=now) if fresh else []
    for concern, reference in zip(fresh, references, strict=True):
        opened = _alert(concern, now=now, reference=reference)
        batch.opened.append(opened)
        batch.lots += [(opened.id, category) for category in concern.categories]
        batch.told.append((concern, opened, False))
    return batch


def _alert(
    concern: Concern, *, now: datetime, reference: str = "", previous: Alert | None = None
) -> Alert:
    soon, reasons = judged(concern)
    return Alert(
        id=previous.id if previous else new_id(),
        reference=previous.reference if previous else reference,
        advisory_id=concern.revision.advisory_id,
        facility_id=concern.facility.id,
        revision_id=concern.revision.id,
        state=previous.state if previous else AlertState.OPEN,
        urgency=soon,
        reasons=reasons,
        verdict=VerdictKind.AFFECTED if concern.affected else VerdictKind.REVIEW,
        headline=concern.headline,
        target=concern.target,
        assets_affected=sum(asset.quantity for asset in concern.affected),
        assets_to_check=sum(asset.quantity for asset in concern.to_check),
        match_digest=concern.digest,
        opened_at=previous.opened_at if previous else now,
        changed_at=now,
        trace_id=concern.revision.trace_id,
    )


def _deliveries(
    session: Session,
    told: Sequence[tuple[Concern, Alert, bool]],
    renderer: Renderer,
    *,
    floor: Tlp,
) -> list[NewDelivery]:
    """One message per advisory and address: a room shared by several facilities gets one."""
    ids = list({concern.facility.id for concern, _, _ in told})
    subscribed = facilities.subscriptions(session, ids)
    coverage = inventory.coverage(session, ids)
    shared: dict[tuple[int, Address], list[tuple[Concern, Alert, bool, Subscription]]] = {}
    for concern, alert, revised in told:
        for subscription in one_per_address(subscribed.get(concern.facility.id, ())):
            if told_at_once(subscription.rhythm, alert.urgency):
                place = (concern.revision.id, subscription.to)
                shared.setdefault(place, []).append((concern, alert, revised, subscription))
    return [
        _delivery(session, together, coverage, renderer, floor=floor)
        for together in shared.values()
    ]


def _delivery(
    session: Session,
    together: Sequence[tuple[Concern, Alert, bool, Subscription]],
    coverage: Mapping[int, Coverage],
    renderer: Renderer,
    *,
    floor: Tlp,
) -> NewDelivery:
    (concern, alert, revised, subscription) = together[0]
    views = [view(c, a, coverage.get(c.facility.id, Coverage())) for c, a, _, _ in together]
    shown = dataclasses.replace(merged(views), language=subscription.language, revised=revised)
    ceiling = min(each.ceiling for _, _, _, each in together)
    message = renderer.alert(shown, channel=subscription.to.channel, ceiling=ceiling, floor=floor)
    if revised:
        root = outbox.thread_roots(session, alert.id).get(subscription.to, "")
        message = dataclasses.replace(message, thread=root)
    return NewDelivery(
        kind=DeliveryKind.REVISION if revised else DeliveryKind.ALERT,
        subject_id=alert.id,
        subject=shown.reference,
        to=subscription.to,
        message=message,
        trace_id=alert.trace_id,
        facility_id=concern.facility.id,
        content=alert.match_digest,
    )
