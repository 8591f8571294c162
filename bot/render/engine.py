"""Jinja for thousands of messages: the same templates, without what our escaping makes idle.

Jinja escapes whatever ``finalize`` returns, looks templates up under a lock and asks of each
callable what it wants to be given. Ours returns safe text already, templates do not change
while Tocsin runs, and nearly all that is called is a macro: a third of the time of a message.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro


class _Writer(CodeGenerator):
    """Writes values as ``finalize`` returns them: it makes them safe, and refuses the unknown."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write(finalize.src)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write(")")


class _Caller(Context):
    """Calls macros directly."""

    def call(self, called: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """What ``called`` returns."""
        if type(called) is Macro and not kwargs:
            return called(self.eval_ctx, *args)
        return super().call(called, *args, **kwargs)


class Engine(Environment):
    """An environment whose ``finalize`` returns text that is safe as it stands."""

    code_generator_class = _Writer
    context_class = _Caller

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kept: dict[str, Template] = {}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - as jinja2 names it
    ) -> Template:
        """The template of that name, read once: it is not looked for again when it changes."""
        if not isinstance(name, str) or globals:
            return super().get_template(name, parent, globals)
        known = self._kept.get(name)
        if known is None:
            known = self._kept[name] = super().get_template(name, parent, globals)
        return known
