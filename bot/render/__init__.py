"""From a view to the message that people read; every word comes from ``templates/``."""

from bot.render.errors import TemplateError
from bot.render.renderer import Renderer
from bot.render.trial import try_templates

__all__ = ["Renderer", "TemplateError", "try_templates"]
