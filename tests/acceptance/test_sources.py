"""Publishers over real HTTP into the store: what is kept, what is told, where it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from bot.pipeline.ingest import IngestReport, ingest
from bot.store import advisories, sources
from bot.store.advisories import Intake
from bot.store.sources import SourceHealth
from feeds.advisory import Advisory, Tlp
from feeds.config import SourceConfig
from feeds.http import Access
from feeds.registry import make_source
from tests.acceptance.conftest import Town
from tests.servers.certfr import Site, certfr_site


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    """A CERT-FR on the loopback."""
    async with certfr_site() as running:
        yield running


async def read(town: Town, site: Site) -> IngestReport:
    """Read CERT-FR once, as a scheduled job does."""
    access = Access(allowed_networks=("127.0.0.0/8", "::1/128"))
    config = SourceConfig("certfr", "certfr", site.url, tlp=Tlp.CLEAR, access=access)
    source = make_source(config, town.clock)
    return await ingest(town.application.database, source, clock=town.clock)


def stored(town: Town, reference: str) -> Advisory:
    """The current text of an advisory."""
    found = town.application.database.call(advisories.by_reference, reference)
    assert found is not None
    return found.advisory


def health(town: Town) -> SourceHealth:
    """How CERT-FR has been."""
    (row,) = town.application.database.call(sources.health)
    return row


async def test_reading_again_changes_nothing(town: Town, site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    site.publish("CERTFR-2026-ALE-002")
    assert (await read(town, site)).intake == Intake(new=2)
    site.asked.clear()
    assert (await read(town, site)).intake == Intake()
    assert {status for _, status in site.asked} == {304}


async def test_a_revision_without_a_new_date_is_kept(town: Town, site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    await read(town, site)
    site.bulletins["CERTFR-2026-AVI-0301"]["summary"] = "Le périmètre a changé."
    town.clock.now += timedelta(days=1)
    assert (await read(town, site)).intake == Intake(revised=1)
    assert stored(town, "CERTFR-2026-AVI-0301").summary == "Le périmètre a changé."


async def test_an_excerpt_never_replaces_the_whole_text(town: Town, site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301", content="Le texte entier.")
    await read(town, site)
    site.publish("CERTFR-2026-AVI-0301", summary="Mise à jour.", content="Le texte revu.")
    site.broken["/avis/CERTFR-2026-AVI-0301/json/"] = 500
    report = await read(town, site)
    assert report.intake.revised == 0
    assert len(report.unreadable) == 1
    assert stored(town, "CERTFR-2026-AVI-0301").content == "Le texte entier."
    site.broken.clear()
    await read(town, site)
    assert stored(town, "CERTFR-2026-AVI-0301").content == "Le texte revu."


async def test_a_missing_number_reaches_the_operator(town: Town, site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    site.publish("CERTFR-2026-AVI-0303")
    report = await read(town, site)
    assert [problem.item for problem in report.unreadable] == ["CERTFR-2026-AVI-0302"]
    assert health(town).unreadable == 1


async def test_a_site_that_is_down_is_unhealthy_until_it_is_back(town: Town, site: Site) -> None:
    site.publish("CERTFR-2026-AVI-0301")
    for section in ("avis", "alerte", "actualite", "cti", "ioc", "dur"):
        site.broken[f"/{section}/feed/"] = 503
    report = await read(town, site)
    assert "answered 503" in report.error
    assert health(town).failures == 1
    site.broken.clear()
    assert (await read(town, site)).intake == Intake(new=1)
    assert health(town).failures == 0
