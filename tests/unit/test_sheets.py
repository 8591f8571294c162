"""The tables of the command line are read in French."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bot.cli import sheet
from bot.cli.output import table
from bot.domain.action import ActionState
from bot.domain.alert import AlertState, Urgency
from bot.domain.delivery import DeliveryState
from bot.render.words import LANGUAGES, load_words
from bot.resources import templates_folder

COMMANDS = Path(sheet.__file__).parent


def headers() -> set[str]:
    """Every header that a command gives to a table."""
    found = set()
    for module in COMMANDS.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "table":
                texts = (each for arg in node.args for each in ast.walk(arg))
                found |= {each.value for each in texts if isinstance(each, ast.Constant)}
    return {str(header) for header in found if header}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_header_has_its_words(language: str) -> None:
    columns = load_words(templates_folder(), language).columns
    assert len(headers()) > 50
    assert headers() <= set(columns)


@pytest.mark.parametrize("states", [AlertState, ActionState, DeliveryState, Urgency])
def test_every_state_has_its_words(states: type[AlertState]) -> None:
    words = load_words(templates_folder(), "fr").states
    assert {str(each.value) for each in states} <= set(words)


def test_codes_are_said_in_the_readers_language() -> None:
    made = table("product", "verdict", "reason")
    made.add_row("review", "review", "version-missing")  # a product may bear any name
    shown = made.in_words(load_words(templates_folder(), "fr"))
    assert [str(column.header) for column in shown.columns] == ["produit", "verdict", "raison"]
    cells = [str(*column.cells) for column in shown.columns]
    assert cells == ["review", "à vérifier", "version absente de l'inventaire"]
