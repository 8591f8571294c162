"""From the poll that sees a bulletin to the first message that the relay accepts.

The pipeline is the real one: a poll reads the publisher over HTTP, another process
(``tocsin run --roles match,dispatch``) is woken, judges the sample inventory of 300 facilities
and 40,000 lines, and writes mails to a relay in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.app import Application
from bot.domain.clock import system_clock
from bot.domain.delivery import Address
from bot.domain.message import ChannelName
from bot.domain.routing import Rhythm
from bot.inventory.facilities import read_facilities
from bot.inventory.registry import read_inventory
from bot.pipeline.ingest import ingest
from bot.pipeline.inventory import upload_inventory
from bot.settings import Settings
from bot.store import Session, facilities, inventory, subscriptions
from bot.store.migrate import upgrade
from feeds.advisory import Tlp
from feeds.config import SourceConfig
from feeds.http import Access
from feeds.registry import make_source
from tests.bench.figures import Figure
from tests.bench.sample_inventory import SAMPLE, sample_rows, write
from tests.bench.sinks import Sink, mail_sink
from tests.conftest import ROOT
from tests.servers.certfr import Site, certfr_site
from tests.servers.postgresql import DURABLE, running_cluster
from tests.servers.process import end

PRODUCTS = (  # each is in dozens of the sample's facilities
    "Microsoft Windows 10", "Microsoft Windows 11", "Microsoft Office", "Google Chrome",
    "Mozilla Firefox ESR", "Red Hat Enterprise Linux", "Adobe Acrobat Reader DC",
    "Mozilla Firefox", "Oracle JRE", "SUSE Linux Enterprise Micro",
)  # fmt: skip
ROUNDS = 2
WITHIN = 60.0  # seconds; then the bulletin told nobody


def first_messages() -> Iterator[Figure]:
    """Two *alertes* a product, one after the other; the 95th percentile."""
    if not SAMPLE.is_file():
        print("  skipped: the sample inventory is not beside this checkout")
        return
    with (
        running_cluster(DURABLE) as cluster,
        cluster.database() as url,
        mail_sink() as sink,
        TemporaryDirectory(prefix="tocsin-bench-") as folder,
    ):
        application = Application(Settings(data_dir=Path(folder), database_url=url))
        upgrade(application.database)
        _import(application, Path(folder))
        with _pipeline(url, sink, Path(folder)):
            waits = sorted(asyncio.run(_publish(application, sink)))
        application.database.dispose()
    yield Figure("delivery.feed_to_message_p95_s", waits[int(0.95 * (len(waits) - 1))], "s")


def _import(application: Application, folder: Path) -> None:
    """The sample's facilities, their inventories, and a mailbox each."""
    write(folder, sample_rows())
    now = system_clock()
    body = (folder / "facilities.csv").read_bytes()
    read = read_facilities(body, file="facilities.csv", authorities=application.authorities)
    application.database.call(facilities.save, read.facilities)
    for facility in application.database.call(facilities.every):
        upload = read_inventory(
            (folder / "inventories" / f"{facility.finess}.csv").read_bytes(), file="parc.csv"
        )
        # dated before the bulletins: one of the inventory's own past is told to nobody
        application.database.call(
            upload_inventory,
            facility,
            upload,
            filename="parc.csv",
            dated=now - timedelta(days=3),
            confirm=True,
            now=now - timedelta(days=3),
        )
    application.database.call(_subscribe)


def _subscribe(session: Session) -> None:
    for facility in facilities.every(session):
        subscriptions.subscribe(
            session,
            facility.id,
            Address(ChannelName.EMAIL, f"ssi@f{facility.finess}.example"),
            ceiling=Tlp.AMBER,
            rhythm=Rhythm.IMMEDIATE,
            language="fr",
            now=system_clock(),
        )


@contextmanager
def _pipeline(url: str, sink: Sink, folder: Path) -> Iterator[None]:
    environ = {
        **os.environ,
        "TOCSIN_DATABASE_URL": url,
        "TOCSIN_DATA_DIR": str(folder / "data"),
        "TOCSIN_EMAIL__HOST": "127.0.0.1",
        "TOCSIN_EMAIL__PORT": str(sink.port),
        "TOCSIN_EMAIL__SECURITY": "plain",
        "TOCSIN_EMAIL__SENDER": "tocsin@sante.example",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run", "--roles", "match,dispatch"],
            cwd=ROOT,
            env=environ,
            stderr=log,
        )
        try:
            yield
        finally:
            end(process)


async def _publish(application: Application, sink: Sink) -> list[float]:
    """Seconds from each poll to its first mail; the first bulletin only builds the index."""
    access = Access(allowed_networks=("127.0.0.0/8", "::1/128"))
    await _judged(application)
    waits = []
    async with certfr_site() as site:
        config = SourceConfig("certfr", "certfr", site.url, tlp=Tlp.CLEAR, access=access)
        for number, product in enumerate((PRODUCTS[0], *PRODUCTS * ROUNDS)):
            _put(site, number, product)
            before, start = sink.taken, time.perf_counter()
            source = make_source(config, system_clock)
            await ingest(application.database, source, clock=system_clock)
            while sink.taken == before and time.perf_counter() - start < WITHIN:
                await asyncio.sleep(0.005)
            if sink.taken == before:
                raise AssertionError(f"the bulletin on {product} told nobody in {WITHIN:.0f} s")
            waits.append(time.perf_counter() - start)
            await _quiet(sink)
    return waits[1:]


async def _judged(application: Application) -> None:
    """Wait until the inventories that were just imported have been judged."""
    database = application.database
    while await database.run(inventory.unmatched_products):
        await asyncio.sleep(1)
    while await database.run(facilities.changed):
        await asyncio.sleep(1)


def _put(site: Site, number: int, product: str) -> None:
    today = system_clock().strftime("%Y-%m-%dT00:00:00.000000")
    site.publish(
        f"CERTFR-2026-ALE-{number:03}",
        title=f"Vulnérabilité dans {product}",
        summary="Une vulnérabilité permet une exécution de code arbitraire à distance.",
        affected_systems=[{"description": f"{product} toutes versions", "product": {}}],
        affected_systems_content=f"<ul><li>{product} toutes versions</li></ul>",
        revisions=[{"description": "Version initiale", "revision_date": today}],
    )


async def _quiet(sink: Sink) -> None:
    """Wait until the mails of a bulletin are all gone."""
    count = -1
    while sink.taken != count:
        count = sink.taken
        await asyncio.sleep(1)
