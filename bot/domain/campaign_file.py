"""The file that an author writes: TOML between two ``+++`` lines, then Markdown.

+++
title = "Hameçonnage : le bon réflexe"
every_days = 30   # remind those who have not answered
reminders = 2     # at most that many times

[audience]        # an empty list, or no list, does not restrict
kinds = ["ehpad"]

[[answers]]
word = "FAIT"
label = "La consigne est affichée"
code = "read"     # optional; brings the usual reaction
+++
**À faire :** …
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from bot.domain.campaign import CampaignAnswer, CampaignAudience, CampaignText
from bot.domain.facility import FacilityKind, FinessError, Function, check_finess
from feeds.advisory import Tlp

FENCE = "+++"
LANGUAGES = ("fr", "en")
MAX_TITLE = 120  # characters, what the messages show of it
MAX_BODY = 9_000  # characters, what the messages show of it
MAX_ANSWERS = 5  # more are not read, and Matrix shows each as a reaction
MAX_CODE = 16
MAX_DAYS = 366
KEYS = {each.name for each in dataclasses.fields(CampaignText)} - {"body"}
AUDIENCE_KEYS = {each.name for each in dataclasses.fields(CampaignAudience)}
ANSWER_KEYS = {each.name for each in dataclasses.fields(CampaignAnswer)}

E = TypeVar("E", bound=StrEnum)


class CampaignFileError(ValueError):
    """The file cannot be used: the message names it, the key and the remedy."""


def read_campaign(text: str, *, file: str) -> CampaignText:
    """Read a campaign's file.

    Raises:
        CampaignFileError: no front matter, an unknown key, a wrong value, no text.
    """
    values, body = _parts(text, file)
    _known(values, KEYS, file)
    where = f"{file}: "
    return CampaignText(
        title=_title(values, where),
        body=body,
        audience=_audience(values.get("audience", {}), file),
        answers=_answers(values.get("answers", []), file),
        tlp=_tlp(values, where),
        language=_language(values, where),
        exercise=_typed(values, "exercise", False, where),
        every_days=_number(values, "every_days", where),
        reminders=_number(values, "reminders", where),
    )


def read_criteria(name: str, words: list[str], *, where: str) -> tuple[str, ...]:
    """Check the values of one criterion of an audience and return them as they are stored.

    Raises:
        CampaignFileError: a value is none that the criterion knows.
    """
    if name == "kinds":
        read = [_one_of(FacilityKind, word, where) for word in words]
    elif name == "functions":
        read = [_one_of(Function, word, where) for word in words]
    elif name == "finess":
        read = [_finess(word, where) for word in words]
    else:
        read = [word.strip() for word in words]
    return tuple(dict.fromkeys(read))


def _parts(text: str, file: str) -> tuple[dict[str, Any], str]:
    """The front matter and the body."""
    lines = text.lstrip("\ufeff").splitlines()
    fences = [number for number, line in enumerate(lines) if line.strip() == FENCE]
    if len(fences) < 2 or fences[0] != 0:
        raise CampaignFileError(
            f"{file}, line 1: begin with a line {FENCE}, the settings (title = …), a line {FENCE},"
            " then the text"
        )
    try:
        values = tomllib.loads("\n".join(lines[1 : fences[1]]))
    except tomllib.TOMLDecodeError as error:
        raise CampaignFileError(f"{file}, between the {FENCE} lines: {error}") from error
    body = "\n".join(lines[fences[1] + 1 :]).strip()
    if not body:
        raise CampaignFileError(f"{file}: there is no text after the second line {FENCE}")
    if len(body) > MAX_BODY:
        raise CampaignFileError(
            f"{file}: the text has {len(body)} characters, messages show {MAX_BODY}: shorten it"
        )
    return values, body


def _audience(values: Any, file: str) -> CampaignAudience:
    if not isinstance(values, dict):
        raise CampaignFileError(f"{file}: audience: write a table, [audience]")
    _known(values, AUDIENCE_KEYS, f"{file}: [audience]")
    found: dict[str, list[str]] = {name: [] for name in AUDIENCE_KEYS}
    for name, words in values.items():
        where = f"{file}: [audience] {name}"
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise CampaignFileError(f'{where}: write a list of texts, such as ["ehpad"]')
        found[name] = list(read_criteria(name, words, where=where))
    return CampaignAudience.from_json(found)


def _answers(values: Any, file: str) -> tuple[CampaignAnswer, ...]:
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise CampaignFileError(f"{file}: answers: write tables, [[answers]]")
    if len(values) > MAX_ANSWERS:
        raise CampaignFileError(f"{file}: {len(values)} answers, at most {MAX_ANSWERS}")
    found = []
    for number, each in enumerate(values, 1):
        where = f"{file}: [[answers]] number {number}"
        _known(each, ANSWER_KEYS, where)
        word = _typed(each, "word", "", f"{where}: ").strip()
        label = _typed(each, "label", word, f"{where}: ").strip()
        code = _code(_typed(each, "code", word, f"{where}: "))
        if not word or not code:
            raise CampaignFileError(f'{where}: word: write one, such as word = "FAIT"')
        found.append(CampaignAnswer(word, label, code))
    if len({answer.code for answer in found}) < len(found):
        raise CampaignFileError(f"{file}: two answers have the same word or code: change one")
    return tuple(found)


def _code(word: str) -> str:
    """``RÉPONDU`` → ``repondu``: ASCII letters, digits and hyphens, at most 16."""
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_CODE]


def _title(values: Mapping[str, Any], where: str) -> str:
    title = " ".join(_typed(values, "title", "", where).split())
    if not title or len(title) > MAX_TITLE:
        raise CampaignFileError(f"{where}title: write one, of at most {MAX_TITLE} characters")
    return title


def _tlp(values: Mapping[str, Any], where: str) -> Tlp:
    word = _typed(values, "tlp", Tlp.CLEAR.label, where)
    labels = {tlp.label: tlp for tlp in Tlp}
    if word.upper() not in labels:
        raise CampaignFileError(f"{where}tlp: {word!r} is none of {', '.join(labels)}")
    return labels[word.upper()]


def _language(values: Mapping[str, Any], where: str) -> str:
    language = _typed(values, "language", LANGUAGES[0], where)
    if language not in LANGUAGES:
        raise CampaignFileError(f"{where}language: {language!r} is none of {', '.join(LANGUAGES)}")
    return language


def _number(values: Mapping[str, Any], key: str, where: str) -> int:
    number: int = _typed(values, key, 0, where)
    if not 0 <= number <= MAX_DAYS:
        raise CampaignFileError(f"{where}{key}: {number} is not between 0 and {MAX_DAYS}")
    return number


def _finess(word: str, where: str) -> str:
    try:
        return check_finess(word)
    except FinessError as error:
        raise CampaignFileError(f"{where}: {error}") from error


def _one_of(kind: type[E], word: str, where: str) -> str:
    known = [each.value for each in kind]
    if word.strip().casefold() not in known:
        raise CampaignFileError(f"{where}: {word!r} is none of {', '.join(known)}")
    return word.strip().casefold()


T = TypeVar("T", str, int, bool)


def _typed(values: Mapping[str, Any], key: str, default: T, where: str) -> T:
    value = values.get(key, default)
    if type(value) is not type(default):  # True is an int: isinstance would let it through
        raise CampaignFileError(f"{where}{key}: {value!r} is not a {type(default).__name__}")
    return value


def _known(values: Mapping[str, Any], keys: set[str], where: str) -> None:
    for key in values:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1, cutoff=0)[0]
            raise CampaignFileError(f"{where}: {key}: unknown key, did you mean {near}?")
