"""The words of each language that code must know: labels of answers, categories, roles.

They are data of ``templates/words/<language>.toml``; no word that a person reads stands in
the code.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.alert import AnswerKind
from bot.domain.facility import AssetCategory, Function
from bot.domain.matching import REASONS, VerdictKind
from bot.domain.people import Role
from bot.domain.question import ReplyKind
from bot.render.errors import TemplateError
from bot.render.typography import french_spaces

LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """One language's vocabulary.

    ``categories`` gives the singular and the plural, ``functions`` the place with its
    article, ``roles`` the person with its article, ``answers`` what each kind of answer is
    called (``word``, ``hint``, ``label``, ``emoji``, ``style``), ``phrases`` short fixed texts,
    ``first_steps`` what to do first in an incident, ``people`` what somebody who holds a role
    is called, ``forms`` the title, the button and the questions of each form, ``by_lot`` the
    choice to answer for a part only, ``questions`` the answers to a question, ``verdicts`` what
    each verdict is called and ``reasons`` why it is so, ``columns`` and ``states`` the headers and
    the codes of the command line's tables.
    """

    language: str
    phrases: dict[str, str]
    categories: dict[str, tuple[str, str]]
    functions: dict[str, str]
    roles: dict[str, str]
    answers: dict[str, dict[str, str]]
    first_steps: tuple[str, ...]
    people: dict[str, str]
    forms: dict[str, dict[str, str]]
    by_lot: dict[str, str]
    questions: dict[str, str]
    reasons: dict[str, str]
    verdicts: dict[str, str]
    columns: dict[str, str]
    states: dict[str, str]


PHRASES = {
    "exercise",
    "shortened",
    "other_answers",
    "cert_sante_phone",
    "poster_name",
    "room_topic",
    "by_link",
    "disagreement_subject",
    "inventory_subject",
    "sheet_name",
    "not_judged",
    "priority_immediate",
    "priority_unsure",
    "priority_few",
    "priority_told",
}
ROLES = {
    "rssi",
    "suppleant",
    "direction",
    "biomedical",
    "reseau",
    "prestataire",
    "ssi",
    "astreinte",
}
FORMS = {
    "declare": {"title", "submit", "facility", "finess", "what", "care", "yes", "no", "unknown"},
    "by_lot": {"title", "submit", "lot", "answer", "note"},
    "question": {"title", "submit", "version", "other_product", "not_concerned"},
}
ANSWER_KEYS = {"word", "hint", "label", "emoji", "style"}


def load_words(templates: Path, language: str) -> Words:
    """Read one language's words.

    Raises:
        TemplateError: the file is missing, is not TOML, or lacks a word.
    """
    path = templates / "words" / f"{language}.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TemplateError(f"{path}: {error}") from error
    _require_all(values, str(path))
    if language == "fr":
        values = _spaced(values)
    return Words(
        language=language,
        phrases=values["phrases"],
        categories={
            category.value: tuple(values["categories"][category.name.lower()])
            for category in AssetCategory
        },
        functions=values["functions"],
        roles=values["roles"],
        answers=values["answers"],
        first_steps=tuple(values["first_steps"]),
        people=values["people"],
        forms=values["forms"],
        by_lot=values["by_lot"],
        questions=values["questions"],
        reasons=values["reasons"],
        verdicts=values["verdicts"],
        columns=values["columns"],
        states=values["states"],
    )


def _require_all(values: dict[str, Any], path: str) -> None:
    """Raise unless every word that the code asks for is there."""
    _require(values, {"first_steps"}, path)
    _require(values.get("phrases", {}), PHRASES, f"{path}: [phrases]")
    _require(
        values.get("categories", {}),
        {c.name.lower() for c in AssetCategory},
        f"{path}: [categories]",
    )
    _require(values.get("functions", {}), set(Function), f"{path}: [functions]")
    _require(values.get("roles", {}), ROLES, f"{path}: [roles]")
    _require(values.get("answers", {}), set(AnswerKind), f"{path}: [answers]")
    _require(values.get("people", {}), {role.value for role in Role}, f"{path}: [people]")
    for form, keys in FORMS.items():
        _require(values.get("forms", {}).get(form, {}), keys, f"{path}: [forms.{form}]")
    _require(values.get("by_lot", {}), ANSWER_KEYS, f"{path}: [by_lot]")
    _require(values.get("questions", {}), set(ReplyKind), f"{path}: [questions]")
    _require(values.get("reasons", {}), set(REASONS), f"{path}: [reasons]")
    _require(values.get("verdicts", {}), set(VerdictKind), f"{path}: [verdicts]")
    _require(values, {"columns", "states"}, path)
    for kind, answer in values["answers"].items():
        _require(answer, ANSWER_KEYS, f"{path}: [answers.{kind}]")


def _require(table: dict[str, Any], names: set[str], where: str) -> None:
    """Raise unless ``table`` holds each of ``names``."""
    missing = sorted(names - set(table))
    if missing:
        raise TemplateError(f"{where} lacks {', '.join(missing)}")


def _spaced(value: Any) -> Any:
    """The same values with French no-break spaces."""
    if isinstance(value, dict):
        return {name: _spaced(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_spaced(item) for item in value]
    return french_spaces(value) if isinstance(value, str) else value
