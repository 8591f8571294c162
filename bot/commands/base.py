"""What a person asks, what Tocsin replies, and who may ask.

A command is a function of a session and an invocation. It knows no chat: the ways of
talking (``bot.chat``) build invocations from what people write, and show replies.
"""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.decision import OpenQuestion
from bot.domain.delivery import Address
from bot.domain.marking import USUAL_PAP
from bot.domain.message import ChannelName, Choice
from bot.domain.people import Person
from bot.domain.speaker import Speaker
from bot.render import Renderer
from bot.store import Session, audit, people, speakers, subscriptions
from feeds.advisory import Pap, Tlp

OPEN_CEILING = Tlp.GREEN  # of a room that should be encrypted and is not


@dataclass(frozen=True, slots=True)
class Invocation:
    """What somebody wrote, and where.

    Args:
        sender: the account that speaks, as the channel authenticated it.
        place: the room or channel it was written in; the sender for a mail.
        name: command without its sign: ``alertes``.
        args: what follows, as typed.
        thread: receipt of the message this answers, empty outside a thread.
        subject: reference the thread or the button is about (``ALR-2026-0412``), if any.
        fields: values of a form, by field name.
        confidential: False in a room that does not protect what is said there.
        by_link: the link of a mail was pressed: the sender is the mailbox it was sent to.
    """

    sender: Address
    place: Address
    name: str
    args: str = ""
    thread: str = ""
    subject: str = ""
    language: str = "fr"
    fields: dict[str, str] = field(default_factory=dict)
    confidential: bool = True
    by_link: bool = False

    @property
    def prefix(self) -> str:
        """The sign before a command here: Matrix clients keep ``/`` for themselves."""
        return "/" if self.place.channel is ChannelName.SLACK else "!"


class FieldKind(StrEnum):
    """How a form asks for a value."""

    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of a form; ``options`` are (value, label) pairs for a choice."""

    name: str
    label: str
    kind: FieldKind
    options: tuple[tuple[str, str], ...] = ()
    value: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form to fill in: a modal in Slack, questions in the thread elsewhere.

    ``command`` is invoked with the values in ``Invocation.fields``.
    """

    command: str
    title: str  # at most 24 characters, Slack's limit
    submit: str
    fields: tuple[FormField, ...]
    context: str = ""  # comes back in ``Invocation.args``


@dataclass(frozen=True, slots=True)
class Reply:
    """What is shown in return.

    Args:
        private: to the asker only, where the chat can.
        asked: the questions that the text lists, for a chat that offers their answers.
        answered: reference of the question that this reply says was answered.
    """

    text: str
    html: str = ""
    choices: tuple[Choice, ...] = ()
    form: Form | None = None
    private: bool = False
    asked: tuple[OpenQuestion, ...] = ()
    answered: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every command needs beside the session: who asks, where, and when."""

    invocation: Invocation
    person: Person
    speaker: Speaker  # what they may answer for
    facility_ids: tuple[int, ...]  # what this place is about, among what the person may see
    renderer: Renderer
    now: datetime

    def ceiling(self, session: Session, facility_id: int) -> Tlp:
        """The most that may be said of a facility in this place."""
        known = subscriptions.ceiling_of(session, self.invocation.place, facility_id)
        return known if self.invocation.confidential else min(known, OPEN_CEILING)

    def pap(self, session: Session) -> Pap:
        """The highest PAP that this place may hear of."""
        place = self.invocation.place
        subscribed = subscriptions.terms(session, [place]).get(place)
        return subscribed.pap if subscribed else USUAL_PAP[place.channel]

    def reply(self, template: str, **variables: Any) -> Reply:
        """A reply from ``templates/reply``."""
        text, html = self.renderer.reply(template, language=self.invocation.language, **variables)
        return Reply(text, html)


Command = Callable[[Session, Setting], Reply]
OpenCommand = Callable[[Session, Invocation, Renderer, datetime], Reply]


@dataclass(frozen=True, slots=True)
class Entry:
    """A command and the names it answers to, French first.

    A ``quiet`` one is tried on what people say to each other: it is neither refused to a
    stranger nor audited unless it does something. One that is open to ``contacts`` is taken
    from somebody who is nobody registered, in reply to a mail that was written to them.
    """

    names: Sequence[str]
    run: Command
    quiet: bool = False
    contacts: bool = False


class CommandBook:
    """Every command by every name, and the rule that strangers are refused politely."""

    def __init__(self, entries: Sequence[Entry], *, link: OpenCommand, renderer: Renderer) -> None:
        self._by_name = {name: entry for entry in entries for name in entry.names}
        self._link = link
        self._renderer = renderer

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that is answered to, ``lier`` included."""
        return (*self._by_name, *LINK_NAMES)

    def dispatch(
        self,
        session: Session,
        invocation: Invocation,
        *,
        now: datetime,
        contact: Speaker | None = None,
    ) -> Reply:
        """Run the command asked for, or say why not. Never raises for what people write.

        Args:
            contact: who speaks, when it is a contact whom nobody registered as a person.
        """
        name = invocation.name.casefold()
        if name in LINK_NAMES:
            return self._link(session, invocation, self._renderer, now)
        entry = self._by_name.get(name)
        if contact is not None and (entry is None or entry.contacts):
            setting = self._of_contact(invocation, contact, now)
        elif person := people.identified(session, invocation.sender):
            setting = self._of_person(session, invocation, person, now)
        else:
            quiet = entry is not None and entry.quiet
            return Reply("") if quiet else self._refuse(session, invocation, now)
        if entry is None:
            near = difflib.get_close_matches(name, self.names, n=1)
            nearest = self._by_name[near[0]].names[0] if near and near[0] in self._by_name else ""
            return setting.reply("unknown_command", word=invocation.name, nearest=nearest)
        if not entry.quiet:
            action = f"command.{entry.names[0]}"
            audit.note(session, setting.speaker.actor, action, invocation.subject, now=now)
        return entry.run(session, setting)

    def _of_person(
        self, session: Session, invocation: Invocation, person: Person, now: datetime
    ) -> Setting:
        speaker = speakers.of_person(session, person, now=now)
        if invocation.by_link:
            speaker = replace(speaker, name=invocation.sender.address, link=True)
        visible = _visible(session, invocation, person, speaker)
        return Setting(invocation, person, speaker, visible, self._renderer, now)

    def _of_contact(self, invocation: Invocation, contact: Speaker, now: datetime) -> Setting:
        """A person without a role, who lives as long as the command."""
        person = Person(uuid.uuid4(), contact.name, contact.email)
        return Setting(
            invocation, person, contact, tuple(sorted(contact.facilities)), self._renderer, now
        )

    def _refuse(self, session: Session, invocation: Invocation, now: datetime) -> Reply:
        audit.note(
            session,
            f"{invocation.sender.channel.value}:{invocation.sender.address}",
            "refused.stranger",
            invocation.name,
            now=now,
            place=invocation.place.address,
        )
        text, html = self._renderer.reply(
            "stranger", language=invocation.language, prefix=invocation.prefix
        )
        return Reply(text, html, private=True)


LINK_NAMES = ("lier", "link")


def _visible(
    session: Session, invocation: Invocation, person: Person, speaker: Speaker
) -> tuple[int, ...]:
    """What a person may see here: their facilities, those of this room when it has some.

    A room narrows what is shown; it never widens it: being in a room gives no right. The
    members of a GHT are shown to its head in a room that is theirs.
    """
    here = set(subscriptions.facilities_of_address(session, invocation.place))
    own = person.facilities() or speaker.facilities  # of those they stand in for, if they have none
    return tuple(sorted(speaker.facilities & here or own))
