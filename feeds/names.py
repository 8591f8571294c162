"""A product's name once read: what identifies it, and what qualifies it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from string import ascii_lowercase
from typing import NamedTuple

from feeds.affected.tokens import fold

_SPLIT = re.compile(r"[^\w.+#!&'-]+|_")
_X64 = re.compile(r"x86[_-]64")
_ET200 = re.compile(r"\bet\s+(?=200)")
_MAVEN = re.compile(r"^(?:org|com|io|net|fr|de)\.[\w.-]+:(?=\w)")  # org.alfresco:alfresco-share
_HYPHEN = re.compile(r"-+")
_MODEL = re.compile(r"^([a-z]{1,6})-?(\d{2,5})([a-z0-9]{0,6})$")
_FOUR = re.compile(r"(\d{4})([a-z]{1,2})$")  # the 5110A is of the 5100A series
_LONGEST_ACRONYM = 9
SHORTEST_MISSPELT = 7
_SHORTEST_GLUED = 4  # letters of two words that are written as one: *FX OS*
_VOWELS = re.compile(r"[aeiouy]")
_REPEATED = re.compile(r"(.)\1+")
_CPU = re.compile(r"[a-z]{1,3}\d{3,4}$")
_FIGURES = re.compile(r"\d\d")
_UNCHANGED = ("ss", "us", "is", "os", "xs", "ws", "bs", "as")


class Name(NamedTuple):
    """A product as a set of words. (A tuple: every line makes some, and compares many.)

    Args:
        words: those that identify the product, normalised; empty when none does.
        asides: words that may be said or not (parentheses, CPE fields, hosts).
        numbers: version-like texts found in the name (*Windows* 10).
        editions: keys of the catalogue's editions.
        platforms, architectures: what it runs on, when said.
        models: hardware families it is restricted to, when said.
        host_numbers: versions of those hosts, as written.
        hosts: products that carry this one, each a set of words.
        vendor: canonical vendor, or the folded words of the one typed; may be empty.
        vendor_words: words that only name the vendor.
        weak: its words are too common to recognise it without its vendor.
        family: numbering family: java, suse, windows or empty.
        parts: part numbers.
        carriers: products this one is a part of, each a set of words.
        spellings: what runs of its words are also written as, with those words: *vda* for
            *virtual delivery agent*, *groupfolder* for *group folder*.
        firmware: words of the firmware that its hardware runs: *junos* for an SRX340.
        head: its last word, which says what it is: *browser* of *prisma access browser*.
        whole_range: it stands for a whole range of products ("gamme X").
    """

    words: frozenset[str]
    asides: frozenset[str] = frozenset()
    numbers: tuple[str, ...] = ()
    editions: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()
    architectures: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    hosts: tuple[frozenset[str], ...] = ()
    vendor: str = ""
    vendor_words: frozenset[str] = frozenset()
    weak: bool = False
    family: str = ""
    parts: frozenset[str] = frozenset()
    carriers: tuple[frozenset[str], ...] = ()
    spellings: frozenset[tuple[str, frozenset[str]]] = frozenset()
    firmware: frozenset[str] = frozenset()
    head: str = ""
    host_numbers: tuple[str, ...] = ()
    whole_range: bool = False


def spellings_of(words: Sequence[str]) -> frozenset[tuple[str, frozenset[str]]]:
    """Acronyms of runs of three words and more, and pairs of words written as one."""
    return _spellings_of(tuple(words))


@lru_cache(maxsize=1_024)  # a name is asked as said, then as rewritten: often the same words
def _spellings_of(words: tuple[str, ...]) -> frozenset[tuple[str, frozenset[str]]]:
    found = set()
    for start, first in enumerate(words[:-1]):
        if not first.isalpha():
            continue
        second = words[start + 1]
        if second[0].isdigit() or (len(first) < 4 and is_model(second)):
            found.add((first + second, frozenset((first, second))))  # ET 200SP
        if not second.isalpha():
            continue
        if len(first) + len(second) >= _SHORTEST_GLUED:
            found.add((_singular(first + second), frozenset((first, second))))
        acronym = first[0] + second[0]
        for end in range(start + 3, min(start + 5, len(words)) + 1):
            last = words[end - 1]
            if not last.isalpha():
                break
            acronym += last[0]
            if acronym not in words[start:end]:
                found.add((acronym, frozenset(words[start:end])))
    return frozenset(found)


def sold_as(vendor: str, words: Sequence[str]) -> frozenset[tuple[str, frozenset[str]]]:
    """Acronyms of the first words with their vendor: *itcam* is IBM's, *kes* is Kaspersky's."""
    return _sold_as(vendor, tuple(words[:5]))


@lru_cache(maxsize=1_024)
def _sold_as(vendor: str, words: tuple[str, ...]) -> frozenset[tuple[str, frozenset[str]]]:
    if not vendor or len(words) < 2 or not all(word[0].isalpha() for word in words[:2]):
        return frozenset()
    sellers = vendor.split(" ")
    acronym = "".join(word[0] for word in sellers) + words[0][0]
    found = []
    for end in range(2, len(words) + 1):
        if not words[end - 1][0].isalpha():
            break
        acronym += words[end - 1][0]
        found.append((acronym, frozenset((*sellers, *words[:end]))))
    return frozenset(found)


def normal_words(texts: Iterable[str]) -> list[str]:
    """Words of ``texts`` as names are compared by: folded, split, singular.

    ``PAN-OS`` gives *pan os*, ``S7-1500`` *s71500*, ``postgresql-15`` *postgresql 15*.
    """
    words: list[str] = []
    for text in texts:
        words.extend(_words(text))
    return words


@lru_cache(maxsize=50_000)
def _words(text: str) -> tuple[str, ...]:
    words: list[str] = []
    text = _MAVEN.sub("", fold(text))
    for chunk in _SPLIT.split(_ET200.sub("et", _X64.sub("x64", text))):
        bare = chunk.strip(".'!-").replace("'", "")
        if not bare or bare == "&":
            continue
        if chunk == ".net":
            bare = ".net"
        pieces = [piece for piece in _HYPHEN.split(bare) if piece]
        words.extend(_join(pieces))
    return tuple(_singular(word) for word in words)


def _join(pieces: list[str]) -> list[str]:
    """Put a model back together (*s7-1500*), leave compounds apart (*big-ip*)."""
    if len(pieces) == 1:
        return pieces
    if all(piece.isalpha() for piece in pieces):
        if len(pieces) == 2 and len(pieces[0]) == 1 and pieces[1] in ("series", "serie"):
            return [pieces[0] + "series"]
        return pieces
    if pieces[0].isalpha() and len(pieces[0]) > 4:
        return [pieces[0], *_join(pieces[1:])]
    if pieces[0].isdigit() and pieces[1].isalpha() and len(pieces[1]) > 2:
        return pieces
    if all(piece.isdigit() for piece in pieces) or _CPU.match(pieces[0]):
        return ["-".join(pieces)]  # 1543-1, CP1543-1: never the number 15431
    if len(pieces) > 2 and _FIGURES.search("".join(pieces[:2])):
        return ["".join(pieces[:2]) + "-" + "".join(pieces[2:])]  # a variant of EDS-G4012
    return ["".join(pieces)]


def _singular(word: str) -> str:
    if len(word) > 4 and word[-1] == "s" and word.isalpha() and not word.endswith(_UNCHANGED):
        return word[:-1] if word != "windows" else word
    return word


@lru_cache(maxsize=50_000)
def widened(word: str) -> tuple[str, ...]:
    """The word and the hardware families it belongs to: *srx340* is also *srx*, *xc208* *xc200*."""
    stem, _, variant = word.partition("-")
    if variant:
        figures = stem.lstrip(ascii_lowercase)
        return (word, f"{figures}-{variant}", *widened(stem))
    match = _MODEL.match(word)
    if match is None:
        numbered = _FOUR.match(word)
        if numbered is None:
            return (word,)
        digits, suffix = numbered.groups()
        series = (f"{digits[:2]}00{suffix}", f"{digits[0]}000{suffix}")
        # the 5150A-T too is of the 5100A series
        return (word, *series, series[0][:-1]) if len(suffix) > 1 else (word, *series)
    letters, digits, _ = match.groups()
    families = [word, letters] if len(letters) > 1 else [word]
    if len(digits) > 2:
        families.append(digits + match[3])
    if match[3]:
        families.append(letters + digits)
    if len(letters) == 1:
        families.append(letters + "serie")
    families.extend(
        letters + digits[:kept] + "0" * (len(digits) - kept) for kept in range(1, len(digits))
    )
    return tuple(dict.fromkeys(families))


@lru_cache(maxsize=50_000)
def is_model(word: str) -> bool:
    """Whether the word designates a piece of hardware by itself: *wap131*, not *db2*."""
    if len(word) > 5 and word.endswith("serie"):
        return True
    return (
        len(word) >= 4
        and sum(character.isdigit() for character in word) >= 2
        and any(character.isalpha() for character in word)
    )


Spellings = frozenset[tuple[str, frozenset[str]]]


@lru_cache(maxsize=50_000)
def skeleton(word: str) -> str:
    """What a slip on a vowel or a doubled letter leaves: *~grpwr* of *groupware*; or empty.

    Only words of seven letters and more have one: shorter ones are too near one another.
    """
    if len(word) < SHORTEST_MISSPELT or not word.isalpha():
        return ""
    return "~" + _REPEATED.sub(r"\1", _VOWELS.sub("", word))


def spellings_of_product(spellings: Spellings, vendor_words: frozenset[str]) -> Spellings:
    """Those that spell something of the product: *PAN* is only Palo Alto Networks."""
    return frozenset((short, words) for short, words in spellings if not words <= vendor_words)


def initials_of(
    asides: tuple[str, ...], said: Sequence[str], core: Sequence[str]
) -> frozenset[tuple[str, frozenset[str]]]:
    """Acronyms that parentheses give: *smc* of "Stormshield Management Center (SMC)"."""
    short = asides[0].rstrip("v0123456789") if len(asides) == 1 else ""
    if len(short) < 3 or not short.isalpha() or len(short) > _LONGEST_ACRONYM:
        return frozenset()
    words = normal_words(said)
    ahead = iter("".join(words))
    begins = any(word.startswith(short[0]) for word in words)
    if not begins or not all(letter in ahead for letter in short):
        return frozenset()
    return frozenset({(asides[0], frozenset(core))})


def forget_words() -> None:
    """Drop what was remembered of words: their caches are bounded, and fill again."""
    for remembered in (_spellings_of, _sold_as, _words, widened, is_model, skeleton):
        remembered.cache_clear()
