"""What every way of talking shares: asking a command, and reading what people write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.chat.asking import Refreshed, listed, refreshed
from bot.commands.base import CommandBook, Invocation, Reply
from bot.domain.alert import AnswerKind
from bot.domain.clock import Clock
from bot.domain.decision import OpenQuestion
from bot.domain.delivery import Address
from bot.domain.lots import Lots, read_lots
from bot.domain.message import ChannelName, Choice, Message
from bot.domain.reference import ACTION, combine
from bot.domain.speaker import Speaker
from bot.domain.wording import composed, read_wording
from bot.render import Renderer
from bot.render.answers import every_choice
from bot.store import Database, Session, outbox

COMMAND = re.compile(r"[!/](?P<name>[^\W\d_][\w-]*)(?:\s+(?P<args>.*))?", re.DOTALL)
NAMED = re.compile(r"\b(?:ALR|ACT)-\d{4}-\d{4,}(?:\+\d{4,})*", re.IGNORECASE)
QUOTED = re.compile(r"\A(?:>[^\n]*\n)+\n?")  # what a Matrix client repeats above an answer


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command as it was written."""

    name: str
    args: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message of ours was about, and the answers it offered."""

    reference: str
    choices: tuple[Choice, ...]


class Desk:
    """Where commands are taken. One transaction a command, none while anything is sent."""

    def __init__(
        self, database: Database, book: CommandBook, renderer: Renderer, *, clock: Clock
    ) -> None:
        self._database = database
        self._book = book
        self._renderer = renderer
        self._clock = clock

    async def ask(self, invocation: Invocation) -> Reply:
        """Run a command and return what to show. Commits before returning."""
        return await self._database.run(self.within, invocation)

    async def subject(self, channel: ChannelName, address: str, receipt: str) -> Subject | None:
        """What the message behind ``receipt`` was about, if it is one of ours."""
        if not receipt:
            return None
        return await self._database.run(_subject, channel, address, receipt)

    async def refreshed(self, place: Address, receipt: str, *, language: str) -> Refreshed | None:
        """The message behind ``receipt`` with what was answered since; None: as it was."""
        return await self._database.run(refreshed, self._renderer, place, receipt, language)

    def questions(self, asked: Sequence[OpenQuestion], *, language: str) -> list[dict[str, Any]]:
        """Slack's blocks of a list of questions, each with its buttons."""
        return listed(asked, self._renderer, language)

    def says(self, template: str, *, language: str = "fr", **variables: object) -> Reply:
        """A reply of the chat itself, from ``templates/reply``."""
        text, html = self._renderer.reply(template, language=language, **variables)
        return Reply(text, html)

    def every_answer(self, reference: str, *, language: str) -> tuple[Choice, ...]:
        """Every answer in its words, for what the message at hand does not offer.

        « oui » confirms that an action is done.
        """
        words = self._renderer.words(language)
        offered = every_choice(reference, words)
        if not reference.startswith(ACTION):
            return offered
        confirm = words.phrases["confirm"]
        return (*offered, Choice(confirm, confirm, f"{reference}:{AnswerKind.FIXED.value}"))

    def named_answer(self, text: str, *, language: str) -> tuple[Choice, str] | None:
        """An answer that names what it is about, and its note: « corrigé ACT-2026-0031 »."""
        named = NAMED.findall(text)
        if not named:
            return None
        reference = combine([each.upper() for each in named])
        said = " ".join(NAMED.sub(" ", without_quote(text)).split())
        return read_answer(said, self.every_answer(reference, language=language))

    def within(
        self, session: Session, invocation: Invocation, contact: Speaker | None = None
    ) -> Reply:
        """The same in a transaction of the caller's, who commits."""
        return self._book.dispatch(session, invocation, now=self._clock(), contact=contact)


def _subject(session: Session, channel: ChannelName, address: str, receipt: str) -> Subject | None:
    delivery = outbox.behind_receipt(session, channel, address, receipt)
    if delivery is None:
        return None
    return Subject(delivery.subject, delivery.message.choices)


def read_command(text: str) -> Spoken | None:
    """``!alerte ALR-…`` or ``/alerte ALR-…``, whatever stands quoted above; else None."""
    found = COMMAND.fullmatch(without_quote(text).strip())
    if found is None:
        return None
    return Spoken(found["name"].casefold(), (found["args"] or "").strip())


def read_answer(text: str, choices: Sequence[Choice]) -> tuple[Choice, str] | None:
    """The answer in ``text``, and its note; see :func:`bot.domain.wording.read_wording`.

    A lot may stand first: « biomédical : transmis » is *transmis* for that lot.
    """
    said = composed(without_quote(text)).strip()
    by_value = {choice.value: choice for choice in choices}
    said_as = [(words, each.value) for each in choices for words in (each.word, each.label)]
    if found := read_wording(said, said_as):
        return by_value[found[0]], found[1]
    lots, rest = read_lots(said)
    if lots and (found := read_wording(rest, said_as)):
        return by_value[found[0]], f"{_named(lots)} : {found[1]}"
    return None


def _named(lots: Lots) -> str:
    """Lots as :func:`bot.domain.lots.read_lots` reads them again."""
    return ", ".join(sorted(lots))


def without_quote(text: str) -> str:
    """What was written, without the answered message that a client quotes above it."""
    return QUOTED.sub("", text)


def answer_invocation(value: str, note: str) -> tuple[str, str]:
    """The subject and the arguments of the answer that a choice's value stands for."""
    reference, _, kind = value.rpartition(":")
    return reference, f"{kind} {note}".strip()


ANSWER = "répondre"  # the command that records an answer
QUESTION, QUESTIONS = "question", "questions"  # the commands that take, and list, what is asked
COMPLETE = "préciser"  # the command that takes a machine's version


def shown(reply: Reply, *, thread: str = "") -> Message:
    """A reply as a message."""
    return Message("", reply.text, html=reply.html, choices=reply.choices, thread=thread)
