"""Does this advisory concern this product? The verdict and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from bot.domain.matching.assets import Asset, read_asset
from bot.domain.matching.combining import Chorus, combine
from bot.domain.matching.gaps import gaps_of
from bot.domain.matching.rulings import Ruling, related, rule
from bot.domain.matching.statements import Sentence, sentences_of
from feeds.advisory import Advisory
from feeds.affected import Grade
from feeds.names import Name
from feeds.products import Catalogue

REASONS = {
    "in-range": "the version lies in the range that the bulletin gives",
    "every-version": "the bulletin restricts no version",
    "version-missing": "the bulletin bounds versions and the inventory gives none",
    "version-coarse": "the version typed is less precise than the bound",
    "release-unknown": "the bulletin names a release, which the inventory does not say",
    "order-unknown": "the version and the bound cannot be ordered",
    "patch-unknown": "a patch decides, which the inventory does not show",
    "condition-unknown": "a component or a setting decides, which the inventory does not show",
    "edition-unknown": "the bulletin restricts an edition, which the inventory does not say",
    "platform-unknown": "the bulletin restricts a platform, which the inventory does not say",
    "architecture-unknown": "the bulletin restricts an architecture, the inventory says none",
    "model-unknown": "the bulletin restricts models, which the inventory does not say",
    "host-unknown": "the bulletin speaks of the product inside another one",
    "serial-unknown": "the bulletin is about certain serial numbers",
    "vendor-unknown": "the name is common and the inventory gives no vendor",
    "name-shorter": "the inventory leaves a word of the bulletin's name out",
    "name-longer": "the inventory says a word more, which may make another product",
    "component": "the bulletin speaks of a component of this product",
    "deferred": "the bulletin sends to the vendor's own bulletin for versions",
    "not-understood": "the line could not be read",
    "between-branches": "no line names the train of the version, between two that are fixed",
    "no-range": "only the title or the summary names the product",
    "under-investigation": "the publisher has not said yet whether the product is affected",
    "out-of-range": "the version lies outside the range",
    "fixed": "the version is the fixed one or a later one",
    "fix-shown": "the inventory shows the patch",
    "other-release": "the bulletin names another release",
    "other-edition": "the bulletin names another edition",
    "other-platform": "the bulletin names another platform",
    "other-architecture": "the bulletin names another architecture",
    "other-host": "the bulletin speaks of the product inside another one than the inventory says",
    "other-model": "the bulletin names another model",
    "other-product": "the bulletin does not name this product",
    "said-concerned": "the facility answered that it is concerned",
    "declared-not-affected": "the publisher declares this product not affected",
}
"""Codes of :attr:`Verdict.reason` and what they mean."""

RESEMBLING = frozenset({"name-longer", "name-shorter", "vendor-unknown", "component"})
"""Reasons that leave open whether the bulletin's product is this one at all."""


class VerdictKind(StrEnum):
    """What Tocsin says of one product and one advisory."""

    AFFECTED = "affected"
    REVIEW = "review"
    NOT_AFFECTED = "not_affected"


@dataclass(frozen=True, slots=True)
class Span:
    """The publisher's words that decided: ``text`` stands at ``start:end`` of ``field``.

    ``field`` is ``affected[3].description``, ``affected_content``, ``title`` or ``summary``.
    """

    field: str
    start: int
    end: int
    text: str


