"""Lots that nobody answered for: a reminder, then the deputy, then the direction.

Each lot climbs the ladder by itself: an answer, whatever it says, clears the hour of the
next reminder of its lots in the transaction that records it, and nothing else decides. One
message an address and step, however many lots are silent there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.alert import AlertView
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.escalation import (
    LADDER,
    SAME_PEOPLE,
    HoursOf,
    Rung,
    next_contact,
    next_rung,
    reachable,
)
from bot.domain.facility import Facility
from bot.domain.routing import Subscription, Terms, contact_terms, language_of, told_at_once
from bot.pipeline.recipients import Recipients
from bot.pipeline.view import alert_views, shown_lots
from bot.render import Renderer
from bot.store import Session, alerts, facilities, lots, outbox, subscriptions
from bot.store.alerts import Alert
from bot.store.lots import Lot
from feeds.advisory import Tlp

AT_ONCE = 200  # alerts reminded in one transaction


@dataclass(slots=True)
class _Reminder:
    """What one address is told: of which lots, at which step of the ladder."""

    terms: Terms
    language: str
    lots: list[Lot] = field(default_factory=list)


def write_reminders(
    session: Session, renderer: Renderer, hours: HoursOf, *, now: datetime, floor: Tlp
) -> int:
    """Write the reminders that are due and set the hour of the next; return how many."""
    due = alerts.by_ids(session, lots.due_alerts(session, now=now, limit=AT_ONCE))
    owners = facilities.by_ids(session, {alert.facility_id for alert in due})
    told = subscriptions.by_facility(session, sorted(owners))
    ids = [alert.id for alert in due]
    parts, answered = lots.of_alerts(session, ids), lots.every_answer(session, ids)
    roots = outbox.every_thread_root(session, ids)
    recipients = Recipients(session, now=now)
    owners = {
        id_: dataclasses.replace(owner, contacts=recipients.contacts(owner))
        for id_, owner in owners.items()
    }
    mailboxes = {
        Address.mailbox(each.email) for owner in owners.values() for each in owner.contacts
    }
    elsewhere = subscriptions.terms(session, mailboxes)  # told of another facility
    deliveries: list[NewDelivery] = []
    for alert, view in zip(due, alert_views(session, due), strict=True):
        facility = owners[alert.facility_id]
        silent = [lot for lot in parts[alert.id] if lot.is_due(now)]
        following = _climb(session, alert, facility, silent, view, hours, now)
        shown = dataclasses.replace(
            view,
            lots=shown_lots(parts[alert.id], answered.get(alert.id, ()), facility.time_zone),
            next_step=following.at if following else None,
            next_contact=next_contact(following.step - 1, facility.contacts) if following else "",
        )
        places = told.get(facility.id, ())
        addressed = _addressed(alert, facility, silent, places, recipients, elsewhere)
        threads = roots.get(alert.id, {})
        deliveries += _deliveries(renderer, alert, shown, addressed, threads, floor)
    return outbox.enqueue(session, deliveries, now=now)


def _climb(
    session: Session,
    alert: Alert,
    facility: Facility,
    silent: Sequence[Lot],
    view: AlertView,
    hours: HoursOf,
    now: datetime,
) -> Rung | None:
    """Set the next reminder of each of these lots; return the soonest."""
    rungs = []
    for lot in silent:
        following = next_rung(
            lot.reminder_step + 1,
            now,
            hours(facility),
            facility.contacts,
            aimed=view.about_functions,
        )
        rungs += [following] if following else []
        step, at = (following.step, following.at) if following else (len(LADDER), None)
        lots.set_reminder(session, alert.id, lot.category, step=step, at=at)
    return min(rungs, key=lambda rung: (rung.at, rung.step), default=None)


def _addressed(
    alert: Alert,
    facility: Facility,
    silent: Sequence[Lot],
    subscribed: Sequence[Subscription],
    recipients: Recipients,
    elsewhere: Mapping[Address, Terms],
) -> dict[Address, _Reminder]:
    """Where this step goes, lot by lot, each address once."""
    found: dict[Address, _Reminder] = {}
    known = {each.to for each in subscribed}
    language = language_of(subscribed)
    for lot in silent:
        role = LADDER[lot.reminder_step]
        if role == SAME_PEOPLE:
            for each, _ in recipients.told(facility, subscribed, [lot.category]):
                if told_at_once(each.rhythm, alert.urgency):
                    reminder = _Reminder(each.terms, each.language)
                    found.setdefault(each.to, reminder).lots.append(lot)
            continue
        for contact in reachable(role, facility.contacts):
            to = Address.mailbox(contact.email)
            if to not in known:
                terms = contact_terms(contact.ceiling, elsewhere.get(to))
                found.setdefault(to, _Reminder(terms, language)).lots.append(lot)
    return found


def _deliveries(
    renderer: Renderer,
    alert: Alert,
    view: AlertView,
    addressed: dict[Address, _Reminder],
    threads: Mapping[Address, str],
    floor: Tlp,
) -> list[NewDelivery]:
    found = []
    for to, reminder in addressed.items():
        part = view.of_lots([lot.category for lot in reminder.lots])
        step = max(lot.reminder_step for lot in reminder.lots)
        shown = dataclasses.replace(
            part, reminder=step + 1, lots=view.lots, language=reminder.language
        )
        message = renderer.alert(
            shown,
            channel=to.channel,
            ceiling=reminder.terms.ceiling,
            floor=floor,
            pap=reminder.terms.pap,
            link=reminder.terms.links,
        )
        found.append(
            NewDelivery(
                kind=DeliveryKind.REMINDER,
                subject_id=alert.id,
                subject=alert.reference,
                to=to,
                message=dataclasses.replace(message, thread=threads.get(to, "")),
                trace_id=alert.trace_id,
                facility_id=alert.facility_id,
                content=alert.match_digest,
                occurrence=_occurrence(reminder.lots),
            )
        )
    return found


def _occurrence(silent: Sequence[Lot]) -> str:
    """Tells this reminder apart from any other: a lot may climb the ladder more than once."""
    steps = (f"{lot.category.name}:{lot.reminder_step}:{lot.reminder_at}" for lot in silent)
    return "reminder " + " ".join(sorted(steps))
