"""Does one statement of a bulletin cover one asset?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import takewhile

from bot.domain.matching.assets import PATCH, Asset, Showing
from bot.domain.matching.bounds import TAIL, Bounds
from bot.domain.matching.placement import (
    BUILD,
    COARSE,
    FIX_SHOWN,
    FIXED,
    IN,
    MISSING,
    OUT,
    UNCLEAR,
    UNSAID,
    Inside,
    Placement,
    is_feature_release,
    is_year,
    says_feature_release,
)
from feeds.affected import Statement
from feeds.names import Name
from feeds.ordering import SERVICE_RELEASES, Cover, Order, cover, order
from feeds.versions import Parts, Version, parts, read_version

_TRACKS = {2, 3}
_YEARLY = re.compile(r"20\d\d-\d{3}")
WINDOWS_RELEASE = 3  # numbers of a build that name its release: 10.0.17763
_NO_DIGIT = re.compile(r"\D")
_WINDOWS_10 = Version("10", (10,), (), ((10,), ((1, 0, "", 0),)))


def place(bounds: Bounds, showing: Showing, family: str, *, patchable: bool = False) -> Placement:
    """Say whether the version shown lies in the range.

    ``patchable``: a patch decides besides, so that 8.8.15 P32 is still "8.8.15".
    """
    if bounds.unreadable:
        return UNCLEAR
    branch = _in_branches(bounds, showing, family)
    if patchable and branch.inside is not Inside.IN and showing.main is not None:
        stripped = showing.main.release
        if any(each.release == stripped and not each.levels for each in bounds.branches):
            branch = IN
    if (
        branch.inside is Inside.OUT
        and showing.main is not None
        and _starts_at(bounds, showing.main)
    ):
        return UNCLEAR  # "versions 4.6 antérieures à 4.9": 4.7 may be meant
    if branch.inside is Inside.OUT:
        return branch
    if not bounds.bounded:
        return branch
    main = showing.main or _whole_number(showing, bounds)
    if main is None or _counts_otherwise(bounds, main):
        return MISSING
    if bounds.patched and any(main.key[0] == limit.key[0] for limit in _in_doubt(bounds)):
        return Placement(Inside.UNSURE, "patch-unknown")
    lt, le = _as_written(bounds, main)
    limits = [below(lt, main, inclusive=False, family=family)] if lt else []
    if le:
        limits.append(below(le, main, inclusive=True, family=family))
    if bounds.ge is not None:
        if main.key == bounds.ge.key and len(main.release) == len(bounds.ge.release):
            return branch  # "4.0 à 4.0.3": 4.0 is a version of the publisher's own
        limits.append(_above(bounds.ge, main, strict=False))
    if bounds.gt is not None:
        limits.append(_above(bounds.gt, main, strict=True))
    return min((*limits, branch), key=lambda placement: placement.inside)


def _counts_otherwise(bounds: Bounds, main: Version) -> bool:
    """Whether what was typed is not what the bounds count: a name, a host's version, a year."""
    if bounds.generation and main in bounds.branches:
        return True
    if bounds.elsewhere and any(main.release[:1] == each.release[:1] for each in bounds.branches):
        return True  # what Oracle Linux 5.11 is beside a kernel
    return is_year(main) and _is_numbered(bounds)  # "Office, version 2016" beside a build


def _in_doubt(bounds: Bounds) -> list[Version]:
    """The bounds that are only fixed with a patch: of "A ou B avec le correctif", the lower one."""
    return sorted(bounds.lt)[: max(1, len(bounds.lt) - 1)]


def _as_written(bounds: Bounds, main: Version) -> tuple[tuple[Version, ...], tuple[Version, ...]]:
    """The upper bounds in the notation of the version: 9.8.1.201 beside 9.8.3.103, not 9.8 SP3."""
    also = bounds.also
    if also is None or len(main.release) < len(also.release):
        return bounds.lt, bounds.le
    return ((also,), ()) if bounds.lt else ((), (also,))


