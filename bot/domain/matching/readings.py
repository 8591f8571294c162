"""The bulletins in memory, found by the products they name. Rebuilt from rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from bot.domain.matching.matcher import InventoryProduct, Verdict, VerdictKind


class Readable(Protocol):
    """What was read of a bulletin; ``keys`` name its products."""

    @property
    def keys(self) -> frozenset[str]: ...


R_contra = TypeVar("R_contra", bound=Readable, contravariant=True)
R = TypeVar("R", bound=Readable)


class Judge(Protocol[R_contra]):
    """Names products by keys, and judges one against one bulletin."""

    def keys(self, product: InventoryProduct) -> frozenset[str]: ...
    def judge(self, reading: R_contra, product: InventoryProduct) -> Verdict: ...


class ReadingIndex(Generic[R]):
    """Current readings by product key; a later revision of a bulletin replaces the former."""

    def __init__(self, judge: Judge[R]) -> None:
        self._judge = judge
        self._current: dict[int, tuple[int, R]] = {}  # advisory id → revision id, reading
        self._by_key: dict[str, set[int]] = {}

    def add(self, advisory_id: int, revision_id: int, reading: R) -> None:
        """Hold a bulletin as ``reading`` says it from now on."""
        known = self._current.get(advisory_id)
        if known is not None:
            for key in known[1].keys:
                self._by_key[key].discard(advisory_id)
        self._current[advisory_id] = (revision_id, reading)
        for key in reading.keys:
            self._by_key.setdefault(key, set()).add(advisory_id)

    def judge(self, product: InventoryProduct) -> Iterator[tuple[int, Verdict]]:
        """Yield ``(revision id, verdict)`` for each bulletin that concerns the product, or may."""
        named: set[int] = set()
        for key in self._judge.keys(product):
            named |= self._by_key.get(key, set())
        for advisory_id in sorted(named):
            revision_id, reading = self._current[advisory_id]
            verdict = self._judge.judge(reading, product)
            if verdict.kind is not VerdictKind.NOT_AFFECTED:
                yield revision_id, verdict
