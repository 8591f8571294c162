"""No alert is lost, however often and whenever senders are killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store import Database
from bot.store.migrate import upgrade
from tests.servers.smtp import Relay
from tests.soak.kills import kill_senders

KILLS = int(os.environ.get("TOCSIN_SOAK_KILLS", "300"))
SEED = int(os.environ.get("TOCSIN_SOAK_SEED", "20180712"))
SENDERS = {"sqlite": 1, "postgresql": 4}


@pytest.fixture(params=list(SENDERS))
def engine(request: pytest.FixtureRequest) -> str:
    """The database engine; SQLite serves one process."""
    return str(request.param)


@pytest.fixture
def database(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of that engine."""
    url = (
        f"sqlite:///{tmp_path / 'tocsin.db'}"
        if engine == "sqlite"
        else request.getfixturevalue("postgresql_url")
    )
    made = Database(url)
    upgrade(made)
    yield made
    made.dispose()


async def test_killed_senders_lose_nothing(engine: str, database: Database, relay: Relay) -> None:
    toll = await kill_senders(database, relay, senders=SENDERS[engine], kills=KILLS, seed=SEED)
    print(
        f"{engine}: {toll.kills} kills, {toll.alerts} alerts, none lost, each recorded once;"
        f" {toll.interrupted} interrupted, {toll.copies} physical copies beyond the first;"
        f" {toll.seconds:.0f} s"
    )
