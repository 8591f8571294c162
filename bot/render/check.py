"""Checks templates before anybody is sent a message: names, fields, and a trial of each.

A name that nobody gives is found even in a branch that the trials do not take; so is a
field that a view does not have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import jinja2
from jinja2 import meta, nodes

from bot.domain.alert import AlertView, Coverage, LotView
from bot.domain.decision import (
    Decision,
    DigestView,
    InitialStateView,
    MutedCount,
    OpenQuestion,
    Released,
)
from bot.domain.health import AlarmView
from bot.domain.message import Choice
from bot.domain.reason import Reason
from bot.domain.silence import Silence, SilencesView
from bot.domain.views import (
    AnswerPageView,
    CampaignView,
    IncidentView,
    LinkAnswer,
    TimelineEntry,
)
from bot.render.compose import Composer
from bot.render.errors import located
from bot.render.foreign import Syntax
from bot.render.lines import LineGroup
from bot.render.samples import REPLIES
from bot.render.words import LANGUAGES, Words

GIVEN = {
    "marking", "now", "channel", "prefix", "choices", "exercise", "shortened", "mailbox", "link",
}  # fmt: skip
KINDS = {
    "alert": {"alert"},
    "reduced": {"alert"},
    "forward": {"alert", "contact", "note", "named"},
    "digest": {"digest"},
    "initial": {"initial"},
    "counts": {"reference", "decisions", "late", "first"},
    "campaign": {"campaign"},
    "incident": {"incident"},
    "alarm": {"alarm"},
    "silences": {"silences"},
    "notice": {"reference", "command"},
    "poster": {"alert"},
    "page": {"page", "form", "language", "title", "body", "style"},
    "mail": {"body", "subject", "language"},
}
VIEWS: dict[str, type] = {
    "alert": AlertView,
    "digest": DigestView,
    "initial": InitialStateView,
    "campaign": CampaignView,
    "incident": IncidentView,
    "alarm": AlarmView,
    "silences": SilencesView,
    "silence": Silence,
    "decision": Decision,
    "question": OpenQuestion,
    "freed": Released,
    "choice": Choice,
    "lot": LotView,
    "coverage": Coverage,
    "entry": TimelineEntry,
    "group": LineGroup,
    "reason": Reason,
    "muted": MutedCount,
    "words": Words,
    "page": AnswerPageView,
    "offer": LinkAnswer,
}
PAGES = ("answer", "unknown", "busy")
PARTS = ("subject", "text", "html", "slack")


def faults(composer: Composer) -> list[str]:
    """What is wrong with the templates, one line each; empty when nothing is."""
    templates = composer.environment(Syntax.TEXT, LANGUAGES[0]).list_templates(extensions=["j2"])
    found = [fault for name in templates for fault in _static(composer, name)]
    return [*_missing(set(templates)), *found]


def _missing(templates: set[str]) -> Iterator[str]:
    """The templates that must be there in each language, and are not."""
    for language in LANGUAGES:
        wanted = {f"{kind}/{language}/{part}.j2" for kind in KINDS for part in PARTS}
        wanted -= {name for name in wanted if name.startswith(("poster/", "mail/", "page/"))}
        wanted |= {f"poster/{language}/html.j2", "mail/layout.j2", "page/layout.j2"}
        wanted |= {f"page/{language}/{name}.j2" for name in PAGES}
        wanted |= {f"reply/{language}/{name}.j2" for name in REPLIES}
        yield from (f"{name}: no such template" for name in sorted(wanted - templates))


def _static(composer: Composer, name: str) -> Iterator[str]:
    """Unknown names and fields of one template, read without rendering it."""
    kind, _, rest = name.partition("/")
    language = rest.partition("/")[0]
    environment = composer.environment(Syntax.TEXT, language)
    try:
        source = environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]
        tree = environment.parse(source, name)
        if kind == "reply":  # a reply that somebody added may have no trial
            environment.compile(tree, name)
    except jinja2.TemplateError as error:
        yield located(error)
        return
    if kind != "reply":  # whoever asks for a reply decides of its variables
        known = GIVEN | KINDS.get(kind, set()) | set(environment.globals)
        unknown = meta.find_undeclared_variables(tree) - known
        yield from (
            f"{name}, line {node.lineno}: {node.name!r} is not given to this template"
            for node in _first(tree.find_all(nodes.Name))
            if node.name in unknown
        )
    for access in tree.find_all(nodes.Getattr):
        if isinstance(access.node, nodes.Name) and _lacks(access.node.name, access.attr):
            yield (
                f"{name}, line {access.lineno}: {access.node.name!r} has no field {access.attr!r}"
            )


def _first(names: Iterable[nodes.Name]) -> Iterator[nodes.Name]:
    """Each name once, where it first stands."""
    seen: set[str] = set()
    for node in names:
        if node.name not in seen:
            seen.add(node.name)
            yield node


def _lacks(variable: str, field: str) -> bool:
    """Whether the variable is a view that has no such field."""
    view: Any = VIEWS.get(variable)
    if view is None:
        return False
    fields = {item.name for item in dataclasses.fields(view)}
    return field not in fields and not isinstance(getattr(view, field, None), property)
