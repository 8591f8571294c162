"""CERT-FR read over HTTP: announcements, re-reads, holes, and what the site may do wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from feeds.advisory import Advisory, Tlp
from feeds.certfr.source import CertFr, closing_day
from feeds.config import SourceConfig
from feeds.errors import MalformedDocumentError, NumberingGapError, SourceUnavailableError
from feeds.http import Access
from feeds.limits import Limits
from feeds.source import Cursor
from tests.servers.certfr import Site, certfr_site

MONDAY = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
LOOPBACK = ("127.0.0.0/8", "::1/128")


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    """A CERT-FR on the loopback."""
    async with certfr_site() as running:
        yield running


class Reader:
    """A pipeline in small: reads, keeps the cursor, and what was read last."""

    def __init__(self, site: Site, limits: Limits | None = None) -> None:
        access = Access(limits or Limits(), allowed_networks=LOOPBACK)
        self.config = SourceConfig("certfr", "certfr", site.url, tlp=Tlp.CLEAR, access=access)
        self.site = site
        self.cursor: Cursor = {}
        self.errors: list[MalformedDocumentError] = []
        self.documents = 0

    async def read(self, now: datetime = MONDAY) -> list[Advisory]:
        """Read the source once; the cursor goes through JSON as it does in the store."""
        self.site.asked.clear()
        self.errors = []
        self.documents = 0
        advisories = []
        source = CertFr(self.config, lambda: now)
        async for document in source.fetch(self.cursor):
            self.documents += 1
            for result in source.parse(document):
                if isinstance(result, Advisory):
                    advisories.append(result)
                else:
                    self.errors.append(result)
            if document.cursor is not None:
                self.cursor = json.loads(json.dumps(document.cursor))
        return advisories


def names(advisories: list[Advisory]) -> list[str]:
    """Their references, an excerpt marked by a star."""
    return [a.reference + "*" * a.excerpt for a in advisories]


async def test_the_rss_announces_and_the_json_says(site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301", title="Un")
    site.publish("CERTFR-2026-ALE-002", title="Deux")
    site.publish("CERTFR-2026-CTI-001", title="Trois")
    site.without_json.add("CERTFR-2026-CTI-001")
    reader = Reader(site)
    assert names(await reader.read()) == [
        "CERTFR-2026-ALE-002",
        "CERTFR-2026-AVI-0301",
        "CERTFR-2026-CTI-001*",
    ]
    assert not reader.errors


async def test_a_second_reading_asks_for_the_feeds_alone(site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    reader = Reader(site)
    await reader.read()
    assert await reader.read() == []
    assert {status for _, status in site.asked} == {304}
    assert len(site.asked) == 6
    assert reader.documents == 0  # nothing to store, not even a cursor


async def test_only_what_changed_is_read_again(site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    site.publish("CERTFR-2026-AVI-0302")
    reader = Reader(site)
    await reader.read()
    site.publish("CERTFR-2026-AVI-0301", title="[MàJ] Titre", summary="Autre résumé.")
    assert names(await reader.read()) == ["CERTFR-2026-AVI-0301"]


async def test_revisions_the_rss_does_not_tell_are_found_the_next_day(site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    reader = Reader(site)
    await reader.read()
    site.bulletins["CERTFR-2026-AVI-0301"]["risks"] = [{"description": "Déni de service"}]
    assert await reader.read(MONDAY + timedelta(hours=23)) == []
    [revised] = await reader.read(MONDAY + timedelta(hours=24))
    assert revised.risks == ("Déni de service",)


async def test_a_hole_in_the_numbers_is_looked_for_and_told_once(site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    site.publish("CERTFR-2026-AVI-0304")
    site.publish("CERTFR-2026-AVI-0302", listed=False)  # fell out of the RSS
    reader = Reader(site)
    assert "CERTFR-2026-AVI-0302" in names(await reader.read())
    [gap] = reader.errors
    assert isinstance(gap, NumberingGapError)
    assert gap.item == "CERTFR-2026-AVI-0303"
    await reader.read(MONDAY + timedelta(hours=1))
    assert not reader.errors
    site.publish("CERTFR-2026-AVI-0303", listed=False)
    assert names(await reader.read(MONDAY + timedelta(hours=2))) == ["CERTFR-2026-AVI-0303"]
    assert reader.cursor["missing"] == {}


async def test_after_a_long_silence_every_number_is_read(site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0001")
    reader = Reader(site)
    await reader.read()
    for number in range(2, 60):
        site.publish(f"CERTFR-2026-AVI-{number:04d}", listed=number > 19)
    read = await reader.read(MONDAY + timedelta(days=60))
    assert len(read) == 58
    assert not reader.errors


async def test_a_new_year_begins_at_one(site: Site) -> None:
    site.publish("CERTFR-2025-AVI-1142")
    reader = Reader(site)
    await reader.read()
    site.publish("CERTFR-2026-AVI-0002")
    await reader.read(MONDAY + timedelta(hours=1))
    assert [error.item for error in reader.errors] == ["CERTFR-2026-AVI-0001"]


async def test_more_than_the_cap_is_read_the_next_time(site: Site) -> None:
    for number in range(1, 8):
        site.publish(f"CERTFR-2026-AVI-{number:04d}")
    reader = Reader(site, Limits(requests=5))
    first = await reader.read()
    second = await reader.read(MONDAY + timedelta(minutes=15))
    assert [a.reference for a in first if not a.excerpt] == [
        f"CERTFR-2026-AVI-{number:04d}" for number in range(1, 6)
    ]
    assert [a.reference for a in second if not a.excerpt] == [
        "CERTFR-2026-AVI-0006",
        "CERTFR-2026-AVI-0007",
    ]


async def test_a_json_that_fails_leaves_an_excerpt_and_is_asked_again(site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    site.publish("CERTFR-2026-AVI-0302")
    site.broken["/avis/CERTFR-2026-AVI-0301/json/"] = 500
    reader = Reader(site)
    assert names(await reader.read()) == ["CERTFR-2026-AVI-0302", "CERTFR-2026-AVI-0301*"]
    assert [error.item for error in reader.errors] == ["CERTFR-2026-AVI-0301"]
    site.broken.clear()
    assert names(await reader.read()) == ["CERTFR-2026-AVI-0301"]


async def test_a_bulletin_with_a_missing_key_leaves_an_excerpt(site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    del site.bulletins["CERTFR-2026-AVI-0301"]["revisions"]
    reader = Reader(site)
    assert names(await reader.read()) == ["CERTFR-2026-AVI-0301*"]
    [error] = reader.errors
    assert "key 'revisions' is missing" in str(error)


async def test_a_site_that_falls_down_is_left_alone(site: Site) -> None:
    for number in range(1, 9):
        site.publish(f"CERTFR-2026-AVI-{number:04d}")
        site.broken[f"/avis/CERTFR-2026-AVI-{number:04d}/json/"] = 503
    reader = Reader(site)
    await reader.read()
    assert sum("/json/" in path for path, _ in site.asked) == 3


async def test_one_feed_down_hides_no_other_and_all_down_raises(site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    site.broken["/cti/feed/"] = 500
    reader = Reader(site)
    assert names(await reader.read()) == ["CERTFR-2026-AVI-0301"]
    [error] = reader.errors
    assert "/cti/feed/: answered 500" in str(error)
    for section in ("avis", "alerte", "actualite", "ioc", "dur"):
        site.broken[f"/{section}/feed/"] = 500
    with pytest.raises(SourceUnavailableError):
        await reader.read()


async def test_an_alerte_is_closed_on_its_page(site: Site) -> None:
    site.publish("CERTFR-2026-ALE-002")
    reader = Reader(site)
    [still_open] = await reader.read()
    assert still_open.closed_at is None
    site.pages["CERTFR-2026-ALE-002"] = "<b>Clôturée le 02 avril 2026</b>"
    [closed] = await reader.read(MONDAY + timedelta(days=25))
    assert closed.closed_at == datetime(2026, 4, 2, tzinfo=UTC)
    assert closed.digest() != still_open.digest()


@pytest.mark.parametrize(
    ("page", "day"),
    [
        ("<p>Clôturée le\n <b>1er août 2026</b></p>", datetime(2026, 8, 1, tzinfo=UTC)),
        ("alerte cloturee le 12/09/2026", datetime(2026, 9, 12, tzinfo=UTC)),
        ("Clôturé le 30 février 2026", None),
        ("Clôturée le 3 brumaire 2026", None),
        ("Alerte en cours", None),
    ],
)
def test_closing_day(page: str, day: datetime | None) -> None:
    assert closing_day(page) == day
