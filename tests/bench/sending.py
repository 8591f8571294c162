"""Durable deliveries against the plain client library, to the same sink, in turn.

The plain client is given bytes ready to be sent, holds its connections open and remembers
nothing. Tocsin claims rows, writes each mail, sends it and records it in a database whose
commits are on the disk.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import aiosmtplib

from bot.channels.base import Channel
from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.channels.mail.format import compose
from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.message import ChannelName, Message
from bot.pipeline.dispatch import Dispatcher
from bot.store import Database, outbox
from bot.store.migrate import upgrade
from feeds.advisory import Tlp
from tests.bench.child import in_child, watched_memory
from tests.bench.figures import Figure
from tests.bench.sinks import SLACK_CHANNELS, Sink, mail_sink, slack_channel, slack_sink
from tests.servers.postgresql import DURABLE, running_cluster
from tests.servers.slack_workspace import BOT_TOKEN

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SENDER = "tocsin@sante.example"
MAILS, POSTS = 40_000, 10_000
CONNECTIONS = 8  # the default of [email] connections; the plain client's too
POSTS_AT_ONCE = 16
PAGE = 500  # written together, as a campaign does
EACH = 11  # messages to one channel whose limits are on


def mails_on_postgresql() -> Iterator[Figure]:
    """A broadcast of :data:`MAILS`, and the memory that it takes."""
    with mail_sink() as sink, running_cluster(DURABLE) as cluster, cluster.database() as url:
        yield from _mails("delivery.mail", url, sink, memory=True)


def mails_on_sqlite() -> Iterator[Figure]:
    """The same in an embedded database."""
    with mail_sink() as sink, TemporaryDirectory(prefix="tocsin-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'tocsin.db'}"
        yield from _mails("delivery.mail_sqlite", url, sink, memory=False)


def _mails(name: str, url: str, sink: Sink, *, memory: bool) -> Iterator[Figure]:
    """Half of the plain client's mails before, half after: the machine is the same for both."""
    upgrade(Database(url))
    before = in_child(plain_mails, sink.port, MAILS // 2)
    seconds, growth = in_child(durable_mails, url, sink.port, MAILS)
    after = in_child(plain_mails, sink.port, MAILS // 2)
    _all_taken(sink, 2 * MAILS)
    rate, baseline = MAILS / seconds, MAILS / (before + after)
    plain = "aiosmtplib, connections reused"
    yield Figure(name, rate, "mails/s", plain, baseline, rate / baseline)
    if memory:
        yield Figure("delivery.broadcast_memory_mb", growth, "MiB")


def posts() -> Iterator[Figure]:
    """Slack's double: without its limits against plain aiohttp, then with them."""
    with running_cluster(DURABLE) as cluster:
        with slack_sink() as sink, cluster.database() as url:
            upgrade(Database(url))
            before = in_child(plain_posts, sink.port, POSTS // 2)
            seconds = in_child(durable_posts, url, sink.port, POSTS, 0)
            after = in_child(plain_posts, sink.port, POSTS // 2)
            _all_taken(sink, 2 * POSTS)
            rate, baseline = POSTS / seconds, POSTS / (before + after)
            yield Figure("delivery.http", rate, "posts/s", "aiohttp", baseline, rate / baseline)
        with slack_sink(limited=True) as sink, cluster.database() as url:
            upgrade(Database(url))
            seconds = in_child(durable_posts, url, sink.port, SLACK_CHANNELS * EACH, 60)
            _all_taken(sink, SLACK_CHANNELS * EACH)
            rate = SLACK_CHANNELS * (EACH - 1) / seconds  # the first of each waits for nothing
            limit = float(SLACK_CHANNELS)  # one a second each
            yield Figure("delivery.http_limited", rate, "posts/s", "the limit", limit, rate / limit)
            yield Figure("delivery.http_limited_refused", sink.refused, "posts")


def _all_taken(sink: Sink, count: int) -> None:
    for _ in range(100):
        if sink.taken == count:
            return
        time.sleep(0.02)
    raise AssertionError(f"{sink.taken} of {count} messages arrived")


async def plain_mails(port: int, count: int) -> float:
    """Seconds that aiosmtplib takes, its mails written beforehand."""
    mails = [
        (
            each.to.address,
            compose(each.message, sender=SENDER, address=each.to.address, key="k" * 8),
        )
        for each in map(mail, range(count))
    ]
    waiting = iter([(address, written.as_bytes()) for address, written in mails])

    async def send() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=30)
        await client.connect()
        for address, body in waiting:
            await client.sendmail(SENDER, [address], body)
        await client.quit()

    start = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    return time.perf_counter() - start


async def durable_mails(url: str, port: int, count: int) -> tuple[float, float]:
    """Seconds that sending takes, and the MiB by which writing and sending grew memory."""
    options = EmailOptions(
        "127.0.0.1",
        SENDER,
        port=port,
        security=EmailSecurity.PLAIN,
        connections=CONNECTIONS,
    )
    with watched_memory() as growth:
        seconds = await _durable(url, ChannelName.EMAIL, EmailChannel(options), mail, count)
    return seconds, growth.mebibytes


async def plain_posts(port: int, count: int) -> float:
    """Seconds that aiohttp takes, its bodies made beforehand."""
    waiting = iter([_body(post(number)) for number in range(count)])
    url = f"http://127.0.0.1:{port}/api/chat.postMessage"
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}

    async with aiohttp.ClientSession(headers=headers) as session:

        async def send() -> None:
            for body in waiting:
                async with session.post(url, json=body) as answer:
                    await answer.json()

        start = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(POSTS_AT_ONCE)))
        return time.perf_counter() - start


