"""Advisories × products → verdicts, then alerts.

The index of products and the readings of bulletins are memory: they are rebuilt from rows
and hold nothing that a restart would lose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.clock import Clock
from bot.domain.escalation import HoursOf
from bot.domain.matching import Matcher, Reading, Verdict
from bot.domain.matching.index import ProductIndex
from bot.domain.matching.readings import ReadingIndex
from bot.domain.quiet import NO_QUIET, QuietHours
from bot.pipeline.actions.keeping import ActionKeeper
from bot.pipeline.alert import AlertReport, raise_alerts
from bot.pipeline.priority import Priorities
from bot.render import Renderer
from bot.store import (
    Database,
    Session,
    advisories,
    facilities,
    inventory,
    lessons,
    recognition,
    verdicts,
)
from bot.store.advisories import StoredRevision
from feeds.advisory import Tlp
from feeds.names import Name
from feeds.products import Catalogue
from feeds.releases import Releases

REVISIONS_AT_ONCE = 200  # verdicts of one transaction: a few thousand rows

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What matching did."""

    revisions: int = 0
    products: int = 0
    verdicts: int = 0
    alerts: AlertReport = field(default_factory=AlertReport)

    def __add__(self, other: MatchReport) -> MatchReport:
        return MatchReport(
            self.revisions + other.revisions,
            self.products + other.products,
            self.verdicts + other.verdicts,
            self.alerts + other.alerts,
        )


