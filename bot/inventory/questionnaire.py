"""Reads ``config/declaration.toml`` and the files of answers to it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from bot.domain.facility import AssetCategory, Function
from bot.domain.questionnaire import DeclaredChoice, DeclaredQuestion
from bot.inventory.base import InventoryError

LANGUAGES = ("fr", "en")
REMEDY = "Comparez avec le fichier livré."


def read_questionnaire(text: str, *, file: str) -> list[DeclaredQuestion]:
    """The questions, in order.

    Raises:
        InventoryError: not TOML, or a question lacks its key, a text or its choices.
    """
    values = _toml(text, file)
    try:
        return [_question(each) for each in values["question"]]
    except (KeyError, TypeError, ValueError) as error:
        raise InventoryError(file, f"une question est incomplète ({error!r}).", REMEDY) from error


def read_answers(text: str, *, file: str) -> dict[str, str | list[str]]:
    """Answers by question key: ``vpn = "fortinet"`` or ``vpn = ["fortinet", "cisco"]``.

    Raises:
        InventoryError: not TOML, or an answer is neither a text nor a list of texts.
    """
    values = _toml(text, file)
    for key, value in values.items():
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) for each in listed):
            raise InventoryError(
                file,
                f"{key} n'est ni un texte ni une liste de textes.",
                'Écrivez vpn = "fortinet".',
            )
    return values


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InventoryError(file, f"ce n'est pas du TOML : {error}.", REMEDY) from error


def _question(values: Mapping[str, Any]) -> DeclaredQuestion:
    return DeclaredQuestion(
        key=values["key"],
        texts={language: values[language] for language in LANGUAGES},
        choices=tuple(_choice(each) for each in values["choices"]),
        category=AssetCategory(values.get("category", AssetCategory.GENERAL.value)),
        exposed=values.get("exposed", False),
        free=values.get("free", False),
    )


def _choice(values: Mapping[str, Any]) -> DeclaredChoice:
    function, without = values.get("function"), values.get("without_function")
    return DeclaredChoice(
        key=values["key"],
        labels={language: values[language] for language in LANGUAGES},
        vendor=values.get("vendor", ""),
        product=values.get("product", ""),
        function=Function(function) if function else None,
        without_function=Function(without) if without else None,
    )
