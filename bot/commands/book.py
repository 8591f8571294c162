"""The commands there are, by every name they answer to. Adding one is a file and a line."""

from __future__ import annotations

from bot.commands import aide, alertes, answer, lier
from bot.commands.base import CommandBook, Entry
from bot.render import Renderer


def command_book(renderer: Renderer) -> CommandBook:
    """Every command, French names first."""
    return CommandBook(
        [
            Entry(("alertes", "alerts"), alertes.list_alerts),
            Entry(("alerte", "alert"), alertes.show_alert),
            Entry(("répondre", "repondre", "answer"), answer.answer),
            Entry(("aide", "help"), aide.show_help),
        ],
        link=lier.link,
        renderer=renderer,
    )
