"""Where a version stands, and the numbers that are the names of releases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from feeds.versions import Version

BUILD = 1000  # a part this large is a build number


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
FIX_SHOWN = Placement(Inside.OUT, "fix-shown")
MISSING = Placement(Inside.UNSURE, "version-missing")
COARSE = Placement(Inside.UNSURE, "version-coarse")
UNSAID = Placement(Inside.UNSURE, "release-unknown")
UNCLEAR = Placement(Inside.UNSURE, "order-unknown")


def is_year(version: Version) -> bool:
    """Whether a version is a year: the name of a release, seldom a number to compare."""
    return len(version.release) == 1 and 1990 <= version.release[0] <= 2040


def is_feature_release(version: Version) -> bool:
    """Whether a version is a release of Windows 10 or 11: 1511, 1809, 2004, 22H2."""
    if len(version.release) != 1:
        return False
    number = version.release[0]
    if version.levels:
        return 19 < number < 40 and version.levels[0][2] == "h"
    return 1500 < number < 1910 or number == 2004


def says_feature_release(shown: Iterable[Version]) -> bool:
    """Whether the inventory says which release of Windows 10 or 11 it is."""
    return any(map(is_feature_release, shown))
