"""Tables of the command line: their headers and codes in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table

from bot.render.words import Words


@dataclass
class Sheet:
    """A table that stays readable in a narrow terminal.

    ``columns`` are keys of ``[columns]`` of ``templates/words``; cells of some of them are codes,
    which are put in words too. ``whole`` is the column that is never broken.
    """

    columns: tuple[str, ...]
    title: str = ""
    whole: str = ""
    rows: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def add_row(self, *cells: str, style: str = "") -> None:
        """Add one row, a cell a column."""
        self.rows.append((cells, style))

    def in_words(self, words: Words) -> Table:
        """The table as a person reads it."""
        made = Table(title=self.title or None, title_justify="left", header_style="bold", box=None)
        for column in self.columns:
            header = words.columns.get(column, column)
            made.add_column(header, overflow="fold", no_wrap=column == self.whole)
        codes = [_codes(column, words) for column in self.columns]
        for cells, style in self.rows:
            said = [known.get(cell, cell) for known, cell in zip(codes, cells, strict=True)]
            made.add_row(*said, style=style or None)
        return made


def in_words(shown: RenderableType | Sheet | Sheets, words: Words) -> RenderableType:
    """What is printed for a person."""
    if isinstance(shown, Sheet):
        return shown.in_words(words)
    if isinstance(shown, Sheets):
        return Group(*(in_words(each, words) for each in shown.parts))
    return shown


@dataclass(frozen=True)
class Sheets:
    """Several tables and texts, one below the other."""

    parts: tuple[RenderableType | Sheet, ...]


def _codes(column: str, words: Words) -> Mapping[str, str]:
    """What the codes of a column are called; nothing for a column of free text."""
    return {
        "verdict": words.verdicts,
        "reason": words.reasons,
        "state": words.states,
        "urgency": words.states,
        "reach": words.states,
        "target": words.states,
        "answer": words.states | {kind: each["word"] for kind, each in words.answers.items()},
    }.get(column, {})
