"""One outbox, several processes that send: how much faster they are together.

The relay takes a tenth of a second for each mail, so that it is the waiting that is shared and
not the two cores of a small machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.domain.message import ChannelName
from bot.pipeline.dispatch import Dispatcher
from bot.store import Database, outbox
from bot.store.migrate import upgrade
from tests.bench.child import in_child
from tests.bench.figures import Figure
from tests.bench.sending import CONNECTIONS, NOW, SENDER, mail
from tests.bench.sinks import Sink, mail_sink
from tests.servers.postgresql import DURABLE, running_cluster

WORKERS = (1, 2, 4)
MAILS = 400  # for each worker


def scale_out() -> Iterator[Figure]:
    """Mails a second with one worker, with two, with four; the ratio is to one worker."""
    alone = 0.0
    with running_cluster(DURABLE) as cluster:
        for count in WORKERS:
            with cluster.database() as url, mail_sink(distant=True) as sink:
                rate = _rate(url, sink, count)
            alone = alone or rate
            yield Figure(
                f"delivery.workers_{count}_per_s",
                rate,
                "mails/s",
                "one worker",
                alone,
                rate / alone,
            )


def _rate(url: str, sink: Sink, count: int) -> float:
    """Mails a second, between the first tenth and the ninth: workers start when they can."""
    database = Database(url)
    upgrade(database)
    total = MAILS * count
    database.call(outbox.enqueue, map(mail, range(total)), now=NOW)
    with ThreadPoolExecutor(count) as pool:
        working = [pool.submit(in_child, dispatch, url, sink.port) for _ in range(count)]
        first = _when(sink, total // 10)
        last = _when(sink, total * 9 // 10)
        sent = sum(each.result() for each in working)
    database.dispose()
    if (sent, sink.taken) != (total, total):
        raise AssertionError(f"{sent} sent and {sink.taken} taken of {total}")
    return total * 0.8 / (last - first)


def _when(sink: Sink, count: int) -> float:
    while sink.taken < count:
        time.sleep(0.005)
    return time.perf_counter()


async def dispatch(url: str, port: int) -> int:
    """Send until nothing is due; return how many this process sent."""
    options = EmailOptions(
        "127.0.0.1", SENDER, port=port, security=EmailSecurity.PLAIN, connections=CONNECTIONS
    )
    channel, database = EmailChannel(options), Database(url)
    dispatcher = Dispatcher(database, {ChannelName.EMAIL: channel}, clock=lambda: datetime.now(UTC))
    report = await dispatcher.run()
    await channel.close()
    await database.close()
    return report.delivered
