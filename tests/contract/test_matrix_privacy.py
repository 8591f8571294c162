"""From AMBER on, nothing leaves for a room that its homeserver does not call encrypted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.base import NotConfidentialError, TransientDeliveryError
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.privacy import RoomPrivacy
from bot.channels.matrix.session import MatrixSession
from bot.domain.message import Message
from feeds.advisory import Tlp
from tests.servers.matrix import ENCRYPTION, Reader, reading
from tests.servers.synapse import Homeserver
from tests.servers.waiting import eventually

pytestmark = pytest.mark.synapse

AMBER = Message("Alerte", "srv-vpn-01 est concerné", marking=Tlp.AMBER)
GREEN = replace(AMBER, text="4 équipements", marking=Tlp.GREEN)


@asynccontextmanager
async def meeting(
    homeserver: Homeserver, folder: Path, *, encrypted: bool
) -> AsyncIterator[tuple[MatrixChannel, Reader, str]]:
    """A bot whose memory of rooms is short, an RSSI, and the room they share."""
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    session = MatrixSession(
        MatrixOptions(
            homeserver=homeserver.url,
            user_id=bot.user_id,
            store=folder / "bot",
            pickle_key="clef du coffre",
            password=bot.password,
        )
    )
    channel = MatrixChannel(session)
    channel.privacy = RoomPrivacy(session, believed=timedelta())
    async with reading(homeserver, rssi, folder / "rssi") as reader:
        room = await reader.create_room(bot.user_id, encrypted=encrypted)
        homeserver.call("POST", f"/_matrix/client/v3/join/{room}", {}, token=bot.token)
        try:
            yield channel, reader, room
        finally:
            await channel.close()


async def test_a_plain_room_gets_green_and_never_amber(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    async with meeting(homeserver, tmp_path, encrypted=False) as (channel, reader, room):
        with pytest.raises(NotConfidentialError):
            await channel.send(room, AMBER, key="amber-1")
        await channel.send(room, GREEN, key="green-1")
        assert await reader.read(1) == ["4 équipements"]


async def test_a_room_that_becomes_encrypted_gets_amber_once_we_encrypt_too(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    async with meeting(homeserver, tmp_path, encrypted=False) as (channel, reader, room):
        await channel.send(room, GREEN, key="green-1")
        await reader.client.room_put_state(room, "m.room.encryption", ENCRYPTION["content"])
        sent = False
        while not sent:
            try:
                await channel.send(room, AMBER, key="amber-1")
                sent = True
            except TransientDeliveryError:
                await eventually(lambda: channel.session.client.rooms[room].encrypted)
        assert await reader.read(2) == ["4 équipements", "srv-vpn-01 est concerné"]
        encrypted = [event for event in reader.messages if event.decrypted]
        assert [event.body for event in encrypted] == ["srv-vpn-01 est concerné"]


async def test_an_encryption_that_the_server_no_longer_tells_is_not_believed(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    async with meeting(homeserver, tmp_path, encrypted=True) as (channel, reader, room):
        await channel.send(room, AMBER, key="amber-1")
        await reader.client.room_put_state(room, "m.room.encryption", {"algorithm": "none"})
        with pytest.raises(NotConfidentialError):
            await channel.send(room, AMBER, key="amber-2")
        assert channel.session.client.rooms[room].encrypted


async def test_an_answer_is_believed_for_a_while(homeserver: Homeserver, tmp_path: Path) -> None:
    async with meeting(homeserver, tmp_path, encrypted=True) as (channel, reader, room):
        channel.privacy = RoomPrivacy(channel.session, believed=timedelta(hours=1))
        await channel.send(room, AMBER, key="amber-1")
        await reader.client.room_put_state(room, "m.room.encryption", {"algorithm": "none"})
        await channel.send(room, AMBER, key="amber-2")  # still encrypted by this device
        assert await reader.read(2) == ["srv-vpn-01 est concerné"] * 2
        assert all(event.decrypted for event in reader.from_others)
