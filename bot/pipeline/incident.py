"""Declaring an incident. The rows come first; the room and the mails follow from the outbox.

Each step is a delivery, and what follows from it is written with its receipt: a crash between
any two steps loses none, and starts none twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.channels.rooms import TO_OPEN, opened_room
from bot.domain.delivery import Address, DeliveryKind, Lease, NewDelivery
from bot.domain.facility import Facility
from bot.domain.incident import (
    Declaration,
    Happening,
    Incident,
    IncidentRouting,
    IncidentState,
    NotDeclaringError,
    may_declare,
)
from bot.domain.message import ChannelName, Message, RoomRequest
from bot.domain.people import DECLARING, Person
from bot.domain.views import CareImpact, IncidentReader
from bot.pipeline.incident_view import STEPS, incident_view
from bot.render import Renderer
from bot.store import Session, audit, facilities, incidents, outbox, people
from bot.store.outbox import Delivery
from feeds.advisory import Tlp

log = structlog.get_logger(__name__)

CEILING = Tlp.AMBER  # of a private room and of an SSI mailbox: what an incident is marked


@dataclass(frozen=True, slots=True)
class Declared:
    """What a declaration led to. ``new`` is False when it proposes one already open."""

    incident: Incident
    new: bool


class IncidentDesk:
    """What may be done with incidents, as the configuration routes them."""

    def __init__(self, renderer: Renderer, routing: IncidentRouting) -> None:
        self._renderer = renderer
        self._routing = routing

    def declare(
        self, session: Session, declaration: Declaration, person: Person, *, now: datetime
    ) -> Declared:
        """Open an incident with its time-line, and write everything that follows.

        An open incident is proposed instead, unless another one is asked for. The same
        words about an open incident are a double click, even then.

        Raises:
            NotDeclaringError: no role of the person declares for that facility.
        """
        if not may_declare(person, declaration.facility_id):
            raise NotDeclaringError(f"{person.email} does not declare for this facility")
        incidents.hold_facility(session, declaration.facility_id)
        known = incidents.open_at(session, declaration.facility_id, exercise=declaration.exercise)
        if declaration.another:
            known = [each for each in known if each.what == declaration.what]
        if known:
            return Declared(known[0], new=False)
        incident = incidents.add(session, declaration, person.id, now=now)
        audit.note(
            session,
            str(person.id),
            "incident.declared",
            incident.reference,
            now=now,
            exercise=incident.exercise,
        )
        facility = facilities.by_ids(session, [incident.facility_id])[incident.facility_id]
        deliveries = [*self._room(session, incident, facility)]
        deliveries += self._mails(session, incident, facility)
        outbox.enqueue(session, deliveries, now=now)
        log.info("incident declared", reference=incident.reference, exercise=incident.exercise)
        return Declared(incident, new=True)

    def tell_care(
        self,
        session: Session,
        incident: Incident,
        care: CareImpact,
        person: Person,
        *,
        now: datetime,
    ) -> Incident:
        """Record whether care is affected; everybody who was told is told of a change."""
        if incidents.save_care(session, incident.id, care):
            self._changed(session, incident, Happening.CARE, care.value, person, now=now)
        return incidents.by_id(session, incident.id)

    def tell_state(
        self,
        session: Session,
        incident: Incident,
        state: IncidentState,
        person: Person,
        *,
        now: datetime,
    ) -> Incident:
        """Record where the incident stands; everybody who was told is told of a change."""
        if incidents.save_state(session, incident.id, state):
            self._changed(session, incident, Happening.STATE, state.value, person, now=now)
        return incidents.by_id(session, incident.id)

    def delivered(self, session: Session, lease: Lease, receipt: str, now: datetime) -> None:
        """What follows from a delivery about an incident, in the transaction that records it."""
        if lease.withheld is not None:  # a notice went instead: nobody was told what happens
            self._failed(session, lease.kind, lease.subject_id, now)
        elif lease.kind is DeliveryKind.INCIDENT_ROOM:
            self._room_opened(session, lease, receipt, now)
        elif lease.kind is DeliveryKind.INCIDENT:
            outbox.enqueue(session, [_pin(session, lease, receipt)], now=now)
        elif lease.kind is DeliveryKind.INCIDENT_AUTHORITY:
            incidents.append(session, lease.subject_id, Happening.AUTHORITY, now=now)
        elif lease.kind is DeliveryKind.INCIDENT_CERT:
            incidents.append(session, lease.subject_id, Happening.CERT, now=now)

    def given_up(self, session: Session, lease: Lease, reason: str, now: datetime) -> None:
        """Say that a step failed for good. The reason is for the operator, on the delivery's
        row; people need to know what to do."""
        self._failed(session, lease.kind, lease.subject_id, now)

    def bounced(self, session: Session, delivery: Delivery, now: datetime) -> None:
        """The same for a mail that a relay had taken, and that came back."""
        self._failed(session, DeliveryKind(delivery.kind), delivery.subject_id, now)

    def _failed(
        self, session: Session, kind: DeliveryKind, incident_id: uuid.UUID, now: datetime
    ) -> None:
        """Tell it in the incident's room, or to the declarant where there is none."""
        steps = {kind: code for code, kind in STEPS.items()}
        if kind not in steps:
            return
        incidents.append(session, incident_id, Happening.FAILED, steps[kind], now=now)
        incident = incidents.by_id(session, incident_id)
        if incident.room and self._routing.room:
            told = self._summary(session, incident, Address(self._routing.room, incident.room))
        else:
            mailbox = Address.mailbox(people.by_id(session, incident.declared_by).email)
            told = self._told(
                session, incident, DeliveryKind.INCIDENT_DECLARANT, IncidentReader.ROOM, mailbox
            )
        outbox.enqueue(session, [told], now=now)

    def _changed(
        self,
        session: Session,
        incident: Incident,
        kind: Happening,
        value: str,
        person: Person,
        *,
        now: datetime,
    ) -> None:
        """Append to the time-line, and tell again whoever was told."""
        incidents.append(session, incident.id, kind, value, person_id=person.id, now=now)
        audit.note(
            session,
            str(person.id),
            f"incident.{kind.value}",
            incident.reference,
            now=now,
            value=value,
        )
        current = incidents.by_id(session, incident.id)
        facility = facilities.by_ids(session, [incident.facility_id])[incident.facility_id]
        deliveries = [*self._mails(session, current, facility)]
        if current.room and self._routing.room:
            room = Address(self._routing.room, current.room)
            deliveries.append(self._summary(session, current, room))
        outbox.enqueue(session, deliveries, now=now)

    def _room_opened(self, session: Session, lease: Lease, receipt: str, now: datetime) -> None:
        """Record the room, and write the summary for it."""
        room = opened_room(receipt)
        if not incidents.save_room(session, lease.subject_id, room.address):
            return
        incidents.append(session, lease.subject_id, Happening.ROOM, now=now)
        if room.refused:
            missing = ", ".join(room.refused)
            incidents.append(session, lease.subject_id, Happening.NOT_INVITED, missing, now=now)
        incident = incidents.by_id(session, lease.subject_id)
        summary = self._summary(session, incident, Address(lease.to.channel, room.address))
        outbox.enqueue(session, [summary], now=now)

    def _room(
        self, session: Session, incident: Incident, facility: Facility
    ) -> Iterator[NewDelivery]:
        """The room to open, where there is somebody to ask in."""
        channel = self._routing.room
        invited = _accounts(session, channel, facility, incident) if channel else ()
        if channel is None or not invited:
            return
        words = self._renderer.words(self._routing.language)
        name = incident.reference
        if incident.exercise:
            name = f"{words.phrases['exercise']} {name}"
        topic = words.phrases["room_topic"]
        yield NewDelivery(
            kind=DeliveryKind.INCIDENT_ROOM,
            subject_id=incident.id,
            subject=incident.reference,
            to=Address(channel, f"{TO_OPEN}{incident.reference}"),
            message=Message(name, topic, room=RoomRequest(name, topic, invited)),
            trace_id=incident.id.hex,
            facility_id=facility.id,
        )

    def _mails(
        self, session: Session, incident: Incident, facility: Facility
    ) -> Iterator[NewDelivery]:
        """One mail to each SSI mailbox that is configured."""
        routing = self._routing
        mailboxes = (
            (
                DeliveryKind.INCIDENT_AUTHORITY,
                IncidentReader.AUTHORITY,
                routing.authority_mailboxes.get(facility.authority, ""),
            ),
            (DeliveryKind.INCIDENT_CERT, IncidentReader.CERT, routing.cert_mailbox),
        )
        for kind, reader, mailbox in mailboxes:
            if mailbox:
                yield self._told(session, incident, kind, reader, Address.mailbox(mailbox))

    def _summary(self, session: Session, incident: Incident, room: Address) -> NewDelivery:
        return self._told(session, incident, DeliveryKind.INCIDENT, IncidentReader.ROOM, room)

    def _told(
        self,
        session: Session,
        incident: Incident,
        kind: DeliveryKind,
        reader: IncidentReader,
        to: Address,
    ) -> NewDelivery:
        view = incident_view(
            session, incident, self._renderer, reader=reader, language=self._routing.language
        )
        return NewDelivery(
            kind=kind,
            subject_id=incident.id,
            subject=incident.reference,
            to=to,
            message=self._renderer.incident(view, channel=to.channel, ceiling=CEILING),
            trace_id=incident.id.hex,
            facility_id=incident.facility_id,
        )


def _pin(session: Session, lease: Lease, receipt: str) -> NewDelivery:
    """The pin of a summary that was delivered."""
    incident = incidents.by_id(session, lease.subject_id)
    return NewDelivery(
        kind=DeliveryKind.INCIDENT_PIN,
        subject_id=incident.id,
        subject=incident.reference,
        to=lease.to,
        message=Message(incident.reference, incident.reference, pin=receipt),
        trace_id=lease.trace_id,
        facility_id=incident.facility_id,
        content=receipt,
    )


def _accounts(
    session: Session, channel: ChannelName, facility: Facility, incident: Incident
) -> tuple[str, ...]:
    """The accounts to ask in: who declares for the facility, its contacts, the declarant."""
    wanted = people.holding(session, tuple(DECLARING), facility_id=facility.id)
    contacts = [people.by_email(session, contact.email) for contact in facility.contacts]
    ids = {person.id for person in (*wanted, *contacts) if person} | {incident.declared_by}
    return tuple(sorted(people.identities(session, channel.value, sorted(ids)).values()))
