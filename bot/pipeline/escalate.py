"""Alerts that nobody answered: a reminder, then the deputy, then the direction.

An answer, whatever it says, stops it at once: it clears the hour of the next reminder in
the transaction that records it, and nothing else decides.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from bot.domain.alert import AlertView
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.escalation import (
    LADDER,
    SAME_PEOPLE,
    HoursOf,
    next_contact,
    next_rung,
    reachable,
)
from bot.domain.facility import Facility
from bot.domain.routing import one_per_address, told_at_once
from bot.pipeline.view import alert_views
from bot.render import Renderer
from bot.store import Session, alerts, facilities, outbox
from bot.store.alerts import Alert
from feeds.advisory import Tlp

AT_ONCE = 200  # alerts reminded in one transaction
CONTACT_CEILING = Tlp.GREEN  # of a mailbox that nobody subscribed: counts, no machine


def write_reminders(
    session: Session, renderer: Renderer, hours: HoursOf, *, now: datetime, floor: Tlp
) -> int:
    """Write the reminders that are due and set the hour of the next; return how many."""
    due = alerts.due_reminders(session, now=now, limit=AT_ONCE)
    owners = facilities.by_ids(session, {alert.facility_id for alert in due})
    deliveries: list[NewDelivery] = []
    for alert, view in zip(due, alert_views(session, due), strict=True):
        facility = owners[alert.facility_id]
        following = next_rung(
            alert.reminder_step + 1,
            now,
            hours(facility),
            facility.contacts,
            aimed=view.about_functions,
        )
        shown = dataclasses.replace(
            view,
            reminder=alert.reminder_step + 1,
            next_step=following.at if following else None,
            next_contact=next_contact(following.step - 1, facility.contacts) if following else "",
        )
        deliveries += _deliveries(session, renderer, alert, facility, shown, floor)
        alerts.set_reminder(
            session,
            alert.id,
            step=following.step if following else len(LADDER),
            at=following.at if following else None,
        )
    return outbox.enqueue(session, deliveries, now=now)


def _deliveries(
    session: Session,
    renderer: Renderer,
    alert: Alert,
    facility: Facility,
    view: AlertView,
    floor: Tlp,
) -> list[NewDelivery]:
    threads = outbox.thread_roots(session, alert.id)
    found = []
    for to, ceiling, language in _recipients(session, alert, facility):
        message = renderer.alert(
            dataclasses.replace(view, language=language),
            channel=to.channel,
            ceiling=ceiling,
            floor=floor,
        )
        found.append(
            NewDelivery(
                kind=DeliveryKind.REMINDER,
                subject_id=alert.id,
                subject=alert.reference,
                to=to,
                message=dataclasses.replace(message, thread=threads.get(to, "")),
                trace_id=alert.trace_id,
                facility_id=facility.id,
                content=alert.match_digest,
                occurrence=f"reminder-{alert.reminder_step}",
            )
        )
    return found


def _recipients(
    session: Session, alert: Alert, facility: Facility
) -> Sequence[tuple[Address, Tlp, str]]:
    """Where this step goes, with what each place may read."""
    role = LADDER[alert.reminder_step]
    subscribed = facilities.subscriptions(session, [facility.id]).get(facility.id, [])
    if role == SAME_PEOPLE:
        return [
            (each.to, each.ceiling, each.language)
            for each in one_per_address(subscribed)
            if told_at_once(each.rhythm, alert.urgency)
        ]
    told = {each.to for each in subscribed}
    mailboxes = [Address.mailbox(contact.email) for contact in reachable(role, facility.contacts)]
    return [(to, CONTACT_CEILING, "fr") for to in mailboxes if to not in told]
