"""Forms: questions one after the other in a thread, or a modal in Slack. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.channels.slack.channel import escape
from bot.channels.slack.limits import MAX_VIEW_TITLE
from bot.commands.base import FieldKind, Form, FormField
from bot.domain.wording import fold

SKIPPED = {"-", "–", "—"}  # what one writes to leave an optional question
TORN = re.compile(r"&[a-z]{0,3}\Z")  # half an escaped character
SECTION = 3_000  # characters of a Slack section
OPTION, OPTIONS, RADIO = 75, 100, 10  # Slack's limits for choices


@dataclass(frozen=True, slots=True)
class Questions:
    """A form being filled in by one person, one question at a time."""

    form: Form
    asker: str
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def begun(cls, form: Form, asker: str) -> Questions:
        """A form to fill in; a text that is known already is not asked again."""
        known = {f.name: f.value for f in form.fields if f.kind is FieldKind.TEXT and f.value}
        return cls(form, asker, known)

    @property
    def current(self) -> FormField | None:
        """The question that waits for an answer; None when all were answered."""
        return next((f for f in self.form.fields if f.name not in self.values), None)

    def answered(self, text: str) -> Questions | None:
        """With the current question answered; None when ``text`` does not answer it."""
        asked = self.current
        if asked is None:
            return self
        value = value_of(asked, text)
        if value is None:
            return None
        return replace(self, values={**self.values, asked.name: value})


def question(asked: FormField) -> str:
    """The question as text, its choices numbered."""
    choices = [f"{number}. {label}" for number, (_, label) in enumerate(asked.options, start=1)]
    return "\n".join([asked.label, *choices])


def value_of(asked: FormField, text: str) -> str | None:
    """What ``text`` means: a number, a label or a value for a choice; itself otherwise."""
    said = text.strip()
    if asked.optional and said in SKIPPED:
        return ""
    if asked.kind is FieldKind.TEXT:
        return said or None
    if said.isdecimal() and 1 <= int(said) <= len(asked.options):
        return asked.options[int(said) - 1][0]
    for value, label in asked.options:
        if fold(said) in {fold(value), fold(label)}:
            return value
    return None


def modal(form: Form, metadata: Mapping[str, str], intro: str = "") -> dict[str, Any]:
    """The form as a Slack view; ``metadata`` comes back with the submission.

    ``intro`` is said above the questions.
    """
    return {
        "type": "modal",
        "callback_id": f"form:{form.command}",
        "title": plain(form.title[:MAX_VIEW_TITLE]),
        "submit": plain(form.submit[:MAX_VIEW_TITLE]),
        "private_metadata": json.dumps({**metadata, "context": form.context}),
        "blocks": [
            *(sections(intro) if intro else ()),
            *(_input(asked) for asked in form.fields),
        ],
    }


def text_modal(title: str, text: str) -> dict[str, Any]:
    """A view that only says something."""
    return {"type": "modal", "title": plain(title[:MAX_VIEW_TITLE]), "blocks": sections(text)}


def sections(text: str) -> list[dict[str, Any]]:
    """Text in as many sections as it takes, each within Slack's limit, literal."""
    said = escape(text.strip()) or "…"
    parts = []
    while said:
        part = TORN.sub("", said[:SECTION]) if len(said) > SECTION else said
        parts.append({"type": "section", "text": {"type": "mrkdwn", "text": part}})
        said = said[len(part) :]
    return parts


def submitted(state: Mapping[str, Any]) -> dict[str, str]:
    """The values of a submitted view, by field name."""
    values: dict[str, str] = {}
    for name, block in state.get("values", {}).items():
        for element in block.values():
            option = element.get("selected_option") or {}
            values[name] = str(element.get("value") or option.get("value") or "")
    return values


def plain(text: str) -> dict[str, Any]:
    """A ``plain_text`` object."""
    return {"type": "plain_text", "text": text, "emoji": False}


def _input(asked: FormField) -> dict[str, Any]:
    element: dict[str, Any]
    if asked.kind is FieldKind.TEXT:
        element = {"type": "plain_text_input", "multiline": True, "max_length": SECTION}
        if asked.value:
            element["initial_value"] = asked.value[:SECTION]
    else:
        options = [
            {"text": plain(label[:OPTION]), "value": value}
            for value, label in asked.options[:OPTIONS]
        ]
        kind = "radio_buttons" if len(options) <= RADIO else "static_select"
        element = {"type": kind, "options": options}
        chosen = [option for option in options if option["value"] == asked.value]
        if chosen:
            element["initial_option"] = chosen[0]
    return {
        "type": "input",
        "block_id": asked.name,
        "optional": asked.optional,
        "label": plain(asked.label),
        "element": {**element, "action_id": "value"},
    }
