"""Tocsin alarms about itself: real peers that refuse, and another one that tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from bot.app import Application, peers
from bot.app.health import observe, tell
from bot.channels.base import Channel
from bot.chat.pulse import Pulse
from bot.domain.delivery import DeliveryState
from bot.domain.message import ChannelName
from bot.settings import Settings
from bot.store import outbox, sources
from bot.store.migrate import upgrade
from tests.acceptance.conftest import SteppingClock
from tests.servers.slack import SlackDouble
from tests.servers.slack_workspace import BOT_TOKEN
from tests.servers.smtp import Relay
from tests.store.test_outbox import written

ROOM = "C0ALERTES"
DUTY = "astreinte@gip.example"


@dataclass
class Post:
    """An installation with a relay and a Slack, and its operator reached by both."""

    application: Application
    clock: SteppingClock
    channels: dict[ChannelName, Channel]

    async def pass_time(self, minutes: int, *, every: int = 5) -> None:
        """Let time pass; every five minutes, look and send what is due."""
        for _ in range(minutes // every):
            self.clock.now += timedelta(minutes=every)
            await peers.dispatcher(self.application, self.channels).run()
            await tell(self.application)
        await peers.dispatcher(self.application, self.channels).run()


@pytest.fixture
async def post(tmp_path: Path, relay: Relay, slack_double: SlackDouble) -> AsyncIterator[Post]:
    """Slack is not preferred: the operator reads mails first."""
    values = {
        "data_dir": tmp_path,
        "email": {"host": "127.0.0.1", "port": relay.port, "security": "plain"},
        "slack": {
            "bot_token": BOT_TOKEN,
            "api_url": slack_double.api_url,
            "per_channel_per_minute": 0,  # the clock of these tests stands still
        },
        "operator": {"addresses": [f"email:{DUTY}", f"slack:{ROOM}"]},
    }
    clock = SteppingClock()
    application = Application(Settings.model_validate(values), clock=clock)
    upgrade(application.database)
    channels = peers.channels(application, Console(quiet=True))
    yield Post(application, clock, channels)
    for channel in channels.values():
        await channel.close()
    application.database.dispose()


async def test_a_relay_that_refuses_everything_is_told_by_slack_then_its_return(
    post: Post, relay: Relay, slack_double: SlackDouble
) -> None:
    relay.faults.at_recipient = "451 4.7.1 not now"
    post.application.database.call(outbox.enqueue, [written(1), written(2)], now=post.clock())
    await post.pass_time(30)
    (told,) = slack_double.messages
    assert told["channel"] == ROOM
    assert "le canal email refuse tout" in told["text"]
    await post.pass_time(60 * 20, every=60)
    assert len(slack_double.messages) == 1, "not again before a day"
    await post.pass_time(60 * 5, every=60)
    assert "Toujours" in slack_double.messages[1]["text"]
    assert slack_double.messages[1]["thread_ts"] == told["ts"]
    relay.faults.at_recipient = ""
    await post.pass_time(120, every=10)
    *_, over = slack_double.messages
    assert "Rétabli" in over["text"]
    assert over["thread_ts"] == told["ts"]
    assert [envelope.rcpt_tos for envelope in relay.envelopes] == [["ssi@hospital.example"]] * 2
    relay.faults.at_recipient = "451 4.7.1 not now"
    post.application.database.call(outbox.enqueue, [written(3)], now=post.clock())
    await post.pass_time(60)
    assert "De nouveau" in slack_double.messages[3]["text"], "it is told anew, once"
    assert len(slack_double.messages) == 4


async def test_a_source_that_comes_and_goes_is_told_a_few_times_a_day(
    post: Post, relay: Relay
) -> None:
    """Read for a minute every seven hours: silent in between, for three days."""
    for _ in range(10):
        post.application.database.call(sources.succeeded, "certfr", now=post.clock())
        await post.pass_time(7 * 60, every=20)
    subjects = [mail["Subject"] for mail in relay.mails]
    assert len(subjects) <= 6
    assert subjects[0] == "[Tocsin] la source certfr ne donne plus rien"


async def test_a_chat_that_is_heard_no_more_is_told(post: Post, relay: Relay) -> None:
    pulse = Pulse(post.application.database, "slack", clock=post.clock)
    await pulse.heard()
    await post.pass_time(15)
    assert relay.mails == []
    await post.pass_time(10)
    (mail,) = relay.mails
    assert "slack n'est plus entendu" in str(mail["Subject"])
    report = await observe(post.application)
    assert report.snapshot is not None
    assert [each.name for each in report.snapshot.chats] == ["slack"]


async def test_a_silent_source_is_told_by_the_first_address(post: Post, relay: Relay) -> None:
    database = post.application.database
    database.call(sources.succeeded, "certfr", now=post.clock())
    await post.pass_time(5)
    assert relay.mails == []
    post.clock.now += timedelta(hours=7)
    await post.pass_time(10)
    (mail,) = relay.mails
    assert mail["To"] == DUTY
    assert mail["Subject"] == "[Tocsin] la source certfr ne donne plus rien"
    assert mail["Auto-Submitted"] == "auto-generated"
    database.call(sources.succeeded, "certfr", now=post.clock())
    await post.pass_time(40)
    assert relay.mails[1]["Subject"].startswith("[Tocsin] Rétabli")


async def test_a_room_the_bot_was_thrown_out_of_is_told_by_another_channel(
    post: Post, relay: Relay
) -> None:
    """What was for that room is kept as dead; nothing else is lost, and a person is told."""
    gone = written(1, channel=ChannelName.SLACK)  # a room that Slack does not know any more
    post.application.database.call(outbox.enqueue, [gone, written(2)], now=post.clock())
    await post.pass_time(10)
    kept = {each.channel: each for each in post.application.database.call(outbox.listed)}
    assert kept[ChannelName.SLACK].state is DeliveryState.DEAD
    assert "channel_not_found" in kept[ChannelName.SLACK].reason
    told = next(mail for mail in relay.mails if mail["To"] == DUTY)
    assert "abandonnés (slack)" in str(told["Subject"])
    assert [mail["To"] for mail in relay.mails].count("ssi@hospital.example") == 1


async def test_what_is_refused_for_good_is_told_by_the_other_channel(
    post: Post, relay: Relay, slack_double: SlackDouble
) -> None:
    relay.faults.at_recipient = "550 5.1.1 nobody there"
    post.application.database.call(outbox.enqueue, [written(1)], now=post.clock())
    await post.pass_time(10)
    (told,) = slack_double.messages
    assert "abandonnés" in told["text"]
