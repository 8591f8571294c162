"""One name written in two ways: short or in full, in one word or in several."""

from __future__ import annotations

import re

from bot.domain.matching.assets import Asset
from feeds.names import Name, is_model, skeleton

_NONE = frozenset[str]()
_SHORTEST_GLUED = 4
_SHORTEST_CUT = 5
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
    found = set(_spellings(name, asset))
    for word in missing - found:
        found.update(_pieces(word, asset.name.words | asset.name.vendor_words, word))
        found.update(_initials(word, extra - found))
    for word in extra - found:
        found.update(_pieces(word, name.words | name.vendor_words, word))
        found.update(_initials(word, missing - found))
        if word in _initials(word, asset.name.asides & name.words):
            found.add(word)  # "PI (Process Integration)"
        found.update(_variant(word, missing - found))
    return frozenset(found)


def misspelt(missing: frozenset[str], extra: frozenset[str]) -> bool:
    """Whether all that differs are slips: each word missing is one of ``extra``, a letter off.

    A word that is cut short ("crypto") is taken for one.
    """
    if len(missing) == len(extra) == 1:
        (word,), (short,) = missing, extra
        if _SHORTEST_CUT <= len(short) < len(word) - 2 and word.startswith(short):
            return True
    bones = {skeleton(word): word for word in extra}
    return (
        0 < len(missing) == len(extra) == len(bones)
        and "" not in bones
        and all(_slip(word, bones.get(skeleton(word), "")) for word in missing)
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


def _spellings(name: Name, asset: Asset) -> frozenset[str]:
    """Acronyms and pairs that were prepared when the names were read."""
    known = {
        word
        for short, words in name.spellings
        if short in asset.name.words or short in asset.name.asides
        if words & name.vendor_words <= asset.known  # *itcam* is IBM's, whoever says so
        for word in (short, *words)
    }
    for short, words in asset.name.spellings:
        if short in name.words and short not in asset.words:
            known.update(words)
    return frozenset(known)


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
    if sorted(word) != sorted(each[0] for each in missing):
        return _NONE
    return missing | {word}


def _variant(word: str, missing: frozenset[str]) -> frozenset[str]:
    """The word and the model it is a variant of."""
    models = (each for each in missing if is_model(each) and len(each) >= _SHORTEST_GLUED)
    return frozenset(
        each
        for model in models
        if word.startswith(model) or (_ANY.search(model) and word.startswith(model.rstrip("x")))
        for each in (word, model)
    )
