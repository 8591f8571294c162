"""Any RSS or Atom, and CERT Santé's: tolerant, and never silent about what was lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from feeds import certfr, certsante
from feeds.advisory import Advisory, AdvisoryKind, Tlp
from feeds.errors import MalformedDocumentError
from feeds.rss import declares_entities, parse_feed
from feeds.source import Document
from feeds.text import cves_in, plain

DATA = Path(__file__).resolve().parent.parent / "data"
NOW = datetime(2026, 3, 15, 7, 0, tzinfo=UTC)

Read = tuple[list[Advisory], list[MalformedDocumentError]]


def split(parsed: Iterator[Advisory | MalformedDocumentError]) -> Read:
    """Sort the advisories from the errors."""
    results = list(parsed)
    return (
        [result for result in results if isinstance(result, Advisory)],
        [result for result in results if isinstance(result, MalformedDocumentError)],
    )


def feed(body: bytes) -> Read:
    """Read bytes as a feed of an unknown publisher."""
    document = Document("veille", "https://editeur.example/veille", body, NOW)
    return split(parse_feed(document, tlp=Tlp.GREEN))


def test_atom() -> None:
    [advisory], [error] = feed((DATA / "rss" / "atom.xml").read_bytes())
    assert advisory.publisher == "Veille d’un éditeur"
    assert advisory.reference == "https://editeur.example/veille/12"
    assert advisory.summary == (
        "La version 4.2 corrige cve-2026-90020 & CVE-2026-90021.\nMettez à jour."
    )
    assert advisory.cves == ("CVE-2026-90020", "CVE-2026-90021")
    assert advisory.published_at == datetime(2026, 3, 9, 7, tzinfo=UTC)
    assert advisory.revised_at == datetime(2026, 3, 10, 8, tzinfo=UTC)
    assert advisory.tlp is Tlp.GREEN
    assert error.item == "item 2"


def test_a_web_page_instead_of_a_feed() -> None:
    advisories, [error] = feed((DATA / "rss" / "maintenance.html").read_bytes())
    assert not advisories
    assert str(error).startswith("veille: document: a web page, not a feed")


def test_a_truncated_feed_keeps_its_items_and_says_so() -> None:
    body = (DATA / "certsante" / "rss.xml").read_bytes()
    advisories, [error] = feed(body[: body.index(b"pompe-a-perfusion")])
    assert [a.title for a in advisories] == ["Passerelle d'imagerie - CVE-2026-90040"]
    assert "cut short or broken" in error.reason


def test_a_bomb_is_refused() -> None:
    advisories, [error] = feed((DATA / "rss" / "bomb.xml").read_bytes())
    assert not advisories
    assert "declares XML entities" in error.reason
    assert declares_entities("<!entity x 'y'>".encode("utf-32"))


def test_a_wrong_encoding_is_told_and_the_text_kept() -> None:
    text = (DATA / "certsante" / "rss.xml").read_text()
    advisories, errors = feed(text.encode("latin-1"))
    assert any("wrong encoding" in error.reason for error in errors)
    assert advisories[0].summary.startswith("Un défaut permet à un attaquant")


@given(st.binary(max_size=300))
def test_no_bytes_stop_the_reading(body: bytes) -> None:
    feed(body)
    feed(b"<?xml version='1.0'?><rss version='2.0'><channel><item>" + body)


def test_certsante_is_read_with_tolerance() -> None:
    body = (DATA / "certsante" / "rss.xml").read_bytes()
    advisories, [error] = split(certsante.parse(Document("certsante", "u", body, NOW)))
    imaging, pump, campaign = advisories
    assert {a.publisher for a in advisories} == {"CERT Santé"}
    assert imaging.reference == "passerelle-dimagerie-cve-2026-90040-2026-03-09"
    assert imaging.cves == ("CVE-2026-90040",)
    assert imaging.cvss == 9.8
    assert imaging.tlp is Tlp.CLEAR
    assert imaging.kind is AdvisoryKind.BULLETIN
    assert "alert(1)" not in imaging.summary
    assert pump.title == "pompe a perfusion cve 2026 90041 2026 03 10"
    assert pump.url == (
        "https://cyberveille.esante.gouv.fr/alertes/pompe-a-perfusion-cve-2026-90041-2026-03-10"
    )
    assert pump.published_at == datetime(2026, 3, 10, tzinfo=UTC)
    assert campaign.kind is AdvisoryKind.ACTUALITE
    assert campaign.published_at == NOW
    assert error.item == "item 4"


def test_an_undated_item_is_no_revision_the_next_day() -> None:
    body = (DATA / "certsante" / "rss.xml").read_bytes()
    later = NOW.replace(day=16)
    one, two = (
        split(certsante.parse(Document("certsante", "u", body, day)))[0] for day in (NOW, later)
    )
    assert [a.digest() for a in one] == [a.digest() for a in two]


def test_plain_text_of_a_page() -> None:
    assert plain("<p>Un&nbsp;&amp; deux</p><br><style>x</style><b>trois</b>") == "Un & deux\ntrois"


def test_cves_are_capitals_and_unique() -> None:
    assert cves_in("cve-2026-90001 CVE-2026-90001", "x CVE-2025-1234y") == ("CVE-2026-90001",)


def test_an_empty_feed_is_a_failure() -> None:
    for read in (certfr.parse, certsante.parse):
        [error] = read(Document("s", "u", b"", NOW))
        assert isinstance(error, MalformedDocumentError)


def test_a_feed_too_long_for_its_parser_is_refused() -> None:
    [error] = certfr.parse(Document("s", "u", b"<rss>" + b" " * 5_000_000, NOW))
    assert isinstance(error, MalformedDocumentError)
    assert "more than 4 MiB" in error.reason
