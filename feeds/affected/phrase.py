"""Cut a product name, as inventories and structured publishers type it, into a phrase."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from feeds.affected.phrasings import Kind
from feeds.affected.statement import Phrase
from feeds.affected.tokens import Token, read_tokens

# "Mail Server DSM 7.1": the number is the platform's
_PLATFORMS = frozenset(
    {"dsm", "qts", "android", "windows", "macos", "linux", "esxi", "aix", "solaris"}
)
# "openssl-1.0.2k-fips", "python3.9"
_PACKAGE = re.compile(
    r"((?:[a-z]\w*(?:-[a-z]\w*)*(?=-))|[a-z]{3,}(?=\d{1,2}\.))-?v?(\d+\.\d[\w.~+-]*)$"
)


@dataclass
class _Cut:
    """A name being cut. ``group`` collects the words of a host ("pour Windows")."""

    words: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    aside_numbers: list[str] = field(default_factory=list)
    hosts: list[list[str]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    depth: int = 0
    dash: bool = False
    hosted: bool = False

    def place(self, token: Token) -> None:
        """Put one token where it belongs; other kinds say nothing of the name."""
        if token.kind is Kind.WORD and (package := _PACKAGE.match(token.text)):
            for kind, text in ((Kind.WORD, package[1]), (Kind.VERSION, package[2])):
                self.place(Token(kind, text, token.start, token.end))
            return
        match token.kind:
            case Kind.OPEN | Kind.CLOSE:
                self.depth += 1 if token.kind == Kind.OPEN else -1
                self.hosted = False
            case Kind.TO:
                self.dash = bool(self.words)
            case Kind.ON:
                self.hosted = True
                self.hosts.append([])
            case Kind.WITH:
                self.dash, self.hosted = True, False
            case Kind.REF:
                self.parts.append(token.text)
            case Kind.WORD if self.hosted and self.depth <= 0:
                self.hosts[-1].append(token.text)
            case Kind.WORD:
                (self.asides if self.depth > 0 or self.dash else self.words).append(token.text)
            case Kind.VERSION | Kind.WILD:
                release = token.text[0].isdigit() and token.text.count(".") < 2
                beside = self.hosted and self.hosts[-1] and release
                beside = beside or (
                    len(self.words) > 2 and self.words[-1] in _PLATFORMS and release
                )
                aside = self.depth > 0 or beside
                (self.aside_numbers if aside else self.numbers).append(token.text)
            case _:
                pass


def read_phrase(text: str) -> tuple[Phrase, tuple[str, ...]]:
    """The phrase of a product name, and the numbers of its asides and hosts.

    What stands in parentheses or after a dash may be a remark: it is kept apart.
    """
    cut = _Cut()
    for token in read_tokens(text):
        cut.place(token)
    if not cut.words:
        cut.words, cut.asides = cut.asides, []
    phrase = Phrase(
        tuple(cut.words),
        tuple(cut.numbers),
        tuple(tuple(host) for host in cut.hosts if host),
        tuple(cut.asides),
        tuple(cut.parts),
    )
    return phrase, tuple(cut.aside_numbers)
