"""Advisories: a new content is a new revision, and nothing else is."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from bot.store import Database, advisories
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
BULLETIN = Advisory(
    publisher="CERT-FR",
    reference="CERTFR-2026-AVI-9001",
    kind=AdvisoryKind.AVIS,
    title="Vulnérabilité dans un produit",
    published_at=NOW,
    revised_at=NOW,
    affected=(AffectedProduct("Produit versions antérieures à 2.0"),),
    cves=("CVE-2026-99011",),
)


def intake(database: Database, *bulletins: Advisory) -> advisories.Intake:
    return database.call(advisories.store, bulletins, trace_id="t", now=NOW)


def test_the_same_content_is_unchanged_whatever_its_dates(database: Database) -> None:
    assert intake(database, BULLETIN) == advisories.Intake(new=1)
    later = dataclasses.replace(BULLETIN, revised_at=datetime(2026, 4, 1, tzinfo=UTC))
    assert intake(database, later) == advisories.Intake(unchanged=1)


def test_another_content_is_another_revision(database: Database) -> None:
    intake(database, BULLETIN)
    fixed = dataclasses.replace(BULLETIN, affected=(AffectedProduct("Produit 2.x"),))
    assert intake(database, fixed) == advisories.Intake(revised=1)
    found = database.call(advisories.by_reference, "certfr-2026-avi-9001")
    assert found is not None
    assert (found.number, found.advisory) == (2, fixed)
    (before,) = database.call(advisories.former, [found])
    assert before.advisory == BULLETIN


def test_an_excerpt_never_replaces_a_whole_text(database: Database) -> None:
    intake(database, BULLETIN)
    excerpt = dataclasses.replace(BULLETIN, affected=(), excerpt=True)
    assert intake(database, excerpt) == advisories.Intake(unchanged=1)


def test_a_revision_replaced_before_it_was_matched_is_skipped(database: Database) -> None:
    intake(database, BULLETIN)
    intake(database, dataclasses.replace(BULLETIN, title="Autre"))
    database.call(advisories.skip_superseded, now=NOW)
    (waiting,) = database.call(advisories.unmatched, limit=10)
    assert waiting.number == 2