async def durable_posts(url: str, port: int, count: int, per_minute: int) -> float:
    """Seconds that sending ``count`` messages to Slack channels in turn takes."""
    options = SlackOptions(
        token=BOT_TOKEN,
        base_url=f"http://127.0.0.1:{port}/api/",
        per_channel_per_minute=per_minute,
    )
    channel = SlackChannel(options)
    return await _durable(url, ChannelName.SLACK, channel, post, count)


async def _durable(
    url: str, name: ChannelName, channel: Channel, written: Callable[[int], NewDelivery], count: int
) -> float:
    database = Database(url)
    for first in range(0, count, PAGE):
        page = [written(number) for number in range(first, min(first + PAGE, count))]
        await database.run(outbox.enqueue, page, now=datetime.now(UTC))
    dispatcher = Dispatcher(database, {name: channel}, clock=lambda: datetime.now(UTC))
    start = time.perf_counter()
    delivered = 0
    while delivered < count:
        delivered += (await dispatcher.run()).delivered
        if delivered < count:
            await asyncio.sleep(0.05)
    seconds = time.perf_counter() - start
    await channel.close()
    await database.close()
    return seconds


def mail(number: int) -> NewDelivery:
    """One alert to one mailbox of its own domain."""
    return NewDelivery(
        kind=DeliveryKind.ALERT,
        subject_id=uuid.UUID(int=number + 1),
        subject=f"ALR-2026-{number:05}",
        to=Address.mailbox(f"ssi@f{number:05}.example"),
        message=Message(f"[Tocsin] {number}", "À faire : mettre à jour. " * 40, marking=Tlp.AMBER),
        trace_id="bench",
    )


def post(number: int) -> NewDelivery:
    """One alert to one Slack channel."""
    blocks = (
        {"type": "section", "text": {"type": "mrkdwn", "text": "À faire : mettre à jour. " * 40}},
    )
    return NewDelivery(
        kind=DeliveryKind.ALERT,
        subject_id=uuid.UUID(int=number + 1),
        subject=f"ALR-2026-{number:05}",
        to=Address(ChannelName.SLACK, slack_channel(number)),
        message=Message(f"[Tocsin] {number}", "À faire", blocks=blocks, marking=Tlp.AMBER),
        trace_id="bench",
    )


def _body(delivery: NewDelivery) -> dict[str, object]:
    return {
        "channel": delivery.to.address,
        "text": delivery.message.subject,
        "blocks": list(delivery.message.blocks),
    }
