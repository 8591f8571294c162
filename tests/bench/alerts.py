"""How long a bulletin that concerns a whole country takes, from judging it to the outbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.app import Application
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Facility, FacilityKind, InventoryLine
from bot.domain.message import ChannelName
from bot.domain.routing import Rhythm
from bot.render import try_templates
from bot.settings import Settings
from bot.store import Session, advisories, facilities, inventory, outbox, subscriptions
from bot.store.inventory import UploadRecord
from bot.store.migrate import upgrade
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Tlp
from tests.bench.figures import Figure

FACILITIES = 3_000
ASSETS = 4  # concerned, in each facility
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def run() -> Iterator[Figure]:
    """One *alerte*, three thousand hospitals, a mailbox each: alerts and messages written."""
    with TemporaryDirectory(prefix="tocsin-bench-") as folder:
        application = Application(Settings(data_dir=Path(folder)), clock=lambda: NOW)
        database = application.database
        upgrade(database)
        database.call(_country)
        try_templates(application.renderer)  # who has written before has compiled them
        engine = application.engine()
        asyncio.run(engine.run())  # the products are known before the bulletin comes
        database.call(advisories.store, [_bulletin()], trace_id="bench", now=NOW)
        start = time.perf_counter()
        report = asyncio.run(engine.run())
        seconds = time.perf_counter() - start
        written = len(database.call(outbox.listed, limit=2 * FACILITIES))
        if (report.alerts.opened, written) != (FACILITIES, FACILITIES):
            raise AssertionError(f"{report.alerts.opened} alerts, {written} messages")
        yield Figure("alerts.write_3000_s", seconds, "s")
        database.dispose()


def _bulletin() -> Advisory:
    row = "FortiOS versions 7.2.x antérieures à 7.2.12"
    return Advisory(
        publisher="CERT-FR",
        reference="CERTFR-2026-ALE-9001",
        kind=AdvisoryKind.ALERTE,
        title="Vulnérabilité dans FortiOS",
        published_at=NOW + timedelta(days=1),
        revised_at=NOW + timedelta(days=1),
        summary="Une vulnérabilité permet une exécution de code arbitraire à distance. " * 4,
        affected=(AffectedProduct(row, "Fortinet", "FortiOS"),),
        cves=("CVE-2026-99001", "CVE-2026-99002"),
        risks=("Exécution de code arbitraire à distance",),
    )


def _country(session: Session) -> None:
    made = [
        Facility(f"{number:09d}", f"CH d'essai {number}", "ars-bretagne", FacilityKind.CH)
        for number in range(FACILITIES)
    ]
    facilities.save(session, made)
    for facility in facilities.every(session):
        version = f"7.2.{int(facility.finess) % 11}"
        lines = [
            InventoryLine(
                f"fw-{n}", AssetCategory.NETWORK, f"fw-{n}", "Fortinet", "FortiOS", version
            )
            for n in range(ASSETS)
        ]
        inventory.write_lines(session, facility.id, added=lines, changed=[], removed=[], now=NOW)
        record = UploadRecord("bench.csv", NOW, ASSETS, 0, ASSETS, 0, 0)
        inventory.record_upload(session, facility.id, record, now=NOW)
        subscriptions.subscribe(
            session,
            facility.id,
            Address(ChannelName.EMAIL, f"ssi@f{facility.finess}.example"),
            ceiling=Tlp.AMBER,
            rhythm=Rhythm.WEEKLY,
            language="fr",
            now=NOW,
        )
