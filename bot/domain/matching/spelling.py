"""One name written in two ways: short or in full, in one word or in several."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.domain.matching.assets import Asset
from feeds.names import SHORTEST_MISSPELT, Name, Spellings, is_model, skeleton

_NONE = frozenset[str]()
_SHORTEST_GLUED = 4
_SHORTEST_CUT = 5
_SHORTEST_SPELT = 4  # letters of a word that an initial stands for
_INITIALS = range(2, 7)
_ANY = re.compile(r"[a-z0-9]{3}x{1,3}$")  # the NUC7i5DNx, the SRX5xxx: any of that family


def respelt(name: Name, asset: Asset) -> frozenset[str]:
    """Words of either side that the other spells otherwise; none when the vendors differ.

    *vda* is the *virtual delivery agent*, *groupfolder* is *group folder*, *HA extension* the
    *high availability extension*, *EDS-G4012-8P* an *EDS-G4012*, *NUC7i5DNHE* a *NUC7i5DNx*.
    """
    if name.vendor and asset.name.vendor and name.vendor != asset.name.vendor:
        return _NONE
    missing, extra = name.words - asset.known, asset.name.words - name.words
    found = _spellings(name, asset)
    parts = asset.name.words | asset.name.vendor_words
    openings = tuple(parts)
    for word in missing - found if found else missing:
        if word.startswith(openings):
            found.update(_pieces(word, parts, word))
        if len(word) in _INITIALS:
            found.update(_initials(word, extra - found))
    parts = name.words | name.vendor_words
    openings = tuple(parts)
    models = [each for each in missing if len(each) >= _SHORTEST_GLUED and is_model(each)]
    bracketed = asset.name.asides & name.words
    for word in extra - found if found else extra:
        if word.startswith(openings):
            found.update(_pieces(word, parts, word))
        if len(word) in _INITIALS:
            found.update(_initials(word, missing - found))
            if word in _initials(word, bracketed):
                found.add(word)  # "PI (Process Integration)"
        if models:
            found.update(_variant(word, [each for each in models if each not in found]))
    return frozenset(found) if found else _NONE


def may_be_misspelt(missing: frozenset[str]) -> bool:
    """Whether each word is long enough for a slip to leave it recognised."""
    return all(len(word) >= SHORTEST_MISSPELT for word in missing)


def misspelt(missing: frozenset[str], extra: frozenset[str]) -> bool:
    """Whether all that differs are slips: each word missing is one of ``extra``, a letter off.

    A word that is cut short ("crypto") is taken for one.
    """
    if not 0 < len(missing) == len(extra):
        return False
    if len(missing) == 1:
        (word,), (short,) = missing, extra
        if _SHORTEST_CUT <= len(short) < len(word) - 2 and word.startswith(short):
            return True
    bones = {skeleton(word): word for word in extra}
    return (
        len(bones) == len(extra)
        and "" not in bones
        and all(skeleton(word) in bones and _slip(word, bones[skeleton(word)]) for word in missing)
    )


def _slip(word: str, other: str) -> bool:
    """Whether one letter more, less or otherwise makes the other word."""
    short, long = sorted((word, other), key=len)
    if len(long) - len(short) > 1:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short)
    )
    behind = start + (len(short) == len(long))
    return short[behind:] == long[start + 1 :]


def _spellings(name: Name, asset: Asset) -> set[str]:
    """Acronyms and pairs that were prepared when the names were read."""
    known: set[str] = set()
    said = asset.name
    shorts = _shorts(name.spellings)
    if not (shorts.isdisjoint(said.words) and shorts.isdisjoint(said.asides)):
        for short, words in name.spellings:
            if short not in said.words and short not in said.asides:
                continue
            if words & name.vendor_words <= asset.known:  # *itcam* is IBM's, whoever says so
                known.update((short, *words))
    if not _shorts(said.spellings).isdisjoint(name.words):
        for short, words in said.spellings:
            if short in name.words and short not in asset.words:
                known.update(words)
    return known


@lru_cache(maxsize=50_000)
def _shorts(spellings: Spellings) -> frozenset[str]:
    """What the words of a name are also written as."""
    return frozenset(short for short, _ in spellings)


def _pieces(word: str, parts: frozenset[str], whole: str) -> frozenset[str]:
    """The word and those of ``parts`` that make it when written without spaces, if any do."""
    if len(word) < _SHORTEST_GLUED or not word[0].isalpha():
        return _NONE
    pieces = _cut(word, frozenset(part for part in parts if part in word and part != whole))
    return frozenset((whole, *pieces)) if len(pieces) > 1 else _NONE


def _cut(word: str, parts: frozenset[str]) -> tuple[str, ...]:
    """Parts that follow one another to make the word; a plural *s* may stand between them."""
    for part in parts:
        for end in (part, f"{part}s"):
            if word == end:
                return (part,)
            if word.startswith(end) and (rest := _cut(word[len(end) :], parts)):
                return (part, *rest)
    return ()


def _initials(word: str, missing: frozenset[str]) -> frozenset[str]:
    """The word and what it abbreviates: all the words that are missing, by their initials."""
    if len(word) not in _INITIALS or not word.isalpha() or len(missing) != len(word):
        return _NONE
    if min(map(len, missing)) < _SHORTEST_SPELT:
        return _NONE  # CP is not CFU PA
    if sorted(word) != sorted(each[0] for each in missing):
        return _NONE
    return missing | {word}


def _variant(word: str, models: Iterable[str]) -> frozenset[str]:
    """The word and the model it is a variant of."""
    return frozenset(
        each
        for model in models
        if word.startswith(model) or (_ANY.search(model) and word.startswith(model.rstrip("x")))
        for each in (word, model)
    )
