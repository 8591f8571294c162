"""Two people said the contrary of each other at the same moment: both are told, in the thread."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.facility import Facility
from bot.domain.marking import COUNTS_FLOOR
from bot.domain.message import ChannelName, Message
from bot.domain.routing import language_of
from bot.domain.speaker import Speaker
from bot.render import Renderer
from bot.render.answers import every_choice
from bot.store import Session, outbox, people, subscriptions
from bot.store.alerts import Alert
from bot.store.lots import Disagreement


def tell_disagreement(
    session: Session,
    renderer: Renderer,
    alert: Alert,
    facility: Facility,
    speaker: Speaker,
    disagreements: Sequence[Disagreement],
    *,
    now: datetime,
) -> None:
    """Write to every thread of the alert, and to each of the two who has none of them.

    It names people and lots, no machine: it is at least GREEN, and goes nowhere below.
    """
    threads = outbox.thread_roots(session, alert.id)
    told = {
        to: root
        for to, root in threads.items()
        if subscriptions.ceiling_of(session, to, facility.id) >= COUNTS_FLOOR
    }
    for email in _both(session, speaker, disagreements):
        if Address.mailbox(email) not in told and not _reads_a_thread(session, email, told):
            told[Address.mailbox(email)] = ""
    subscribed = subscriptions.by_facility(session, [facility.id]).get(facility.id, [])
    languages, usual = {each.to: each.language for each in subscribed}, language_of(subscribed)
    deliveries = []
    for to, root in told.items():
        language = languages.get(to, usual)
        message = _message(renderer, language, alert, speaker, disagreements)
        deliveries.append(
            NewDelivery(
                kind=DeliveryKind.DISAGREEMENT,
                subject_id=alert.id,
                subject=alert.reference,
                to=to,
                message=dataclasses.replace(message, thread=root),
                trace_id=alert.trace_id,
                facility_id=facility.id,
                occurrence=now.isoformat(),
            )
        )
    outbox.enqueue(session, deliveries, now=now)


def _message(
    renderer: Renderer,
    language: str,
    alert: Alert,
    speaker: Speaker,
    disagreements: Sequence[Disagreement],
) -> Message:
    text, html = renderer.reply(
        "disagreement",
        language=language,
        reference=alert.reference,
        person=speaker.name,
        disagreements=disagreements,
    )
    words = renderer.words(language)
    return Message(
        subject=words.phrases["disagreement_subject"],
        text=text,
        html=html,
        marking=COUNTS_FLOOR,
        choices=every_choice(alert.reference, words),
        language=language,
    )


def _both(
    session: Session, speaker: Speaker, disagreements: Sequence[Disagreement]
) -> dict[str, None]:
    """The mailboxes of everybody concerned, each once."""
    found = {speaker.email: None}
    for each in disagreements:
        person = each.earlier.person_id
        email = people.by_id(session, person).email if person else each.earlier.contact
        found[email] = None
    return found


def _reads_a_thread(session: Session, email: str, told: dict[Address, str]) -> bool:
    """Whether this person has an account where one of the threads is."""
    person = people.by_email(session, email)
    chats = {to.channel for to in told} - {ChannelName.EMAIL}
    return person is not None and any(
        people.identities(session, channel.value, [person.id]) for channel in chats
    )