class MatchEngine:
    """Judges new bulletins against all products, and new products against all bulletins.

    Keep one: it holds the index in memory. One process matches at a time (a leased role).
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        renderer: Renderer,
        *,
        clock: Clock,
        hours: HoursOf,
        priorities: Priorities,
        quiet: QuietHours = NO_QUIET,
        releases: Releases,
        inventory_confirms: bool = False,
        floor: Tlp = Tlp.AMBER,
    ) -> None:
        self._database = database
        self._shipped = catalogue
        self._renderer = renderer
        self._clock = clock
        self._hours = hours
        self._priorities = priorities
        self._quiet = quiet
        self._releases = releases
        self._inventory_confirms = inventory_confirms
        self._floor = floor
        self._aliases: list[tuple[str, str]] = []
        self._start_with(catalogue)

    def _start_with(self, catalogue: Catalogue) -> None:
        """Forget what was remembered: names are read with this catalogue from now on."""
        self._catalogue = catalogue
        self._matcher = Matcher(catalogue)
        self._keeper = ActionKeeper(
            self._matcher, self._releases, confirmed=self._inventory_confirms
        )
        self._products = ProductIndex(self._matcher)
        self._readings: ReadingIndex[Reading] = ReadingIndex(self._matcher)
        self._names_loaded = False
        self._last_product = 0
        self._last_revision = 0

    async def run(self, progress: Progress = lambda _: None) -> MatchReport:
        """Judge everything that waits; ``progress`` is told of revisions done.

        New products are judged first, so that the first alerts already say what the
        inventories can tell; facilities whose equipment changed come last, so that a
        bulletin which arrived with an inventory raises one alert and not two.
        """
        await self._database.run(self._hear_answers)
        await self._database.run(self._load_names)
        report = await self._judge_products()
        while (done := await self._database.run(self._match_revisions)).revisions:
            report += done
            progress(done.revisions)
        for facility_id, changed_at in await self._database.run(facilities.changed):
            report += await self._database.run(self._follow, facility_id, changed_at)
        return report

    async def _judge_products(self) -> MatchReport:
        """Write what bulletins already matched say of products that nobody typed before."""
        waiting = await self._database.run(inventory.unmatched_products)
        if not waiting:
            return MatchReport()
        await self._database.run(self._load_readings)
        judged = [
            (revision_id, product_id, verdict)
            for product_id, product in waiting
            for revision_id, verdict in self._readings.judge(product)
        ]
        ids = [product_id for product_id, _ in waiting]
        return await self._database.run(self._keep_products, judged, ids)

    def _keep_products(
        self,
        session: Session,
        judged: Sequence[tuple[int, int, Verdict]],
        product_ids: Sequence[int],
    ) -> MatchReport:
        written = verdicts.write(session, judged)
        inventory.mark_products_matched(session, product_ids, now=self._clock())
        self._assess(session)
        return MatchReport(products=len(product_ids), verdicts=written)

    def _follow(self, session: Session, facility_id: int, changed_at: datetime) -> MatchReport:
        """Let the alerts of a facility follow its equipment: raise, bring up to date, clear."""
        now = self._clock()
        revision_ids = verdicts.revisions_concerning(session, facility_id)
        inspected = facilities.inspected(session, facility_id)
        report = MatchReport()
        for start in range(0, len(revision_ids), REVISIONS_AT_ONCE):
            revisions = advisories.by_ids(session, revision_ids[start : start + REVISIONS_AT_ONCE])
            raised = self._raise(session, revisions, now, [facility_id], inspected)
            report += MatchReport(alerts=raised)
        if facilities.told_initial_state(session, facility_id):
            self._keeper.follow_day_one(session, facility_id, now=now)
        inventory.refresh_coverage(session, [facility_id])
        facilities.settle(session, facility_id, changed_at)
        return report

    def _match_revisions(self, session: Session) -> MatchReport:
        now = self._clock()
        advisories.skip_superseded(session, now=now)
        revisions = advisories.unmatched(session, limit=REVISIONS_AT_ONCE)
        if not revisions:
            return MatchReport()
        self._load_products(session)
        readable: dict[int, bool] = {}
        judged: list[tuple[int, int, Verdict]] = []
        names: set[Name] = set()
        for revision in revisions:
            reading = self._matcher.read(revision.advisory)
            readable[revision.id] = bool(reading.keys)
            names.update(reading.names)
            judged += [
                (revision.id, product_id, verdict)
                for product_id, verdict in self._products.judge(reading)
            ]
        written = verdicts.write(session, judged, replacing=list(readable))
        advisories.mark_matched(session, readable, now=now)
        self._learn(session, names)
        self._recognise(session, judged)
        known = advisories.by_ids(session, list(readable))
        return MatchReport(
            revisions=len(revisions),
            verdicts=written,
            alerts=self._raise(session, known, now),
        )

    def _learn(self, session: Session, names: Iterable[Name]) -> None:
        """Bulletins name products: those of the inventories that they name are recognised."""
        self._catalogue.learn(names)
        if advisories.learn_names(session, [name.words for name in names]):
            self._assess(session)

    def _assess(self, session: Session) -> None:
        """Say again of each product not recognised so far whether it is, and count coverage."""
        waiting = recognition.unrecognised_products(session)
        named = recognition.named_by_verdicts(session, [product_id for product_id, _ in waiting])
        assessed = [
            (
                product_id,
                product_id in named or self._matcher.recognised(product),
                self._matcher.has_version(product),
            )
            for product_id, product in waiting
        ]
        recognition.mark_assessed(session, assessed)
        touched = inventory.facilities_with_products(session, [id_ for id_, _, _ in assessed])
        inventory.refresh_coverage(session, touched)

    def _recognise(self, session: Session, judged: Iterable[tuple[int, int, Verdict]]) -> None:
        """What a bulletin speaks of is recognised, however it was typed: coverage agrees."""
        named = {product_id for _, product_id, verdict in judged if verdict.names_it}
        if newly := recognition.recognise(session, sorted(named)):
            touched = inventory.facilities_with_products(session, newly)
            inventory.refresh_coverage(session, touched)

    def _raise(
        self,
        session: Session,
        revisions: Iterable[StoredRevision],
        now: datetime,
        facility_ids: Sequence[int] | None = None,
        inspected: datetime | None = None,
    ) -> AlertReport:
        return raise_alerts(
            session,
            list(revisions),
            self._renderer,
            now=now,
            facility_ids=facility_ids,
            inspected=inspected,
            keeper=self._keeper,
            hours=self._hours,
            priorities=self._priorities,
            quiet=self._quiet,
            floor=self._floor,
        )

    def _hear_answers(self, session: Session) -> None:
        """End the answers whose time is over; learn the names that everybody now gives."""
        lessons.end_expired(session, now=self._clock())
        aliases = lessons.aliases(session)
        if aliases != self._aliases:
            self._aliases = aliases
            self._start_with(self._shipped.taught(aliases))

    def _load_names(self, session: Session) -> None:
        if not self._names_loaded:
            self._catalogue.learn(Name(words) for words in advisories.known_names(session))
            self._names_loaded = True

    def _load_products(self, session: Session) -> None:
        for product_id, product in inventory.products_after(session, self._last_product):
            self._products.add(product_id, product)
            self._last_product = product_id

    def _load_readings(self, session: Session) -> None:
        """Read the bulletins already matched; those that wait will be held against all products."""
        waiting = advisories.unmatched_ids(session)
        for revision in advisories.current(session, after_id=self._last_revision):
            if revision.id in waiting:
                return
            reading = self._matcher.read(revision.advisory)
            self._readings.add(revision.advisory_id, revision.id, reading)
            self._catalogue.learn(reading.names)
            self._last_revision = revision.id
