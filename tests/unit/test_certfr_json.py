"""CERT-FR's JSON and RSS, read from saved bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds import certfr
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Reference, Tlp
from feeds.certfr.bulletin import json_url, page_url, read_json
from feeds.errors import MalformedDocumentError
from feeds.source import Document

DATA = Path(__file__).resolve().parent.parent / "data" / "certfr"
NOW = datetime(2026, 3, 15, 7, 0, tzinfo=UTC)


def read(
    name: str, media_type: str = "", **context: object
) -> tuple[list[Advisory], list[MalformedDocumentError]]:
    """Parse a file of tests/data/certfr; return what was read and what was not."""
    body = (DATA / name).read_bytes()
    document = Document("certfr", name, body, NOW, media_type=media_type, context=context)
    return split(certfr.parse(document))


def split(
    parsed: Iterator[Advisory | MalformedDocumentError],
) -> tuple[list[Advisory], list[MalformedDocumentError]]:
    """Sort the advisories from the errors."""
    results = list(parsed)
    return (
        [result for result in results if isinstance(result, Advisory)],
        [result for result in results if isinstance(result, MalformedDocumentError)],
    )


def test_every_key_of_an_avis_is_read() -> None:
    [advisory], errors = read("CERTFR-2026-AVI-0301.json")
    assert not errors
    assert advisory.publisher == "CERT-FR"
    assert advisory.reference == "CERTFR-2026-AVI-0301"
    assert advisory.kind is AdvisoryKind.AVIS
    assert advisory.title == (
        "Multiples vulnérabilités dans Citrix NetScaler ADC et NetScaler Gateway"
    )
    assert advisory.published_at == datetime(2026, 3, 12, tzinfo=UTC)
    assert advisory.revised_at == datetime(2026, 3, 19, tzinfo=UTC)
    assert advisory.url == "https://www.cert.ssi.gouv.fr/avis/CERTFR-2026-AVI-0301/"
    assert advisory.cves == ("CVE-2026-90001", "CVE-2026-90002")
    assert advisory.risks == ("Exécution de code arbitraire à distance",)
    assert advisory.content.startswith("## Solutions")
    assert advisory.tlp is Tlp.CLEAR
    assert advisory.references[0] == Reference(
        "Bulletin de sécurité Citrix CTX900001", "https://support.citrix.com/article/CTX900001"
    )
    assert advisory.references[1].url == ""


def test_not_available_is_read_as_empty() -> None:
    [advisory], _ = read("CERTFR-2026-AVI-0301.json")
    assert advisory.affected[2] == AffectedProduct(
        description="NetScaler ADC 12.1-FIPS toutes versions"
    )


def test_old_certa_bulletin_without_rows() -> None:
    [advisory], errors = read("CERTA-2004-AVI-042.json")
    assert not errors
    assert advisory.title == "Vulnérabilité de l'analyseur du démon d'impression"
    assert advisory.affected == ()
    assert "antérieures à 1.3.2" in advisory.affected_content
    assert advisory.summary == ""
    assert advisory.risks == ("Déni de service",)
    assert advisory.references == (
        Reference("Bulletin de sécurité de l'éditeur", "http://example.org/bulletin"),
    )


@pytest.mark.parametrize("kind", ["ACT", "CTI", "IOC", "DUR"])
def test_other_kinds(kind: str) -> None:
    [advisory], errors = read(f"CERTFR-2026-{kind}-001.json")
    assert not errors
    assert advisory.kind == kind


def test_alerte_closed_in_its_history() -> None:
    [closed], _ = read("CERTFR-2026-ALE-002.json")
    [still_open], _ = read("CERTFR-2026-ALE-003.json")
    assert closed.closed_at == datetime(2026, 4, 2, tzinfo=UTC)
    assert still_open.closed_at is None


def test_a_missing_list_is_named_and_hides_nothing() -> None:
    [advisory], errors = read("missing-keys.json")
    assert advisory.reference == "CERTFR-2026-AVI-0302"
    assert len(advisory.affected) == 1
    assert [str(error) for error in errors] == [
        "certfr: document (CERTFR-2026-AVI-0302): affected_systems[1]: key 'product' is missing; "
        "the rest was read",
        "certfr: document (CERTFR-2026-AVI-0302): key 'risks' is missing; the rest was read",
    ]


def test_bad_lines_hide_no_other() -> None:
    advisories, errors = read("bulletins.jsonl", certfr.JSON_LINES, first_line=101)
    assert [advisory.reference for advisory in advisories] == [
        "CERTFR-2026-AVI-0301",
        "CERTFR-2026-AVI-0302",
        "CERTA-2004-AVI-042",
        "CERTFR-2026-ALE-002",
        "CERTFR-2026-DUR-001",
    ]
    assert errors[0].item == "line 102 (CERTFR-2026-ALE-003)"
    assert errors[0].reason == "key 'title' is missing"
    assert errors[-1].item == "line 106"
    assert "not JSON, or cut short" in errors[-1].reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"reference": "CERTFR-2026-AVI-0001", "title": "T"}', "key 'revisions' is missing"),
        (b'{"reference": "AVIS-1", "title": "T"}', "is not a CERT-FR reference"),
        (b'{"title": "T"}', "key 'reference' is missing"),
        (b'"text"', "not a JSON object"),
        ('{"title": "é"}'.encode("latin-1"), "byte 11 is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_bulletin_says_why(text: bytes, reason: str) -> None:
    advisories, errors = split(read_json("certfr", "document", text))
    assert not advisories
    assert any(reason in error.reason for error in errors)


def test_feed_entries_are_excerpts_unless_read_in_full() -> None:
    advisories, errors = read("feed.xml", read=["CERTFR-2026-AVI-0301", "CERTFR-2026-ALE-002"])
    assert not errors
    assert [advisory.reference for advisory in advisories] == [
        "CERTFR-2026-CTI-001",
        "CERTFR-2026-ACT-001",
    ]
    menace = advisories[0]
    assert menace.excerpt
    assert menace.title == "État de la menace visant le secteur de la santé"
    assert menace.summary.startswith("[Publication initiale] Le secteur de la santé")
    assert menace.published_at == datetime(2026, 3, 9, tzinfo=UTC)


def test_update_mark_and_day_leave_the_title() -> None:
    advisories, _ = read("feed.xml")
    assert advisories[1].title == "Vulnérabilité dans Ivanti Connect Secure"


def test_addresses_of_a_bulletin() -> None:
    assert page_url("CERTFR-2026-ALE-001").endswith("/alerte/CERTFR-2026-ALE-001/")
    assert json_url("CERTFR-2026-AVI-0001").endswith("/avis/CERTFR-2026-AVI-0001/json/")


def test_the_real_alert_feed_is_read(shared_data: Path) -> None:
    body = (shared_data / "certfr-rss-alertes-2026-08-20.xml").read_bytes()
    advisories, errors = split(certfr.parse(Document("certfr", "feed", body, NOW)))
    assert not errors
    assert len(advisories) == 7
    assert {advisory.kind for advisory in advisories} == {AdvisoryKind.ALERTE}
