"""Does one statement of a bulletin cover one asset?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from bot.domain.assets import Asset
from feeds.affected import Range, Statement
from feeds.names import Name
from feeds.versions import Cover, Order, Version, cover, order, parts, read_version, train_length

_TAIL = re.compile(r"(?<=\d)(?:\.[x*n]+)+.*$|(?<=\dr)x$|\(x\).*$|-[x*]$")
_EVERYTHING = re.compile(r"^v?[x*](?:\.[x*])*$")
_IDENTIFIER = re.compile(r"\b(?=\w*\d)[a-z]{2,}[\w.-]*\d[\w.-]*\b")


class Inside(IntEnum):
    """Whether a version lies in a range."""

    OUT = 0
    UNSURE = 1
    IN = 2


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a version stands, and why when that is not certain."""

    inside: Inside
    reason: str = ""


IN = Placement(Inside.IN, "in-range")
OUT = Placement(Inside.OUT, "out-of-range")
FIXED = Placement(Inside.OUT, "fixed")
MISSING = Placement(Inside.UNSURE, "version-missing")
COARSE = Placement(Inside.UNSURE, "version-coarse")
UNCLEAR = Placement(Inside.UNSURE, "order-unknown")


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range whose texts have been read as versions."""

    branches: tuple[Version, ...] = ()
    wild: tuple[bool, ...] = ()
    lt: tuple[Version, ...] = ()
    le: tuple[Version, ...] = ()
    ge: Version | None = None
    gt: Version | None = None
    named: bool = False
    unreadable: bool = False

    @property
    def bounded(self) -> bool:
        """Whether anything but a branch restricts the versions."""
        return bool(self.lt or self.le or self.ge or self.gt)


def read_bounds(written: Range, name: Name) -> Bounds:
    """Read the texts of a range in the numbering of the product's family."""
    base = written.branches[-1] if written.branches else (name.numbers[-1] if name.numbers else "")
    family = name.family
    unreadable = False

    def read(text: str) -> Version | None:
        nonlocal unreadable
        version = read_version(_TAIL.sub("", text), family)
        if version is not None and not version.release and base:
            version = read_version(f"{_TAIL.sub('', base)} {text}", family)
        unreadable = unreadable or version is None
        return version

    branches = [text for text in written.branches if not _EVERYTHING.match(text)]
    return Bounds(
        branches=tuple(v for text in branches if (v := read(text))),
        wild=tuple(bool(_TAIL.search(text)) for text in branches),
        lt=tuple(v for text in written.lt if (v := read(text))),
        le=tuple(v for text in written.le if (v := read(text))),
        ge=read(written.ge) if written.ge else None,
        gt=read(written.gt) if written.gt else None,
        named=written.named,
        unreadable=unreadable,
    )


def place(bounds: Bounds, asset: Asset, family: str) -> Placement:
    """Say whether the asset's version lies in the range."""
    if bounds.unreadable:
        return UNCLEAR
    branch = _in_branches(bounds, asset)
    if branch.inside is Inside.OUT:
        return branch
    if not bounds.bounded:
        return branch
    if asset.main is None:
        return MISSING
    limits = [below(bounds.lt, asset.main, inclusive=False, family=family)] if bounds.lt else []
    if bounds.le:
        limits.append(below(bounds.le, asset.main, inclusive=True, family=family))
    if bounds.ge is not None:
        limits.append(_above(bounds.ge, asset.main, strict=False))
    if bounds.gt is not None:
        limits.append(_above(bounds.gt, asset.main, strict=True))
    return min((*limits, branch), key=lambda placement: placement.inside)


def _in_branches(bounds: Bounds, asset: Asset) -> Placement:
    if not bounds.branches:
        return IN
    if not asset.shown:
        return MISSING
    best = OUT
    for branch, wild in zip(bounds.branches, bounds.wild, strict=False):
        for version in asset.shown:
            found = _in_branch(bounds, branch, wild, version)
            if found.inside > best.inside:
                best = found
    if best.inside is Inside.OUT and asset.main is None and not _says_number(asset, bounds):
        return MISSING
    return best


def _says_number(asset: Asset, bounds: Bounds) -> bool:
    """Whether a number of the name is of the same kind as the branches (2019 beside 2016)."""
    lengths = {len(str(branch.release[0])) for branch in bounds.branches if branch.release}
    return any(v.release and len(str(v.release[0])) in lengths for v in asset.shown)


