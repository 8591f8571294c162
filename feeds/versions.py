"""Version orders: total, padding-invariant, and right for what bulletins and inventories write.

A version is read as *release numbers* followed by *levels*::

    13.1-49.13          13.1.49.13
    8.8.15 Patch 16     8.8.15      p16
    21.2R3-S5           21.2        r3 s5
    7.0(3)I7(10)        7.0.3       i7 .10
    1.0.1za             1.0.1       letter za
    8u351, 1.8.0_351    8           u351        (family ``java``)
    15 SP3, 15.3        15          sp3         (family ``suse``)

Release numbers decide first, trailing zeros are not a difference; then levels decide, where a
pre-release comes before the release and everything else after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

_PRE_RELEASES = {
    kind: rank
    for rank, kind in enumerate(("dev", "snapshot", "alpha", "beta", "preview", "pre", "rc"))
}
_NOISE = frozenset(
    {
        "v",
        "ver",
        "vers",
        "version",
        "versions",
        "release",
        "rel",
        "ga",
        "gold",
        "final",
        "lts",
        "ltsr",
        "ltsb",
        "ltsc",
        "esr",
        "evo",
        "fips",
        "ndcpp",
        "nc",
        "ns",
        "edition",
        "esm",
        "x",
        "stable",
        "sg",
        "ltss",
        "inclus",
    }
)
_PHRASES = (
    ("service packs?", "sp"),
    ("cumulative update", "cu"),
    ("critical patch", "cp"),
    ("hot ?patch", "hp"),
    ("hot ?fix", "hf"),
    ("(?:fix|feature) ?pack", "fp"),
    ("update package", "up"),
    ("interim fix|ifix", "if"),
    ("maintenance release", "mr"),
    ("maintenance pack", "mp"),
    ("patch ?level", "p"),
    ("mise a jour|mise à jour", "u"),
    ("updates?|upd", "u"),
    ("patch", "p"),
    ("rollup", "ru"),
    ("revision|révision|rev", "rev"),
)
_PHRASE = re.compile(
    "|".join(rf"(?P<{kind}{n}>\b(?:{words})(?![a-z]))" for n, (words, kind) in enumerate(_PHRASES))
)
_DOTTED_BUILD = re.compile(r"\bbuild[ :]*(?=\d+\.\d)")
_BUILD = re.compile(r"\b(?:build|bld)\b")
_ESXI = re.compile(r"\besxi?(\d)(\d)\d?(?:u(\d\w?))?-(\d{6,})")
_RELEASED = re.compile(r"[_. ]ga[_. ]\d+")  # Zimbra's "8.8.15_GA_3928"
_ATOM = re.compile(r"\d+|[a-z]+")
_JAVA = re.compile(r"^1\.([5-9])(?:\.0)?(?:[_u. ]+(\d+))?\b")
_PREFIX = re.compile(
    r"^(?:(?:version|ns|[vr])[.:\s]*(?=\d)|(?:[a-z]{2,}[-.])+(?=\d+\.\d)|[a-z](?=\d+\.\d))"
)
# "2019 build 17763.7314", "build 22631.5909": what follows 10.0 in a Windows build
_WINDOWS_BUILD = re.compile(r"\A(?:\d{4}[ .]+)?(?:build[ .]+)?((?:1[0-9]|2[0-9])\d{3}\.\d+)\Z")
_VERSION_RELEASE = re.compile(r"^v(\d+)r(\d+)(?:m(\d+))?")  # IBM's V7R1M0 is 7.1.0
_SUSE = re.compile(r"^(\d{1,2})\.([1-9])$")
_SERVICE_RELEASES = frozenset(
    {
        "s",
        "h",
        "d",
    }
)  # 21.2R3 and 11.2.4 are complete without -S5, -h15
_UNNUMBERED_LEVELS = frozenset({"su", "cu", "ru"})
_NUMBERED_LEVELS = frozenset({"fp", "mp", "mr", "sp"})
_RAPID = 60  # browsers and what shares their pace number a release a month
_HUGE = 1000  # a component this large is a build number, not a release one
_END = (1, 0, "", 0)

Level = tuple[int, int, str, int]
"""``(class, rank, kind, number)``: class 0 before the release (pre-release), 2 and 3 after it."""

Parts = tuple[Level | tuple[int], ...]
"""A version as one sequence: ``(number,)`` for the release, then levels."""


class Order(StrEnum):
    """Where a version stands beside a bound."""

    BELOW = "below"
    EQUAL = "equal"
    ABOVE = "above"
    COARSE = "coarse"  # less precise than the bound: cannot tell
    UNKNOWN = "unknown"  # levels of different kinds: cannot tell


@dataclass(frozen=True, slots=True, order=False)
class Version:
    """A version as read; compare with :func:`order`, sort by ``key``.

    ``release`` keeps the zeros that were typed; ``key`` ignores trailing ones.
    """

    text: str = field(compare=False)
    release: tuple[int, ...]  # 11.2 and 11.2.0 sort alike, but one is less precise
    levels: tuple[Level, ...] = field(compare=False)
    key: tuple[tuple[int, ...], tuple[Level, ...]]

    def __lt__(self, other: Version) -> bool:
        return self.key < other.key


@lru_cache(maxsize=50_000)
def read_version(text: str, family: str = "") -> Version | None:
    """Read a version, or None when the text holds no number and no level at all.

    Args:
        text: as typed: case, a leading ``v``, padding and separators do not matter.
        family: ``java``, ``suse``, ``windows`` or empty: the numbering of the product's family.
    """
    prepared = _prepare(text, family)
    release: list[int] = []
    levels: list[Level] = []
    pending = ""  # the kind of level whose number has not come yet
    for match in _ATOM.finditer(prepared):
        atom = match.group()
        if not atom.isdigit():
            if pending:
                levels.append(_level(pending, None))
            pending = "" if atom in _NOISE else atom
        elif pending:
            levels.append(_level(pending, int(atom)))
            pending = ""
        elif levels:
            levels.append((3, 0, "", int(atom)))
        else:
            release.append(int(atom))
    if pending:
        levels.append(_level(pending, None))
    if not release and not levels:
        return None
    kept = list(release)
    while kept and not kept[-1]:
        kept.pop()
    return Version(text, tuple(release), tuple(levels), (tuple(kept), (*levels, _END)))


def _prepare(text: str, family: str) -> str:
    low = _RELEASED.sub("", text.lower().strip())
    if family == "java":
        low = _JAVA.sub(lambda m: f"{m[1]} u{m[2]}" if m[2] else f"{m[1]}", low)
    elif family == "windows":
        low = _WINDOWS_BUILD.sub(r"10.0.\1", low)
    elif family == "suse":
        low = _SUSE.sub(r"\1 sp\2", low)
    low = _VERSION_RELEASE.sub(lambda m: ".".join(each for each in m.groups() if each), low)
    low = _PREFIX.sub("", low.replace("_", " "))
    if low.isascii() and low.replace(".", "").isdigit():
        return low
    low = _ESXI.sub(_esxi, low)
    repeated = re.match(r"(\d+)\.(\d+)(?:\.0)* +\1\.\2 p", low)  # "6.7 ESXi670-2020…"
    if repeated:
        low = low[repeated.end() - 1 :]
        low = f"{repeated[1]}.{repeated[2]} {low}"
    low = _PHRASE.sub(lambda m: f" {(m.lastgroup or '').rstrip('0123456789')} ", low)
    low = _DOTTED_BUILD.sub(".", low)
    return _BUILD.sub(" b ", low)


def _esxi(match: re.Match[str]) -> str:
    """``ESXi670-202011101-SG`` is a patch of 6.7, ``ESXi70U2-17630552`` of 7.0 U2."""
    update = f" u{match[3]}" if match[3] else ""
    return f" {match[1]}.{match[2]}{update} p{match[4]}"


def _level(kind: str, number: int | None) -> Level:
    if kind in _PRE_RELEASES and (number is None or number < _HUGE):
        return (0, _PRE_RELEASES[kind], kind, number or 0)
    if number is None:
        return (2, len(kind), kind, 0)  # 1.0.1 < 1.0.1a < 1.0.1z < 1.0.1za
    return (3, 1, kind, number)


def order(version: Version, bound: Version) -> Order:
    """Say where ``version`` stands beside ``bound``, or why that cannot be told.

    ``13.1`` beside ``13.1-49.13`` is COARSE; ``16.0.1`` beside ``16.0.1.2`` is complete as
    it stands, hence BELOW; ``7.5.0`` beside ``7.5.0 UP8`` is COARSE, because staff seldom
    type the patch level.
    """
    if version.key == bound.key:
        return Order.EQUAL
    if bool(version.release) != bool(bound.release):
        return Order.UNKNOWN  # "antérieures à la mise à jour 2021-006" beside 10.15.7
    if version.key[0] != bound.key[0]:
        if (update := _beside_update(version, bound)) is not None:
            return update
        if _truncates(version, bound):
            return Order.COARSE
        if _other_scale(version, bound):
            return Order.UNKNOWN
        if (build := _beside_build(version, bound)) is not None:
            return build
        if (level := _beside_level(version, bound)) is not None:
            return level
        return Order.BELOW if version.key[0] < bound.key[0] else Order.ABOVE
    for mine, theirs in zip(version.key[1], bound.key[1], strict=False):
        if mine == theirs:
            continue
        if mine == _END and theirs[2] == "b" and bound.release[-1:] >= (_HUGE,):
            return Order.EQUAL  # 4.5.4.2790 is the build already
        if mine == _END and theirs[0] == 3 and theirs[2] not in _SERVICE_RELEASES:
            return Order.COARSE
        if theirs != _END and mine != _END and (mine[0], mine[2]) != (theirs[0], theirs[2]):
            letters = mine[0] in (0, 2) and theirs[0] in (0, 2)
            if not letters:
                return Order.UNKNOWN
        return Order.BELOW if mine < theirs else Order.ABOVE
    return Order.EQUAL


def _beside_build(version: Version, bound: Version) -> Order | None:
    """``6.10.0.185964`` beside ``6.10 build 185964``: the last part is the build."""
    level = bound.levels[0] if len(bound.levels) == 1 else None
    if level is None or level[2] != "b" or version.levels or version.release[-1:] < (_HUGE,):
        return None
    if version.release[: len(bound.release)] != bound.release:
        return None
    mine, theirs = version.release[-1], level[3]
    if mine == theirs:
        return Order.EQUAL
    return Order.BELOW if mine < theirs else Order.ABOVE


def _beside_update(version: Version, bound: Version) -> Order | None:
    """``7.2.2-72806 Update 3`` beside ``7.2.2-72806-3``: the number after a build is its update."""
    level = version.levels[0] if len(version.levels) == 1 else None
    if level is None or level[2] != "u" or bound.levels or len(bound.release) < 3:
        return None
    *release, theirs = bound.release
    if tuple(release) != version.release or release[-1] < _HUGE:
        return None
    mine = level[3]
    if mine == theirs:
        return Order.EQUAL
    return Order.BELOW if mine < theirs else Order.ABOVE


def _beside_level(version: Version, bound: Version) -> Order | None:
    """``6.3.0.5`` beside ``6.3.0 FP7``: fix packs are often typed as the next number."""
    plain = not version.levels or _only_builds(version)
    kind = bound.levels[0][2] if bound.levels and plain else ""
    length = len(bound.release)
    if not kind or version.release[:length] != bound.release:
        return None
    if kind in _UNNUMBERED_LEVELS and any(version.release[length:]):
        return Order.UNKNOWN  # 15.0.1.12900 beside 15 SU3
    if kind not in _NUMBERED_LEVELS:
        return None
    typed = [number for number in version.release[length:] if number]
    if not typed or typed[0] >= _HUGE:
        return None
    level = bound.levels[0][3]
    if typed[0] == level:
        return Order.EQUAL if len(bound.levels) == 1 else Order.UNKNOWN
    return Order.BELOW if typed[0] < level else Order.ABOVE


def _other_scale(version: Version, bound: Version) -> bool:
    """Whether the bound is a build or a date (2305) and the version a dotted number (19.12.7)."""
    if len(bound.release) != 1 or bound.release[0] < _HUGE or len(version.release) < 2:
        return False
    return version.release[0] < _HUGE


def _truncates(version: Version, bound: Version) -> bool:
    """Whether ``version`` is the beginning of ``bound`` and too short to be a release."""
    typed = version.release
    if version.levels or len(typed) >= len(bound.release):
        return False
    if bound.release[: len(typed)] != typed:
        return False
    if len(typed) == 2 and typed[0] >= _RAPID and not typed[1]:
        return False  # a browser's 147.0 is complete
    following = bound.release[len(typed)]
    if following >= _HUGE:
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
        rest = had[len(wanted) :]
        return Cover.OUTSIDE if any(rest) else Cover.COARSE
    return _cover_levels(version.levels, branch.levels)


def _only_builds(version: Version) -> bool:
    """Whether all that follows the release number is a build, which makes no other version."""
    return bool(version.levels) and all(level[2] == "b" for level in version.levels)


def _cover_levels(had: tuple[Level, ...], wanted: tuple[Level, ...]) -> Cover:
    for mine, theirs in zip(had, wanted, strict=False):
        open_kind = theirs[0] == 2 and mine[0] == 3 and mine[2] == theirs[2]  # 9.1R8 in 9.1Rx
        if mine != theirs and not open_kind:
            return Cover.OUTSIDE
    if len(had) < len(wanted):
        return Cover.COARSE
    return Cover.INSIDE if len(had) > len(wanted) or had != wanted else Cover.EXACT


def parts(version: Version) -> Parts:
    """Release numbers then levels, as one sequence."""
    return (*((number,) for number in version.release), *version.levels)
