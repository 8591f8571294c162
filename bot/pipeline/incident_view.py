"""What people read of an incident, from its rows: nothing is remembered beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.delivery import DeliveryKind, DeliveryState
from bot.domain.facility import Facility
from bot.domain.incident import Event, Happening, Incident
from bot.domain.people import Person
from bot.domain.views import IncidentReader, IncidentView, TimelineEntry
from bot.render import Renderer
from bot.store import Session, facilities, incidents, outbox, people
from bot.store.outbox import Delivery

STEPS = {
    "room": DeliveryKind.INCIDENT_ROOM,
    "authority": DeliveryKind.INCIDENT_AUTHORITY,
    "cert": DeliveryKind.INCIDENT_CERT,
}
"""What Tocsin does once an incident is recorded, by the code that views give it."""

INSIDE = frozenset({Happening.NOTE, Happening.NOT_INVITED, Happening.FAILED})
"""What stays with the facility: people write in their room as they would among themselves."""


def incident_view(
    session: Session,
    incident: Incident,
    renderer: Renderer,
    *,
    reader: IncidentReader = IncidentReader.ROOM,
    language: str = "fr",
) -> IncidentView:
    """An incident as one kind of reader is told of it, in the facility's time zone."""
    facility = facilities.by_ids(session, [incident.facility_id])[incident.facility_id]
    declarant = people.by_id(session, incident.declared_by)
    inside = reader is IncidentReader.ROOM
    pending, by_hand = standing(outbox.about(session, incident.id)) if inside else ((), ())
    events = incidents.timeline(session, incident.id)
    return IncidentView(
        reference=incident.reference,
        facility=facility.name,
        finess=facility.finess,
        summary=incident.what,
        opened_at=_local(incident.declared_at, facility),
        care=incident.care,
        reader=reader,
        declarant=declarant.name,
        declarant_function=_function(declarant, facility, renderer, language),
        callback=_telephone(declarant, facility),
        authority=facility.authority,
        state=incident.state.value,
        timeline=tuple(
            _entry(event, facility) for event in events if inside or event.kind not in INSIDE
        ),
        alert=incident.alert,
        pending=pending,
        by_hand=by_hand,
        exercise=incident.exercise,
        language=language,
    )


def standing(deliveries: Sequence[Delivery]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is still tried, and what a person must do because Tocsin cannot or could not.

    The last delivery of each kind decides: an older one that was given up is replaced by it.
    """
    last = {delivery.kind: delivery.state for delivery in deliveries}
    pending, by_hand = [], []
    for code, kind in STEPS.items():
        state = last.get(kind, DeliveryState.DEAD)  # no address: nothing was even written
        if state in {DeliveryState.DEAD, DeliveryState.DROPPED}:
            by_hand.append(code)
        elif state is not DeliveryState.DELIVERED:
            pending.append(code)
    return tuple(pending), tuple(by_hand)


def _entry(event: Event, facility: Facility) -> TimelineEntry:
    return TimelineEntry(_local(event.at, facility), event.text, event.author, event.kind.value)


def _local(moment: datetime, facility: Facility) -> datetime:
    return moment.astimezone(ZoneInfo(facility.time_zone))


def _function(person: Person, facility: Facility, renderer: Renderer, language: str) -> str:
    """What the declarant is at the facility, in words."""
    held = [grant.role.value for grant in person.grants if grant.facility_id == facility.id]
    words = renderer.words(language).people
    return ", ".join(words[role] for role in dict.fromkeys(held))


def _telephone(person: Person, facility: Facility) -> str:
    """The declarant's telephone, where they are one of the facility's contacts."""
    return next(
        (c.phone for c in facility.contacts if c.email.casefold() == person.email and c.phone), ""
    )
