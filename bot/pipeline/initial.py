"""Day one: ONE message says what an inventory already reveals, as its most useful actions."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.decision import InitialStateView
from bot.domain.delivery import DeliveryKind, NewDelivery
from bot.domain.facility import AssetCategory, Facility
from bot.domain.matching import VerdictKind
from bot.domain.routing import EVERY, widened
from bot.pipeline import questions
from bot.pipeline.actions.decisions import weighed
from bot.pipeline.actions.keeping import ActionKeeper
from bot.pipeline.concern import display_name
from bot.pipeline.digest import NAMESPACE, QUESTIONS
from bot.render import Renderer
from bot.store import (
    Session,
    actions,
    advisories,
    facilities,
    inventory,
    outbox,
    subscriptions,
    verdicts,
)
from feeds.advisory import Tlp

USEFUL = 10  # what somebody can start with; the rest is counted


def write_initial_states(
    session: Session,
    renderer: Renderer,
    keeper: ActionKeeper,
    *,
    now: datetime,
    floor: Tlp,
) -> int:
    """Write the day-one message of each facility that has an inventory and never got one.

    A facility that nobody subscribed yet waits: its first picture must reach somebody. All
    wait while bulletins or products are not judged: a picture of nothing would reassure.
    """
    if not advisories.count(session) or advisories.unmatched_count(session):
        return 0
    if facilities.changed(session):
        return 0
    waiting = facilities.awaiting_initial_state(session)
    subscribed = subscriptions.by_facility(session, waiting)
    known = facilities.by_ids(session, [id_ for id_ in waiting if id_ in subscribed])
    deliveries: list[NewDelivery] = []
    for facility in known.values():
        keeper.follow_day_one(session, facility.id, now=now)
        views: dict[frozenset[AssetCategory], InitialStateView] = {}  # seconds each, when large
        for subscription in widened(subscribed[facility.id]):
            lots = frozenset(subscription.lots)
            if lots not in views:
                views[lots] = initial_state(session, facility, now=now, lots=lots)
            view = views[lots]
            message = renderer.initial_state(
                view,
                channel=subscription.to.channel,
                ceiling=subscription.ceiling,
                floor=floor,
                pap=subscription.pap,
            )
            deliveries.append(
                NewDelivery(
                    kind=DeliveryKind.INITIAL,
                    subject_id=uuid.uuid5(NAMESPACE, view.reference),
                    subject=view.reference,
                    to=subscription.to,
                    message=message,
                    trace_id=uuid.uuid5(NAMESPACE, view.reference).hex,
                    facility_id=facility.id,
                )
            )
        facilities.mark_initial_state(session, facility.id, now=now)
    return outbox.enqueue(session, deliveries, now=now)


def initial_state(
    session: Session,
    facility: Facility,
    *,
    now: datetime,
    lots: Collection[AssetCategory] = EVERY,
) -> InitialStateView:
    """What bulletins older than a facility's inventory say of it; later ones raise alerts.

    Args:
        lots: of the equipment in these categories only; of all without any.
    """
    since = facilities.inventory_since(session, [facility.id]).get(facility.id)
    standing = [
        each
        for each in verdicts.standing(session, facility.id)
        if (since is None or each.published_at < since) and (not lots or each.category in lots)
    ]
    named = list({each.advisory_id for each in standing})
    sure = {each.advisory_id for each in standing if each.kind is VerdictKind.AFFECTED}
    unsure = {display_name(each) for each in standing if each.kind is VerdictKind.REVIEW}
    today = now.astimezone(ZoneInfo(facility.time_zone)).date()
    waiting = actions.listed(session, facility_ids=[facility.id])
    found = weighed(session, waiting, today=today, only=lots)
    closed = [bulletin.revision_id for each in found for bulletin in each.bulletins]
    markings = (
        advisories.highest_marking(session, named),
        advisories.marking_of_revisions(session, closed),
    )
    return InitialStateView(
        reference=f"ETAT-{facility.finess}",
        facility=facility.name,
        finess=facility.finess,
        actions=tuple(each.decision for each in found[:USEFUL]),
        other_actions=max(0, len(found) - USEFUL),
        advisories=len(sure),
        exploited=len(advisories.exploited(session, sorted(sure))),
        questions=questions.shown(session, facility.id, names=unsure, limit=QUESTIONS, now=now),
        coverage=inventory.coverage(session, [facility.id])[facility.id],
        tlp=max(tlp for tlp, _ in markings),
        pap=max(pap for _, pap in markings),
    )
