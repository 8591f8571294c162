"""``!aide``: what can be asked here, in the words to type."""

from __future__ import annotations

from bot.commands.base import Reply, Setting
from bot.store import Session


def show_help(session: Session, setting: Setting) -> Reply:
    """The commands, the one thing to check, and whom to ask."""
    return setting.reply("help")
