"""One team answers for its own part from a Matrix room and from a Slack channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nio
import pytest

from bot.app import peers
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.session import MatrixSession
from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.chat.matrix import MatrixChat, MatrixChatOptions
from bot.chat.slack import SlackChat, SlackChatOptions
from bot.domain.alert import AnswerKind
from bot.domain.delivery import Address
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.store import people
from feeds.advisory import Tlp
from tests.acceptance.conftest import Town
from tests.acceptance.hospital import ALERT, BIOMEDICAL, SERVER, Hospital, plain
from tests.servers.matrix import Reader, reading
from tests.servers.slack import SlackDouble
from tests.servers.slack_workspace import APP_TOKEN, BOT_TOKEN
from tests.servers.synapse import SERVER_NAME, Homeserver
from tests.servers.waiting import eventually

CHANNEL = Address(ChannelName.SLACK, "C0ALERTES")


def linked(town: Town, name: str, account: Address) -> None:
    """Give a person an account."""
    person = town.application.database.call(people.by_email, f"{name.casefold()}@ch.example")
    assert person is not None
    town.application.database.call(people.link, person.id, account, now=town.clock())


@dataclass
class Channel:
    """A Slack channel where an alert on servers and biomedical equipment was told."""

    world: Hospital
    double: SlackDouble

    @property
    def told(self) -> dict[str, Any]:
        return self.double.messages[0]

    def option(self, kind: str) -> str:
        """The value of the button or of the choice in the menu."""
        elements = [e for b in self.told["blocks"] for e in b.get("elements", ())]
        options = [o for e in elements for o in e.get("options", ())]
        values = [e["value"] for e in (*elements, *options) if "value" in e]
        return next(str(value) for value in values if value.endswith(f":{kind}"))


@pytest.fixture
async def channel(town: Town) -> AsyncIterator[Channel]:
    world = Hospital(town)
    hospital = world.opened()
    world.told(hospital, CHANNEL, ceiling=Tlp.AMBER)
    for name, role in (("Marc", Role.RSSI), ("Claire", Role.BIOMED)):
        world.person(name, role, hospital)
        linked(town, name, Address(ChannelName.SLACK, f"U0{name.upper()}"))
    async with SlackDouble() as double:
        slack = SlackChannel(SlackOptions(token=BOT_TOKEN, base_url=double.api_url))
        chat = SlackChat(slack, peers.desk(town.application), SlackChatOptions(app_token=APP_TOKEN))
        await chat.connect()
        await world.alerte()
        await town.application.dispatcher({ChannelName.SLACK: slack}).run()
        yield Channel(world, double)
        await chat.close()
        await slack.close()


async def test_a_button_answers_for_what_the_person_answers_for(channel: Channel) -> None:
    await channel.double.click(channel.told, channel.option("fixed"), user="U0CLAIRE")
    reply = (await channel.double.posted(2))[1]
    assert channel.world.states() == {SERVER: "open", BIOMEDICAL: "fixed"}
    assert "pour : équipements biomédicaux" in plain(reply["text"])
    assert "Reste : serveurs (sans réponse)" in plain(reply["text"])


async def test_a_modal_asks_which_part_and_the_thread_is_told(channel: Channel) -> None:
    await channel.double.click(channel.told, channel.option("lots"), user="U0MARC")
    await eventually(lambda: channel.double.view_history)
    form = channel.double.view_history[-1]
    inputs = [block for block in form["blocks"] if block["type"] == "input"]
    assert [block["block_id"] for block in inputs] == ["lot", "answer", "note"]
    offered = [option["value"] for option in inputs[0]["element"]["options"]]
    assert offered == ["server", "biomedical"]
    chosen = {"type": "radio_buttons", "selected_option": {"value": "biomedical"}}
    answer = {"type": "radio_buttons", "selected_option": {"value": "planned"}}
    note = {"type": "plain_text_input", "value": "12/12"}
    values: dict[str, dict[str, Any]] = {
        "lot": {"value": chosen},
        "answer": {"value": answer},
        "note": {"value": note},
    }
    await channel.double.submit(form["id"], values, user="U0MARC")
    reply = (await channel.double.posted(2))[1]
    assert reply["thread_ts"] == channel.told["ts"]
    assert "pour le 12/12/2026" in plain(reply["text"])
    assert channel.world.states() == {SERVER: "open", BIOMEDICAL: "planned"}


@dataclass
class Room:
    """An encrypted room where an alert on servers and biomedical equipment was told."""

    world: Hospital
    claire: Reader
    room: str

    @property
    def alert(self) -> nio.Event:
        return self.claire.from_others[0]


@pytest.fixture
async def room(town: Town, homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Room]:
    world = Hospital(town)
    hospital = world.opened()
    world.person("Marc", Role.RSSI, hospital)
    world.person("Claire", Role.BIOMED, hospital)
    bot, claire = homeserver.register("tocsin"), homeserver.register("claire")
    linked(town, "Claire", Address(ChannelName.MATRIX, claire.user_id))
    options = MatrixOptions(
        homeserver.url, bot.user_id, tmp_path / "bot", "clef", password=bot.password
    )
    matrix = MatrixChannel(MatrixSession(options))
    chat = MatrixChat(
        matrix, peers.desk(town.application), MatrixChatOptions(accept_from=(SERVER_NAME,))
    )
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(reading(homeserver, claire, tmp_path / "claire"))
        task = asyncio.create_task(chat.run())
        place = await reader.create_room(bot.user_id, encrypted=True)
        await eventually(lambda: place in matrix.session.client.rooms)
        world.told(hospital, Address(ChannelName.MATRIX, place))
        await world.alerte()
        await town.application.dispatcher({ChannelName.MATRIX: matrix}).run()
        await reader.read(1)
        yield Room(world, reader, place)
        task.cancel()
        await asyncio.wait({task})
        await matrix.close()


@pytest.mark.synapse
async def test_words_and_reactions_in_a_room_are_for_ones_own_part(room: Room) -> None:
    alert = room.alert.event_id
    await room.claire.say(room.room, "biomédical : prévu le 12/12", thread=alert)
    said = plain((await room.claire.read(2))[1])
    assert "pour : équipements biomédicaux" in said
    assert room.world.states() == {SERVER: "open", BIOMEDICAL: "planned"}
    await room.claire.react(room.room, alert, "✅")
    await room.claire.read(3)
    assert room.world.states() == {SERVER: "open", BIOMEDICAL: "fixed"}
    await room.claire.say(room.room, "corrigé pour les serveurs", thread=alert)
    assert "Vous ne répondez pas de : serveurs" in plain((await room.claire.read(4))[3])
    await room.claire.say(room.room, f"!rouvrir {ALERT} biomédical")
    await room.claire.read(5)
    assert room.world.states() == {SERVER: "open", BIOMEDICAL: "open"}


@pytest.mark.synapse
async def test_a_reaction_to_somebody_elses_message_is_nobodys_answer(room: Room) -> None:
    own = await room.claire.say(room.room, "Je regarde demain matin.")
    await room.claire.react(room.room, own, "✅")
    reply = await room.claire.say(room.room, "!alertes")
    await room.claire.saw(reply)
    await room.claire.read(2)
    assert room.world.answers() == []
    await room.claire.react(room.room, room.claire.from_others[1].event_id, "✅")
    await room.claire.say(room.room, "!aide")
    await room.claire.read(3)
    assert room.world.answers() == [], "a reply is no alert"


@pytest.mark.synapse
async def test_a_form_in_a_room_asks_which_part(room: Room) -> None:
    await room.claire.say(room.room, "par équipe", thread=room.alert.event_id)
    assert "Pour quels équipements ?" in plain((await room.claire.read(2))[1])
    for answer in ("1", "1", "-"):
        before = len(room.claire.from_others)
        await room.claire.say(room.room, answer, thread=room.alert.event_id)
        await room.claire.read(before + 1)
    assert [each.kind for each in room.world.answers()] == [AnswerKind.TAKEN]
    assert room.world.states() == {SERVER: "open", BIOMEDICAL: "taken"}
