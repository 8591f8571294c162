"""What every way of talking shares: asking a command, and reading what people write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.commands.base import CommandBook, Invocation, Reply
from bot.domain.clock import Clock
from bot.domain.message import ChannelName, Choice, Message
from bot.domain.wording import fold
from bot.render import Renderer
from bot.store import Database, Session, outbox

COMMAND = re.compile(r"[!/](?P<name>[^\W\d_][\w-]*)(?:\s+(?P<args>.*))?", re.DOTALL)
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

    def says(self, template: str, *, language: str = "fr", **variables: object) -> Reply:
        """A reply of the chat itself, from ``templates/reply``."""
        text, html = self._renderer.reply(template, language=language, **variables)
        return Reply(text, html)

    def every_answer(self, reference: str, *, language: str) -> tuple[Choice, ...]:
        """Every answer in its words, for alerts that the message at hand does not offer."""
        said = self._renderer.words(language).answers
        return tuple(
            Choice(words["word"], words["label"], f"{reference}:{kind}")
            for kind, words in said.items()
        )

    def within(self, session: Session, invocation: Invocation) -> Reply:
        """The same in a transaction of the caller's, who commits."""
        return self._book.dispatch(session, invocation, now=self._clock())


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
    """The answer that ``text`` begins with, and what follows it; the longest one wins.

    Accents, capitals and the kind of apostrophe do not matter: « Pas concerné : on l'a
    retiré » is *pas concerné* with a note, and « prévu 12/12 » is *prévu le*.
    """
    said = without_quote(text).strip()
    folded = fold(said)
    best: tuple[int, Choice] | None = None
    for choice in choices:
        said_as = [fold(wording).rstrip(" .…") for wording in (choice.word, choice.label)]
        for words in (*said_as, *(each.removesuffix(" le") for each in said_as)):
            whole = folded == words or (
                folded.startswith(words) and not folded[len(words)].isalnum()
            )
            if words and whole and (best is None or len(words) > best[0]):
                best = (len(words), choice)
    if best is None:
        return None
    return best[1], said[best[0] :].strip(" \t\n:,;.–—-…")


def without_quote(text: str) -> str:
    """What was written, without the answered message that a client quotes above it."""
    return QUOTED.sub("", text)


def answer_invocation(value: str, note: str) -> tuple[str, str]:
    """The subject and the arguments of the answer that a choice's value stands for."""
    reference, _, kind = value.rpartition(":")
    return reference, f"{kind} {note}".strip()


ANSWER = "répondre"  # the command that records an answer
COMPLETE = "préciser"  # the command that takes a machine's version


def shown(reply: Reply, *, thread: str = "") -> Message:
    """A reply as a message."""
    return Message("", reply.text, html=reply.html, choices=reply.choices, thread=thread)
