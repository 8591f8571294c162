"""The answers offered with a question, and how Slack shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.decision import OpenQuestion
from bot.domain.question import ReplyKind, Wants
from bot.render.words import Words

OFFERED: Mapping[Wants, Sequence[ReplyKind]] = {
    Wants.VERSION: (
        ReplyKind.VERSION,
        ReplyKind.NOT_CONCERNED,
        ReplyKind.CONCERNED,
        ReplyKind.OTHER_PRODUCT,
        ReplyKind.UNKNOWN,
    ),
    Wants.CONCERNED: (
        ReplyKind.CONCERNED,
        ReplyKind.NOT_CONCERNED,
        ReplyKind.VERSION,
        ReplyKind.OTHER_PRODUCT,
        ReplyKind.UNKNOWN,
    ),
    Wants.PRODUCT: (ReplyKind.OTHER_PRODUCT, ReplyKind.UNKNOWN),
}
"""What may be answered, the likeliest first. Nothing else helps when the name is unknown."""

LONGEST_REFERENCE = 64  # characters; an option's value takes 150, and ends with the answer
ASKED = "question:"  # how the ``action_id`` of a question's button or menu begins


def question_buttons(question: OpenQuestion, words: Words) -> dict[str, Any]:
    """The answers to a question as a block of buttons.

    The value of each is ``QST-2026-0004:version``, as that of an alert's is.
    """
    buttons = [
        {"type": "button", "action_id": f"{ASKED}{kind}", **_offered(question, kind, words)}
        for kind in _kinds(question)
    ]
    return {"type": "actions", "block_id": f"{question.reference}:answers", "elements": buttons}


def question_menu(question: OpenQuestion, words: Words) -> str:
    """The same as the menu of a section, in JSON; empty for a question without a reference, or
    whose reference is none of ours."""
    if not 0 < len(question.reference) <= LONGEST_REFERENCE:
        return ""
    return json.dumps(
        {
            "type": "static_select",
            "action_id": f"{ASKED}{question.reference}",
            "placeholder": _plain(words.forms["question"]["title"]),
            "options": [_offered(question, kind, words) for kind in _kinds(question)],
        }
    )


def _kinds(question: OpenQuestion) -> Sequence[ReplyKind]:
    return OFFERED[Wants(question.wants)]


def _offered(question: OpenQuestion, kind: ReplyKind, words: Words) -> dict[str, Any]:
    return {"text": _plain(words.questions[kind]), "value": f"{question.reference}:{kind}"}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "emoji": False, "text": text}
