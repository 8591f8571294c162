"""The gate at the moment of sending: what a destination may not receive any more stays here.

A message was rendered for the ceiling of its day; retries last for days, and a ceiling may
have been lowered, or a room may not be encrypted after all. A neutral notice then goes in
its place, under the same key.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from bot.domain.absence import STAND_IN_CEILING
from bot.domain.delivery import Address, DeliveryKind, Lease, Withheld
from bot.domain.marking import ENCRYPTED_FROM, USUAL_PAP
from bot.domain.message import ChannelName
from bot.domain.routing import Terms, contact_terms
from bot.render import Renderer
from bot.store import Session, absences, audit, contacts, incidents, subscriptions, withheld
from feeds.advisory import Pap, Tlp

CONFIGURED = frozenset(
    {
        DeliveryKind.INCIDENT_AUTHORITY,
        DeliveryKind.INCIDENT_CERT,
        DeliveryKind.SILENCES,
        DeliveryKind.ALARM,
    }
)
"""Kinds that go where the configuration says, and nowhere else."""
INCIDENT = frozenset({DeliveryKind.INCIDENT, DeliveryKind.INCIDENT_DECLARANT})
"""Kinds that go in the incident's own room, or to who declared it. All others go where
somebody is subscribed or a contact."""
ROUTED_CEILING = Tlp.AMBER  # of what is configured, and of the room of an incident
TO_PEOPLE = frozenset({DeliveryKind.FORWARD, DeliveryKind.DISAGREEMENT})
NOTHING = Terms(Tlp.CLEAR, Pap.CLEAR)  # of who is neither subscribed nor a contact any more


class Gate(Protocol):
    """What stands between the outbox and the channels."""

    def admit(self, session: Session, leases: Sequence[Lease], now: datetime) -> list[Lease]:
        """The same deliveries, those that may not go as they are with a notice instead."""
        ...

    def notice(self, lease: Lease, why: Withheld) -> Lease:
        """The delivery with the neutral notice, and why it was withheld."""
        ...

    def delivered(self, session: Session, lease: Lease, now: datetime) -> None:
        """Record what was withheld, or that it passes again."""
        ...


class Gates:
    """The gate that knows where each kind may go, and under which terms.

    Args:
        configured: the addresses that the configuration gives to each kind of
            :data:`CONFIGURED`, today.
    """

    def __init__(
        self,
        renderer: Renderer,
        configured: Mapping[DeliveryKind, Collection[Address]] = MappingProxyType({}),
    ) -> None:
        self._renderer = renderer
        self._configured = configured

    def admit(self, session: Session, leases: Sequence[Lease], now: datetime) -> list[Lease]:
        """Compare what is marked with the terms of today: one question for all of them."""
        marked = [lease for lease in leases if _is_marked(lease)]
        if not marked:
            return list(leases)
        known = _terms(session, {lease.to for lease in marked}, now)
        incident = _of_incidents(session, marked)
        over = {
            lease.delivery_id
            for lease in marked
            if not _fits(lease, self._allowed(lease, known, incident))
        }
        return [
            self.notice(lease, Withheld.CEILING) if lease.delivery_id in over else lease
            for lease in leases
        ]

    def _allowed(
        self, lease: Lease, known: _Known, incident: Mapping[uuid.UUID, frozenset[str]]
    ) -> Terms:
        """What the destination of ``lease`` may receive today.

        The surprising case: an authority's mailbox that a facility subscribed keeps to that
        subscription too. The same people read it, whoever wrote it down.
        """
        to, subscribed = lease.to, known.subscribed.get(lease.to)
        if lease.kind in CONFIGURED:
            return _routed(subscribed, lease, to in self._configured.get(lease.kind, ()))
        if lease.kind in INCIDENT:
            return _routed(subscribed, lease, to.address in incident.get(lease.subject_id, ()))
        return subscribed or known.others.get(to) or _otherwise(lease.kind)

    def notice(self, lease: Lease, why: Withheld) -> Lease:
        """The delivery with the neutral notice, in the same thread."""
        message = self._renderer.notice(
            lease.subject, channel=lease.to.channel, language=lease.message.language
        )
        message = dataclasses.replace(
            message, thread=lease.message.thread, awareness=lease.message.awareness
        )
        return dataclasses.replace(lease, message=message, withheld=why)

    def delivered(self, session: Session, lease: Lease, now: datetime) -> None:
        """Note in the audit what was withheld; the operator hears of an open room until
        something passes there again."""
        if lease.withheld is not None:
            audit.note(
                session,
                "tocsin",
                "delivery.withheld",
                lease.subject,
                now=now,
                why=lease.withheld.value,
                address=lease.to.address,
            )
            if lease.withheld is Withheld.NOT_ENCRYPTED:
                withheld.note(session, lease.to, lease.withheld, now=now)
        elif lease.to.channel is ChannelName.MATRIX and lease.message.marking >= ENCRYPTED_FROM:
            withheld.forget(session, lease.to)


def _is_marked(lease: Lease) -> bool:
    return lease.message.marking > Tlp.CLEAR or lease.message.pap > Pap.CLEAR


def _fits(lease: Lease, terms: Terms) -> bool:
    return lease.message.marking <= terms.ceiling and lease.message.pap <= terms.pap


@dataclass(frozen=True, slots=True)
class _Known:
    """The terms of the addresses that are subscribed, and of those that are somebody's
    contact's or stand-in's."""

    subscribed: Mapping[Address, Terms]
    others: Mapping[Address, Terms]


def _terms(session: Session, places: set[Address], now: datetime) -> _Known:
    found = subscriptions.terms(session, places)
    mailboxes = [to.address for to in places - set(found) if to.channel is ChannelName.EMAIL]
    away = absences.around(session, now=now, emails=mailboxes) if mailboxes else []
    ceilings = {each.substitute_email: STAND_IN_CEILING for each in away}
    ceilings |= contacts.ceilings(session, mailboxes)
    others = {
        Address.mailbox(email): contact_terms(ceiling, None) for email, ceiling in ceilings.items()
    }
    return _Known(found, others)


def _of_incidents(session: Session, leases: Sequence[Lease]) -> Mapping[uuid.UUID, frozenset[str]]:
    """Where each of the incidents told may be: its room, and its declarant's mailbox."""
    ids = {lease.subject_id for lease in leases if lease.kind in INCIDENT}
    return incidents.places(session, ids) if ids else {}


def _routed(subscribed: Terms | None, lease: Lease, still: bool) -> Terms:
    """The terms of an address that no subscription gives, if it is ``still`` the one."""
    if not still:
        return subscribed or NOTHING
    own = Terms(ROUTED_CEILING, USUAL_PAP[lease.to.channel])
    if subscribed is None:
        return own
    return Terms(min(own.ceiling, subscribed.ceiling), min(own.pap, subscribed.pap))


def _otherwise(kind: DeliveryKind) -> Terms:
    """Of an address that is neither: a prestataire, or who answered, may be a person without
    a contact's line."""
    return contact_terms(Tlp.GREEN, None) if kind in TO_PEOPLE else NOTHING
