"""What one upgrade is about: which products are one, and which versions a bulletin accepts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from bot.domain.matching.assets import Asset
from bot.domain.matching.matcher import InventoryProduct, Matcher, Reading, VerdictKind
from feeds.advisory import Advisory
from feeds.releases import Release, Releases
from feeds.versions import read_version

REMEMBERED = 20_000  # names typed
SEPARATING = "other"  # what the catalogue says of an edition that makes another product
LONGEST_KEY = 256  # characters


@dataclass(frozen=True, slots=True)
class Upgradable:
    """A product that is upgraded as one. ``title`` is empty when it is called as typed."""

    key: str
    title: str = ""


class Upgrades:
    """Reads product names into what is upgraded together. Pure; answers are remembered."""

    def __init__(self, matcher: Matcher, releases: Releases) -> None:
        self._matcher = matcher
        self._releases = releases
        self._families = {
            self._words(text): Upgradable(family.title, family.title)
            for family in releases.families
            for text in family.products
        }
        self.of = lru_cache(maxsize=REMEMBERED)(self._of)

    def release(self, advisory: Advisory) -> Release | None:
        """The dated release that a bulletin belongs to, or None."""
        return self._releases.of(advisory)

    def _words(self, text: str) -> frozenset[str]:
        return self._matcher.asset(InventoryProduct("", text)).name.words

    def _of(self, product: InventoryProduct) -> Upgradable:
        """The product that this one, as typed, is upgraded with.

        Spellings and versions of one product are one; editions that the catalogue keeps
        apart (Firefox ESR) are not.
        """
        name = self._matcher.asset(product).name
        if name.words in self._families:
            return self._families[name.words]
        editions = self._matcher.catalogue.editions
        apart = sorted(each for each in name.editions if editions[each].extra == SEPARATING)
        vendor = [name.vendor] if name.weak and name.vendor else []
        key = " ".join([*vendor, *sorted(name.words), *apart])
        return Upgradable((key or product.product.casefold())[:LONGEST_KEY])

    def accepts(self, reading: Reading, product: InventoryProduct, version: str) -> bool:
        """Whether a bulletin no longer concerns this product once it is at ``version``."""
        asset = self._matcher.asset(product)
        reached = _at(asset, version)
        if reached is None:
            return False
        return self._matcher.judge_asset(reading, reached).kind is VerdictKind.NOT_AFFECTED

    def last_concerned(self, reading: Reading, product: InventoryProduct) -> tuple[str, ...]:
        """The versions that a bulletin names as the last it concerns (« 7.2.4 et antérieures »),
        from that of this product on: what follows them is what it asks for."""
        asset = self._matcher.asset(product)
        if asset.main is None:
            return ()
        named = dict.fromkeys(
            bound
            for sentence in reading.sentences
            for bounds in sentence.bounds
            for bound in bounds.le
            if bound.key >= asset.main.key
        )
        return tuple(
            bound.text
            for bound in named
            if (reached := _at(asset, bound.text)) is not None
            and self._matcher.judge_asset(reading, reached).kind is VerdictKind.AFFECTED
        )


def _at(asset: Asset, version: str) -> Asset | None:
    """The same equipment at another version; None when that version cannot be read."""
    reached = read_version(version, asset.name.family)
    if reached is None:
        return None
    shown = [reached if each == asset.main else each for each in asset.shown]
    if asset.main is None:
        shown.insert(0, reached)
    return replace(asset, main=reached, shown=tuple(dict.fromkeys(shown)))
