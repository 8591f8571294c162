"""A statement while the grammar is still reading it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from feeds.affected.phrasings import Kind
from feeds.affected.statement import Condition, Fix, Phrase, Range, Statement
from feeds.affected.tokens import Token

_WORD = Kind.WORD  # looked up once: every token asks
_LEVELLED = re.compile(r"(\d.*[a-z]\s*)(\d+)$")


@dataclass(slots=True)
class Draft:
    """What was read so far of one statement."""

    start: int = 0
    end: int = 0
    words: list[list[Token]] = field(default_factory=lambda: [[]])  # alternatives
    hosts: list[tuple[str, ...]] = field(default_factory=list)
    carriers: list[tuple[str, ...]] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    pending: list[Token] = field(default_factory=list)  # versions no bound has claimed yet
    ranges: list[Range] = field(default_factory=list)
    keyword: bool = False  # the word "version" was met
    every: bool = False
    fix: Fix | None = None
    condition: Condition | None = None
    deferred: bool = False
    leftover: list[str] = field(default_factory=list)

    def take_pending(self) -> tuple[str, ...]:
        """Versions that no bound has claimed yet; they are claimed from now on."""
        taken = tuple([token.text for token in self.pending])
        self.pending.clear()
        return taken

    def close_list(self) -> None:
        """What no bound claimed is an enumeration."""
        if not self.pending:
            return
        named = not self.keyword
        previous = ""
        for text in self.take_pending():
            stem = _LEVELLED.match(previous)
            if stem and text.isdigit() and len(text) < 3 and int(stem[2]) < int(text):
                text = stem[1] + text  # "2019 Cumulative Update 13 et 14", not "8u144 et 9"
            self.ranges.append(Range(branches=(text,), named=named))
            previous = text

    def statement(self) -> Statement | None:
        """The statement as it stands; None when it says nothing."""
        self.close_list()
        phrases = tuple([self._phrase(group) for group in self.words if group])
        if not (phrases or self.ranges or self.condition or self.deferred):
            return None
        return Statement(
            phrases,
            tuple(self.ranges),
            self.every,
            self.fix,
            self.condition,
            self.deferred,
            tuple(self.leftover),
            self.start,
            self.end,
        )

    def _phrase(self, group: list[Token]) -> Phrase:
        words = tuple([each.text for each in group if each.kind is _WORD])
        numbers = tuple([each.text for each in group if each.kind is not _WORD])
        around = tuple(self.hosts), tuple(self.asides), tuple(self.parts), tuple(self.carriers)
        return Phrase(words, numbers, *around)
