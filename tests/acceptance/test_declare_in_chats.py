"""Declaring with real peers, and without them: the incident never waits for anybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.app import peers
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.slack.channel import SlackChannel
from bot.chat.slack import SlackChat
from bot.domain.delivery import DeliveryState
from bot.domain.incident import Happening
from bot.domain.message import ChannelName
from bot.domain.views import CareImpact
from bot.store import Session, audit, incidents, outbox
from tests.acceptance.declaring import AUTHORITY, CERT, SLACK_RSSI, Scene, scene
from tests.servers.matrix import Reader, reading
from tests.servers.slack import SlackDouble
from tests.servers.slack_workspace import APP_TOKEN, BOT_TOKEN, BOT_USER
from tests.servers.smtp import Relay
from tests.servers.synapse import Account, Homeserver, running_homeserver
from tests.servers.waiting import eventually


def on_matrix(url: str, bot: Account) -> dict[str, str]:
    """The settings of a Matrix account."""
    return {
        "homeserver": url,
        "user": bot.user_id,
        "password": bot.password,
        "pickle_key": "une clef d'essai",
    }


@asynccontextmanager
async def listening(made: Scene) -> AsyncIterator[MatrixChannel]:
    """The bot answers on Matrix until the end of the block."""
    channel = made.channels[ChannelName.MATRIX]
    assert isinstance(channel, MatrixChannel)
    task = asyncio.create_task(peers.matrix_chat(made.application, channel).run())
    try:
        yield channel
    finally:
        task.cancel()
        await asyncio.wait({task})
        for each in set(made.channels.values()):
            await each.close()


async def joined(reader: Reader, room: str) -> None:
    """The invitation to ``room`` is accepted."""
    await eventually(lambda: room in reader.client.invited_rooms)
    await reader.client.join(room)
    await eventually(lambda: room in reader.client.rooms)


@pytest.mark.synapse
async def test_declared_in_a_room_then_spoken_of_in_its_own(
    homeserver: Homeserver, relay: Relay, tmp_path: Path
) -> None:
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    accounts = {ChannelName.MATRIX: rssi.user_id}
    with scene(tmp_path / "t", relay, accounts, matrix=on_matrix(homeserver.url, bot)) as made:
        async with (
            reading(homeserver, rssi, tmp_path / "rssi") as reader,
            listening(made) as channel,
        ):
            room = await reader.create_room(bot.user_id, encrypted=True)
            await eventually(lambda: room in channel.session.client.rooms)
            asked = await reader.say(room, "!declare")
            assert "Que se passe-t-il" in (await reader.read(1))[0]
            await reader.say(room, "Rançongiciel aux urgences", thread=asked)
            assert "Les soins sont-ils touchés" in (await reader.read(2))[1]
            await reader.say(room, "oui", thread=asked)
            assert "INC-2026-0001 ouvert" in (await reader.read(3))[2]
            assert made.incident().care is CareImpact.YES
            await made.send()
            assert set(made.states().values()) == {DeliveryState.DELIVERED}
            private = made.incident().room
            await joined(reader, private)
            summary = (await reader.read(4))[3]
            assert "Rançongiciel aux urgences" in summary
            stored = homeserver.events(private, token=rssi.token)
            assert "urgences" not in str(stored), "encrypted"
            pinned = [e["content"]["pinned"] for e in stored if e["type"] == "m.room.pinned_events"]
            assert pinned == [[reader.from_others[3].event_id]]
            await reader.say(private, "!incident Partage débranché")
            assert "INC-2026-0001, noté" in (await reader.read(5))[4]
            await reader.say(private, "!declare encore des écrans noirs")
            assert "déjà ouvert" in (await reader.read(6))[5]
    mails = sorted((str(mail["To"]), str(mail["Subject"])) for mail in relay.mails)
    protected = "[Tocsin] Un message protégé vous attend"
    assert mails == [(AUTHORITY, protected), (CERT, protected)]


@pytest.mark.synapse
async def test_a_worker_that_dies_after_opening_the_room_leaves_one_room(
    homeserver: Homeserver, relay: Relay, tmp_path: Path
) -> None:
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    accounts = {ChannelName.MATRIX: rssi.user_id}
    with scene(tmp_path / "t", relay, accounts, matrix=on_matrix(homeserver.url, bot)) as made:
        made.declare("Rançongiciel")
        database = made.application.database
        async with reading(homeserver, rssi, tmp_path / "rssi") as reader, listening(made):
            await dies(made)
            await made.send()
            await joined(reader, made.incident().room)
            mine = homeserver.call("GET", "/_matrix/client/v3/joined_rooms", token=bot.token)
            assert mine["joined_rooms"] == [made.incident().room]
            assert set(made.states().values()) == {DeliveryState.DELIVERED}
            assert made.happened().count(Happening.ROOM) == 1
            assert len(await reader.read(1)) == 1
        assert len(database.call(outbox.listed)) == 5


async def dies(made: Scene) -> None:
    """A worker does everything that is due, and dies before it records any of it."""
    database = made.application.database
    for lease in database.call(outbox.lease_due, limit=10, now=made.town.clock()):
        channel = peers.with_rooms(made.channels[lease.to.channel])
        await channel.send(lease.to.address, lease.message, key=lease.key)

    def run_out(session: Session) -> None:
        session.execute(text("UPDATE delivery SET lease_until = '2000-01-01 00:00:00'"))

    database.call(run_out)


@pytest.mark.synapse
async def test_with_synapse_down_the_mails_go_and_the_room_follows_when_it_is_back(
    relay: Relay, tmp_path: Path
) -> None:
    with running_homeserver() as homeserver:
        bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
        await asyncio.to_thread(homeserver.stop)
        accounts = {ChannelName.MATRIX: rssi.user_id}
        with scene(tmp_path / "t", relay, accounts, matrix=on_matrix(homeserver.url, bot)) as made:
            made.declare("Rançongiciel")
            await made.send()
            assert made.states() == {
                "incident-room": DeliveryState.DUE,
                "incident-authority": DeliveryState.DELIVERED,
                "incident-cert": DeliveryState.DELIVERED,
            }
            assert len(relay.mails) == 2
            assert made.incident().room == ""
            await asyncio.to_thread(homeserver.start)
            made.town.clock.now += timedelta(minutes=5)
            async with reading(homeserver, rssi, tmp_path / "rssi") as reader, listening(made):
                await made.send()
                await joined(reader, made.incident().room)
                async with asyncio.timeout(15):  # the bot may not have heard of the room yet
                    while set(made.states().values()) != {DeliveryState.DELIVERED}:
                        made.town.clock.now += timedelta(minutes=5)
                        await made.send()
                        await asyncio.sleep(0.2)
                assert "Rançongiciel" in (await reader.read(1))[0]
            assert set(made.states().values()) == {DeliveryState.DELIVERED}
            assert len(relay.mails) == 2


@dataclass
class InSlack:
    """A scene whose RSSI is on Slack, and the workspace."""

    made: Scene
    double: SlackDouble
    chat: SlackChat

    async def fill_in(self, what: str, care: str) -> str:
        """Submit the form that is open; what the modal then says."""
        form = next(view for view in self.double.view_history if "callback_id" in view)
        values: dict[str, dict[str, Any]] = {
            "what": {"value": {"type": "plain_text_input", "value": what}},
            "care": {"value": {"type": "radio_buttons", "selected_option": {"value": care}}},
        }
        count = len(self.double.view_history)
        await self.double.submit(form["id"], values)
        await eventually(lambda: len(self.double.view_history) > count)
        return self.said()

    def said(self) -> str:
        """What the modal says, without no-break spaces."""
        blocks = [view["blocks"] for view in self.double.view_history[-1:]]
        return json.dumps(blocks, ensure_ascii=False).replace("\xa0", " ")


@pytest.fixture
async def in_slack(
    slack_double: SlackDouble, relay: Relay, tmp_path: Path
) -> AsyncIterator[InSlack]:
    slack = {"bot_token": BOT_TOKEN, "app_token": APP_TOKEN, "api_url": slack_double.api_url}
    accounts = {ChannelName.SLACK: SLACK_RSSI}
    with scene(tmp_path, relay, accounts, slack=slack, incident={"room": "slack"}) as made:
        channel = made.channels[ChannelName.SLACK]
        assert isinstance(channel, SlackChannel)
        chat = peers.slack_chat(made.application, channel)
        await chat.connect()
        yield InSlack(made, slack_double, chat)
        await chat.close()
        for each in set(made.channels.values()):
            await each.close()


async def test_a_modal_declares_once_however_often_it_is_submitted(in_slack: InSlack) -> None:
    double, made = in_slack.double, in_slack.made
    await double.command("/declare")
    await eventually(lambda: len(double.view_history) == 2)
    form = double.view_history[-1]
    assert [block["block_id"] for block in form["blocks"]] == ["what", "care"]
    assert "INC-2026-0001 ouvert" in await in_slack.fill_in("Rançongiciel", "yes")
    assert made.incident().care is CareImpact.YES
    double.views[form["id"]] = form  # a second click, before the modal changed
    assert "déjà ouvert" in await in_slack.fill_in("Rançongiciel", "yes")
    await made.send()
    assert set(made.states().values()) == {DeliveryState.DELIVERED}
    assert double.members == {made.incident().room: {BOT_USER, SLACK_RSSI}}
    [summary] = double.messages
    assert double.pins == [(made.incident().room, summary["ts"])]


async def test_words_after_the_command_are_declared_and_care_is_asked(in_slack: InSlack) -> None:
    double, made = in_slack.double, in_slack.made
    await double.command("/declare", "exercice Panne du labo")
    await eventually(lambda: "INC-2026-0001 ouvert" in in_slack.said())
    assert "EXERCICE" in in_slack.said()
    assert made.incident().exercise
    count = len(double.view_history)
    view, care = (
        double.view_history[-1],
        {"type": "radio_buttons", "selected_option": {"value": "no"}},
    )
    await double.submit(view["id"], {"care": {"value": care}})
    await eventually(lambda: len(double.view_history) > count)
    assert "Soins touchés : non" in in_slack.said()
    assert made.incident().care is CareImpact.NO


async def test_slack_refusing_every_call_stops_nothing_but_its_own_room(
    in_slack: InSlack, relay: Relay
) -> None:
    double, made = in_slack.double, in_slack.made
    double.refuse_everything = "internal_error"
    await double.command("/declare", "Rançongiciel aux urgences")
    await eventually(lambda: double.responses)
    assert "INC-2026-0001 ouvert" in double.responses[0]["text"]
    await made.send()
    assert made.states() == {
        "incident-room": DeliveryState.UNCERTAIN,
        "incident-authority": DeliveryState.DELIVERED,
        "incident-cert": DeliveryState.DELIVERED,
    }
    assert len(relay.mails) == 2
    await double.command("/declare")
    await eventually(lambda: len(double.responses) == 2)
    assert "déjà ouvert" in double.responses[1]["text"]
    double.refuse_everything = ""
    made.town.clock.now += timedelta(minutes=5)
    await made.send()
    assert set(made.states().values()) == {DeliveryState.DELIVERED}
    assert list(double.members) == [made.incident().room]
    assert len(double.messages) == len(double.pins) == 1


async def test_without_a_modal_a_line_says_how_to_do_without(in_slack: InSlack) -> None:
    in_slack.double.refuse_everything = "internal_error"
    await in_slack.double.command("/declare")
    await eventually(lambda: in_slack.double.responses)
    assert "/declare" in in_slack.double.responses[0]["text"]


async def test_a_stranger_on_slack_opens_nothing_and_is_audited(in_slack: InSlack) -> None:
    double, made = in_slack.double, in_slack.made
    await double.command("/declare", "Rançongiciel", user="U0INCONNU")
    await eventually(lambda: "Je ne vous connais pas" in str(double.view_history))
    database = made.application.database
    assert database.call(incidents.listed) == []
    assert "refused.stranger" in [entry.action for entry in database.call(audit.latest)]


async def test_workers_that_die_at_every_step_leave_each_thing_done_once(
    in_slack: InSlack, relay: Relay
) -> None:
    double, made = in_slack.double, in_slack.made
    made.town.clock.now = datetime.fromtimestamp(1_770_000_060, UTC)  # the double's own day
    made.declare("Rançongiciel")
    while set(made.states().values()) != {DeliveryState.DELIVERED}:
        await dies(made)
        await peers.dispatcher(made.application, made.channels).run_once()
    assert set(made.states()) == {
        "incident-room",
        "incident",
        "incident-pin",
        "incident-authority",
        "incident-cert",
    }
    assert list(double.members) == [made.incident().room]
    assert len(double.messages) == len(double.pins) == 1
    assert len({str(mail["Message-ID"]) for mail in relay.mails}) == 2
    assert sorted(made.happened()) == ["authority", "cert", "declared", "room"]


async def test_a_step_that_failed_for_good_is_told_to_the_declarant(
    slack_double: SlackDouble, relay: Relay, tmp_path: Path
) -> None:
    mailboxes = {"ars-hauts-de-france": "pas une adresse"}
    incident = {"room": "none", "authority_mailboxes": mailboxes}
    with scene(tmp_path, relay, {}, incident=incident) as made:
        made.declare("Rançongiciel")
        await made.send()
        assert made.states() == {
            "incident-authority": DeliveryState.DEAD,
            "incident-cert": DeliveryState.DELIVERED,
            "incident-declarant": DeliveryState.DELIVERED,
        }
        (mail,) = [mail for mail in relay.mails if mail["To"] == "rssi@ch.example"]
        body = mail.get_body(("plain",))
        assert body is not None
        said = body.get_content().replace("\xa0", " ")
        assert "N'a pas abouti : prévenir l'autorité" in said
        assert "À faire vous-même, par téléphone" in said
        for channel in made.channels.values():
            await channel.close()
