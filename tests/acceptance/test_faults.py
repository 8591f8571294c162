"""Faults in the middle of sending, each followed by calm: nothing lost, nothing told twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.base import Channel
from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.session import MatrixSession
from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.domain.clock import Clock, system_clock
from bot.domain.delivery import Address, DeliveryState, RetryPolicy
from bot.domain.message import ChannelName
from bot.jobs import Job, Jobs
from bot.pipeline.dispatch import Dispatcher
from bot.pipeline.ingest import ingest
from bot.store import Database, advisories, outbox
from bot.store.migrate import upgrade
from feeds.advisory import Tlp
from feeds.config import SourceConfig
from feeds.http import Access
from feeds.registry import make_source
from tests.acceptance.conftest import SteppingClock
from tests.servers.certfr import certfr_site
from tests.servers.matrix import reading
from tests.servers.postgresql import DURABLE, running_cluster
from tests.servers.proxy import LosingProxy
from tests.servers.slack import Fault, SlackDouble
from tests.servers.slack_workspace import BOT_TOKEN
from tests.servers.smtp import Faults, Relay
from tests.servers.synapse import Homeserver
from tests.servers.waiting import eventually
from tests.store.test_outbox import written

MANY = 200
SOON = RetryPolicy(first=timedelta(milliseconds=100), longest=timedelta(milliseconds=300))
UNAVAILABLE = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """An empty embedded database."""
    made = Database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    upgrade(made)
    return made


def mail(relay: Relay) -> EmailChannel:
    options = EmailOptions(
        "127.0.0.1",
        "tocsin@sante.example",
        port=relay.port,
        security=EmailSecurity.PLAIN,
        timeout=timedelta(seconds=1),
        connections_per_domain=MANY,  # one mailbox gets them all: on a busy machine it is slow
    )
    return EmailChannel(options)


@asynccontextmanager
async def sending(
    database: Database,
    name: ChannelName,
    channel: Channel,
    *,
    clock: Clock = system_clock,
    lease: timedelta = timedelta(seconds=3),
) -> AsyncIterator[None]:
    """Dispatch in the background until the end of the block."""
    dispatcher = Dispatcher(database, {name: channel}, clock=clock, policy=SOON, lease=lease)
    running = asyncio.create_task(dispatcher.run_for_ever(timedelta(milliseconds=50)))
    try:
        yield
    finally:
        dispatcher.stop()
        await running
        await channel.close()


def all_delivered(database: Database, count: int) -> Callable[[], bool]:
    def delivered() -> bool:
        states = {state: many for (_, state), many in database.call(outbox.counts).items()}
        return states == {DeliveryState.DELIVERED: count}

    return delivered


@pytest.mark.postgresql
async def test_a_database_that_crashes_doubles_nothing_of_what_was_sent(relay: Relay) -> None:
    with running_cluster(DURABLE) as cluster, cluster.database() as url:
        database = Database(url)
        upgrade(database)
        database.call(outbox.enqueue, [written(n) for n in range(MANY)], now=system_clock())
        async with sending(database, ChannelName.EMAIL, mail(relay)):
            await eventually(lambda: len(relay.envelopes) >= MANY // 4)
            await asyncio.to_thread(cluster.crash)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(cluster.start)
            await eventually(all_delivered(database, MANY), within=30)
        copies = Counter(str(mail["Message-ID"]) for mail in relay.mails)
        assert len(copies) == MANY
        assert set(copies.values()) == {1}, "what was sent was recorded once the server was back"
        await database.close()


async def test_a_clock_that_jumps_steals_no_lease_and_sends_nothing_twice(
    database: Database, relay: Relay
) -> None:
    clock = SteppingClock()
    database.call(outbox.enqueue, [written(n) for n in range(MANY)], now=clock())
    async with sending(database, ChannelName.EMAIL, mail(relay), clock=clock):
        await eventually(lambda: len(relay.envelopes) >= MANY // 10)
        clock.now += timedelta(days=1)
        ahead = database.call(outbox.lease_due, limit=0, now=clock())
        assert ahead == []
        await eventually(lambda: len(relay.envelopes) >= MANY // 4)
        clock.now -= timedelta(days=2)
        await asyncio.sleep(0.1)
        clock.now += timedelta(days=1)
        await eventually(all_delivered(database, MANY))
    assert {row.attempts for row in database.call(outbox.listed)} == {1}
    assert len(relay.envelopes) == MANY


@pytest.mark.postgresql
async def test_two_hosts_that_read_the_same_source_store_it_once_and_never_together(
    postgresql_url: str,
) -> None:
    hosts = [Database(postgresql_url), Database(postgresql_url)]
    upgrade(hosts[0])
    at_work, most, new = 0, 0, 0
    async with certfr_site() as site:
        for number in range(20):
            site.publish(f"CERTFR-2026-AVI-{number:04}")
        access = Access(allowed_networks=("127.0.0.0/8", "::1/128"))
        config = SourceConfig("certfr", "certfr", site.url, tlp=Tlp.CLEAR, access=access)

        def reading_on(database: Database) -> Job:
            async def read() -> None:
                nonlocal at_work, most, new
                at_work += 1
                most = max(most, at_work)
                source = make_source(config, system_clock)
                new += (await ingest(database, source, clock=system_clock)).intake.new
                at_work -= 1

            return Job("read certfr", timedelta(milliseconds=20), read, leased=True)

        stop = asyncio.Event()
        running = [asyncio.create_task(Jobs(host).run([reading_on(host)], stop)) for host in hosts]
        await asyncio.sleep(1.5)
        stop.set()
        await asyncio.gather(*running)
    assert (most, new) == (1, 20)
    assert hosts[0].call(advisories.unmatched_count) == 20
    for host in hosts:
        await host.close()


async def test_a_relay_that_refuses_for_a_while_then_for_good_ends_the_delivery(
    database: Database, relay: Relay
) -> None:
    relay.faults = Faults(at_recipient="450 4.2.0 mailbox busy")
    database.call(outbox.enqueue, [written(1)], now=system_clock())

    def row() -> outbox.Delivery:
        (only,) = database.call(outbox.listed)
        return only

    async with sending(database, ChannelName.EMAIL, mail(relay)):
        await eventually(lambda: row().attempts >= 2)
        relay.faults = Faults(at_data="554 5.7.1 content refused")
        await eventually(lambda: row().state is DeliveryState.DEAD)
    assert row().reason == "the relay answered 554 5.7.1"
    assert relay.envelopes == []


async def test_a_relay_that_hangs_up_after_the_mail_gets_it_again_under_the_same_identity(
    database: Database, relay: Relay
) -> None:
    relay.faults = Faults(drop_after_data=True)
    database.call(outbox.enqueue, [written(n) for n in range(5)], now=system_clock())
    async with sending(database, ChannelName.EMAIL, mail(relay)):
        await eventually(lambda: len(relay.envelopes) >= 5)
        relay.faults = Faults()
        await eventually(all_delivered(database, 5))
    assert len({str(mail["Message-ID"]) for mail in relay.mails}) == 5


async def test_slack_refusals_of_every_kind_end_with_each_message_once(
    database: Database, slack_double: SlackDouble
) -> None:
    faults = slack_double.faults["chat.postMessage"]
    faults += [
        Fault(status=429, error="ratelimited", retry_after=1),
        Fault(status=502, keep=True),  # posted, and the answer is lost
        Fault(status=503),
        Fault(error="internal_error", keep=True),
    ]
    messages = [written(n, channel=ChannelName.SLACK) for n in range(10)]
    here = [replace(each, to=Address(ChannelName.SLACK, "C0ALERTES")) for each in messages]
    gone = replace(messages[0], to=Address(ChannelName.SLACK, "C0PARTI"))
    database.call(outbox.enqueue, [*here, gone], now=system_clock())
    options = SlackOptions(token=BOT_TOKEN, base_url=slack_double.api_url)
    slack = SlackChannel(options, clock=lambda: SteppingClock().now - timedelta(days=60))
    async with sending(database, ChannelName.SLACK, slack):
        await eventually(lambda: len(slack_double.messages) >= 10)
        await eventually(
            lambda: (
                database.call(outbox.counts)
                == {
                    (ChannelName.SLACK, DeliveryState.DELIVERED): 10,
                    (ChannelName.SLACK, DeliveryState.DEAD): 1,
                }
            )
        )
        slack_double.refuse_everything = "token_revoked"
        late = replace(messages[0], to=Address(ChannelName.SLACK, "C0SSI"))
        database.call(outbox.enqueue, [late], now=system_clock())
        dead = (ChannelName.SLACK, DeliveryState.DEAD)
        await eventually(lambda: database.call(outbox.counts)[dead] == 2)
        slack_double.refuse_everything = ""
        (row, *_) = database.call(outbox.listed, states=[DeliveryState.DEAD], limit=1)
        assert row.reason == "Slack: token_revoked"
        database.call(outbox.replay, row.id, now=system_clock())
        await eventually(lambda: len(slack_double.messages) == 11)
    keys = Counter(post["metadata"]["event_payload"]["key"] for post in slack_double.messages)
    assert set(keys.values()) == {1}


@pytest.mark.synapse
async def test_a_homeserver_that_fails_in_every_way_shows_each_message_once(
    database: Database, homeserver: Homeserver, tmp_path: Path
) -> None:
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    async with (
        LosingProxy(homeserver.port) as proxy,
        reading(homeserver, rssi, tmp_path / "rssi") as reader,
    ):
        room = await reader.create_room(bot.user_id, encrypted=True)
        homeserver.call("POST", f"/_matrix/client/v3/join/{room}", {}, token=bot.token)
        options = MatrixOptions(
            homeserver=f"http://127.0.0.1:{proxy.port}",
            user_id=bot.user_id,
            store=tmp_path / "bot",
            pickle_key="clef du coffre",
            password=bot.password,
            timeout=timedelta(seconds=1),
        )
        channel = MatrixChannel(MatrixSession(options))
        await channel.session.start()
        async with sending(database, ChannelName.MATRIX, channel):

            def write(first: int) -> None:
                many = [written(n, channel=ChannelName.MATRIX) for n in range(first, first + 4)]
                there = [replace(each, to=Address(ChannelName.MATRIX, room)) for each in many]
                database.call(outbox.enqueue, there, now=system_clock())

            proxy.instead = UNAVAILABLE
            write(0)
            await eventually(lambda: proxy.refused >= 4)
            proxy.instead = b""
            await eventually(all_delivered(database, 4))
            proxy.losing = True  # it is posted, and the connection ends without an answer
            write(4)
            await eventually(lambda: proxy.lost >= 2)
            proxy.losing = False
            await eventually(all_delivered(database, 8))
            proxy.holding = True  # half-open: nothing comes any more
            write(8)
            await eventually(lambda: proxy.held >= 2)
            proxy.holding = False
            await eventually(all_delivered(database, 12), within=30)
        end = await reader.say(room, "vu ?")
        await reader.saw(end)
        keys = [event.source["content"].get("fr.tocsin.key") for event in reader.from_others]
    assert len(keys) == 12
    assert len(set(keys)) == 12
    assert not reader.unreadable
