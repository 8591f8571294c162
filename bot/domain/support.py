"""Which products their publishers no longer correct, read by the rules that read bulletins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.domain.matching import InventoryProduct, Matcher, Reading, VerdictKind
from bot.domain.matching.readings import ReadingIndex
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct

# channels corrected for longer than the numbers they share with others
EXTENDED = frozenset({"ltsc", "ltsb", "iot", "esu", "elts", "esm"})
# parts named after what they serve, which have a calendar of their own
PARTS = frozenset({"agent", "client", "connector", "driver", "module", "plugin", "sdk"})


@dataclass(frozen=True, slots=True)
class SupportEnd:
    """One line of ``config/end_of_support.toml``: ``line`` is written as bulletins write."""

    vendor: str
    line: str
    on: date
    source: str = ""


class EndsOfSupport:
    """Tells when a product stopped being corrected.

    Only what is certain is said: a version that cannot be placed has no date.
    """

    def __init__(self, matcher: Matcher, ends: Iterable[SupportEnd]) -> None:
        self._ends = tuple(ends)
        self._readings: ReadingIndex[Reading] = ReadingIndex(matcher)
        for number, end in enumerate(self._ends):
            self._readings.add(number, number, matcher.read(_as_bulletin(end)))

    def of(self, product: InventoryProduct) -> SupportEnd | None:
        """The latest end among the lines this product is; None when there is none."""
        if not (EXTENDED | PARTS).isdisjoint(product.product.casefold().split()):
            return None
        found = [
            self._ends[number]
            for number, verdict in self._readings.judge(product)
            if verdict.kind is VerdictKind.AFFECTED
        ]
        return max(found, key=lambda end: end.on, default=None)

    def day(self, product: InventoryProduct) -> date | None:
        """The last day of support of a product; None when it is not known for sure."""
        end = self.of(product)
        return end.on if end else None

    def ended(self, product: InventoryProduct, on: date) -> SupportEnd | None:
        """The same, when that day is over."""
        end = self.of(product)
        return end if end is not None and end.on < on else None


def _as_bulletin(end: SupportEnd) -> Advisory:
    moment = datetime(end.on.year, end.on.month, end.on.day, tzinfo=UTC)
    return Advisory(
        publisher="end of support",
        reference=end.line,
        kind=AdvisoryKind.AVIS,
        title="",
        published_at=moment,
        revised_at=moment,
        affected=(AffectedProduct(end.line, end.vendor, ""),),
    )
