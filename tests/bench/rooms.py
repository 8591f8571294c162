"""Durable deliveries to two hundred Matrix rooms, half of them encrypted, against matrix-nio.

One account each in the same rooms of one Synapse, each as many requests at once. Every room
has had a message of both beforehand: its keys are shared.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from nio.client.async_client import AsyncClient, AsyncClientConfig

from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.session import MatrixSession
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.message import ChannelName, Message
from bot.pipeline.dispatch import AT_ONCE, Dispatcher
from bot.store import Database, outbox
from bot.store.migrate import upgrade
from feeds.advisory import Tlp
from tests.bench.child import in_child
from tests.bench.figures import Figure
from tests.servers.matrix import ENCRYPTION
from tests.servers.postgresql import DURABLE, running_cluster
from tests.servers.synapse import Account, Homeserver, running_homeserver

ROOMS = 200
EACH = 3  # messages to each room that are measured
TEXT = "À faire : mettre à jour. " * 20


def messages() -> Iterator[Figure]:
    """Half of nio's before, all of Tocsin's, half of nio's after."""
    with (
        running_homeserver() as homeserver,
        running_cluster(DURABLE) as cluster,
        cluster.database() as url,
        TemporaryDirectory(prefix="tocsin-bench-") as folder,
    ):
        upgrade(Database(url))
        plain, bot = homeserver.register("plain"), homeserver.register("tocsin")
        rooms = _rooms(homeserver, [plain, bot])
        nio_seconds, durable_seconds = in_child(
            both, homeserver.url, url, Path(folder), plain, bot, rooms
        )
        count = ROOMS * EACH
        rate, baseline = count / durable_seconds, count / nio_seconds
        yield Figure(
            "delivery.matrix", rate, "messages/s", "matrix-nio alone", baseline, rate / baseline
        )


def _rooms(homeserver: Homeserver, members: Sequence[Account]) -> list[str]:
    """Rooms that somebody made, and that the accounts have joined."""
    host = homeserver.register("rssi")
    made = []
    for number in range(ROOMS):
        asked = {
            "preset": "private_chat",
            "invite": [member.user_id for member in members],
            "initial_state": [ENCRYPTION] if number % 2 else [],
        }
        path = "/_matrix/client/v3/createRoom"
        room = homeserver.call("POST", path, asked, token=host.token)["room_id"]
        for member in members:
            homeserver.call("POST", f"/_matrix/client/v3/join/{room}", {}, token=member.token)
        made.append(str(room))
    return made


async def both(
    homeserver: str, url: str, folder: Path, plain: Account, bot: Account, rooms: list[str]
) -> tuple[float, float]:
    """Seconds that nio alone takes, and seconds that Tocsin takes."""
    options = MatrixOptions(
        homeserver=homeserver,
        user_id=bot.user_id,
        store=folder / "bot",
        pickle_key="clef du coffre",
        password=bot.password,
    )
    channel = MatrixChannel(MatrixSession(options))
    database = Database(url)
    async with _nio(homeserver, plain, folder / "plain") as client:
        await channel.session.start()
        await _post(client, rooms, 1)
        await _deliver(database, channel, rooms, range(1))
        before = await _post(client, rooms, EACH - EACH // 2)
        durable = await _deliver(database, channel, rooms, range(1, 1 + EACH))
        after = await _post(client, rooms, EACH // 2)
    await channel.close()
    await database.close()
    return before + after, durable


@asynccontextmanager
async def _nio(homeserver: str, account: Account, store: Path) -> AsyncIterator[AsyncClient]:
    """A client that does what its documentation says, and nothing more."""
    await asyncio.to_thread(store.mkdir, parents=True, exist_ok=True)
    config = AsyncClientConfig(pickle_key="essai")
    client = AsyncClient(homeserver, account.user_id, store_path=str(store), config=config)
    await client.login(account.password)
    await client.sync(full_state=True)
    if client.should_upload_keys:
        await client.keys_upload()
    if client.should_query_keys:
        await client.keys_query()
    try:
        yield client
    finally:
        await client.close()  # type: ignore[no-untyped-call]


async def _post(client: AsyncClient, rooms: Sequence[str], each: int) -> float:
    slots = asyncio.Semaphore(AT_ONCE)

    async def post(room: str) -> None:
        async with slots:
            content = {"msgtype": "m.text", "body": TEXT}
            sent = await client.room_send(
                room, "m.room.message", content, ignore_unverified_devices=True
            )
            if not hasattr(sent, "event_id"):
                raise AssertionError(f"nio could not send: {sent}")

    start = time.perf_counter()
    await asyncio.gather(*(post(room) for _ in range(each) for room in rooms))
    return time.perf_counter() - start


async def _deliver(
    database: Database, channel: MatrixChannel, rooms: Sequence[str], numbers: range
) -> float:
    written = [
        NewDelivery(
            kind=DeliveryKind.ALERT,
            subject_id=uuid.uuid5(uuid.NAMESPACE_URL, f"{room} {number}"),
            subject="ALR-2026-0001",
            to=Address(ChannelName.MATRIX, room),
            message=Message("Alerte", TEXT, marking=Tlp.GREEN),
            trace_id="bench",
        )
        for number in numbers
        for room in rooms
    ]
    await database.run(outbox.enqueue, written, now=datetime.now(UTC))
    dispatcher = Dispatcher(
        database, {ChannelName.MATRIX: channel}, clock=lambda: datetime.now(UTC)
    )
    start = time.perf_counter()
    report = await dispatcher.run()
    seconds = time.perf_counter() - start
    if report.delivered != len(written):
        raise AssertionError(f"{report} of {len(written)}")
    return seconds
