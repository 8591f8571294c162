"""Rooms for an incident: private, opened once for a key, however often they are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.channels.base import Rooms, UncertainDeliveryError
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.rooms import MatrixRooms
from bot.channels.matrix.session import MatrixSession
from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.channels.slack.rooms import SlackRooms
from bot.domain.message import Message
from tests.servers.matrix import Reader, reading
from tests.servers.slack import Fault, SlackDouble
from tests.servers.slack_workspace import BOT_TOKEN, BOT_USER
from tests.servers.synapse import Homeserver
from tests.servers.waiting import eventually

NAME, TOPIC = "INC-2026-0007", "Incident déclaré"
SUMMARY = Message("Incident", "Rançongiciel aux urgences")


@dataclass(slots=True)
class OnMatrix:
    """A bot that may open rooms, and somebody to ask in."""

    channel: MatrixChannel
    rooms: Rooms
    rssi: Reader
    homeserver: Homeserver


@pytest.fixture
async def matrix(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[OnMatrix]:
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    session = MatrixSession(
        MatrixOptions(homeserver.url, bot.user_id, tmp_path / "bot", "clef", password=bot.password)
    )
    async with reading(homeserver, rssi, tmp_path / "rssi") as reader:
        channel = MatrixChannel(session)
        yield OnMatrix(channel, MatrixRooms(session), reader, homeserver)
        await channel.close()


@pytest.mark.synapse
async def test_a_matrix_room_is_encrypted_and_opened_once(matrix: OnMatrix) -> None:
    user = matrix.rssi.account.user_id
    first = await matrix.rooms.open_room(NAME, topic=TOPIC, invited=[user], key="k1")
    again = await matrix.rooms.open_room(NAME, topic=TOPIC, invited=[user], key="k1")
    other = await matrix.rooms.open_room(NAME, topic=TOPIC, invited=[user], key="k2")
    assert first == again
    assert first.address != other.address
    assert first.refused == ()
    await matrix.rssi.client.join(first.address)
    joined = matrix.channel.session.client.rooms[first.address]
    await eventually(lambda: user in joined.users and user not in joined.invited_users)
    receipt = await matrix.channel.send(first.address, SUMMARY, key="m1")
    for _ in range(2):
        await matrix.rooms.pin(first.address, receipt)
    assert await matrix.rssi.read(1) == [SUMMARY.text]
    stored = matrix.homeserver.events(first.address, token=matrix.rssi.account.token)
    assert "urgences" not in str(stored)
    pinned = [e for e in stored if e["type"] == "m.room.pinned_events"]
    assert [e["content"]["pinned"] for e in pinned] == [[receipt]]


@pytest.mark.synapse
async def test_somebody_who_cannot_be_asked_in_stops_nothing(matrix: OnMatrix) -> None:
    user = matrix.rssi.account.user_id
    opened = await matrix.rooms.open_room(
        NAME, topic=TOPIC, invited=["pas un compte", user], key="k1"
    )
    assert opened.refused == ("pas un compte",)
    await eventually(lambda: opened.address in matrix.rssi.client.invited_rooms)


@pytest.fixture
async def slack(slack_double: SlackDouble) -> AsyncIterator[SlackChannel]:
    channel = SlackChannel(SlackOptions(token=BOT_TOKEN, base_url=slack_double.api_url))
    yield channel
    await channel.close()


async def test_a_slack_channel_is_private_and_opened_once(
    slack: SlackChannel, slack_double: SlackDouble
) -> None:
    rooms: Rooms = SlackRooms(slack)
    slack_double.faults["conversations.create"].append(Fault(status=502, keep=True))
    with pytest.raises(UncertainDeliveryError):
        await rooms.open_room(NAME, topic=TOPIC, invited=[], key="k1")
    opened = await rooms.open_room(NAME, topic=TOPIC, invited=["U0RSSI", "inconnu"], key="k1")
    again = await rooms.open_room(NAME, topic=TOPIC, invited=["U0RSSI"], key="k1")
    assert opened.address == again.address
    assert opened.refused == ("inconnu",)
    assert slack_double.members == {opened.address: {BOT_USER, "U0RSSI"}}
    receipt = await slack.send(opened.address, SUMMARY, key="m1")
    for _ in range(2):
        await rooms.pin(opened.address, receipt)
    assert slack_double.pins == [(opened.address, receipt)]
