"""The ``tocsin`` command. English for operators; what it shows of messages is French."""

from bot.cli.root import main

__all__ = ["main"]
