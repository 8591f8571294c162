"""Inventory products in memory, found by the words of their names, never scanned.

Products that only differ by their spelling share one *variant*, and variants that only differ
by their version share one *group*. A bulletin's name is compared with groups, once: what the
comparison gave is kept until a new name enters the index. Its ranges are compared with what
variants show, once: "2012 R2" is shown by forty products.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from operator import itemgetter

from bot.domain.matching.assets import Asset, Showing
from bot.domain.matching.combining import Chorus, combine
from bot.domain.matching.groups import Group, Variant
from bot.domain.matching.identifiers import IDENTIFIED, NO_VENDOR, identified
from bot.domain.matching.kinship import Relation
from bot.domain.matching.matcher import InventoryProduct, Matcher, Reading, Verdict, verdict_of
from bot.domain.matching.placement import Inside
from bot.domain.matching.relating import relate
from bot.domain.matching.rulings import Claim, Placements, Ruling, ranges_of
from bot.domain.matching.statements import Sentence, keys_of
from feeds.names import Name, Spellings

REMEMBERED = 50_000  # names whose groups are kept: more than all bulletins use

Pair = tuple[Group, Relation]
Plea = tuple[Claim, Relation]
"""What a sentence says, and what its name is to the group that hears it."""


class ProductIndex:
    """Products by name and version; rebuilt from rows, holds nothing that is not in them."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._groups: dict[tuple[Name, frozenset[str]], Group] = {}
        self._by_key: dict[str, list[Group]] = {}
        self._variants: dict[int, Variant] = {}
        self._sets: dict[frozenset[str], frozenset[str]] = {}
        self._spellings: dict[Spellings, Spellings] = {}
        self._showings: dict[tuple[Showing, tuple[str, ...]], Showing] = {}
        self._related: dict[tuple[Name, frozenset[str]], Sequence[Pair]] = {}

    def __len__(self) -> int:
        return len(self._variants)

    def add(self, product_id: int, product: InventoryProduct) -> None:
        """Index a product; one already there under the same id is replaced."""
        self.discard(product_id)
        asset = self._matcher.asset(product)
        variant = self._group(asset).variant(asset, self._showing(asset))
        variant.ids.append(product_id)
        self._variants[product_id] = variant

    def _showing(self, asset: Asset) -> Showing:
        """What the asset shows, as others show it, to the letter."""
        showing = asset.showing
        texts = tuple(version.text for version in showing.shown)
        return self._showings.setdefault((showing, texts), showing)

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
        told: list[tuple[int, Verdict]] = []
        for group, pleas in self._heard(reading).items():
            if any(claim.name.host_numbers for claim, _ in pleas):
                for variant in group.variants.values():
                    own = self._as_shown(pleas, variant.asset)
                    told.extend(_told([variant], own, reading.chorus))
            else:
                told.extend(_told(group.variants.values(), pleas, reading.chorus))
        yield from sorted(told, key=itemgetter(0))

    def _as_shown(self, pleas: Sequence[Plea], asset: Asset) -> list[Plea]:
        """The pleas, what a name says of its host's versions being compared with those shown."""
        catalogue = self._matcher.catalogue
        own = [
            (claim, relate(catalogue, claim.name, asset, claim.sentence.siblings))
            if claim.name.host_numbers and not (relation is IDENTIFIED or relation is NO_VENDOR)
            else (claim, relation)
            for claim, relation in pleas
        ]
        return [(claim, relation) for claim, relation in own if relation.named]

    def _heard(self, reading: Reading) -> dict[Group, list[Plea]]:
        """What a bulletin says of each group that may be a product it names, line by line."""
        heard: dict[Group, list[Plea]] = {}
        shared: dict[Hashable, Placements] = {}
        for sentence in reading.sentences:
            for name in sentence.names:
                pairs = self._relations(name, sentence.siblings)
                if pairs:
                    claim = Claim(sentence, name, shared.setdefault(ranges_of(sentence, name), {}))
                    for group, relation in pairs:
                        heard.setdefault(group, []).append((claim, relation))
            if sentence.identifiers:
                claim = Claim(sentence, sentence.names[0])
                for group, relation in self._identified(sentence):
                    heard.setdefault(group, []).append((claim, relation))
        return heard

    def _identified(self, sentence: Sentence) -> Iterator[Pair]:
        """Groups that show an identifier of the sentence's product."""
        found = {
            group: None
            for identifier in sentence.identifiers
            for group in self._by_key.get(identifier, ())
        }
        for group in found:
            relation = identified(sentence.identifiers, sentence.names, group.asset)
            if relation is not None:
                yield group, relation

    def _relations(self, name: Name, siblings: frozenset[str]) -> Sequence[Pair]:
        """Groups that may be this product, or are told apart by more than words."""
        identity = (name, siblings)
        known = self._related.get(identity)
        if known is None:
            if len(self._related) >= REMEMBERED:
                self._related.clear()
            known = self._related[identity] = list(self._compared(name, siblings))
        return known

    def _compared(self, name: Name, siblings: frozenset[str]) -> Iterator[Pair]:
        catalogue = self._matcher.catalogue
        candidates = dict.fromkeys(
            group for key in keys_of(catalogue, name) for group in self._by_key.get(key, ())
        )
        for group in candidates:
            relation = relate(catalogue, name, group.asset, siblings)
            if relation.named:
                yield group, relation


def _told(
    variants: Collection[Variant], pleas: Sequence[Plea], chorus: Chorus
) -> Iterator[tuple[int, Verdict]]:
    """Products that are affected or to review, among variants to which a bulletin says the same."""
    if any(relation.named_in_full for _, relation in pleas):
        pleas = [plea for plea in pleas if not plea[1].near]
    for variant in _concerned(variants, pleas):
        final = combine(_rulings(pleas, variant), variant.asset, chorus)
        if final is not None and final.inside is not Inside.OUT:
            verdict = verdict_of(final)
            for product_id in variant.ids:
                yield product_id, verdict


def _concerned(variants: Iterable[Variant], pleas: Sequence[Plea]) -> Iterator[Variant]:
    """Variants that the ranges of a sentence may hold: all others are out of every one."""
    claims = [claim for claim, relation in pleas if relation.kinship]
    for variant in variants:
        if variant.ids and any(claim.may_hold(variant.showing) for claim in claims):
            yield variant


def _rulings(pleas: Sequence[Plea], variant: Variant) -> list[Ruling]:
    """What each sentence says of a variant, by the most worrying of its names."""
    asset, showing = variant.asset, variant.showing
    rulings: list[Ruling] = []
    last: Sentence | None = None
    for claim, relation in pleas:
        ruling = claim.ruling(relation, asset, showing)
        if claim.sentence is not last:
            rulings.append(ruling)
            last = claim.sentence
        elif ruling.inside > rulings[-1].inside:
            rulings[-1] = ruling
    return rulings