def _in_branch(bounds: Bounds, branch: Version, wild: bool, version: Version) -> Placement:
    match cover(version, branch):
        case Cover.EXACT:
            return IN
        case Cover.INSIDE if bounds.bounded or wild or len(branch.release) < 2:
            return IN
        case Cover.INSIDE if len(branch.release) == 2 and not branch.levels:
            return COARSE if bounds.named and len(version.release) > 2 else IN
        case Cover.INSIDE:
            return OUT
        case Cover.COARSE:
            return COARSE
        case _:
            return OUT


def below(
    limits: tuple[Version, ...], version: Version, *, inclusive: bool = False, family: str = ""
) -> Placement:
    """Below every limit, or below the limit of its own train when there are several."""
    if len(limits) == 1:
        return _below_one(limits[0], version, inclusive=inclusive, family=family)
    length = train_length(limits)
    mine = parts(version)[:length]
    own = [limit for limit in limits if parts(limit)[:length] == mine]
    if len(own) == 1:
        return _below_one(own[0], version, inclusive=inclusive, family=family)
    each = [_below_one(limit, version, inclusive=inclusive, family=family) for limit in limits]
    insides = {placement.inside for placement in each}
    if len(insides) == 1:
        return each[0]
    if own or length >= min(len(parts(limit)) for limit in limits):
        return UNCLEAR  # the fixes differ only at their last part: which one applies is not said
    return IN if Inside.IN in insides else UNCLEAR


def _below_one(limit: Version, version: Version, *, inclusive: bool, family: str) -> Placement:
    if family == "windows" and len(limit.release) >= 4:
        if version.release[:3] != limit.release[:3][: len(version.release)]:
            return OUT  # another release: each has builds of its own
        if len(version.release) < 4:
            return COARSE
    match order(version, limit):
        case Order.BELOW:
            return IN
        case Order.EQUAL:
            return IN if inclusive else FIXED
        case Order.COARSE:
            return COARSE
        case Order.UNKNOWN:
            return UNCLEAR
        case _:
            within = inclusive and cover(version, limit) is Cover.INSIDE
            return COARSE if within else FIXED


def _above(limit: Version, version: Version, *, strict: bool) -> Placement:
    match order(version, limit):
        case Order.ABOVE:
            return IN
        case Order.EQUAL:
            return UNCLEAR if strict else IN  # vendors often mean "or equal"
        case Order.COARSE:
            return COARSE
        case Order.UNKNOWN:
            return UNCLEAR
        case _:
            return OUT


def carries_numbers(name: Name, asset: Asset) -> Placement:
    """Whether the numbers inside the product's name (Windows *10*) are the asset's."""
    result = IN
    for text in name.numbers:
        wanted = read_version(text, name.family)
        if wanted is None:
            continue
        if not asset.shown:
            return MISSING
        covers = {cover(version, wanted) for version in asset.shown}
        if not covers.isdisjoint({Cover.EXACT, Cover.INSIDE}) or _same_series(wanted, name, asset):
            continue
        if Cover.COARSE in covers:
            result = COARSE
        else:
            return Placement(Inside.OUT, "other-release")
    return result


def _same_series(wanted: Version, name: Name, asset: Asset) -> bool:
    """Nexus 9300 belongs to the Nexus 9000 series; Windows 2003 not to Windows 2000."""
    if name.family == "windows" or len(wanted.release) != 1 or wanted.levels:
        return False
    number = wanted.release[0]
    return (
        number >= 3000
        and number % 1000 == 0
        and any(
            number <= version.release[0] < number + 1000
            for version in asset.shown
            if len(version.release) == 1
        )
    )


def shows_fix(statement: Statement, asset: Asset, name: Name) -> Placement:
    """Whether the patch that a statement asks for is visible on the asset.

    IN means absent (vulnerable), OUT means present.
    """
    fix = statement.fix
    if fix is None:
        return IN
    identifiers = _IDENTIFIER.findall(fix.text.lower())
    if any(identifier in asset.text for identifier in identifiers if len(identifier) > 4):
        return Placement(Inside.OUT, "fix-shown")
    if fix.level:
        base = next((r.branches[-1] for r in statement.ranges if r.branches), "")
        base = base or (name.numbers[-1] if name.numbers else "")
        limit = read_version(f"{_TAIL.sub('', base)} {fix.level}", name.family)
        if limit is not None and asset.main is not None:
            placement = _below_one(limit, asset.main, inclusive=False, family=name.family)
            if placement.inside is not Inside.UNSURE:
                return placement
    return Placement(Inside.UNSURE, "patch-unknown")
