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
    ("hot ?fix(?: ?rev)?", "hf"),
    ("(?:fix|feature) ?pack", "fp"),
    ("update pack(?:age)?", "up"),
    ("interim fix|ifix", "if"),
    ("maintenance release", "mr"),
    ("maintenance pack", "mp"),
    ("patch ?level|niveau de correctif", "p"),
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
_ADOBE = re.compile(r"^20(?=\d\d\.\d{3}\.\d{5}(?:\.0)*$)")  # 2021.005.20058 is 21.005.20058
_BUILD = re.compile(r"\b(?:build|bld)\b(?:[ :]*(?:num[eé]ro|n°|#))?[ :]*b?(?![a-z])")
_ESXI = re.compile(r"\besxi?(\d)(\d)\d?(?:u(\d\w?))?-(\d{6,})")
_RELEASED = re.compile(r"[_. ]ga[_. ]\d+")  # Zimbra's "8.8.15_GA_3928"
_DATE = re.compile(
    r"(?:\b(\d\d?)(?:er)? +)?\b(?:(jan)vier|(f[eé]v)rier|(mar)s|(avr)il|(mai)|(juin)|(juil)let|"
    r"(ao[uû])t|(sep)tembre|(oct)obre|(nov)embre|(d[eé]c)embre)\b(?: +(20\d\d))?"
)
_ATOM = re.compile(r"\d+|[a-z]+")
_JAVA = re.compile(r"^1\.([5-9])(?:\.0)?(?:[_u. ]+(\d+))?\b")
_PREFIX = re.compile(
    r"^(?:(?:version|ns|[vr])[.:\s]*(?=\d)|(?:[a-z]{2,}[-.])+(?=\d+\.\d)|[a-z]\.?(?=\d+\.\d))"
)
# "2019 build 17763.7314", "build 22631.5909": what follows 10.0 in a Windows build
_WINDOWS_BUILD = re.compile(r"\A(?:\d{4}[ .]+)?(?:build[ .]+)?((?:1[0-9]|2[0-9])\d{3}\.\d+)\Z")
# What needs no preparation, Adobe's years and the families with a numbering of their own aside
_DOTTED = re.compile(r"(?!20\d\d\.)[0-9]+(?:\.[0-9]+)*\Z")
_NUMBERED_APART = frozenset({"java", "windows", "suse"})
_VERSION_RELEASE = re.compile(r"^v(?!20\d\d)(\d+) ?r(\d+)(?:m(\d+))?")  # IBM's V7R1M0 is 7.1.0
_HP_UX = re.compile(r"^11i *v([123])(?:\.0)?$")  # sold under these names
_HP_UX_RELEASES = {"1": "11.11", "2": "11.23", "3": "11.31"}
_SUSE = re.compile(r"^(\d{1,2})\.([1-9])$")
HUGE = 1000  # a component this large is a build number, not a release one
END = (1, 0, "", 0)

Level = tuple[int, int, str, int]
"""``(class, rank, kind, number)``: class 0 before the release (pre-release), 2 and 3 after it."""

Parts = tuple[Level | tuple[int], ...]
"""A version as one sequence: ``(number,)`` for the release, then levels."""


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
    return Version(text, tuple(release), tuple(levels), (tuple(kept), (*levels, END)))


def _prepare(text: str, family: str) -> str:
    if family not in _NUMBERED_APART and _DOTTED.match(text):
        return text
    low = _RELEASED.sub("", text.lower().strip())
    if family == "java":
        low = _JAVA.sub(lambda m: f"{m[1]} u{m[2]}" if m[2] else f"{m[1]}", low)
    elif family == "windows":
        low = _WINDOWS_BUILD.sub(r"10.0.\1", low)
    elif family == "suse":
        low = _SUSE.sub(r"\1 sp\2", low)
    low = _HP_UX.sub(lambda m: _HP_UX_RELEASES[m[1]], low)
    low = _VERSION_RELEASE.sub(lambda m: ".".join(each for each in m.groups() if each), low)
    low = _PREFIX.sub("", low.replace("_", " "))
    low = _ADOBE.sub("", low)
    if low.isascii() and low.replace(".", "").isdigit():
        return low
    low = _DATE.sub(_dated, _ESXI.sub(_esxi, low))
    repeated = re.match(r"(\d+)\.(\d+)(?:\.0)* +\1\.\2 p", low)  # "6.7 ESXi670-2020…"
    if repeated:
        low = low[repeated.end() - 1 :]
        low = f"{repeated[1]}.{repeated[2]} {low}"
    low = _PHRASE.sub(lambda m: f" {(m.lastgroup or '').rstrip('0123456789')} ", low)
    low = _DOTTED_BUILD.sub(".", low)
    return _BUILD.sub(" b ", low)


def _dated(match: re.Match[str]) -> str:
    """*1er février 2023* is 2023.2.1; without its year, a date says nothing."""
    day, *months, year = match.groups()
    month = next(number for number, name in enumerate(months, 1) if name)
    return f"{year}.{month}.{day or 0}" if year else ""


def _esxi(match: re.Match[str]) -> str:
    """``ESXi670-202011101-SG`` is a patch of 6.7, ``ESXi70U2-17630552`` of 7.0 U2."""
    update = f" u{match[3]}" if match[3] else ""
    return f" {match[1]}.{match[2]}{update} p{match[4]}"


def _level(kind: str, number: int | None) -> Level:
    if kind in _PRE_RELEASES and (number is None or number < HUGE):
        return (0, _PRE_RELEASES[kind], kind, number or 0)
    if number is None:
        return (2, len(kind), kind, 0)  # 1.0.1 < 1.0.1a < 1.0.1z < 1.0.1za
    return (3, 1, kind, number)


def parts(version: Version) -> Parts:
    """Release numbers then levels, as one sequence."""
    return (*((number,) for number in version.release), *version.levels)
