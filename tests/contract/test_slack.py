"""Slack's Web API over a real socket: what is posted, refused, and left in doubt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels.base import (
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.domain.message import Message
from tests.servers.slack import Fault, SlackDouble
from tests.servers.slack_rules import faults_in_message
from tests.servers.slack_workspace import BOT_TOKEN

POST = "chat.postMessage"
ROOM = "C0ALERTES"
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*À faire :* mettre à jour"}}
MESSAGE = Message("Citrix NetScaler : 3 serveurs", "À faire : mettre à jour", blocks=(SECTION,))


def just_after_the_posts() -> datetime:
    """The double's messages are dated from 1,770,000,000 seconds on."""
    return datetime.fromtimestamp(1_770_000_060, UTC)


def channel_to(double: SlackDouble, token: str = BOT_TOKEN) -> SlackChannel:
    options = SlackOptions(token=token, base_url=double.api_url, timeout=timedelta(seconds=1))
    return SlackChannel(options, clock=just_after_the_posts)


@pytest.fixture
async def channel(slack_double: SlackDouble) -> AsyncIterator[SlackChannel]:
    channel = channel_to(slack_double)
    yield channel
    await channel.close()


async def test_the_receipt_opens_a_thread_and_nothing_unfolds(
    channel: SlackChannel, slack_double: SlackDouble
) -> None:
    first = await channel.send(ROOM, MESSAGE, key="k1")
    await channel.send(ROOM, replace(MESSAGE, thread=first), key="k2")
    posted, reply = slack_double.messages
    assert posted["ts"] == first
    assert reply["thread_ts"] == first
    assert posted["text"] == MESSAGE.subject
    assert posted["blocks"] == [SECTION]
    assert posted["unfurl_links"] is False
    assert posted["unfurl_media"] is False


async def test_text_without_blocks_mentions_nobody(
    channel: SlackChannel, slack_double: SlackDouble
) -> None:
    hostile = Message("s", "<!channel> <https://example.org|cliquez> & <@U0RSSI>")
    await channel.send(ROOM, hostile, key="k1")
    said = slack_double.messages[0]["text"]
    assert said == "&lt;!channel&gt; &lt;https://example.org|cliquez&gt; &amp; &lt;@U0RSSI&gt;"


@pytest.mark.parametrize("thread", ["", "first"])
async def test_a_lost_answer_is_found_again_by_its_key(
    channel: SlackChannel, slack_double: SlackDouble, thread: str
) -> None:
    first = await channel.send(ROOM, MESSAGE, key="k1")
    message = replace(MESSAGE, thread=first if thread else "")
    slack_double.faults[POST].append(Fault(status=502, keep=True))
    with pytest.raises(UncertainDeliveryError):
        await channel.send(ROOM, message, key="k2")
    assert await channel.find(ROOM, key="k2") == slack_double.messages[1]["ts"]
    assert await channel.find(ROOM, key="never sent") is None


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(hang=True), Fault(error="internal_error"), Fault(status=504)],
)
async def test_no_clear_answer_is_doubt(
    channel: SlackChannel, slack_double: SlackDouble, fault: Fault
) -> None:
    slack_double.faults[POST].append(fault)
    with pytest.raises(UncertainDeliveryError):
        await channel.send(ROOM, MESSAGE, key="k1")
    assert await channel.find(ROOM, key="k1") is None


async def test_slack_says_how_long_to_wait(
    channel: SlackChannel, slack_double: SlackDouble
) -> None:
    slack_double.faults[POST].append(Fault(status=429, error="ratelimited", retry_after=37))
    with pytest.raises(TransientDeliveryError) as limited:
        await channel.send(ROOM, MESSAGE, key="k1")
    assert limited.value.retry_after == timedelta(seconds=37)
    assert len(slack_double.calls) == 1, "the client must not retry by itself"


@pytest.mark.parametrize(
    "error",
    ["channel_not_found", "not_in_channel", "is_archived", "token_revoked", "account_inactive"],
)
async def test_what_slack_will_never_accept_is_permanent(
    channel: SlackChannel, slack_double: SlackDouble, error: str
) -> None:
    slack_double.faults[POST].append(Fault(error=error))
    with pytest.raises(PermanentDeliveryError, match=error):
        await channel.send(ROOM, MESSAGE, key="k1")


async def test_without_the_history_scope_nothing_is_found_and_nothing_raised(
    channel: SlackChannel, slack_double: SlackDouble
) -> None:
    await channel.send(ROOM, MESSAGE, key="k1")
    slack_double.missing_scopes.add("conversations.history")
    assert await channel.find(ROOM, key="k1") is None


async def test_a_refused_token_is_not_quoted(slack_double: SlackDouble) -> None:
    channel = channel_to(slack_double, token="xoxb-wrong-secret")
    with pytest.raises(PermanentDeliveryError) as refused:
        await channel.send(ROOM, MESSAGE, key="k1")
    await channel.close()
    assert str(refused.value) == "Slack: invalid_auth"
    assert "xoxb" not in repr(channel._options)


def button(text: str, value: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, "value": value}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": {"type": "mrkdwn", "text": "a" * 3001}},
        {"type": "section"},
        {"type": "section", "text": {"type": "mrkdwn", "text": ""}},
        {"type": "header", "text": {"type": "plain_text", "text": "a" * 151}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "a" * 2001}]},
        {"type": "actions", "elements": [button("a" * 76, "v")]},
        {"type": "actions", "elements": [button("a", "v" * 2001)]},
        {"type": "actions", "elements": [button(str(n), "v") for n in range(26)]},
        {"type": "context", "elements": []},
        {"type": "carrousel"},
    ],
)
async def test_blocks_slack_would_refuse_are_refused_before_it_is_asked(
    channel: SlackChannel, slack_double: SlackDouble, block: dict[str, Any]
) -> None:
    with pytest.raises(PermanentDeliveryError, match="block 1"):
        await channel.send(ROOM, replace(MESSAGE, blocks=(block,)), key="k1")
    with pytest.raises(PermanentDeliveryError, match="51 blocks"):
        await channel.send(ROOM, replace(MESSAGE, blocks=(SECTION,) * 51), key="k1")
    assert not slack_double.calls
    assert faults_in_message([block]), "the double accepts what the channel refuses"
