"""The main job on PostgreSQL, with two processes' worth of engines at work on the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import Application
from bot.domain.routing import Rhythm
from bot.jobs import Job, Jobs
from bot.settings import Settings
from bot.store import advisories
from bot.store.migrate import upgrade
from tests.acceptance.conftest import SteppingClock, Town
from tests.acceptance.test_main_job import DAY, bulletin


@pytest.fixture
def shared_town(postgresql_url: str, tmp_path: Path) -> Iterator[Town]:
    """A world in a PostgreSQL database."""
    clock = SteppingClock()
    settings = Settings(data_dir=tmp_path, database_url=postgresql_url)
    application = Application(settings, clock=clock)
    upgrade(application.database)
    yield Town(application, clock)
    application.database.dispose()


async def test_from_a_bulletin_to_the_outbox_and_to_the_digest(shared_town: Town) -> None:
    hospital = shared_town.facility()
    shared_town.has(hospital, ("fw-01", "FortiOS", "7.2.8"), ("fw-02", "FortiOS", ""))
    shared_town.told(hospital, "!salon:example.org", rhythm=Rhythm.IMMEDIATE)
    shared_town.told(hospital, "!direction:example.org", rhythm=Rhythm.DAILY)
    await shared_town.publish(bulletin(shared_town, "FortiOS versions 7.2.x antérieures à 7.2.12"))
    assert [row.address for row in shared_town.deliveries()] == ["!salon:example.org"]
    shared_town.clock.now += 2 * DAY
    await shared_town.application.write_periodic()
    kinds = sorted((row.kind, row.address) for row in shared_town.deliveries())
    assert ("digest", "!direction:example.org") in kinds


async def test_two_processes_that_match_at_once_raise_one_alert(shared_town: Town) -> None:
    hospital = shared_town.facility()
    shared_town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    shared_town.told(hospital, "!salon:example.org", rhythm=Rhythm.IMMEDIATE)
    await shared_town.application.match()
    application = shared_town.application
    new = bulletin(shared_town, "FortiOS versions 7.2.x antérieures à 7.2.12")
    now = shared_town.clock()
    application.database.call(advisories.store, [new], trace_id="trace", now=now)
    jobs = [
        Jobs(application.database).once(Job("match", DAY, application.engine().run, leased=True))
        for _ in range(2)
    ]
    assert sorted(await asyncio.gather(*jobs)) in ([False, True], [True, True])
    assert len(shared_town.deliveries()) == 1
