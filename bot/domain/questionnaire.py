"""Ten questions to a facility without an inventory; the answers become declared products."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.facility import AssetCategory, Function, InventoryLine

DECLARED = "declared:"  # how the line ids of declared products begin
LONGEST_NAME = 200  # characters of a product somebody types


class UnknownAnswerError(ValueError):
    """An answer that the questionnaire does not offer; the message names what it offers."""


@dataclass(frozen=True, slots=True)
class DeclaredChoice:
    """One offered answer: a product, a function the facility has or has not, or nothing."""

    key: str
    labels: Mapping[str, str]  # by language
    vendor: str = ""
    product: str = ""
    function: Function | None = None
    without_function: Function | None = None


@dataclass(frozen=True, slots=True)
class DeclaredQuestion:
    """One question; ``free``: any other text is the name of a product."""

    key: str
    texts: Mapping[str, str]  # by language
    choices: tuple[DeclaredChoice, ...]
    category: AssetCategory = AssetCategory.GENERAL
    exposed: bool = False
    free: bool = False

    def read(self, said: str) -> DeclaredChoice:
        """The choice that a word, its number from 1 or its label names.

        Raises:
            UnknownAnswerError: none, and the question takes no free text.
        """
        word = said.strip().casefold()
        for number, choice in enumerate(self.choices, start=1):
            names = {choice.key.casefold(), *(label.casefold() for label in choice.labels.values())}
            if word in names:
                return choice
            if word == str(number) and not any(word == other.key for other in self.choices):
                return choice
        if not self.free or word.isdigit():
            offered = ", ".join(choice.key for choice in self.choices)
            raise UnknownAnswerError(f"{self.key}: {said!r} is not one of {offered}")
        name = said.strip()[:LONGEST_NAME]
        return DeclaredChoice(name, {}, product=name)


Questionnaire = Sequence[DeclaredQuestion]


def split_answers(said: str | Iterable[str]) -> list[str]:
    """Several answers: a list, or one text with commas."""
    parts = said.split(",") if isinstance(said, str) else said
    return [part.strip() for part in parts if part.strip()]


def declared_lines(
    question: DeclaredQuestion, choices: Iterable[DeclaredChoice]
) -> list[InventoryLine]:
    """The products declared by the answers to one question, without any version."""
    return [
        InventoryLine(
            line_id=f"{DECLARED}{question.key}:{_slug(choice.key)}",
            category=question.category,
            name="",
            vendor=choice.vendor,
            product=choice.product,
            exposed=question.exposed,
        )
        for choice in choices
        if choice.product
    ]


def declared_functions(
    known: Sequence[Function], choices: Iterable[DeclaredChoice]
) -> tuple[Function, ...]:
    """The functions of a facility after its answers.

    A facility that has said nothing of its functions is told of all: it stays so, or one
    answer would take it out of bulletins aimed at the others.
    """
    if not known:
        return ()
    found = dict.fromkeys(known)
    for choice in choices:
        if choice.function is not None:
            found[choice.function] = None
        if choice.without_function is not None:
            found.pop(choice.without_function, None)
    return tuple(found) or tuple(known)


def _slug(text: str) -> str:
    """A short stable part of a line id."""
    if re.fullmatch(r"[a-z0-9]{1,40}", text):
        return text
    return hashlib.sha256(text.casefold().encode()).hexdigest()[:12]
