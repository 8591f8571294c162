"""A desk with a database, two people and a few plain commands, for the chats to talk to."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.channels.base import Channel
from bot.chat.desk import Desk
from bot.commands import preciser
from bot.commands.base import (
    CommandBook,
    Entry,
    FieldKind,
    Form,
    FormField,
    Invocation,
    Reply,
    Setting,
)
from bot.commands.lier import link
from bot.domain.clock import system_clock
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.message import ChannelName, Choice, Message
from bot.pipeline.dispatch import Dispatcher
from bot.render import Renderer
from bot.store import Database, Session, audit, outbox, people
from bot.store.audit import AuditEntry
from bot.store.migrate import upgrade

ALERT = "ALR-2026-0412"
CHOICES = (
    Choice("je prends", "Je m'en occupe", f"{ALERT}:taken", "✋"),
    Choice("pas concerné", "Pas concerné…", f"{ALERT}:not_concerned", "🚫"),
)
MESSAGE = Message(
    subject="Citrix NetScaler : 3 serveurs concernés",
    text="À faire : passer en 13.1-49.13 ou plus.",
    choices=CHOICES,
)
DECLARE = Form(
    command="declare",
    title="Déclarer un incident",
    submit="Déclarer",
    fields=(
        FormField("what", "Que se passe-t-il ?", FieldKind.TEXT),
        FormField(
            "care",
            "Les soins sont-ils touchés ?",
            FieldKind.CHOICE,
            options=(("yes", "Oui"), ("no", "Non"), ("unknown", "On ne sait pas")),
        ),
    ),
    context="contexte gardé",
)


@dataclass(frozen=True, slots=True)
class Office:
    """The desk, and what was recorded behind it."""

    database: Database
    desk: Desk

    async def deliver(
        self, channels: Mapping[ChannelName, Channel], to: Address, message: Message = MESSAGE
    ) -> str:
        """Put an alert in the outbox, dispatch it for real, return its receipt."""
        delivery = NewDelivery(
            kind=DeliveryKind.ALERT,
            subject_id=uuid.uuid4(),
            subject=ALERT,
            to=to,
            message=message,
            trace_id="essai",
        )
        await self.database.run(outbox.enqueue, [delivery], now=system_clock())
        await Dispatcher(self.database, channels, clock=system_clock).run()
        [latest] = await self.database.run(outbox.listed, limit=1)
        assert latest.receipt, latest.reason
        return latest.receipt

    async def known(self, account: Address) -> None:
        """Make an account that of a person."""

        def add(session: Session) -> None:
            person = people.add(session, "Une RSSI", "rssi@ch.example", now=system_clock())
            people.link(session, person.id, account, now=system_clock())

        await self.database.run(add)

    async def recorded(self, action: str) -> list[AuditEntry]:
        """What the audit holds of an action, oldest first."""
        entries = await self.database.run(audit.latest, limit=100)
        return [entry for entry in reversed(entries) if entry.action == action]


@asynccontextmanager
async def opened_office(folder: Path) -> AsyncIterator[Office]:
    """An office with an empty database."""
    database = Database(f"sqlite:///{folder / 'office.db'}")
    upgrade(database)
    renderer = Renderer()
    book = CommandBook(list(_entries()), link=link, renderer=renderer)
    try:
        yield Office(database, Desk(database, book, renderer, clock=system_clock))
    finally:
        await database.close()


def _entries() -> Iterator[Entry]:
    yield Entry(("alertes", "alerts"), _alerts)
    yield Entry(("répondre", "answer"), _answer)
    yield Entry(("préciser",), preciser.complete, quiet=True)
    yield Entry(("declare", "déclarer"), _declare)
    yield Entry(("casse",), _break)


def _alerts(session: Session, setting: Setting) -> Reply:
    text = f"1 alerte pour {setting.person.name} <!channel> {setting.invocation.args}".strip()
    return Reply(text, html=f"<p>{text}</p>", choices=CHOICES)


def _answer(session: Session, setting: Setting) -> Reply:
    asked = setting.invocation
    audit.note(session, "essai", "answered", asked.subject, now=setting.now, args=asked.args)
    return Reply(f"C'est noté : {asked.args} pour {asked.subject}")


def _declare(session: Session, setting: Setting) -> Reply:
    fields = setting.invocation.fields
    if not fields:
        return Reply("Déclaration", form=DECLARE)
    audit.note(session, "essai", "declared", "", now=setting.now, **fields)
    return Reply(
        f"Incident ouvert ({setting.invocation.args}) : {fields['what']}, {fields['care']}"
    )


def _break(session: Session, setting: Setting) -> Reply:
    raise RuntimeError("une panne d'essai")


def alerts_invocation(sender: Address) -> Invocation:
    """What a chat should make of the command ``alertes``."""
    return Invocation(sender=sender, place=sender, name="alertes")
