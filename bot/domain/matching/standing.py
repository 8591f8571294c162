"""Which numbers of a product's name may be its version, when none is typed apart?"""

from __future__ import annotations

import re

from feeds.affected.tokens import fold
from feeds.names import Name, normal_words
from feeds.versions import Version, read_version

_ASIDE = re.compile(r"\([^)]*\)?")
# a product is made "pour Linux" or "for Windows" in as many versions as it has
_HOST = re.compile(
    r"\b(?:pour|for|sur|on|avec|with)\s(?![^()]*(?:unix|linux|windows|mac|macos)\s*v?$)[^()]*$"
)
_WITH = re.compile(r"\b(?:avec|with)\s")
_WORDS = re.compile(r"[a-z][a-z']*")
_STANDARD = re.compile(r"v?802\.")  # IEEE 802.11ax is a standard, whoever implements it
# what follows the number of a release: 2016 SP1, 8u351, 22H2, 2012 R2
_KINDS = frozenset(
    ("sp", "cu", "u", "p", "r", "h", "hf", "fp", "fix", "mr", "mp", "ru", "su", "b", "s", "rc")
)
_GENERATIONS = frozenset(("c", "g", "i", "ai"))  # Oracle's 9i, 11g, 19c, 23ai
_OLDEST_GENERATION, _LATEST_GENERATION = 8, 40
_YEARS = range(1990, 2041)
_HALVES = range(20, 40)  # the year before "H2"
_INSTALLER_FIGURES = 3  # the 150 of 3.12.3150
_MANY = 100  # a number this large before letters is a model: 840D, 1515R-2


def stands_as_version(product: str, number: str, name: Name) -> bool:
    """Whether a number of a typed name stands where versions do: *Python 3.12.3 (64-bit)*.

    It does not when it has the shape of a model (*CPU 1513F-1*), when it is that of a host
    ("Drive Server pour DSM 7.2.2"), or when the name goes on behind it ("QTS 4.5.3: Q'center").
    """
    version = read_version(number, name.family)
    if version is None or _STANDARD.match(number) or is_model_number(version):
        return False
    before, found, after = fold(product).rpartition(number)
    if not found:
        return True
    if _HOST.search(before):
        return False
    if version.levels:
        return True  # "15 SP1 Business Critical"
    after = _ASIDE.sub(" ", after)
    return not _WITH.search(after) and name.words.isdisjoint(normal_words(_WORDS.findall(after)))


def is_model_number(version: Version) -> bool:
    """Whether a number without dots has letters that no release has: *840D*, *12th*, *5G*."""
    if len(version.release) != 1 or not version.levels or "." in version.text:
        return False
    (number,) = version.release
    _, _, kind, level = version.levels[0]
    if kind in _GENERATIONS:
        return not _OLDEST_GENERATION <= number <= _LATEST_GENERATION
    if kind == "r":
        return not level or not (number < _MANY or number in _YEARS)
    if len(kind) == 1 and kind != "u" and " " not in version.text:
        return kind != "h" or number not in _HALVES  # 1517H-3, but 22H2
    return kind not in _KINDS


def is_installer_number(typed: Version, said: Version) -> bool:
    """Whether Windows lists under ``typed`` what is ``said`` to be Python 3.12.3 (3.12.3150.0).

    Java 6 Update 17 is 6.0.170 there: the third part is the last number of what is said, and
    figures of the installer's own.
    """
    updated = len(said.levels) == 1 and said.levels[0][2] == "u"
    numbered = len(said.release) == 3 and not said.levels
    if not (updated or numbered) or typed.levels or len(typed.release) < 3:
        return False
    same = typed.release[:1] == said.release if updated else typed.release[:2] == said.release[:2]
    last = str(said.levels[0][3] if updated else said.release[2])
    figures = str(typed.release[2])
    return same and figures.startswith(last) and 0 < len(figures) - len(last) <= _INSTALLER_FIGURES
