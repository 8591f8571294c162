"""Bulletins as documents, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.store import Database, advisories, library
from bot.store.library import Order, Wanted
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def bulletin(number: int, cvss: float | None) -> Advisory:
    row = AffectedProduct(
        vendor="Baxter", product=("PrisMax", "Spectrum", "AK 98")[number - 1], versions="<3.0"
    )
    return Advisory(
        "CISA", f"ICSMA-26-00{number}", AdvisoryKind.BULLETIN, f"Pompe {number}", NOW, NOW,
        affected=(row,), cves=(f"CVE-2026-000{number}",), cvss=cvss,
    )  # fmt: skip


def test_bulletins_are_found_and_sorted(database: Database) -> None:
    found = [bulletin(1, 5.3), bulletin(2, None), bulletin(3, 9.8)]
    database.call(advisories.store, found, trace_id="trace", now=NOW)
    for order in Order:
        listed = database.call(library.search, Wanted(), order=order, limit=10)
        assert len(listed) == 3
    by_score = database.call(library.search, Wanted(), order=Order.CVSS, limit=10)
    assert [each.cvss for each in by_score] == [9.8, 5.3, None]
    (one,) = database.call(library.search, Wanted(product="spectrum"), limit=10)
    assert (one.reference, one.matched) == ("ICSMA-26-002", 0)
    (one,) = database.call(library.search, Wanted(cve="cve-2026-0003", since=NOW), limit=10)
    assert one.reference == "ICSMA-26-003"


def test_revisions_and_what_is_judged_again(database: Database) -> None:
    database.call(advisories.store, [bulletin(1, 5.3)], trace_id="trace", now=NOW)
    database.call(advisories.store, [bulletin(1, 6.0)], trace_id="trace", now=NOW)
    kept = database.call(library.revisions, "ICSMA-26-001")
    assert [each.advisory.cvss for each in kept] == [5.3, 6.0]
    assert database.call(library.judge_again, ["ICSMA-26-001", "NOWHERE"]) == ["NOWHERE"]
    assert database.call(library.judge_assets_again, 1) == 0
    assert database.call(library.matches, 1, line_id="x") == []
    assert database.call(library.lot_states, 1) == []
