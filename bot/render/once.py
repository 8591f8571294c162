"""``{% once KEY, … %} … {% endonce %}``: what the key decides is rendered once a key.

A bulletin is told to thousands of facilities: its own paragraphs are the same for each.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

REMEMBERED = 512  # renderings: one bulletin makes a few in each language and syntax


class Once(Extension):
    """Keeps the renderings of blocks that depend on nothing but their key.

    The key is what the block shows, all of it: a value left out would be told to the wrong
    facility. It must be hashable.
    """

    tags = {"once"}  # noqa: RUF012 - as jinja2 declares it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._rendered: dict[tuple[str, Hashable], Markup] = {}

    def parse(self, parser: Parser) -> nodes.Node:
        """Read the block; its place in the templates is part of its key."""
        line = next(parser.stream).lineno
        place = nodes.Const(f"{parser.name}:{line}")
        key = parser.parse_tuple()
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        call = self.call_method("render", [place, key])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def render(self, place: str, key: Hashable, caller: Callable[[], Any]) -> Markup:
        """What the block rendered to, the first time."""
        known = self._rendered.get((place, key))
        if known is None:
            if len(self._rendered) >= REMEMBERED:
                self._rendered.clear()
            known = self._rendered[place, key] = caller()
        return known