def _whole_number(showing: Showing, bounds: Bounds) -> Version | None:
    """The number of "Firefox 51", when the bounds are as large: not that of "ET 200".

    Bounds that are one number of four digits (2305) are met by one of four digits.
    """
    limits = (*bounds.lt, *bounds.le)
    if limits and all(len(limit.key[0]) == 1 and limit.release[0] >= BUILD for limit in limits):
        dated = (v for v in showing.shown if len(v.release) == 1 and BUILD <= v.release[0] < 10_000)
        return next(dated, None)
    if not limits or any(limit.release[:1] < (20,) for limit in limits):
        return None
    if showing.worded:
        return None  # "Flex 170"
    plain = (v for v in showing.shown if len(v.release) == 1 and not v.levels)
    return next((v for v in plain if 20 <= v.release[0] < BUILD), None)


def _is_numbered(bounds: Bounds) -> bool:
    """Whether the bounds are version numbers, in which a year can only be a product's name."""
    limits = (*bounds.lt, *bounds.le, *(each for each in (bounds.ge, bounds.gt) if each))
    return all(len(limit.release) > 1 and limit.release[0] < 1900 for limit in limits)


def _starts_at(bounds: Bounds, version: Version) -> bool:
    """Whether the "branch" of a later bound is rather where the range starts."""
    if len(bounds.branches) != 1 or len(bounds.lt) != 1 or bounds.generation:
        return False
    (branch,), (limit,) = bounds.branches, bounds.lt
    between = len(branch.release) > 1 and branch.key < version.key < limit.key
    return between and cover(limit, branch) is Cover.OUTSIDE


def _in_branches(bounds: Bounds, showing: Showing, family: str) -> Placement:
    if not bounds.branches:
        return IN
    if not showing.shown:
        return MISSING
    best = OUT
    of_feature_release = family == "windows" and any(map(is_feature_release, bounds.branches))
    if of_feature_release and not says_feature_release(showing.shown):
        return COARSE  # "Windows 11" does not say whether it is 23H2
    if family == "windows" and _first_windows_10(bounds, showing):
        return Placement(Inside.OUT, "other-release")
    if _may_begin(bounds, showing.shown) or family == "sap":
        best = _best_branch(bounds, showing.shown, family)
    if best.inside is Inside.OUT and not _says_number(showing, bounds):
        if showing.main is None:
            levels = (each for each in bounds.branches if not each.release)
            return OUT if any(_shows_kind(each, showing.shown) for each in levels) else MISSING
        if bounds.generation:
            return IN if bounds.branches[0].release < (10,) else UNSAID
    return best


def _may_begin(bounds: Bounds, shown: tuple[Version, ...]) -> bool:
    """Whether a version begins as a branch does: the others are in none."""
    firsts = bounds.firsts
    return not firsts or any(v.release and v.release[0] in firsts for v in shown)


def _best_branch(bounds: Bounds, shown: tuple[Version, ...], family: str) -> Placement:
    best = OUT
    for branch, wild in zip(bounds.branches, bounds.wild, strict=False):
        for version in _of_kind(branch, shown):
            if family == "sap" and _same_digits(version, branch):
                return IN
            found = _in_branch(bounds, branch, wild, version, family)
            if found.inside > best.inside:
                best = found
    return best


def _of_kind(branch: Version, shown: tuple[Version, ...]) -> tuple[Version, ...]:
    """Beside a bare level (SP2), the levels of its kind that are shown say all there is to say."""
    if branch.release and branch.levels:  # "2016 SP1" says more than "2016"
        levelled = {version.release for version in shown if version.levels}
        return tuple(v for v in shown if v.levels or v.release not in levelled)
    if not branch.levels:
        return shown
    return _shows_kind(branch, shown) or shown


def _shows_kind(branch: Version, shown: tuple[Version, ...]) -> tuple[Version, ...]:
    kind = branch.levels[0][2]
    return tuple(v for v in shown if v.levels and v.levels[0][2] == kind)


