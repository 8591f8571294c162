"""The gate at the moment of sending: what a destination may not receive any more stays here.

A message was rendered for the ceiling of its day; retries last for days, and a ceiling may
have been lowered, or a room may not be encrypted after all. A neutral notice then goes in
its place, under the same key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.absence import STAND_IN_CEILING
from bot.domain.delivery import Address, DeliveryKind, Lease, Withheld
from bot.domain.marking import ENCRYPTED_FROM
from bot.domain.message import ChannelName
from bot.domain.routing import Terms, contact_terms
from bot.render import Renderer
from bot.store import Session, absences, audit, facilities, withheld
from feeds.advisory import Pap, Tlp

SUBSCRIBED = frozenset(
    {
        DeliveryKind.ALERT,
        DeliveryKind.REVISION,
        DeliveryKind.REMINDER,
        DeliveryKind.DIGEST,
        DeliveryKind.INITIAL,
        DeliveryKind.CAMPAIGN,
        DeliveryKind.REPLY,
        DeliveryKind.FORWARD,
    }
)
"""Kinds whose ceiling is that of a subscription or of a contact. The others (incidents, the
operator's alarms, what authorities are told) go where the configuration says."""
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
    """The gate that knows the subscriptions."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def admit(self, session: Session, leases: Sequence[Lease], now: datetime) -> list[Lease]:
        """Compare what is marked with the terms of today: one question for all of them."""
        marked = [lease for lease in leases if lease.kind in SUBSCRIBED and _is_marked(lease)]
        if not marked:
            return list(leases)
        terms = _terms(session, {lease.to for lease in marked}, now)
        over = {
            lease.delivery_id
            for lease in marked
            if not _fits(lease, terms.get(lease.to) or _otherwise(lease.kind))
        }
        return [
            self.notice(lease, Withheld.CEILING) if lease.delivery_id in over else lease
            for lease in leases
        ]

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


def _terms(session: Session, places: set[Address], now: datetime) -> dict[Address, Terms]:
    """What places may receive today: by their subscriptions, else as somebody's contact, else
    as who stands in for somebody away."""
    found = facilities.terms(session, places)
    mailboxes = [to.address for to in places - set(found) if to.channel is ChannelName.EMAIL]
    contacts = facilities.contact_ceilings(session, mailboxes)
    away = absences.around(session, now=now, emails=mailboxes) if mailboxes else []
    ceilings = {each.substitute_email: STAND_IN_CEILING for each in away} | contacts
    known = {
        Address.mailbox(email): contact_terms(ceiling, None) for email, ceiling in ceilings.items()
    }
    return {**known, **found}


def _otherwise(kind: DeliveryKind) -> Terms:
    """Of an address that is neither: a prestataire may be a person without a contact's line."""
    return contact_terms(Tlp.GREEN, None) if kind is DeliveryKind.FORWARD else NOTHING
