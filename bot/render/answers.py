"""The answers offered with a message, and how Slack shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from bot.domain.alert import AlertView, AnswerKind
from bot.domain.lots import BY_LOT, with_lots
from bot.domain.message import Choice
from bot.domain.views import CampaignView
from bot.render.foreign import one_line
from bot.render.words import Words

EQUIPMENT = (AnswerKind.TAKEN, AnswerKind.PLANNED, AnswerKind.FIXED, AnswerKind.NOT_CONCERNED)
OTHER = (AnswerKind.MITIGATED, AnswerKind.FORWARDED, AnswerKind.UNKNOWN)
RARE = frozenset({*OTHER, BY_LOT})
FORWARDED_TO = (*EQUIPMENT, AnswerKind.MITIGATED, AnswerKind.UNKNOWN)
SEARCH = (AnswerKind.SEARCHED_CLEAN, AnswerKind.COMPROMISED)
SLACK_BUTTON_VALUE = 2_000  # characters
SLACK_OPTION_VALUE = 150
PEOPLE = (AnswerKind.READ, AnswerKind.RECEIVED, AnswerKind.REPLIED)


def alert_choices(view: AlertView, words: Words) -> tuple[Choice, ...]:
    """What may be answered to an alert: the search for a compromise only if it is exploited."""
    if view.about_functions:
        kinds: tuple[AnswerKind, ...] = PEOPLE
    else:
        kinds = (*EQUIPMENT, *(SEARCH if view.exploited else ()), *OTHER)
    subject = with_lots(view.reference, view.only)
    offered = tuple(_choice(subject, kind, words) for kind in kinds)
    if len(view.categories) < 2 or view.about_functions:
        return offered
    return (*offered, Choice(**words.by_lot, value=f"{view.reference}:{BY_LOT}"))


def every_choice(reference: str, words: Words) -> tuple[Choice, ...]:
    """Every answer in its words, without reactions: for a message that offers none."""
    return tuple(
        Choice(said["word"], said["label"], f"{reference}:{kind}")
        for kind, said in words.answers.items()
    )


def forward_choices(view: AlertView, words: Words) -> tuple[Choice, ...]:
    """What a prestataire may answer to what was forwarded, for those lots."""
    subject = with_lots(view.reference, view.only)
    return tuple(_choice(subject, kind, words) for kind in FORWARDED_TO)


def taken_only(view: AlertView, words: Words) -> tuple[Choice, ...]:
    """The one answer that needs no detail: for a reduced message."""
    return (_choice(with_lots(view.reference, view.only), AnswerKind.TAKEN, words),)


def campaign_choices(view: CampaignView, words: Words) -> tuple[Choice, ...]:
    """The answers that the campaign's author wrote; a known kind brings its reaction.

    An answer without a word cannot be given: it is left out.
    """
    known: dict[str, str] = {kind: said["emoji"] for kind, said in words.answers.items()}
    return tuple(
        Choice(
            word, one_line(answer.label) or word, answer.value, known.get(_suffix(answer.value), "")
        )
        for answer in view.answers
        if (word := one_line(answer.word))
    )


def slack_answers(choices: Sequence[Choice], words: Words) -> list[dict[str, Any]]:
    """Buttons, and a menu for the rarer answers; no block when nothing can be offered.

    ``action_id`` is ``answer:<kind>`` (``answer:other`` for the menu); the value of the button
    or of the option is the choice's. A value longer than Slack takes, that of a room shared
    by very many facilities, is not offered: words remain.
    """
    rare = [c for c in choices if _kind(c) in RARE and len(c.value) <= SLACK_OPTION_VALUE]
    often = [c for c in choices if _kind(c) not in RARE and len(c.value) <= SLACK_BUTTON_VALUE]
    elements = [_button(choice) for choice in often]
    if rare:
        elements.append(_menu(rare, words))
    return [{"type": "actions", "block_id": "answers", "elements": elements}] if elements else []


def slack_menu(reference: str, words: Words) -> str:
    """The answers to an action as the menu of a section, in JSON; empty without a reference."""
    if not reference:
        return ""
    kinds = (*EQUIPMENT, AnswerKind.MITIGATED, AnswerKind.FORWARDED, AnswerKind.UNKNOWN)
    menu = _menu([_choice(reference, kind, words) for kind in kinds], words)
    return json.dumps({**menu, "action_id": f"answer:{reference}"})


def _choice(reference: str, kind: AnswerKind, words: Words) -> Choice:
    said = words.answers[kind]
    return Choice(
        word=said["word"],
        label=said["label"],
        value=f"{reference}:{kind}",
        emoji=said["emoji"],
        style=said["style"],
        hint=said["hint"],
    )


def _suffix(value: str) -> str:
    return value.rpartition(":")[2]


def _kind(choice: Choice) -> str:
    return _suffix(choice.value)


def _button(choice: Choice) -> dict[str, Any]:
    button: dict[str, Any] = {
        "type": "button",
        "action_id": f"answer:{_kind(choice)}",
        "text": _plain(choice.label),
        "value": choice.value,
    }
    return button | ({"style": choice.style} if choice.style else {})


def _menu(choices: Iterable[Choice], words: Words) -> dict[str, Any]:
    options = [{"text": _plain(choice.label), "value": choice.value} for choice in choices]
    return {
        "type": "static_select",
        "action_id": "answer:other",
        "placeholder": _plain(words.phrases["other_answers"]),
        "options": options,
    }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "emoji": False, "text": text}
