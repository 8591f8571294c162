"""People in Matrix rooms: a real client of their own, that reads and writes as they would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nio
from nio.client.async_client import AsyncClient, AsyncClientConfig

from tests.servers.synapse import Account, Homeserver
from tests.servers.waiting import eventually

ENCRYPTION = {
    "type": "m.room.encryption",
    "state_key": "",
    "content": {"algorithm": "m.megolm.v1.aes-sha2"},
}


@dataclass(slots=True)
class Reader:
    """Somebody's client: every event it could see, decrypted where it could be."""

    client: AsyncClient
    account: Account
    events: list[nio.Event] = field(default_factory=list)

    @property
    def messages(self) -> list[nio.RoomMessageFormatted]:
        """Texts and notices that could be read."""
        return [event for event in self.events if isinstance(event, nio.RoomMessageFormatted)]

    @property
    def unreadable(self) -> list[nio.Event]:
        """What stayed encrypted."""
        return [event for event in self.events if isinstance(event, nio.MegolmEvent)]

    async def create_room(self, *invited: str, encrypted: bool) -> str:
        """A private room; returns its id."""
        answer = await self.client.room_create(
            invite=list(invited), initial_state=[ENCRYPTION] if encrypted else []
        )
        return str(answer.room_id)

    async def invite(self, room: str, user: str) -> None:
        """Invite somebody."""
        await self.client.room_invite(room, user)

    async def say(self, room: str, text: str, *, thread: str = "") -> str:
        """Write in the room, once it is known; returns the event id."""
        await eventually(lambda: room in self.client.rooms)
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if thread:
            content["m.relates_to"] = {"rel_type": "m.thread", "event_id": thread}
        return await self._post(room, "m.room.message", content)

    async def react(self, room: str, event_id: str, emoji: str) -> str:
        """Tap a reaction."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": emoji}
        return await self._post(room, "m.reaction", {"m.relates_to": relation})

    async def read(self, count: int, *, within: float = 15) -> list[str]:
        """The bodies, once ``count`` messages of others could be read."""
        await eventually(lambda: len(self.from_others) >= count, within=within)
        return [message.body for message in self.from_others]

    async def saw(self, event_id: str) -> None:
        """Wait until an event came back in the room, and so everything before it."""
        await eventually(lambda: event_id in [event.event_id for event in self.events])

    @property
    def from_others(self) -> list[nio.RoomMessageFormatted]:
        """Messages that somebody else wrote."""
        return [event for event in self.messages if event.sender != self.account.user_id]

    async def _post(self, room: str, kind: str, content: dict[str, Any]) -> str:
        answer = await self.client.room_send(room, kind, content, ignore_unverified_devices=True)
        assert isinstance(answer, nio.RoomSendResponse), answer
        return str(answer.event_id)

    async def _hear(self, room: nio.MatrixRoom, event: nio.Event) -> None:
        self.events.append(event)


@asynccontextmanager
async def reading(homeserver: Homeserver, account: Account, store: Path) -> AsyncIterator[Reader]:
    """A client of ``account``, synchronising until the end of the block."""
    await asyncio.to_thread(store.mkdir, parents=True, exist_ok=True)
    config = AsyncClientConfig(pickle_key="essai", request_timeout=30)
    client = AsyncClient(homeserver.url, account.user_id, store_path=str(store), config=config)
    client.restore_login(account.user_id, account.device_id, account.token)
    reader = Reader(client, account)
    client.add_event_callback(reader._hear, nio.Event)
    task = asyncio.create_task(client.sync_forever(timeout=10_000, full_state=True))
    try:
        await asyncio.wait_for(client.synced.wait(), 15)
        yield reader
    finally:
        task.cancel()
        await asyncio.wait({task})
        await client.close()  # type: ignore[no-untyped-call]
        if client.store is not None:
            client.store.database.close()
