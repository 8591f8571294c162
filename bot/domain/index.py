"""Inventory products in memory, found by the words of their names, never scanned."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.assets import Asset
from bot.domain.matching import InventoryProduct, Matcher, Reading, Verdict, VerdictKind
from bot.domain.statements import Sentence


class ProductIndex:
    """Products by key; rebuilt from rows, holds nothing that is not in them."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._assets: dict[int, Asset] = {}
        self._by_key: dict[str, set[int]] = {}

    def __len__(self) -> int:
        return len(self._assets)

    def add(self, product_id: int, product: InventoryProduct) -> None:
        """Index a product; one already there under the same id is replaced."""
        self.discard(product_id)
        asset = self._matcher.asset(product)
        self._assets[product_id] = asset
        for key in asset.known:
            self._by_key.setdefault(key, set()).add(product_id)

    def discard(self, product_id: int) -> None:
        """Forget a product; nothing happens when it is not there."""
        asset = self._assets.pop(product_id, None)
        if asset is None:
            return
        for key in asset.known:
            holders = self._by_key[key]
            holders.discard(product_id)
            if not holders:
                del self._by_key[key]

    def judge(self, reading: Reading) -> Iterator[tuple[int, Verdict]]:
        """Products that are affected or to review, each once, by growing id."""
        candidates: dict[int, list[Sentence]] = {}
        for sentence in reading.sentences:
            for key in sentence.keys:
                for product_id in self._by_key.get(key, ()):
                    found = candidates.setdefault(product_id, [])
                    if not found or found[-1] is not sentence:
                        found.append(sentence)
        for product_id in sorted(candidates):
            verdict = self._matcher.judge_asset(candidates[product_id], self._assets[product_id])
            if verdict.kind is not VerdictKind.NOT_AFFECTED:
                yield product_id, verdict
