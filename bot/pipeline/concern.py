"""What advisories mean for facilities, before anything is written or told."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.domain.facility import AssetCategory, Facility
from bot.domain.matching import VerdictKind
from bot.domain.priority import NOT_EXPLOITED, Exploitation
from bot.domain.question import Lesson, product_key, product_name, said
from bot.domain.routing import is_for
from bot.domain.scope import VERSIONS_BETWEEN, Over, Scope, change
from bot.store import Session, advisories, exploits, facilities, lessons, verdicts
from bot.store.advisories import StoredRevision
from bot.store.verdicts import MatchedAsset, Standing
from feeds.advisory import AdvisoryKind, Audience

TARGETS_NAMED = 3  # beyond, "the version your branch requires" says more than a list
EVERYBODY = Audience()


@dataclass(frozen=True)
class Concern:
    """What an advisory means for one facility, before anything is written.

    What follows from its fields is worked out once: it is asked for again and again.
    """

    revision: StoredRevision
    facility: Facility
    assets: tuple[MatchedAsset, ...]  # empty for a bulletin aimed at people
    exploitation: Exploitation = NOT_EXPLOITED

    @property
    def exploited(self) -> bool:
        """Whether a vulnerability that the bulletin names is known to be exploited."""
        return self.exploitation.exploited

    @cached_property
    def affected(self) -> tuple[MatchedAsset, ...]:
        """The assets that are concerned for sure."""
        return tuple(a for a in self.assets if a.verdict.kind is VerdictKind.AFFECTED)

    @cached_property
    def to_check(self) -> tuple[MatchedAsset, ...]:
        """The assets somebody must look at."""
        return tuple(a for a in self.assets if a.verdict.kind is VerdictKind.REVIEW)

    @cached_property
    def categories(self) -> list[AssetCategory]:
        """The lots of the alert, each once."""
        found = dict.fromkeys(asset.category for asset in self.assets)
        return list(found) or [AssetCategory.GENERAL]

    @cached_property
    def headline(self) -> str:
        """The product most of these assets are, as the facility writes it."""
        names = [display_name(asset) for asset in self.affected or self.to_check]
        return max(dict.fromkeys(names), key=names.count) if names else ""

    @cached_property
    def target(self) -> str:
        """The version to reach, or those of each branch."""
        found = dict.fromkeys(a.verdict.target for a in self.assets if a.verdict.target)
        return VERSIONS_BETWEEN.join(found) if len(found) <= TARGETS_NAMED else ""

    @cached_property
    def scope(self) -> Scope:
        """What is told of, to be compared with what was told before."""
        advisory = self.revision.advisory
        said = "\x1e".join([advisory.title, *advisory.advice])
        return Scope(
            affected=frozenset(asset.asset_id for asset in self.affected),
            to_check=frozenset(asset.asset_id for asset in self.to_check),
            target=self.target,
            exploited=self.exploited,
            words="" if self.assets else hashlib.sha256(said.encode()).hexdigest(),
            over=self.over,
        )

    @cached_property
    def over(self) -> Over:
        """Whether the publisher withdrew the bulletin, or ended the alerte."""
        advisory = self.revision.advisory
        if advisory.withdrawn:
            return Over.WITHDRAWN
        return Over.CLOSED if advisory.closed_at is not None else Over.NOT


def display_name(asset: MatchedAsset | Standing) -> str:
    """Vendor and product as typed, the vendor once."""
    return product_name(asset.vendor, asset.product)


def concerns(
    session: Session,
    revisions: Sequence[StoredRevision],
    *,
    facility_ids: Sequence[int] | None = None,
    since_day_one: bool = True,
    known: Collection[tuple[int, int]] = (),
) -> list[Concern]:
    """Which facilities these revisions concern, and by what. Nothing is written.

    Args:
        since_day_one: leave a bulletin older than a facility's first inventory to that
            facility's initial state, so that the first day is not a flood.
        known: pairs (advisory id, facility id) that have an alert: always included.
    """
    known_of = exploits.of_advisories(session, [revision.advisory_id for revision in revisions])
    found = _by_machines(session, revisions, facility_ids, known_of, since_day_one=since_day_one)
    if since_day_one:
        found += _known_before(session, revisions, known_of, found, known)
        found += _revised_since(session, revisions, facility_ids, known_of, found)
    return found + _aimed_at_people(session, revisions, facility_ids, known_of)


def _by_machines(
    session: Session,
    revisions: Sequence[StoredRevision],
    facility_ids: Sequence[int] | None,
    known_of: Mapping[int, Exploitation],
    *,
    since_day_one: bool,
) -> list[Concern]:
    by_revision = {revision.id: revision for revision in revisions}
    answers = lessons.judging(session)
    grouped: dict[tuple[int, int], list[MatchedAsset]] = {}
    for asset in verdicts.matched_assets(
        session, list(by_revision), facility_ids=facility_ids, since_day_one=since_day_one
    ):
        heard = _heard(asset, by_revision[asset.revision_id], answers)
        if heard is not None:
            grouped.setdefault((asset.revision_id, asset.facility_id), []).append(heard)
    told = facilities.by_ids(session, {facility for _, facility in grouped})
    return [
        Concern(
            by_revision[revision_id],
            told[facility_id],
            tuple(assets),
            known_of.get(by_revision[revision_id].advisory_id, NOT_EXPLOITED),
        )
        for (revision_id, facility_id), assets in grouped.items()
    ]


def _heard(
    asset: MatchedAsset, revision: StoredRevision, answers: Mapping[str, Sequence[Lesson]]
) -> MatchedAsset | None:
    """The asset as the facility's answers judge it; None when they set it aside."""
    if asset.verdict.kind is not VerdictKind.REVIEW or not answers:
        return asset
    key = product_key(display_name(asset))
    spoken = [
        lesson
        for lesson in answers.get(key, ())
        if lesson.speaks_of(asset.facility_id, asset.line_id, key)
    ]
    kind = said(
        spoken,
        asset.verdict.kind,
        alerte=revision.advisory.kind is AdvisoryKind.ALERTE,
        published_at=revision.advisory.published_at,
    )
    if kind is VerdictKind.NOT_AFFECTED:
        return None
    if kind is asset.verdict.kind:
        return asset
    verdict = dataclasses.replace(asset.verdict, kind=kind, reason="said-concerned")
    return dataclasses.replace(asset, verdict=verdict)


