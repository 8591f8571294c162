"""Talking on Slack, over a real WebSocket and over signed HTTP, with the real bolt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.chat.pulse import Pulse
from bot.chat.slack import PATH, SlackChat, SlackChatOptions
from bot.domain.clock import system_clock
from bot.domain.delivery import Address
from bot.domain.message import ChannelName
from bot.store import sources
from tests.servers.office import ALERT, CHOICES, MESSAGE, Office, opened_office
from tests.servers.slack import SIGNING_SECRET, Ack, SlackDouble
from tests.servers.slack_workspace import APP_TOKEN, BOT_TOKEN
from tests.servers.waiting import eventually

ROOM = Address(ChannelName.SLACK, "C0ALERTES")
RSSI = Address(ChannelName.SLACK, "U0RSSI")
ACK_WITHIN = 1.0  # seconds: a third of what Slack allows


@dataclass(slots=True)
class Scene:
    """A bot in a workspace, and a desk behind it."""

    double: SlackDouble
    channel: SlackChannel
    chat: SlackChat
    office: Office

    async def alert(self) -> dict[str, Any]:
        """An alert in the room, with its buttons, as the outbox sends it."""
        elements = [
            {
                "type": "button",
                "action_id": f"answer:{choice.value.rpartition(':')[2]}",
                "text": {"type": "plain_text", "text": choice.label},
                "value": choice.value,
            }
            for choice in CHOICES
        ]
        message = replace(MESSAGE, blocks=({"type": "actions", "elements": elements},))
        await self.office.deliver({ChannelName.SLACK: self.channel}, ROOM, message)
        return self.double.messages[-1]

    async def typed(self, command: str, text: str = "", user: str = "U0RSSI") -> Ack:
        """Somebody types a command; the acknowledgement came in time."""
        ack = await self.double.command(command, text, user=user)
        assert ack.after < ACK_WITHIN
        return ack


@asynccontextmanager
async def scene(
    double: SlackDouble, folder: Path, options: SlackChatOptions
) -> AsyncIterator[Scene]:
    channel = SlackChannel(
        SlackOptions(token=BOT_TOKEN, base_url=double.api_url, timeout=timedelta(seconds=5))
    )
    async with opened_office(folder) as office:
        await office.known(RSSI)
        pulse = Pulse(office.database, "slack", clock=system_clock)
        chat = SlackChat(channel, office.desk, options, pulse)
        yield Scene(double, channel, chat, office)
        await channel.close()


@pytest.fixture
async def at(slack_double: SlackDouble, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(slack_double, tmp_path, SlackChatOptions(app_token=APP_TOKEN)) as built:
        await built.chat.connect()
        yield built
        await built.chat.close()


async def test_a_command_is_answered_to_the_asker_alone_and_mentions_nobody(at: Scene) -> None:
    await at.typed("/alertes", "du jour")
    await eventually(lambda: at.double.responses)
    [response] = at.double.responses
    assert response["response_type"] == "ephemeral"
    assert response["text"] == "1 alerte pour Une RSSI &lt;!channel&gt; du jour"
    values = [element["value"] for element in response["blocks"][-1]["elements"]]
    assert values == [choice.value for choice in CHOICES]


async def test_one_umbrella_command_reaches_all_others(at: Scene) -> None:
    await at.typed("/tocsin", "alertes du jour")
    await eventually(lambda: at.double.responses)
    assert "1 alerte pour Une RSSI" in at.double.responses[0]["text"]


async def test_a_stranger_is_refused_politely_and_audited(at: Scene) -> None:
    await at.typed("/alertes", user="U0INCONNU")
    await eventually(lambda: at.double.responses)
    assert "Je ne vous connais pas encore" in at.double.responses[0]["text"]
    [entry] = await at.office.recorded("refused.stranger")
    assert entry.actor == "slack:U0INCONNU"


async def test_a_button_records_the_answer_and_says_so_in_the_thread(at: Scene) -> None:
    alert = await at.alert()
    ack = await at.double.click(alert, CHOICES[0].value)
    assert ack.after < ACK_WITHIN
    said = (await at.double.posted(2))[1]
    assert said["thread_ts"] == alert["ts"]
    assert said["text"] == f"C'est noté : taken pour {ALERT}"
    [entry] = await at.office.recorded("answered")
    assert entry.subject == ALERT


async def test_a_modal_opens_at_once_and_its_values_reach_the_command(at: Scene) -> None:
    await at.typed("/declare")
    await eventually(lambda: len(at.double.view_history) == 2)
    loading, form = at.double.view_history
    assert loading["id"] == form["id"]
    assert form["title"]["text"] == "Déclarer un incident"
    inputs = [block for block in form["blocks"] if block["type"] == "input"]
    assert [block["block_id"] for block in inputs] == ["what", "care"]
    values: dict[str, dict[str, Any]] = {
        "what": {"value": {"type": "plain_text_input", "value": "Rançongiciel aux urgences"}},
        "care": {"value": {"type": "radio_buttons", "selected_option": {"value": "yes"}}},
    }
    ack = await at.double.submit(form["id"], values)
    assert ack.after < ACK_WITHIN
    assert ack.payload["response_action"] == "update"
    await eventually(lambda: len(at.double.view_history) == 3)
    shown = at.double.view_history[-1]["blocks"][0]["text"]["text"]
    assert shown == "Incident ouvert (contexte gardé) : Rançongiciel aux urgences, yes"


async def test_a_failure_is_told_to_the_person(at: Scene) -> None:
    await at.typed("/casse")
    await eventually(lambda: at.double.ephemeral)
    assert "Quelque chose n'a pas fonctionné" in at.double.ephemeral[0]["text"]
    await at.typed("/alertes")
    await eventually(lambda: at.double.responses)


async def test_a_failure_is_acknowledged_however_soon_it_comes(at: Scene) -> None:
    at.double.refuse_everything = "internal_error"  # the person cannot be told: it ends at once
    await at.typed("/casse")


async def test_a_command_works_while_slack_refuses_every_call(at: Scene) -> None:
    at.double.refuse_everything = "internal_error"
    await at.typed("/declare")
    await at.typed("/alertes")
    await eventually(lambda: at.double.responses)


async def test_the_socket_is_opened_again_when_slack_closes_it(at: Scene) -> None:
    await at.double.disconnect()
    await at.double.connected()
    await at.typed("/alertes")
    await eventually(lambda: at.double.responses)


@asynccontextmanager
async def served(chat: SlackChat) -> AsyncIterator[str]:
    runner = web.AppRunner(chat.http_app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
    await runner.cleanup()


async def test_over_http_only_a_fresh_and_true_signature_is_heard(
    slack_double: SlackDouble, tmp_path: Path
) -> None:
    form = slack_double.slash("/alertes", "", "U0RSSI", "C0ALERTES")
    async with (
        scene(slack_double, tmp_path, SlackChatOptions(signing_secret=SIGNING_SECRET)) as built,
        served(built.chat) as url,
    ):
        assert (await slack_double.post_signed(url, form, secret="un autre"))[0] == 401
        assert (await slack_double.post_signed(url, form, age=301))[0] == 401
        assert not slack_double.responses
        assert (await slack_double.post_signed(url, form))[0] == 200
        await eventually(lambda: slack_double.responses)


async def test_over_http_nothing_is_heard_without_a_secret(
    slack_double: SlackDouble, tmp_path: Path
) -> None:
    form = slack_double.slash("/alertes", "", "U0RSSI", "C0ALERTES")
    async with (
        scene(slack_double, tmp_path, SlackChatOptions()) as built,
        served(built.chat) as url,
    ):
        assert (await slack_double.post_signed(url, form, secret=""))[0] == 404
        await asyncio.sleep(0)
    assert not slack_double.responses


async def test_health_knows_whether_the_socket_lives(at: Scene) -> None:
    await at.chat.look()
    [slack] = await at.office.database.run(sources.health)
    assert slack.name == "slack"
    assert (slack.succeeded_at, slack.failures) == (slack.attempted_at, 0)
    assert slack.succeeded_at is not None
    await at.chat.close()
    await at.chat.look()  # nothing is held open: nothing is said of it
    [still] = await at.office.database.run(sources.health)
    assert still.failures == 0
