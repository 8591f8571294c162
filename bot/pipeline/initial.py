"""Day one: ONE message says what an inventory already reveals, as its most useful actions."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.decision import InitialStateView
from bot.domain.delivery import DeliveryKind, NewDelivery
from bot.domain.digest import Item, decisions, split_sure
from bot.domain.facility import AssetCategory, Facility
from bot.domain.matching import VerdictKind
from bot.domain.routing import EVERY, widened
from bot.pipeline import questions
from bot.pipeline.concern import display_name
from bot.pipeline.digest import NAMESPACE, QUESTIONS
from bot.render import Renderer
from bot.store import Session, advisories, facilities, inventory, outbox, verdicts
from bot.store.verdicts import Standing
from feeds.advisory import Tlp

USEFUL = 10  # what somebody can start with; the rest is counted


def write_initial_states(session: Session, renderer: Renderer, *, now: datetime, floor: Tlp) -> int:
    """Write the day-one message of each facility that has an inventory and never got one.

    A facility that nobody subscribed yet waits: its first picture must reach somebody. All
    wait while bulletins or products are not judged: a picture of nothing would reassure.
    """
    if not advisories.count(session) or advisories.unmatched_count(session):
        return 0
    if facilities.changed(session):
        return 0
    waiting = facilities.awaiting_initial_state(session)
    subscribed = facilities.subscriptions(session, waiting)
    known = facilities.by_ids(session, [id_ for id_ in waiting if id_ in subscribed])
    deliveries: list[NewDelivery] = []
    for facility in known.values():
        for subscription in widened(subscribed[facility.id]):
            view = initial_state(session, facility, now=now, lots=subscription.lots)
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
    exploited = advisories.exploited(session, named)
    sure, unsure = split_sure(_items(standing, exploited))
    actions = decisions(sure)
    concerned = {item.advisory for item in sure}
    tlp, pap = advisories.highest_marking(session, named)
    return InitialStateView(
        reference=f"ETAT-{facility.finess}",
        facility=facility.name,
        finess=facility.finess,
        actions=tuple(actions[:USEFUL]),
        other_actions=max(0, len(actions) - USEFUL),
        advisories=len(concerned),
        exploited=len({item.advisory for item in sure if item.exploited}),
        questions=questions.shown(
            session,
            facility.id,
            names={item.product for item in unsure},
            limit=QUESTIONS,
            now=now,
        ),
        coverage=inventory.coverage(session, [facility.id])[facility.id],
        tlp=tlp,
        pap=pap,
    )


def _items(standing: Sequence[Standing], exploited: set[int]) -> list[Item]:
    """One item per product and bulletin, its machines counted by category."""
    counted: dict[tuple[str, int, bool], Counter[AssetCategory]] = {}
    first: dict[tuple[str, int, bool], Standing] = {}
    for each in standing:
        place = (display_name(each), each.advisory_id, each.kind is VerdictKind.AFFECTED)
        counted.setdefault(place, Counter())[each.category] += each.count
        if place not in first or each.target:
            first[place] = each
    return [
        Item(
            product=product,
            target=first[place].target,
            advisory=first[place].reference,
            reference="",
            counts=tuple(counts.items()),
            exploited=advisory_id in exploited,
            sure=sure,
            published_at=first[place].published_at,
        )
        for place, counts in counted.items()
        for product, advisory_id, sure in (place,)
    ]
