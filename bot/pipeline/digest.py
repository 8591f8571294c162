"""What could wait, told in one message per destination, at the facility's hour."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.alert import DigestView
from bot.domain.delivery import DeliveryKind, NewDelivery
from bot.domain.digest import Item, Schedule, decisions, split_sure
from bot.domain.facility import AssetCategory, Facility
from bot.domain.matching import VerdictKind
from bot.domain.routing import Rhythm, Subscription, one_per_address
from bot.pipeline import questions
from bot.pipeline.concern import Concern, concerns, display_name
from bot.pipeline.mute import muted_count
from bot.render import Renderer
from bot.store import Session, advisories, alerts, facilities, inventory, outbox
from bot.store.alerts import ListedAlert
from feeds.advisory import Pap, Tlp

QUESTIONS = 5  # asked in one message: more are not answered
NAMESPACE = uuid.UUID("6f1c1a52-6d0f-4f7c-9d51-0f5f6c1f7a10")  # of digests' identifiers


def write_digests(
    session: Session, renderer: Renderer, schedule: Schedule, *, now: datetime, floor: Tlp
) -> int:
    """Write the digests that are due; return how many messages. No empty message is written.

    What opened or changed since the last digest of a destination is told once: it is marked
    as told in the transaction that writes the message.
    """
    everyone = {facility.id: facility for facility in facilities.every(session)}
    deliveries: list[NewDelivery] = []
    done: list[int] = []
    for facility_id, subscriptions in facilities.subscriptions(session).items():
        facility = everyone[facility_id]
        for subscription in one_per_address(subscriptions):
            due = schedule.latest(subscription.rhythm, time_zone=facility.time_zone, now=now)
            if subscription.rhythm is Rhythm.IMMEDIATE or subscription.digested_at >= due:
                continue
            done.append(subscription.id)
            delivery = _digest(session, renderer, facility, subscription, due, floor, now)
            deliveries += [delivery] if delivery else []
    facilities.mark_digested(session, done, now=now)
    return outbox.enqueue(session, deliveries, now=now)


def _digest(
    session: Session,
    renderer: Renderer,
    facility: Facility,
    subscription: Subscription,
    due: datetime,
    floor: Tlp,
    now: datetime,
) -> NewDelivery | None:
    waiting = alerts.undigested(session, facility.id, subscription)
    if not waiting:
        return None
    alerts.mark_digested(session, subscription.id, [each.alert for each in waiting])
    revisions = advisories.by_ids(session, [each.alert.revision_id for each in waiting])
    references = {each.alert.advisory_id: each for each in waiting}
    items = [
        item
        for concern in concerns(session, revisions, facility_ids=[facility.id], since_day_one=False)
        for item in _items(concern, references[concern.revision.advisory_id])
    ]
    sure, unsure = split_sure(items)
    period = due.astimezone(ZoneInfo(facility.time_zone)).date()
    start = subscription.digested_at.astimezone(ZoneInfo(facility.time_zone)).date()
    view = DigestView(
        reference=f"DIG-{facility.finess}-{period:%Y%m%d}",
        facility=facility.name,
        finess=facility.finess,
        starts_on=max(start, period - timedelta(days=6)),
        ends_on=period,
        decisions=tuple(decisions(sure)),
        questions=questions.shown(
            session,
            facility.id,
            names={item.product for item in unsure},
            limit=QUESTIONS,
            now=now,
        ),
        muted=muted_count(session, facility),
        coverage=inventory.coverage(session, [facility.id])[facility.id],
        tlp=max((revision.advisory.tlp for revision in revisions), default=Tlp.CLEAR),
        pap=max((revision.advisory.pap or Pap.CLEAR for revision in revisions), default=Pap.CLEAR),
        language=subscription.language,
    )
    message = renderer.digest(
        view,
        channel=subscription.to.channel,
        ceiling=subscription.ceiling,
        floor=floor,
        pap=subscription.pap,
    )
    return NewDelivery(
        kind=DeliveryKind.DIGEST,
        subject_id=uuid.uuid5(NAMESPACE, view.reference),
        subject=view.reference,
        to=subscription.to,
        message=message,
        trace_id=waiting[-1].alert.trace_id,
        facility_id=facility.id,
        occurrence=period.isoformat(),
    )


def _items(concern: Concern, listed: ListedAlert) -> list[Item]:
    """A concern by product: what is sure and what is to be checked are told apart."""
    found: dict[tuple[str, bool], Counter[AssetCategory]] = {}
    targets: dict[tuple[str, bool], str] = {}
    for asset in concern.assets:
        group = (display_name(asset), asset.verdict.kind is VerdictKind.AFFECTED)
        found.setdefault(group, Counter())[asset.category] += asset.quantity
        targets[group] = asset.verdict.target or targets.get(group, "")
    return [
        Item(
            product=product,
            target=targets[(product, sure)],
            advisory=concern.revision.advisory.reference,
            reference=listed.alert.reference,
            counts=tuple(counts.items()),
            exploited=concern.exploited,
            sure=sure,
            published_at=concern.revision.advisory.published_at,
        )
        for (product, sure), counts in found.items()
    ]
