"""The bulletins that actions close, as read: which release each belongs to, what it accepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.domain.matching import InventoryProduct, Matcher, Reading
from bot.domain.matching.upgrading import Upgrades
from bot.store import Session, advisories, inventory
from bot.store.advisories import StoredRevision
from feeds.releases import Release

READINGS = 2_000  # bulletins kept as read: those that several open actions hold against a version
JUDGED = 50_000
READ_AT_ONCE = 500  # bodies of bulletins held in memory together


class ReadBulletins:
    """What was read and judged of bulletins; it can all be read again from the store."""

    def __init__(self, matcher: Matcher, upgrades: Upgrades) -> None:
        self._matcher = matcher
        self._upgrades = upgrades
        self._readings: dict[int, tuple[int, Reading]] = {}  # by advisory id, with the revision
        self._products: dict[int, InventoryProduct] = {}
        self._releases: dict[int, Release | None] = {}  # by revision id
        self._judged: dict[tuple[int, int, str], bool] = {}

    def forget_revised(self, revisions: Iterable[StoredRevision]) -> None:
        """What was judged of a bulletin holds until its next revision."""
        for revision in revisions:
            known = self._readings.get(revision.advisory_id)
            if known is not None and known[0] != revision.id:
                del self._readings[revision.advisory_id]
                self._judged.clear()

    def release(self, revision: StoredRevision) -> Release | None:
        """The dated release of a vendor that the bulletin belongs to, if any."""
        if revision.id not in self._releases:
            self._releases[revision.id] = self._upgrades.release(revision.advisory)
        return self._releases[revision.id]

    def releases(
        self, session: Session, revision_ids: Iterable[int]
    ) -> Mapping[int, Release | None]:
        """The releases of these revisions, by id; bodies are read where they were not yet."""
        unknown = sorted(set(revision_ids) - self._releases.keys())
        for start in range(0, len(unknown), READ_AT_ONCE):
            for revision in advisories.by_ids(session, unknown[start : start + READ_AT_ONCE]):
                self.release(revision)
        return self._releases

    def accept(self, session: Session, product: int, advisory: int, version: str) -> bool:
        """Whether the latest revision of an advisory asks for nothing at that version.

        Args:
            product: id of the product as somebody typed it; its own version does not count.
        """
        key = (product, advisory, version)
        known = self._judged.get(key)
        if known is None:
            if len(self._judged) >= JUDGED:
                self._judged.clear()
            known = self._judged[key] = self._judge(session, product, advisory, version)
        return known

    def outlives(self, session: Session, product: int, later: int, former: int) -> bool:
        """Whether two bulletins name no fix, and what goes beyond the last versions that
        ``later`` concerns is beyond those of ``former``: one upgrade ends both."""
        typed = self._product(session, product)
        last = self._upgrades.last_concerned(self._reading(session, later), typed)
        return bool(last) and all(
            self.accept(session, product, former, version) for version in last
        )

    def _judge(self, session: Session, product: int, advisory: int, version: str) -> bool:
        reading, typed = self._reading(session, advisory), self._product(session, product)
        return self._upgrades.accepts(reading, typed, version)

    def _reading(self, session: Session, advisory: int) -> Reading:
        if advisory not in self._readings:
            if len(self._readings) >= READINGS:
                self._readings.clear()
            for revision in advisories.latest(session, [advisory]):
                self._readings[advisory] = (revision.id, self._matcher.read(revision.advisory))
        return self._readings[advisory][1]

    def _product(self, session: Session, product: int) -> InventoryProduct:
        if product not in self._products:
            if len(self._products) >= JUDGED:
                self._products.clear()
            self._products.update(inventory.products_by_ids(session, [product]))
        return self._products[product]
