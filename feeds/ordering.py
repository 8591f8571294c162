"""Where a version stands beside another, and when that cannot be told.

One principle: *fixed* is proved, or it is not said. Two versions compare by the first place
where both say something of one scale: a release number beside a release number, a patch beside
a patch. Where one goes on with what the other does not speak of (``3.2 P4`` beside ``3.2.1``), or
counts something else (the installer's ``3.12.3150`` beside ``3.12.4``, a hot fix beside a patch),
the answer is UNKNOWN or COARSE, and somebody is asked. Two things need not be said: a
pre-release comes before its release, a patch after it.
"""

from __future__ import annotations

from enum import StrEnum

from feeds.versions import END, HUGE, Level, Version

SERVICE_RELEASES = frozenset({"s", "h", "d"})  # 21.2R3 and 11.2.4 are complete without -S5, -h15
_NUMBERED_LEVELS = frozenset({"fp", "mp", "mr", "sp"})
_YEARS = range(1990, 2041)
_RELEASES = frozenset({"r", "a", "b", "c"})  # 2012 R2 and 2012 SP1 are two releases
_UNNUMBERED_LEVELS = frozenset({"su", "cu", "ru"})
_RAPID = 60  # browsers and what shares their pace number a release a month
_SMALL = 100  # a number below it and one of HUGE count different things
_BUILD = 10_000
_SUFFIX = 2  # letters of 1.0.1za: longer words are no suffix of a number
_PRE, _LETTER, _NUMBERED = 0, 2, 3  # classes of levels


class Order(StrEnum):
    """Where a version stands beside a bound."""

    BELOW = "below"
    EQUAL = "equal"
    ABOVE = "above"
    COARSE = "coarse"  # less precise than the bound: cannot tell
    UNKNOWN = "unknown"  # of another scale: cannot tell


_APART = (Order.BELOW, Order.ABOVE)


def order(version: Version, bound: Version) -> Order:
    """Say where ``version`` stands beside ``bound``, or why that cannot be told.

    ``13.1`` beside ``13.1-49.13`` is COARSE; ``16.0.1`` beside ``16.0.1.2`` is complete as
    it stands, hence BELOW; ``7.5.0`` beside ``7.5.0 UP8`` is COARSE, because staff seldom
    type the patch level.
    """
    if version.key == bound.key:
        return Order.EQUAL
    mine, theirs = version.release, bound.release
    if bool(mine) != bool(theirs):
        return Order.UNKNOWN  # "antérieures à la mise à jour 2021-006" beside 10.15.7
    if version.key[0] == bound.key[0]:
        told = _by_levels(version.levels, bound.levels, built=theirs[-1:] >= (HUGE,))
        sorted_so = Order.BELOW if version.key < bound.key else Order.ABOVE
        return Order.UNKNOWN if told in _APART and told is not sorted_so else told
    if len(theirs) == 1 and theirs[0] >= HUGE and len(mine) > 1 and mine[0] < HUGE:
        return Order.UNKNOWN  # a build or a date (2305) beside a dotted number (19.12.7)
    for one, other in zip(mine, theirs, strict=False):
        if one < other:
            return Order.BELOW
        if one > other:
            dated = len(mine) == 1 and one < _BUILD  # Windows 10 "1903" is a release
            return Order.UNKNOWN if one >= HUGE and other < _SMALL and not dated else Order.ABOVE
    return _shorter(version, bound) if len(mine) < len(theirs) else _longer(version, bound)


def _shorter(version: Version, bound: Version) -> Order:
    """Compare with a bound that goes on with more release numbers."""
    if not version.levels:
        return Order.COARSE if _truncates(version.release, bound.release) else Order.BELOW
    if version.levels[0][0] == _PRE:
        return Order.BELOW
    update = _beside_update(version, bound)
    return Order.UNKNOWN if update is None else update


def _longer(version: Version, bound: Version) -> Order:
    """Compare with a bound that stops where more release numbers are typed."""
    if not bound.levels or bound.levels[0][0] == _PRE:
        return Order.ABOVE
    rest = version.release[len(bound.release) :]
    if version.levels and not rest[0] and rest[-1] >= _SMALL:
        return _by_levels(version.levels, bound.levels)  # 3.2.0.542 Patch 4 beside 3.2 P7
    build = _beside_build(version, bound)
    return _beside_level(version, bound) if build is None else build


def _by_levels(mine: tuple[Level, ...], theirs: tuple[Level, ...], *, built: bool = False) -> Order:
    """Compare what follows the same release numbers.

    ``built``: those end with a build, so that "build 2790" says nothing more. Builds that one
    side alone says are left out where both say more: "3.2 build 542 Patch 4" beside "3.2 P7".
    """
    if mine and theirs and any(map(_is_build, mine)) != any(map(_is_build, theirs)):
        kept = [tuple(level for level in each if not _is_build(level)) for each in (mine, theirs)]
        if all(kept):
            mine, theirs = kept
    for one, other in zip((*mine, END), (*theirs, END), strict=False):
        if one == other:
            continue
        if one == END:
            if built and _is_build(other):
                return Order.EQUAL  # 4.5.4.2790 is the build already
            if other[0] == _NUMBERED and other[2] not in SERVICE_RELEASES:
                return Order.COARSE
        elif other == END:
            if one[0] == _LETTER and len(one[2]) > _SUFFIX:
                return Order.UNKNOWN  # 12.2(25)SEE is of another train than 12.2(25)
        elif (one[0], one[2]) != (other[0], other[2]) and not _comparable(one, other):
            return Order.UNKNOWN
        return Order.BELOW if one < other else Order.ABOVE
    return Order.EQUAL


def _is_build(level: Level) -> bool:
    return level[0] == _NUMBERED and level[2] == "b"


