"""From a view to the message that people read; every word comes from ``templates/``."""

from bot.render.errors import TemplateError
from bot.render.renderer import Renderer

__all__ = ["Renderer", "TemplateError"]
