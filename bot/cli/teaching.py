"""What ``--help`` adds to the English of the code: the command in French, and examples."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from bot.resources import templates_folder

PAGE = Path("help") / "fr.toml"


def french() -> dict[str, Any]:
    """The help in French: ``panels`` of commands, then ``says`` and ``examples`` of each."""
    return tomllib.loads((templates_folder() / PAGE).read_text("utf-8"))


def taught(app: typer.Typer) -> Any:
    """The command line of ``app``, its help followed by the French and by examples."""
    command = typer.main.get_command(app)
    page = french()
    panels = {name: panel for panel, names in page["panels"].items() for name in names}
    order = list(panels)
    command.commands = dict(  # type: ignore[attr-defined]
        sorted(
            command.commands.items(),  # type: ignore[attr-defined]
            key=lambda item: order.index(item[0]) if item[0] in panels else len(order),
        )
    )
    for path, each in walked(command):
        each.rich_help_panel = panels.get(path, each.rich_help_panel)
        said = page["commands"].get(path)
        if said:
            lines = "\n".join(f"    {example}" for example in said["examples"])
            each.help = f"{each.help}\n\n**En français** : {said['says']}\n\nExemples :\n\n{lines}"
    return command


def walked(command: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every command under ``command``, groups too, with the words that call it."""
    for name, each in getattr(command, "commands", {}).items():
        path = f"{above} {name}".strip()
        yield path, each
        yield from walked(each, path)
