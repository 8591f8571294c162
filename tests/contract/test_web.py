"""``/healthz`` and ``/metrics`` as a supervisor reads them: over HTTP, by its own parser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.delivery import DeliveryState
from bot.domain.health import (
    ChannelQueue,
    Finding,
    HealthReport,
    Problem,
    Snapshot,
    SourceState,
)
from bot.domain.message import ChannelName
from bot.settings import ConfigurationError
from bot.web.health import KEPT, HealthPages
from bot.web.server import serve_pages
from tests.servers.pages import served
from tests.servers.process import free_port

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
QUEUE = ChannelQueue(
    ChannelName.EMAIL,
    ((DeliveryState.DUE, 3), (DeliveryState.DELIVERED, 12)),
    waiting_since=NOW - timedelta(minutes=2),
    refusals=4,
)
SNAPSHOT = Snapshot(
    NOW,
    (
        SourceState("certfr", timedelta(minutes=15), NOW, NOW, 0, "", 7),
        SourceState("kev", timedelta(hours=1)),
    ),
    queues=(QUEUE,),
    chats=(
        SourceState("matrix", timedelta(seconds=30), NOW, NOW),
        SourceState("slack", timedelta(seconds=30), NOW, None, 2, "the socket is closed"),
    ),
    certificate_ends=NOW + timedelta(days=9),
)
WELL = HealthReport(NOW, (), SNAPSHOT)
ILL = HealthReport(
    NOW,
    (Finding(Problem.CHANNEL_REFUSING, "email", NOW, 4, ChannelName.EMAIL, "451 from 10.1.2.3"),),
    SNAPSHOT,
)


@dataclass
class Observed:
    """What the pages are given to say."""

    report: HealthReport = WELL
    now: datetime = NOW
    asked: int = 0
    url: str = field(default="")

    async def __call__(self) -> HealthReport:
        self.asked += 1
        return self.report


@pytest.fixture
async def observed() -> AsyncIterator[Observed]:
    """Pages that say what the test wants, on a port of the loopback."""
    made = Observed()
    port = free_port()
    pages = HealthPages(made, clock=lambda: made.now)
    made.url = f"http://127.0.0.1:{port}"
    async with served(pages.routes(), port):
        yield made


async def fetched(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_healthz_says_well_and_ill(observed: Observed) -> None:
    status, text = await fetched(f"{observed.url}/healthz")
    assert (status, '"ok": true' in text) == (200, True)
    observed.report, observed.now = ILL, NOW + KEPT
    status, text = await fetched(f"{observed.url}/healthz")
    assert (status, '"channel-refusing"' in text) == (503, True)
    assert "10.1.2.3" not in text
    assert json.loads(text)["last_sync"] == {"matrix": NOW.isoformat(), "slack": None}


async def test_prometheus_reads_the_metrics(observed: Observed) -> None:
    observed.report = ILL
    status, text = await fetched(f"{observed.url}/metrics")
    assert status == 200
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["tocsin_deliveries", "due", "email"] == 3
    assert samples["tocsin_deliveries", "dead", "email"] == 0
    assert samples["tocsin_queue_age_seconds", "email"] == 120
    assert samples["tocsin_channel_refusals", "email"] == 4
    assert samples["tocsin_source_unreadable_items", "certfr"] == 7
    assert samples["tocsin_source_last_success_timestamp_seconds", "certfr"] == NOW.timestamp()
    assert ("tocsin_source_last_success_timestamp_seconds", "kev") not in samples
    assert samples["tocsin_chat_last_sync_timestamp_seconds", "matrix"] == NOW.timestamp()
    assert ("tocsin_chat_last_sync_timestamp_seconds", "slack") not in samples
    assert samples["tocsin_chat_failures", "slack"] == 2
    assert samples["tocsin_problems", "channel-refusing"] == 1
    assert samples["tocsin_problems", "queue-old"] == 0
    assert samples["tocsin_certificate_expiry_timestamp_seconds",] > NOW.timestamp()


async def test_scrapers_that_insist_cost_one_observation(observed: Observed) -> None:
    await asyncio.gather(*(fetched(f"{observed.url}/metrics") for _ in range(20)))
    assert observed.asked == 1


async def test_without_a_database_the_pages_still_answer(observed: Observed) -> None:
    observed.report = HealthReport(NOW, (Finding(Problem.DATABASE, "database"),), None)
    assert (await fetched(f"{observed.url}/healthz"))[0] == 503
    status, text = await fetched(f"{observed.url}/metrics")
    assert status == 200
    assert 'tocsin_problems{problem="database"} 1.0' in text


async def test_an_address_in_use_is_said() -> None:
    port = free_port()
    async with served([], port):
        with pytest.raises(ConfigurationError, match="cannot be listened on"):
            await serve_pages([], "127.0.0.1", port)