def _known_before(
    session: Session,
    revisions: Sequence[StoredRevision],
    known_of: Mapping[int, Exploitation],
    found: Sequence[Concern],
    known: Collection[tuple[int, int]],
) -> list[Concern]:
    """Pairs that already have an alert, though the bulletin is older than the inventory."""
    have = {(concern.revision.advisory_id, concern.facility.id) for concern in found}
    missing = set(known) - have
    if not missing:
        return []
    concerned = [
        revision for revision in revisions if revision.advisory_id in {a for a, _ in missing}
    ]
    owners = sorted({facility_id for _, facility_id in missing})
    return [
        concern
        for concern in _by_machines(session, concerned, owners, known_of, since_day_one=False)
        if (concern.revision.advisory_id, concern.facility.id) in missing
    ]


def _revised_since(
    session: Session,
    revisions: Sequence[StoredRevision],
    facility_ids: Sequence[int] | None,
    known_of: Mapping[int, Exploitation],
    found: Sequence[Concern],
) -> list[Concern]:
    """Bulletins older than an inventory whose revision changed what concerns the facility.

    The initial state told what the former revision said; only a difference is news.
    """
    revised = [revision for revision in revisions if revision.number > 1]
    if not revised:
        return []
    known = {(concern.revision.id, concern.facility.id) for concern in found}
    former = {
        (concern.revision.advisory_id, concern.facility.id): concern.scope
        for concern in _by_machines(
            session,
            advisories.former(session, revised),
            facility_ids,
            known_of,
            since_day_one=False,
        )
    }
    return [
        concern
        for concern in _by_machines(session, revised, facility_ids, known_of, since_day_one=False)
        if (concern.revision.id, concern.facility.id) not in known
        and change(
            former.get((concern.revision.advisory_id, concern.facility.id), Scope()), concern.scope
        ).is_news
    ]


def _aimed_at_people(
    session: Session,
    revisions: Sequence[StoredRevision],
    facility_ids: Sequence[int] | None,
    known_of: Mapping[int, Exploitation],
) -> list[Concern]:
    """Bulletins that name an audience, and *alertes* in which no product could be read.

    Whom such an *alerte* concerns is unknown: everybody is told, and told why.
    """
    aimed = [
        (revision, revision.advisory.audience or EVERYBODY)
        for revision in revisions
        if revision.advisory.audience or _unreadable_alerte(revision)
    ]
    if not aimed:
        return []
    everyone = (
        facilities.every(session)
        if facility_ids is None
        else list(facilities.by_ids(session, facility_ids).values())
    )
    return [
        Concern(revision, facility, (), known_of.get(revision.advisory_id, NOT_EXPLOITED))
        for revision, audience in aimed
        for facility in everyone
        if is_for(audience, facility)
    ]


def _unreadable_alerte(revision: StoredRevision) -> bool:
    return revision.advisory.kind is AdvisoryKind.ALERTE and revision.readable is False
