"""Two real processes of ``tocsin run --roles dispatch`` on one PostgreSQL: one message each."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from bot.domain.clock import system_clock
from bot.domain.delivery import Address, DeliveryKind, DeliveryState, NewDelivery
from bot.domain.message import ChannelName, Message
from bot.store import Database, outbox
from bot.store.migrate import upgrade
from tests.conftest import ROOT
from tests.servers.smtp import Relay
from tests.servers.waiting import eventually

MANY = 300
WORKERS = 2


def written(number: int) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.ALERT,
        subject_id=uuid.uuid4(),
        subject="ALR-2026-0001",
        to=Address.mailbox(f"ssi@f{number:05}.example"),
        message=Message("objet", "corps"),
        trace_id="t",
    )


@asynccontextmanager
async def worker(url: str, relay: Relay, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that dispatches until the end of the block."""
    environ = {
        **os.environ,
        "TOCSIN_DATABASE_URL": url,
        "TOCSIN_DATA_DIR": str(folder),
        "TOCSIN_EMAIL__HOST": "127.0.0.1",
        "TOCSIN_EMAIL__PORT": str(relay.port),
        "TOCSIN_EMAIL__SECURITY": "plain",
        "TOCSIN_EMAIL__SENDER": "tocsin@sante.example",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--roles", "dispatch"),
        cwd=ROOT,
        env=environ,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(process: asyncio.subprocess.Process) -> list[dict[str, object]]:
    """Tell it to end, and return what it logged of its deliveries."""
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, said.decode()
    lines = [json.loads(line) for line in said.decode().splitlines()]
    return [line for line in lines if line["event"] == "delivery"]


def listeners(url: str) -> int:
    """How many processes wait to be woken by this database."""
    with psycopg.connect(url) as connection:
        ((count,),) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        ).fetchall()
    return int(count)


@pytest.mark.postgresql
async def test_two_workers_share_the_outbox_and_send_each_message_once(
    postgresql_url: str, relay: Relay, tmp_path: Path
) -> None:
    database = Database(postgresql_url)
    upgrade(database)
    async with (
        worker(postgresql_url, relay, tmp_path / "a") as one,
        worker(postgresql_url, relay, tmp_path / "b") as other,
    ):
        await eventually(lambda: listeners(postgresql_url) == WORKERS, within=60)
        await database.run(outbox.enqueue, map(written, range(MANY)), now=system_clock())
        await eventually(lambda: len(relay.envelopes) >= MANY, within=60)
        delivered = (ChannelName.EMAIL, DeliveryState.DELIVERED)
        await eventually(lambda: database.call(outbox.counts).get(delivered) == MANY)
        logs = [await ended(one), await ended(other)]
    assert all(logs), "one of them did nothing"
    assert Counter(line["outcome"] for log in logs for line in log) == {"delivered": MANY}
    copies = Counter(str(mail["Message-ID"]) for mail in relay.mails)
    assert len(copies) == MANY
    assert set(copies.values()) == {1}
    await database.close()
