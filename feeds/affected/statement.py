"""What the grammar makes of a line: which products, which versions, on what condition.

What every line makes is a tuple with names: a corpus makes hundreds of thousands of them, and a
tuple is made and compared in a third of the time of a frozen dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Grade(StrEnum):
    """How far a statement can be decided from a product and a version."""

    DECIDED = "decided"
    REVIEW = "review"  # a patch, a condition, or the vendor's own bulletin decides
    UNREAD = "unread"  # not understood


class Phrase(NamedTuple):
    """A product as named, not yet known to any catalogue.

    ``numbers`` stand among the words (*Windows* **10** *Version 1607*); ``hosts`` follow
    "pour", "sur": each group is a platform or the product that carries this one; ``asides`` are
    words in parentheses.
    """

    words: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    hosts: tuple[tuple[str, ...], ...] = ()
    asides: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()  # part numbers
    carriers: tuple[tuple[str, ...], ...] = ()  # "dans X": it is a part of X


class Range(NamedTuple):
    """Versions inside one of ``branches`` (any, when empty) and inside every bound.

    Bounds are texts as written. Several ``lt`` or ``le`` are one per train. ``named`` branches
    stand without the word "version": they name a release rather than enumerate.
    """

    branches: tuple[str, ...] = ()
    lt: tuple[str, ...] = ()
    le: tuple[str, ...] = ()
    ge: str = ""
    gt: str = ""
    named: bool = False
    also: str = ""  # the upper bound in another notation: "9.8 SP3 FP1 (9.8.3.103)"
    patched: bool = False  # "antérieures à 17.1.0.3 avec le correctif": 17.1.0.3 alone is in doubt

    @property
    def bounded(self) -> bool:
        """Whether anything but a branch restricts the versions."""
        return bool(self.lt or self.le or self.ge or self.gt)


@dataclass(frozen=True, slots=True)
class Fix:
    """A patch whose absence makes the product vulnerable; ``level`` when it is a version level."""

    text: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something more than product and version: a component, perhaps with versions of its own."""

    words: tuple[str, ...]
    ranges: tuple[Range, ...] = ()


class Statement(NamedTuple):
    """One affirmation of a line: any of ``phrases``, in any of ``ranges`` (all, when empty).

    ``start:end`` is the part of the line that says it.
    """

    phrases: tuple[Phrase, ...]
    ranges: tuple[Range, ...] = ()
    every_version: bool = False  # "toutes versions"
    fix: Fix | None = None
    condition: Condition | None = None
    deferred: bool = False
    leftover: tuple[str, ...] = ()  # what the grammar could not place
    start: int = 0
    end: int = 0

    @property
    def grade(self) -> Grade:
        """Whether the statement can be decided, and if not whether it was understood."""
        if self.leftover or not (self.phrases or self.deferred):
            return Grade.UNREAD
        if self.deferred or self.condition or (self.fix and not self.fix.level):
            return Grade.REVIEW
        return Grade.DECIDED