def _same_digits(version: Version, branch: Version) -> bool:
    """SAP writes one release 7.5, 7.50 and 750."""
    return _digits(version.text) == _digits(branch.text) != ""


@lru_cache(maxsize=2_000)
def _digits(text: str) -> str:
    return _NO_DIGIT.sub("", text).rstrip("0")


def _first_windows_10(bounds: Bounds, showing: Showing) -> bool:
    """Whether the bulletin means Windows 10 as first released and the asset is a later one."""
    if [branch.key for branch in bounds.branches] != [_WINDOWS_10.key]:
        return False
    return any(is_feature_release(v) and v.release != (1507,) for v in showing.shown)


def _says_number(showing: Showing, bounds: Bounds) -> bool:
    """Whether a number of the name is of the same kind as the branches (2019 beside 2016)."""
    longest = 1 if bounds.generation else 2
    return any(
        len(v.release) in range(1, longest + 1) and len(str(v.release[0])) in bounds.lengths
        for v in showing.shown
    )


def _in_branch(
    bounds: Bounds, branch: Version, wild: bool, version: Version, family: str
) -> Placement:
    match cover(version, branch):
        case Cover.EXACT:
            return IN
        case Cover.INSIDE if family == "java" and not (bounds.bounded or bounds.named or wild):
            return COARSE  # "Java SE: 8u291, 17": 17.0.1 came after 17
        case Cover.INSIDE if (
            family == "suse" and bounds.named and version.levels and not branch.levels
        ):
            return COARSE  # 15 SP3 is a product level of its own
        case Cover.INSIDE if bounds.bounded or wild or len(branch.release) < 2:
            return IN
        case Cover.INSIDE if len(branch.release) == 2 and not branch.levels:
            return COARSE if bounds.named and len(version.release) > 2 else IN
        case Cover.INSIDE if version.key[0] == branch.key[0]:
            return _beyond(version, branch)
        case Cover.INSIDE:
            return OUT
        case Cover.COARSE:
            return COARSE
        case _:
            return OUT


def _beyond(version: Version, branch: Version) -> Placement:
    """What only goes on with a level: 12.1X45-D10 is of 12.1X45, 8.8.15 P3 may be "8.8.15"."""
    further = version.levels[len(branch.levels) :]
    return IN if not further or further[0][2] in SERVICE_RELEASES else COARSE


def below(
    limits: tuple[Version, ...], version: Version, *, inclusive: bool = False, family: str = ""
) -> Placement:
    """Below the limit of its own train; several limits are one per train.

    "antérieures à 16.1.0 ou 16.0.1.2": 16.0.1.2 and 16.0.2 are fixed, 16.0.1.1 is not. Between
    two limits that differ only at their last part nobody can tell which one applies, but for
    Windows: builds of one release add up, and the highest closes all.
    """
    if len(limits) == 1:
        return below_one(limits[0], version, inclusive=inclusive, family=family)
    ordered = sorted(limits)
    under = [limit for limit in ordered if limit.key <= version.key]
    over = ordered[len(under) :]
    if not under or not over:
        nearest = ordered[0] if not under else ordered[-1]
        return below_one(nearest, version, inclusive=inclusive, family=family)
    lower, upper = parts(under[-1]), parts(over[0])
    mine = parts(version)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(lower, upper, strict=False))
    split = len(list(same))  # the part that tells the two trains apart
    if family == "windows" and split >= WINDOWS_RELEASE:
        return below_one(over[0], version, inclusive=inclusive, family=family)
    if _same_train(lower, upper, split):
        return UNCLEAR
    if _same_train(mine, lower, split):
        return below_one(under[-1], version, inclusive=inclusive, family=family)
    if _same_train(mine, upper, split):
        return below_one(over[0], version, inclusive=inclusive, family=family)
    return UNCLEAR if split + 1 == len(lower) == len(upper) else IN


