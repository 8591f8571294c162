"""Inventory products in memory, found by the words of their names, never scanned.

Products that only differ by their spelling share one *variant*, and variants that only differ
by their version share one *group*: a bulletin's name is compared with groups, once; its ranges
with variants. What the comparison gave is kept until a new name enters the index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.domain.matching.assets import Asset
from bot.domain.matching.combining import combine
from bot.domain.matching.groups import Group, Variant
from bot.domain.matching.identifiers import identified
from bot.domain.matching.kinship import Relation
from bot.domain.matching.matcher import InventoryProduct, Matcher, Reading, Verdict, verdict_of
from bot.domain.matching.placement import Inside
from bot.domain.matching.relating import relate
from bot.domain.matching.statements import (
    Ruling,
    Sentence,
    keys_of,
    rule_related,
)
from feeds.names import Name, Spellings

REMEMBERED = 50_000  # names whose groups are kept: more than all bulletins use

Pair = tuple[Group, Relation]
Named = tuple[Name, Sequence[Pair]]


class Relations(NamedTuple):
    """Groups that may be one name's product: by its own words, or by words that come near."""

    sure: Sequence[Pair]
    near: Sequence[Pair]


class ProductIndex:
    """Products by name and version; rebuilt from rows, holds nothing that is not in them."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._groups: dict[tuple[Name, frozenset[str]], Group] = {}
        self._by_key: dict[str, list[Group]] = {}
        self._variants: dict[int, Variant] = {}
        self._sets: dict[frozenset[str], frozenset[str]] = {}
        self._spellings: dict[Spellings, Spellings] = {}
        self._related: dict[tuple[Name, frozenset[str]], Relations] = {}

    def __len__(self) -> int:
        return len(self._variants)

    def add(self, product_id: int, product: InventoryProduct) -> None:
        """Index a product; one already there under the same id is replaced."""
        self.discard(product_id)
        asset = self._matcher.asset(product)
        variant = self._group(asset).variant(asset)
        variant.ids.append(product_id)
        self._variants[product_id] = variant

    def _group(self, asset: Asset) -> Group:
        group = self._groups.get((asset.name, asset.known))
        if group is None:
            group = Group(self._shared(asset))
            self._groups[group.asset.name, group.asset.known] = group
            for key in asset.known:
                self._by_key.setdefault(key, []).append(group)
            self._related.clear()
        return group

    def _shared(self, asset: Asset) -> Asset:
        """The same asset with the sets of words that others already hold: memory is the point."""
        name = asset.name
        keep = self._sets.setdefault
        known = keep(asset.known, asset.known)
        shared = name._replace(
            words=keep(name.words, name.words),
            asides=keep(name.asides, name.asides),
            editions=keep(name.editions, name.editions),
            platforms=keep(name.platforms, name.platforms),
            architectures=keep(name.architectures, name.architectures),
            models=keep(name.models, name.models),
            vendor_words=keep(name.vendor_words, name.vendor_words),
            parts=keep(name.parts, name.parts),
            firmware=keep(name.firmware, name.firmware),
            spellings=self._spellings.setdefault(name.spellings, name.spellings),
        )
        words = keep(asset.words, asset.words)
        return Asset(shared, words, known, None, (), frozenset())

    def discard(self, product_id: int) -> None:
        """Forget a product; nothing happens when it is not there."""
        variant = self._variants.pop(product_id, None)
        if variant is not None:
            variant.ids.remove(product_id)

    def judge(self, reading: Reading) -> Iterator[tuple[int, Verdict]]:
        """Products that are affected or to review, each once, by growing id."""
        rulings: dict[int, tuple[Variant, list[Ruling]]] = {}
        near: list[tuple[Sentence, list[Named]]] = []
        for sentence in reading.sentences:
            found = [(name, self._relations(name, sentence.siblings)) for name in sentence.names]
            sure: list[Named] = [(name, each.sure) for name, each in found]
            if sentence.identifiers:
                sure.append((sentence.names[0], list(self._identified(sentence))))
            self._rule(sentence, sure, rulings)
            if any(each.near for _, each in found):
                near.append((sentence, [(name, each.near) for name, each in found]))
        if near:
            named = self._named_in_full(reading)
            for sentence, names in near:
                apart = [
                    (name, [pair for pair in pairs if id(pair[0]) not in named])
                    for name, pairs in names
                ]
                self._rule(sentence, apart, rulings)
        told: list[tuple[int, Verdict]] = []
        for variant, ruled in rulings.values():
            if not any(ruling.inside for ruling in ruled):
                continue
            final = combine(ruled, variant.asset, reading.chorus)
            if final is not None and final.inside is not Inside.OUT:
                verdict = verdict_of(final)
                told.extend((product_id, verdict) for product_id in variant.ids)
        yield from sorted(told, key=lambda pair: pair[0])

    def _rule(
        self,
        sentence: Sentence,
        names: Sequence[Named],
        rulings: dict[int, tuple[Variant, list[Ruling]]],
    ) -> None:
        """Add the best ruling of a sentence on each variant of the groups its names may be."""
        if len(names) == 1:
            for variant, ruling in _rulings_on(sentence, *names[0]):
                rulings.setdefault(id(variant), (variant, []))[1].append(ruling)
            return
        best: dict[int, tuple[Variant, Ruling]] = {}
        for name, pairs in names:
            for variant, ruling in _rulings_on(sentence, name, pairs):
                known = best.get(id(variant))
                if known is None or ruling.inside > known[1].inside:
                    best[id(variant)] = (variant, ruling)
        for variant, ruling in best.values():
            rulings.setdefault(id(variant), (variant, []))[1].append(ruling)

    def _identified(self, sentence: Sentence) -> Iterator[Pair]:
        """Groups that show an identifier of the sentence's product."""
        found = {
            id(group): group
            for identifier in sentence.identifiers
            for group in self._by_key.get(identifier, ())
        }
        for group in found.values():
            relation = identified(sentence.identifiers, sentence.names, group.asset)
            if relation is not None:
                yield group, relation

    def _named_in_full(self, reading: Reading) -> set[int]:
        """Groups whose name a bulletin says: its other lines, which come near it, are not meant."""
        return {
            id(group)
            for sentence in reading.sentences
            for name in sentence.names
            for group, relation in self._relations(name, sentence.siblings).sure
            if relation.named_in_full
        }

    def _relations(self, name: Name, siblings: frozenset[str]) -> Relations:
        """Groups that may be this product, and how sure that is."""
        identity = (name, siblings)
        known = self._related.get(identity)
        if known is None:
            if len(self._related) >= REMEMBERED:
                self._related.clear()
            found = list(self._compared(name, siblings))
            sure = [pair for pair in found if not pair[1].near]
            near = [pair for pair in found if pair[1].near]
            known = self._related[identity] = Relations(sure, near)
        return known

    def _compared(self, name: Name, siblings: frozenset[str]) -> Iterator[tuple[Group, Relation]]:
        catalogue = self._matcher.catalogue
        candidates = {
            id(group): group
            for key in keys_of(catalogue, name)
            for group in self._by_key.get(key, ())
        }
        for group in candidates.values():
            relation = relate(catalogue, name, group.asset, siblings)
            if relation.named:
                yield group, relation


def _rulings_on(
    sentence: Sentence, name: Name, pairs: Sequence[Pair]
) -> Iterator[tuple[Variant, Ruling]]:
    for group, relation in pairs:
        for variant in group.candidates(sentence, name):
            if variant.ids:
                yield variant, rule_related(sentence, name, relation, variant.asset)
