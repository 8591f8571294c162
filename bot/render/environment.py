"""Jinja environments, one per syntax and language: strict, escaping, with our filters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_date
from babel.numbers import get_group_symbol
from markupsafe import Markup

from bot.domain.decision import count_by_category
from bot.render.answers import slack_menu
from bot.render.asking import question_menu
from bot.render.engine import Engine
from bot.render.foreign import ADDRESS, SAFE, Syntax, one_line, trusted, unescape_slack, web_address
from bot.render.lines import cited, group_lines, pieces
from bot.render.markdown import MARKDOWN, cut_markdown, paragraphs, prose
from bot.render.once import Once
from bot.render.typography import NBSP, FrenchTypography, of
from bot.render.words import Words
from feeds.advisory import Reference

PARIS = ZoneInfo("Europe/Paris")
REMEMBERED = 2_048  # values; most are short, the longest are cut at about 2,000 characters


def environment(templates: Path, syntax: Syntax, words: Words) -> jinja2.Environment:
    """The environment that renders one syntax in one language.

    A value that is not ``Markup`` is made safe for the syntax; an unknown name, or a value
    that is None, is an error.
    """
    safe = lru_cache(REMEMBERED)(SAFE[syntax])  # a bulletin's words come back for each facility

    def finalize(value: Any) -> Any:
        if type(value) is Markup:
            return value
        if value is None:
            raise jinja2.TemplateRuntimeError("a value is None: test it before showing it")
        return safe(str(value))  # an undefined value raises when it becomes text

    made = Engine(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,  # what a macro returns is Markup, which finalize leaves alone
        finalize=finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[FrenchTypography, Once],
        auto_reload=False,
    )
    made.globals = {"words": words, "nbsp": trusted(NBSP)}
    added = _filters(words.language) | _syntax_filters(syntax)
    added["menu"] = lambda reference: trusted(slack_menu(reference, words))
    added["asked"] = lambda question: trusted(question_menu(question, words))
    made.filters |= {name: _strict(use) for name, use in added.items()}
    return made


def _strict(use: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing an unknown name by that name rather than by an inner failure."""

    @wraps(use)
    def refusing(value: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(value, jinja2.Undefined):
            str(value)  # raises
        return use(value, *arguments, **named)

    return refusing


def _syntax_filters(syntax: Syntax) -> dict[str, Any]:
    """The filters whose output depends on the syntax."""
    write = MARKDOWN[syntax]

    def markdown(source: str, limit: int) -> Markup:
        return trusted(write(cut_markdown(source, limit)))

    def parts(source: str, limit: int) -> list[Markup]:
        return [trusted(part) for part in paragraphs(write(cut_markdown(source, limit)))]

    return {"address": ADDRESS[syntax], "markdown": markdown, "parts": parts}


def _filters(language: str) -> dict[str, Any]:
    """What templates may do with a value besides showing it."""

    grouping = get_group_symbol(language).replace("\u202f", NBSP)

    def number(value: int) -> Markup:
        return trusted(f"{value:,}".replace(",", grouping))

    @lru_cache(REMEMBERED)
    def day(value: date) -> str:
        return format_date(value, "dd/MM", locale=language)

    def full_day(value: date) -> str:
        return format_date(value, "dd/MM/yyyy", locale=language)

    def weekday(value: date) -> str:
        return format_date(value, "EEEE", locale=language)

    def month(value: date) -> str:
        return format_date(value, "MMMM", locale=language)

    return {
        "number": number,
        "day": day,
        "full_day": full_day,
        "weekday": weekday,
        "month": month,
        "days_after": days_after,
        "in_paris": in_paris,
        "differs_from_paris": differs_from_paris,
        "short": short,
        "of": of,
        "prose": prose,
        "json": to_json,
        "plain": plain,
        "citable": citable,
        "by_category": count_by_category,
        "cited": cited,
        "grouped": group_lines,
        "pieces": pieces,
    }


def days_after(moment: datetime, now: datetime) -> int:
    """How many nights lie between ``now`` and ``moment``, in the zone of ``moment``."""
    return (moment.date() - now.astimezone(moment.tzinfo).date()).days


def in_paris(moment: datetime) -> datetime:
    """The same moment on the clocks of Paris, where the national duty officers are."""
    return moment.astimezone(PARIS)


def differs_from_paris(moment: datetime) -> bool:
    """Whether the clock of ``moment``'s zone shows another time than in Paris."""
    return moment.utcoffset() != in_paris(moment).utcoffset()


def short(text: str, limit: int) -> str:
    """At most ``limit`` characters of ``text`` on one line, ending in … when it was longer."""
    text = one_line(text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def citable(references: Iterable[Reference], own: str) -> list[Reference]:
    """The references whose address can be shown, the bulletin's own left out."""
    return [each for each in references if each.url != own and web_address(each.url)]


def to_json(text: str) -> Markup:
    """A JSON string, in ASCII: one block of Slack stays on one line."""
    return trusted(json.dumps(str(text).strip()))


def plain(text: str) -> Markup:
    """What mrkdwn says, for a ``plain_text`` object, which Slack shows as it is."""
    return trusted(unescape_slack(str(text)))
