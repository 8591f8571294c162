"""Questions in Slack: a list of them with buttons, and a message brought up to date."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.slack.channel import escape
from bot.chat.forms import sections
from bot.domain.decision import OpenQuestion
from bot.domain.delivery import Address
from bot.domain.question import Question
from bot.domain.reference import QUESTION
from bot.render import Renderer
from bot.render.asking import question_buttons
from bot.store import Session, outbox, people, questions

LISTED = 10  # questions of a list with buttons: two blocks each, and Slack takes fifty


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A message of ours as it is to be shown now."""

    text: str
    blocks: Sequence[Mapping[str, Any]]


def listed(asked: Sequence[OpenQuestion], renderer: Renderer, language: str) -> list[Any]:
    """Blocks: each question with its buttons, in the order given; the rest is counted."""
    words = renderer.words(language)
    shown = [each for each in asked if each.reference][:LISTED]
    head, _ = renderer.reply(
        "questions_head", language=language, shown=len(shown), total=len(asked)
    )
    blocks: list[Any] = sections(head)
    for question in shown:
        text, _ = renderer.reply("question", language=language, question=question)
        blocks += [*sections(text), question_buttons(question, words)]
    return blocks


def refreshed(
    session: Session, renderer: Renderer, place: Address, receipt: str, language: str
) -> Refreshed | None:
    """The message behind ``receipt``, in which each question answered since says so.

    None when it is none of ours, or none of its questions was answered: whoever answered,
    by whatever way, counts.
    """
    delivery = outbox.behind_receipt(session, place.channel, place.address, receipt)
    if delivery is None:
        return None
    blocks = delivery.message.blocks
    named = [str(block.get("block_id", "")) for block in blocks]
    found = [questions.by_reference(session, each) for each in named if each.startswith(QUESTION)]
    done = {
        question.reference: _closed(session, renderer, question, language)
        for question in found
        if question is not None and question.answered_at is not None
    }
    if not done:
        return None
    settled = [_settled(block, done.get(block.get("block_id", ""), "")) for block in blocks]
    return Refreshed(delivery.message.subject or delivery.message.text, settled)


def _closed(session: Session, renderer: Renderer, question: Question, language: str) -> str:
    """Who answered what, and when, in a line."""
    by = _name(session, question.answered_by)
    kind = question.answer.value if question.answer else ""
    text, _ = renderer.reply(
        "question_closed", language=language, kind=kind, person=by, on=question.answered_at
    )
    return escape(text)


def _name(session: Session, answered_by: str) -> str:
    """The name of a person; nothing when it was answered on the command line."""
    try:
        return people.by_id(session, uuid.UUID(answered_by)).name
    except ValueError:
        return ""


def _settled(block: Mapping[str, Any], closed: str) -> Mapping[str, Any]:
    """The block of a question that was answered: its text, the answer, and no menu."""
    if not closed:
        return block
    text = {**block["text"], "text": f"{block['text']['text']}\n{closed}"}
    return {"type": "section", "block_id": block["block_id"], "text": text}
