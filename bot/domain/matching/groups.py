"""Products of one name, by the versions that they show."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from bot.domain.matching.assets import Asset, Showing
from feeds.versions import Version

Sign = tuple[Version | None, tuple[Version, ...], frozenset[str]]
"""What tells variants apart: the main version, those shown, and the patches."""


@dataclass(slots=True, eq=False)
class Variant:
    """Products of one group that show the same versions; ``ids`` are the store's, unsorted."""

    asset: Asset
    showing: Showing
    ids: array[int] = field(default_factory=lambda: array("q"))


@dataclass(slots=True, eq=False)
class Group:
    """All variants of one name."""

    asset: Asset
    variants: dict[Sign, Variant] = field(default_factory=dict)

    def variant(self, asset: Asset, showing: Showing) -> Variant:
        """The variant of an asset of this group, made when it is new.

        ``showing`` is that of the asset, shared with others.
        """
        sign = (showing.main, showing.shown, asset.patches)
        known = self.variants.get(sign)
        if known is None:
            mine = self.asset
            own = Asset(mine.name, mine.words, mine.known, *sign)
            known = self.variants[sign] = Variant(own, showing)
        return known
