"""Products of one name, ordered so that a range only meets the versions it may hold."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from bot.domain.matching.assets import Asset
from bot.domain.matching.bounds import Bounds
from bot.domain.matching.placement import is_feature_release, is_year, says_feature_release
from bot.domain.matching.statements import Sentence
from feeds.names import Name
from feeds.versions import Version

Sign = tuple[Version | None, tuple[Version, ...], frozenset[str]]
"""What tells variants apart: the main version, those shown, and the patches."""


@dataclass(slots=True, eq=False)
class Variant:
    """Products of one group that show the same versions; ``ids`` are the store's, unsorted."""

    asset: Asset
    ids: array[int] = field(default_factory=lambda: array("q"))


@dataclass(slots=True)
class _Order:
    """Variants by version: by their main one, by the first part of any, or by none at all."""

    keys: list[tuple[float, ...]]
    sorted: list[Variant]
    unversioned: list[Variant]
    by_first: dict[int, list[Variant]]
    without_first: list[Variant]
    featureless: list[Variant] = field(default_factory=list)  # no 22H2, no 1809
    lone: dict[int, list[Variant]] = field(default_factory=dict)
    quiet: dict[int, list[Variant]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Group:
    """All variants of one name."""

    asset: Asset
    variants: dict[Sign, Variant] = field(default_factory=dict)
    _order: _Order | None = None

    def variant(self, asset: Asset) -> Variant:
        """The variant of an asset of this group, made when it is new."""
        sign = (asset.main, asset.shown, asset.patches)
        known = self.variants.get(sign)
        if known is None:
            mine = self.asset
            own = Asset(mine.name, mine.words, mine.known, *sign)
            known = self.variants[sign] = Variant(own)
            self._order = None
        return known

    def candidates(self, sentence: Sentence, name: Name) -> Iterable[Variant]:
        """Variants that the ranges of a sentence may hold, or that they answer as fixed.

        Those left out are out of every range whatever else is said.
        """
        if len(self.variants) < 4 or not sentence.bounds or sentence.condition_bounds:
            return self.variants.values()
        if name.family == "windows" and name.numbers and name.numbers[0].isdigit():
            saying = list(self._saying(int(name.numbers[0])))
            release = self._chosen(sentence.bounds[0]) if len(sentence.bounds) == 1 else None
            return min(saying, list(release or saying), key=len)
        found: dict[int, Variant] = {}
        for bounds in sentence.bounds:
            chosen = self._chosen(bounds)
            if chosen is None:
                return self.variants.values()
            found.update((id(variant), variant) for variant in chosen)
        return found.values()

    def _chosen(self, bounds: Bounds) -> Iterator[Variant] | None:
        if bounds.unreadable or bounds.elsewhere or bounds.also is not None:
            return None
        if bounds.branches:
            firsts = [branch.release[:1] for branch in bounds.branches]
            if not all(firsts) or self.asset.name.family == "sap":
                return None
            if bounds.generation:
                return chain(self._saying(firsts[0][0]), self._ordered().featureless)
            chosen = self._begun_by({first[0] for first in firsts})
            if any(map(is_feature_release, bounds.branches)):
                return chain(chosen, self._ordered().featureless)
            return chosen
        limits = bounds.lt or bounds.le
        if not limits or bounds.ge or bounds.gt or not all(limit.release for limit in limits):
            return None
        return self._up_to(max(limit.key[0] for limit in limits))

    def _saying(self, number: int) -> Iterator[Variant]:
        """Variants that say this number by itself, and those that say none of its length."""
        order = self._ordered()
        yield from order.lone.get(number, ())
        length = len(str(number))
        quiet = order.quiet.get(length)
        if quiet is None:
            quiet = order.quiet[length] = [
                variant
                for variant in self.variants.values()
                if length not in {len(str(each)) for each in _lone(variant.asset)}
            ]
        yield from quiet

    def _begun_by(self, firsts: set[int]) -> Iterator[Variant]:
        order = self._ordered()
        yield from order.without_first
        for first in firsts:
            yield from order.by_first.get(first, ())

    def _up_to(self, release: tuple[int, ...]) -> Iterator[Variant]:
        order = self._ordered()
        yield from order.unversioned
        yield from order.sorted[: bisect_left(order.keys, (*release, math.inf))]

    def _ordered(self) -> _Order:
        if self._order is None:
            self._order = _order(self.variants.values())
        return self._order


def _lone(asset: Asset) -> set[int]:
    """First parts of the versions that are too short to be anything but a release's name."""
    return {each.release[0] for each in asset.shown if len(each.release) in (1, 2)}


def _order(variants: Iterable[Variant]) -> _Order:
    order = _Order([], [], [], {}, [])
    versioned: list[tuple[tuple[float, ...], Variant]] = []
    for variant in variants:
        asset = variant.asset
        if asset.main is None or is_year(asset.main):
            order.unversioned.append(variant)
        if asset.main is not None and not is_year(asset.main):
            versioned.append((asset.main.key[0], variant))
        firsts = {version.release[0] if version.release else -1 for version in asset.shown}
        if not firsts or -1 in firsts or asset.main is None or is_year(asset.main):
            order.without_first.append(variant)
        else:
            for first in firsts:
                order.by_first.setdefault(first, []).append(variant)
        if asset.name.family == "windows" and not says_feature_release(asset):
            order.featureless.append(variant)
        for number in _lone(asset):
            order.lone.setdefault(number, []).append(variant)
    versioned.sort(key=lambda pair: pair[0])
    order.keys = [key for key, _ in versioned]
    order.sorted = [variant for _, variant in versioned]
    return order
