"""« Transmis au prestataire »: what the person who can act needs, and how to answer."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.absence import present
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.escalation import local_day, reachable
from bot.domain.facility import AssetCategory, Contact, Facility
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.domain.routing import CONTACT_PAP, contact_terms, language_of
from bot.domain.wording import fold
from bot.pipeline.view import alert_views
from bot.render import Renderer
from bot.store import Session, absences, outbox, people, subscriptions
from bot.store.alerts import Alert
from feeds.advisory import Pap, Tlp

FARTHEST = Tlp.AMBER  # TLP 2.0: the organisation and those who work for it; +STRICT is itself alone
PRESTATAIRE = "prestataire"


class Refused(StrEnum):
    """Why nothing was sent to the prestataire, and nothing recorded."""

    NO_CONTACT = "no_contact"
    MARKING = "marking"  # the bulletin may not leave the facility
    CEILING = "ceiling"  # nor be read by that contact


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Whom the paragraph was sent to; ``machines`` whether it names them."""

    name: str
    email: str
    machines: bool


def forward(
    session: Session,
    renderer: Renderer,
    alert: Alert,
    facility: Facility,
    lots: Collection[AssetCategory],
    note: str,
    *,
    now: datetime,
) -> Forwarded | Refused:
    """Write to the facility's prestataire: what to do, up to which version, how to answer.

    Of several prestataires, the one that ``note`` names, else the first by rank. Machines
    are named only where the contact's ceiling allows: below AMBER, they are counted.
    """
    (view,) = alert_views(session, [alert])
    if view.tlp > FARTHEST or (view.pap or Pap.CLEAR) > CONTACT_PAP:
        return Refused.MARKING
    contact = _chosen(session, facility, note, now)
    if contact is None:
        return Refused.NO_CONTACT
    to = Address.mailbox(contact.email)
    terms = contact_terms(contact.ceiling, subscriptions.terms(session, [to]).get(to))
    if view.tlp > terms.ceiling:
        return Refused.CEILING
    if (view.pap or Pap.CLEAR) > terms.pap:
        return Refused.MARKING
    shown = view.of_lots(lots)
    spoken = language_of(subscriptions.by_facility(session, [facility.id]).get(facility.id, ()))
    shown = dataclasses.replace(shown, only=tuple(sorted(lots)), language=spoken)
    message = renderer.forward(
        shown, channel=ChannelName.EMAIL, ceiling=terms.ceiling, contact=contact.name, note=note
    )
    said = "\x1e".join([alert.match_digest, note, *sorted(lots)])
    delivery = NewDelivery(
        kind=DeliveryKind.FORWARD,
        subject_id=alert.id,
        subject=alert.reference,
        to=to,
        message=dataclasses.replace(
            message, thread=outbox.thread_roots(session, alert.id).get(to, "")
        ),
        trace_id=alert.trace_id,
        facility_id=facility.id,
        content=hashlib.sha256(said.encode()).hexdigest(),
        occurrence=now.date().isoformat(),  # once a day: pressed twice is sent once
    )
    outbox.enqueue(session, [delivery], now=now)
    return Forwarded(contact.name or contact.email, contact.email, terms.ceiling >= FARTHEST)


def _chosen(session: Session, facility: Facility, note: str, now: datetime) -> Contact | None:
    """The prestataire to write to: contacts first, then people who have that role."""
    away = absences.around(session, now=now)
    contacts = present(facility.contacts, away, local_day(now, facility))
    found = reachable(PRESTATAIRE, contacts)
    found += [
        Contact(person.name, PRESTATAIRE, person.email, ceiling=Tlp.GREEN)
        for person in people.holding(session, [Role.PRESTATAIRE], facility_id=facility.id)
    ]
    named = [each for each in found if each.name and fold(each.name) in fold(note)]
    return next(iter(named or found), None)
