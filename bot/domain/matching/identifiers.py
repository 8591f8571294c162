"""Products told apart by an identifier rather than by their name: a purl, a model number.

An identifier that both show decides which product it is; versions decide as ever. One that an
inventory does not show decides nothing: nobody is safe because a column is empty.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

from bot.domain.matching.assets import Asset
from bot.domain.matching.kinship import Kinship, Relation
from feeds.affected.phrase import read_phrase
from feeds.identifiers import MODEL, PURL, SERIAL
from feeds.names import Name

LEAST = 5  # characters of a model number: shorter ones are other makers' too
IDENTIFIED = Relation(Kinship.SAME)
NO_VENDOR = Relation(Kinship.UNSURE, "vendor-unknown")


def identifiers_of(identifiers: Collection[str]) -> frozenset[str]:
    """The identifiers of a bulletin's row as an inventory may show them: its purls, and the
    model numbers that are words of their own ("m3290a")."""
    purls = {each.removeprefix(PURL) for each in identifiers if each.startswith(PURL)}
    models = {_model(each) for each in identifiers if each.startswith(MODEL)}
    return frozenset(purls | models - {""})


def names_serials(identifiers: Collection[str]) -> bool:
    """Whether a row is about certain serial numbers, which verdicts on products cannot tell."""
    return any(each.startswith(SERIAL) for each in identifiers)


@lru_cache(maxsize=2_000)
def _model(identifier: str) -> str:
    """A model number as one word of a name; empty when it is only figures, several words, or
    too short to be anybody's own."""
    phrase, _ = read_phrase(identifier.removeprefix(MODEL))
    word = phrase.words[0] if len(phrase.words) == 1 and not phrase.numbers else ""
    mixed = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return word if mixed and len(word) >= LEAST else ""


def identified(identifiers: frozenset[str], names: Sequence[Name], asset: Asset) -> Relation | None:
    """What the identifiers of a row, whose product has these names, say of an asset; None when
    they say nothing.

    A purl names one package in the world. A model number is its maker's: without a vendor in
    the inventory it leaves a doubt, with another vendor it says nothing.
    """
    if any(each in asset.known for each in identifiers if each.startswith("pkg:")):
        return IDENTIFIED
    if identifiers.isdisjoint(asset.name.words):
        return None
    if not asset.name.vendor:
        return NO_VENDOR
    return IDENTIFIED if asset.name.vendor in {name.vendor for name in names} else None