class InventoryProduct(NamedTuple):
    """A product as a facility typed it; any field may be empty, and a version may hide in
    ``product``. (A tuple: the products of a million lines are made, and looked up.)"""

    vendor: str = ""
    product: str = ""
    version: str = ""
    cpe: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict with its reason (a code of ``REASONS``) and the words that decided.

    ``target`` is the version to reach (``13.1-49.13``), empty when the line names none.
    """

    kind: VerdictKind
    reason: str
    span: Span | None = None
    target: str = ""

    @property
    def names_it(self) -> bool:
        """Whether the bulletin speaks of this very product, whatever else is to be checked.

        Such a product is recognised: nobody may be told of it, and that it is unknown.
        """
        if self.kind is VerdictKind.REVIEW:
            return self.reason not in RESEMBLING
        return self.kind is VerdictKind.AFFECTED


@dataclass(frozen=True, slots=True)
class Reading:
    """An advisory read once: what it says, and under which keys it is looked for.

    ``decided``, ``to_review`` and ``abstained`` count its rows: product and range read; read,
    but a patch, a condition or the vendor decides; not understood.
    """

    sentences: tuple[Sentence, ...]
    chorus: Chorus
    keys: frozenset[str]
    decided: int = 0
    to_review: int = 0
    abstained: int = 0

    @property
    def names(self) -> tuple[Name, ...]:
        """Every product named, each once."""
        return tuple(dict.fromkeys(name for each in self.sentences for name in each.names))

    @property
    def statements(self) -> tuple[Sentence, ...]:
        """What the advisory affirms, line by line."""
        return self.sentences


_GRADES = {grade: rank for rank, grade in enumerate(Grade)}  # decided, to review, abstained
_KINDS = (VerdictKind.NOT_AFFECTED, VerdictKind.REVIEW, VerdictKind.AFFECTED)


class Matcher:
    """Judges inventory products against advisories, with one catalogue.

    Pure: nothing is stored; readings and assets are cached by value.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.asset = lru_cache(maxsize=20_000)(self._asset)

    def read(self, advisory: Advisory) -> Reading:
        """Read what an advisory affirms; done once per revision."""
        sentences = tuple(sentences_of(self.catalogue, advisory))
        worst: dict[str, int] = {}
        for sentence in sentences:
            worst[sentence.field] = max(worst.get(sentence.field, 0), _GRADES[sentence.grade])
        counts = list(worst.values())
        return Reading(
            (*sentences, *gaps_of(sentences)),
            Chorus(sentences),
            frozenset().union(*(sentence.keys for sentence in sentences)),
            *(counts.count(grade) for grade in _GRADES.values()),
        )

    def keys(self, product: InventoryProduct) -> frozenset[str]:
        """Keys under which an advisory that may concern the product is found."""
        return self.asset(product).known

    def recognised(self, product: InventoryProduct) -> bool:
        """Whether the product is one that Tocsin knows; False means *non évalué*."""
        return self.catalogue.recognises(self.asset(product).name)

    def has_version(self, product: InventoryProduct) -> bool:
        """Whether a version was typed, wherever it stands."""
        return self.asset(product).main is not None

    def judge(self, reading: Reading, product: InventoryProduct) -> Verdict:
        """Say whether the advisory concerns the product, all its lines taken together."""
        return self.judge_asset(reading, self.asset(product))

    def judge_asset(self, reading: Reading, asset: Asset) -> Verdict:
        """Judge an asset already read."""
        found = [(each, related(self.catalogue, each, asset)) for each in reading.sentences]
        if any(relation.named_in_full for _, names in found for _, relation in names):
            found = [(each, [pair for pair in names if not pair[1].near]) for each, names in found]
        rulings = [
            ruling for each, names in found if (ruling := rule(each, names, asset)) is not None
        ]
        ruling = combine(rulings, asset, reading.chorus)
        if ruling is None:
            return Verdict(VerdictKind.NOT_AFFECTED, "other-product")
        return verdict_of(ruling)

    def forget(self) -> None:
        """Drop the assets remembered, once they are indexed: memory goes back."""
        self.asset.cache_clear()
        self.catalogue.forget()

    def _asset(self, product: InventoryProduct) -> Asset:
        return read_asset(
            self.catalogue, product.vendor, product.product, product.version, product.cpe
        )


def verdict_of(ruling: Ruling) -> Verdict:
    """The verdict that a ruling amounts to, with the words that decided."""
    sentence = ruling.sentence
    span = Span(sentence.field, sentence.start, sentence.end, sentence.text)
    return Verdict(_KINDS[ruling.inside], ruling.reason, span, ruling.target)