def _same_train(mine: Parts, limit: Parts, split: int) -> bool:
    """Whether a version and a limit agree up to the part that tells trains apart.

    Builds of one thousand are one train: SQL Server's GDR (16.0.1165) and CU (16.0.4230).
    """
    if mine[:split] != limit[:split] or len(mine) <= split or len(limit) <= split:
        return False
    one, other = mine[split], limit[split]
    if one == other:
        return True
    both_builds = len(one) == len(other) == 1 and min(one[0], other[0]) >= BUILD
    return both_builds and one[0] // BUILD == other[0] // BUILD


def below_one(limit: Version, version: Version, *, inclusive: bool, family: str) -> Placement:
    if family == "windows" and len(limit.release) >= 4:
        if len(version.release) < 3:
            return MISSING  # "1809": a release, not a build
        if version.release[:3] != limit.release[:3][: len(version.release)]:
            return OUT  # another release: each has builds of its own
        if len(version.release) < 4:
            return COARSE
    if family == "acrobat" and {_track(limit), _track(version)} == _TRACKS:
        return Placement(Inside.OUT, "other-release")
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
            covered = cover(version, limit) if inclusive else Cover.OUTSIDE
            if covered is Cover.EXACT:
                return IN  # "10.0.3 build 123" is the 10.0.3 of "jusqu'à 10.0.3"
            return COARSE if covered is Cover.INSIDE else FIXED


def _track(version: Version) -> int:
    """The track of an Acrobat, which its build tells: 20.005.30407 is Classic, 20.005.20407 not."""
    return version.release[2] // 10_000 if len(version.release) > 2 else 0


def _above(limit: Version, version: Version, *, strict: bool) -> Placement:
    match order(version, limit):
        case Order.ABOVE:
            return IN
        case Order.EQUAL:
            return UNCLEAR if strict else IN  # vendors often mean "or equal"
        case Order.COARSE:
            return COARSE
        case Order.UNKNOWN:  # the build 3.5.30729 is of no release before 3.5.1
            later = version.key[0] > limit.key[0]
            return IN if later and not limit.levels else UNCLEAR
        case _ if _begins(version, limit):
            return COARSE
        case _:
            return OUT


def _begins(version: Version, limit: Version) -> bool:
    """Whether a version stops before the build a range begins with: 9.3.2408 of 9.3.2408.100."""
    typed, rest = version.release, limit.release[len(version.release) :]
    same = not version.levels and limit.release[: len(typed)] == typed
    return same and rest[:1] >= (BUILD // 10,)


def _yearly(patches: Iterable[str]) -> str:
    """The latest of the patches that a publisher numbers by year: Apple's *2019-003*."""
    return max((each for each in patches if _YEARLY.fullmatch(each)), default="")


def _patched(version: Version, level: str, statement: Statement, name: Name) -> Version | None:
    """The version where a patch is there: on what was typed, or with a number of its own."""
    alone = read_version(level, name.family)
    if alone is None or not alone.release:
        return read_version(f"{'.'.join(map(str, version.release))} {level}", name.family)
    base = next((r.branches[-1] for r in statement.ranges if r.branches), "")
    base = base or (name.numbers[-1] if name.numbers else "")
    return read_version(f"{TAIL.sub('', base)} {level}", name.family)


def shows_fix(statement: Statement, asset: Asset, name: Name) -> Placement:
    """Whether the patch that a statement asks for is visible on the asset.

    IN means absent (vulnerable), OUT means present.
    """
    fix = statement.fix
    if fix is None:
        return IN
    asked = PATCH.findall(fix.text.lower())
    if not (asset.patches | asset.name.words).isdisjoint(asked):
        return FIX_SHOWN
    if (wanted := _yearly(asked)) and (shown := _yearly(asset.patches)):
        return IN if shown < wanted else FIX_SHOWN
    for version in asset.shown if fix.level else ():
        if not version.levels or not version.release:  # a release says nothing of its patches
            continue
        limit = _patched(version, fix.level, statement, name)
        if limit is None or version.release[:1] != limit.release[:1]:
            continue
        placement = below_one(limit, version, inclusive=False, family=name.family)
        if placement.inside is not Inside.UNSURE:
            return placement
    return Placement(Inside.UNSURE, "patch-unknown")