def _comparable(one: Level, other: Level) -> bool:
    """Whether levels of two kinds are ordered: letters, and what comes before the release."""
    if _PRE in (one[0], other[0]):
        return True
    return one[0] == other[0] == _LETTER and max(len(one[2]), len(other[2])) <= _SUFFIX


def _beside_build(version: Version, bound: Version) -> Order | None:
    """``6.10.0.185964`` beside ``6.10 build 185964``: the last part is the build."""
    level = bound.levels[0]
    if (
        len(bound.levels) > 1
        or not _is_build(level)
        or version.levels
        or version.release[-1] < HUGE
    ):
        return None
    return _by_numbers(version.release[-1], level[3])


def _beside_update(version: Version, bound: Version) -> Order | None:
    """``7.2.2-72806 Update 3`` beside ``7.2.2-72806-3``: the number after a build is its update."""
    (*release, theirs), (level, *others) = bound.release, version.levels
    if others or level[2] != "u" or bound.levels or len(release) < 2 or release[-1] < HUGE:
        return None
    return _by_numbers(level[3], theirs) if tuple(release) == version.release else None


def _beside_level(version: Version, bound: Version) -> Order:
    """``6.3.0.5`` beside ``6.3.0 FP7``: fix packs are often typed as the next number.

    ``8.6.14`` is above ``8.6 HF10`` whether it is its fourteenth fix or a later release.
    """
    plain = all(map(_is_build, version.levels))
    rest = version.release[len(bound.release) :]
    typed = next(filter(None, rest), HUGE)
    class_, _, kind, level = bound.levels[0]
    if not plain or typed >= HUGE or class_ != _NUMBERED:
        return Order.UNKNOWN
    dated = bound.release[0] in _YEARS and kind == "sr"  # 2024.1.1 is 2024.1 SR1
    if dated or kind in _NUMBERED_LEVELS:
        same = typed == level and len(bound.levels) > 1
        return Order.UNKNOWN if same else _by_numbers(typed, level)
    return Order.ABOVE if level < rest[0] < _SMALL else Order.UNKNOWN


def _by_numbers(mine: int, theirs: int) -> Order:
    if mine == theirs:
        return Order.EQUAL
    return Order.BELOW if mine < theirs else Order.ABOVE


def _truncates(typed: tuple[int, ...], bound: tuple[int, ...]) -> bool:
    """Whether ``typed`` is the beginning of ``bound`` and too short to be a release."""
    if len(typed) == 2 and typed[0] >= _RAPID and not typed[1]:
        return False  # a browser's 147.0 is complete
    following = bound[len(typed)]
    if following >= HUGE:
        return True
    return len(typed) < 2 or (len(typed) == 2 and following != 1)


class Cover(StrEnum):
    """Whether a version belongs to a named release or branch."""

    EXACT = "exact"  # the same version, padding aside
    INSIDE = "inside"  # a point release of it
    COARSE = "coarse"  # the version is less precise than the branch
    OUTSIDE = "outside"


def cover(version: Version, branch: Version) -> Cover:
    """Say whether ``version`` lies in ``branch``: 9.2.3 in 9.2, 9.1R8 in 9.1R, 15 SP3 in 15 SP3."""
    if version.key == branch.key:
        return Cover.EXACT
    if not branch.levels and version.key[0] == branch.key[0] and _only_builds(version):
        return Cover.EXACT
    wanted, had = branch.release, version.release
    if not wanted:
        return _cover_levels(version.levels, branch.levels)
    if had[: len(wanted)] != wanted:
        padded = had + (0,) * (len(wanted) - len(had))
        if padded == wanted and not branch.levels:
            return Cover.EXACT if not version.levels else Cover.INSIDE
        shorter = len(had) < len(wanted) and wanted[: len(had)] == had
        if version.levels and (branch.levels or version.levels[0][2] not in _UNNUMBERED_LEVELS):
            shorter = False
        return Cover.COARSE if shorter and had else Cover.OUTSIDE
    if not branch.levels:
        return Cover.INSIDE
    if len(had) > len(wanted):
        yearly = wanted[0] in _YEARS and branch.levels[0][2] == "u"  # 2019.1 is 2019 Update 1
        found = _cover_numbers(had[len(wanted) :], branch.levels, yearly=yearly)
        return Cover.COARSE if yearly and found is Cover.OUTSIDE else found
    return _cover_levels(version.levels, branch.levels)


def _cover_numbers(had: tuple[int, ...], wanted: tuple[Level, ...], *, yearly: bool) -> Cover:
    """Whether release numbers say the levels of a branch: 7.1 is 7 SP1, 3.2.0.542 may be 3.2 P7."""
    (_, _, kind, level), *others = wanted
    if (kind not in _NUMBERED_LEVELS and not yearly) or not had[0]:
        return Cover.COARSE
    if had[0] != level:
        return Cover.OUTSIDE
    return Cover.COARSE if others else Cover.INSIDE


def _only_builds(version: Version) -> bool:
    """Whether all that follows the release number is a build, which makes no other version."""
    return bool(version.levels) and all(map(_is_build, version.levels))


def _cover_levels(had: tuple[Level, ...], wanted: tuple[Level, ...]) -> Cover:
    for mine, theirs in zip(had, wanted, strict=False):
        if mine == theirs:
            continue
        if theirs[0] == _LETTER and mine[0] == _NUMBERED and mine[2] == theirs[2]:
            continue  # 9.1R8 in 9.1Rx
        kinds = {mine[2], theirs[2]}
        return Cover.OUTSIDE if len(kinds) == 1 or kinds & _RELEASES else Cover.COARSE
    if len(had) < len(wanted):
        return Cover.COARSE
    return Cover.INSIDE if len(had) > len(wanted) or had != wanted else Cover.EXACT
