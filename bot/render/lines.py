"""Equipment lines as people read them: alike ones together, at most twenty, then a count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.alert import AssetLine, Why
from bot.domain.facility import AssetCategory

SHOWN = 20  # more would not be read in a room; the rest is one command away


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Machines of one category that run one version of one product, in one facility.

    ``facility`` is empty in a message that speaks of one facility only.
    """

    facility: str
    category: AssetCategory
    product: str
    version: str
    doubt: str  # code of the reason why they are only to be checked; empty when they are not
    names: tuple[str, ...]
    count: int


def group_lines(lines: Sequence[AssetLine], limit: int = SHOWN) -> list[LineGroup]:
    """Group the first ``limit`` lines, in order of first appearance; a name is kept once."""
    groups: dict[tuple[str, AssetCategory, str, str, str], list[AssetLine]] = {}
    for line in lines[:limit]:
        kind = (line.facility, line.category, line.product, line.version, line.doubt)
        groups.setdefault(kind, []).append(line)
    return [
        LineGroup(
            *kind,
            tuple(dict.fromkeys(line.name for line in alike if line.name)),
            pieces(alike),
        )
        for kind, alike in groups.items()
    ]


def cited(why: Iterable[Why]) -> list[Why]:
    """The quotations that say something, each once."""
    said = {(each.named, each.quote): each for each in reversed(list(why))}
    return [each for each in reversed(said.values()) if each.named or each.quote]


def pieces(lines: Iterable[AssetLine]) -> int:
    """How many pieces of equipment the lines stand for."""
    return sum(line.quantity for line in lines)
