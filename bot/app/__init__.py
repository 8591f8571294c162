"""Puts the parts together, as the settings say."""

from bot.app.application import Application

__all__ = ["Application"]
