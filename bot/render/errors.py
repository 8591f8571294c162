"""What can be wrong with a template."""

from __future__ import annotations

from types import TracebackType

import jinja2


class TemplateError(Exception):
    """A template that cannot be used: the message names the file, the line and the variable."""


def located(error: Exception) -> str:
    """``alert/fr/text.j2, line 3: 'titel' is undefined`` for an error of a template.

    Jinja gives rendering errors the template's own frames in their traceback; a syntax
    error carries its place itself.
    """
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.name}, line {error.lineno}: {error.message}"
    place = _innermost(error.__traceback__)
    said = str(error) or type(error).__name__
    return f"{place}: {said}" if place else said


def _innermost(traceback: TracebackType | None) -> str:
    place = ""
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if name.endswith(".j2"):
            place = f"{name}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
