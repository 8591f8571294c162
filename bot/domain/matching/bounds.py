"""The ranges of a statement, their texts read as versions."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from feeds.affected import Range
from feeds.names import Name
from feeds.versions import Parts, Version, parts, read_version

TAIL = re.compile(r"(?<=\d)(?:\.[xyn*]+)+(?!\w*\d).*$|(?<=\dr)x$|\(x\).*$|-[x*]$")
_INNER = re.compile(r"\.[xyn*]+\.\w*\d")  # 15.33.x.5122 bounds no number
_FIGURES = re.compile(r".*\.\d+x$")
_EVERYTHING = re.compile(r"^v?[x*](?:\.[x*])*$")


class Bounds(NamedTuple):
    """A range whose texts have been read as versions. (A tuple: every line makes some.)"""

    branches: tuple[Version, ...] = ()
    wild: tuple[bool, ...] = ()
    lt: tuple[Version, ...] = ()
    le: tuple[Version, ...] = ()
    ge: Version | None = None
    gt: Version | None = None
    also: Version | None = None  # the upper bound in another notation
    lengths: frozenset[int] = frozenset()  # digits of the branches' first parts
    firsts: frozenset[int] = frozenset()  # those parts; none when a branch has none, or begins by 0
    named: bool = False
    patched: bool = False
    generation: bool = False  # "pgAdmin 4", "Office 2019": part of the name, bounds are elsewhere
    elsewhere: bool = False  # no branch reaches its bounds: "Oracle Linux 5 < 2.6.39-400"
    unreadable: bool = False

    @property
    def bounded(self) -> bool:
        """Whether anything but a branch restricts the versions."""
        return bool(self.lt or self.le or self.ge or self.gt)


def read_bounds(written: Range, name: Name) -> Bounds:
    """Read the texts of a range in the numbering of the product's family."""
    return _read_bounds(written, name.numbers[-1] if name.numbers else "", name.family)


@lru_cache(maxsize=8_192)  # publishers bound the products of a month alike
def _read_bounds(written: Range, number: str, family: str) -> Bounds:
    unreadable = False

    def read(text: str, base: str) -> Version | None:
        nonlocal unreadable
        if family == "coldfusion" and base and text.isdigit() and len(text) < 3:
            text = f"update {text}"  # "ColdFusion 2021 versions antérieures à 7"
        elif _is_dotted(text):  # most are: there is nothing to take off
            return read_version(text, family)
        version = None if _INNER.search(text) else read_version(TAIL.sub("", text), family)
        if version is not None and not version.release and base:
            version = read_version(f"{TAIL.sub('', base)} {text}", family)
        unreadable = unreadable or version is None
        return version

    branches = [text for text in written.branches if not _EVERYTHING.match(text)]
    lowest = written.ge
    if len(branches) == 1 and _FIGURES.match(branches[0]) and _same_figures(branches[0], written):
        lowest = branches.pop()[:-1] + "0"  # "6.5x" is 6.50 to 6.59
    base = branches[-1] if branches else number
    lt = _last_of_trains(tuple(v for text in written.lt if (v := read(text, base))))
    if family == "windows" and any(len(limit.release) < 3 for limit in lt):
        unreadable = True  # "Windows Server 2008 […] antérieures à 1.001": it is no build
    read_branches = tuple(v for text in branches if (v := read(text, number)))
    return Bounds(
        branches=read_branches,
        lengths=frozenset(len(str(each.release[0])) for each in read_branches if each.release),
        firsts=_firsts(read_branches),
        wild=tuple([not _is_dotted(text) and bool(TAIL.search(text)) for text in branches]),
        generation=_is_generation(read_branches, lt),
        elsewhere=_is_elsewhere(read_branches, lt),
        lt=lt,
        le=tuple(v for text in written.le if (v := read(text, base))),
        ge=read(lowest, base) if lowest else None,
        gt=read(written.gt, base) if written.gt else None,
        also=read(written.also, "") if written.also and (written.lt or written.le) else None,
        named=written.named,
        patched=written.patched,
        unreadable=unreadable,
    )


def _firsts(branches: tuple[Version, ...]) -> frozenset[int]:
    """First numbers of the branches, without one of which no version is in any."""
    begun = all(each.release[:1] > (0,) for each in branches)
    return frozenset(each.release[0] for each in branches) if begun else frozenset()


def forget_bounds() -> None:
    """Drop the ranges remembered."""
    _read_bounds.cache_clear()


def _is_dotted(text: str) -> bool:
    return text.replace(".", "").isdecimal()


def _same_figures(branch: str, written: Range) -> bool:
    """Whether the bound of ``7.4.3.7x`` continues its last figure (7.4.3.77), not its letters.

    So does 9.2.2406.113 beside ``9.2.2406.10x``, with as many figures.
    """
    stem, (train, _, figures) = branch[:-1], branch.rpartition(".")
    pairs = [(each, each.rpartition(".")) for each in written.lt]
    return any(
        (each.startswith(stem) and each[len(stem) :].isdigit())
        or (before == train and last.isdigit() and len(last) == len(figures))
        for each, (before, _, last) in pairs
    )


def _last_of_trains(limits: tuple[Version, ...]) -> tuple[Version, ...]:
    """Of several service releases of one train, the last, which closes every flaw of a line.

    "21.2R3-S7, 21.2R3-S8, 21.3R3-S5": 21.2R3-S7 lacks something. What else shares its first
    parts is left alone: "18.3R2, 18.3R3" lists what is fixed, and builds are of several ways
    to keep one product up to date.
    """
    if len(limits) < 2:
        return limits
    last: dict[Parts, Version] = {}
    for limit in limits:
        if limit.levels and limit.levels[-1][2] == "s":
            train = parts(limit)[:-1]
            last[train] = max(limit, last.get(train, limit))
    return tuple(limit for limit in limits if last.get(parts(limit)[:-1], limit).key <= limit.key)


def _is_generation(branches: tuple[Version, ...], lt: tuple[Version, ...]) -> bool:
    """Whether the number before a bound is no branch of it: *Visual Studio 2022* < 17.4.18."""
    if len(branches) != 1 or len(branches[0].release) != 1 or not lt:
        return False
    (number,) = branches[0].release
    return all(limit.release and limit.release[0] not in (number, number + 1) for limit in lt)


def _is_elsewhere(branches: tuple[Version, ...], lt: tuple[Version, ...]) -> bool:
    """Whether every bound is below every branch: they count something else, a component."""
    if not branches or not lt:
        return False
    return max(limit.key[0][:1] for limit in lt) < min(branch.key[0][:1] for branch in branches)
