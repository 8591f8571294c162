"""The help teaches: every command has its French and an example that the parser accepts."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from bot.cli.root import app
from bot.cli.teaching import french, taught, walked

PAGE = french()
ASKS = {"tocsin matrix recover"}  # a key, on the terminal
COMMANDS = dict(walked(taught(app)))


def test_every_command_has_its_help_in_french_and_no_other() -> None:
    assert sorted(PAGE["commands"]) == sorted(COMMANDS)


def test_every_command_stands_in_one_panel() -> None:
    shown = [name for names in PAGE["panels"].values() for name in names]
    assert sorted(shown) == sorted(path for path in COMMANDS if " " not in path)


def _example(words: list[str]) -> tuple[Any, list[str]]:
    """The command that an example calls, and the words after its name."""
    path = next(
        " ".join(words[:n]) for n in range(len(words), 0, -1) if " ".join(words[:n]) in COMMANDS
    )
    return COMMANDS[path], words[len(path.split()) :]


@pytest.mark.parametrize(
    "example",
    sorted({each for said in PAGE["commands"].values() for each in said["examples"]} - ASKS),
)
def test_an_example_is_accepted_as_it_is_written(example: str) -> None:
    program, *words = shlex.split(example)
    command, rest = _example(words)
    assert program == "tocsin"
    command.make_context(program, rest, resilient_parsing=False)
