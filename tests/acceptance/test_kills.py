"""A dozen killed senders, on both engines; ``make soak`` kills hundreds."""

from __future__ import annotations

from pathlib import Path

from bot.store import Database
from bot.store.migrate import upgrade
from tests.servers.smtp import Relay
from tests.soak.kills import kill_senders


async def test_a_killed_sender_loses_nothing_on_sqlite(tmp_path: Path, relay: Relay) -> None:
    database = Database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    upgrade(database)
    await kill_senders(database, relay, senders=1, kills=6, seed=1)
    await database.close()


async def test_killed_senders_lose_nothing_on_postgresql(postgresql_url: str, relay: Relay) -> None:
    database = Database(postgresql_url)
    upgrade(database)
    await kill_senders(database, relay, senders=4, kills=6, seed=2)
    await database.close()
