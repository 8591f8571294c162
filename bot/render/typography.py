"""French typography: no-break spaces where French wants them, in our own text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

NBSP = "\u00a0"
BEFORE_PUNCTUATION = re.compile(r" (?=[:;?»](?!\w)|!(?!\w))")
AFTER_QUOTE = re.compile("« ")


def french_spaces(text: str) -> str:
    """Replace the space before ``: ; ! ? »`` and after ``«`` by a no-break one.

    A mark that opens a word (``!alerte``) is not punctuation.
    """
    return AFTER_QUOTE.sub("«" + NBSP, BEFORE_PUNCTUATION.sub(NBSP, text))


def of(name: str) -> str:
    """``de FortiOS``, ``d'Acrobat``: *de* before a name, elided before a vowel."""
    base = unicodedata.normalize("NFD", name[:1]).upper()[:1]
    return f"d'{name}" if base and base in "AEIOU" else f"de {name}"


class FrenchTypography(Extension):
    """Puts the no-break spaces in the text of ``fr`` templates, whatever their syntax.

    Text of variables is left alone: it is somebody else's.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Rewrite the pieces of text between Jinja's tags."""
        french = "fr" in re.split(r"[/.]", stream.name or "")
        for token in stream:
            if french and token.type == "data":
                yield Token(token.lineno, token.type, french_spaces(token.value))
            else:
                yield token
