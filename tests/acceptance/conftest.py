"""The main job on a fresh embedded database, with facilities of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import Application
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Facility, FacilityKind, Function, InventoryLine
from bot.domain.message import ChannelName
from bot.domain.routing import Rhythm
from bot.pipeline.match import MatchReport
from bot.settings import Settings
from bot.store import Session, advisories, facilities, inventory, outbox, subscriptions
from bot.store.inventory import UploadRecord
from bot.store.migrate import upgrade
from bot.store.outbox import Delivery
from feeds.advisory import Advisory, Tlp


@dataclass
class SteppingClock:
    """Time as the test says it."""

    now: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Town:
    """A small world: an application, and the few gestures the tests repeat."""

    application: Application
    clock: SteppingClock

    def facility(
        self,
        finess: str = "590999017",
        *,
        name: str = "CH de Démonstration",
        kind: FacilityKind = FacilityKind.CH,
        functions: tuple[Function, ...] = (),
    ) -> Facility:
        """Register a facility."""
        made = Facility(finess, name, "ars-hauts-de-france", kind, functions=functions)
        self.application.database.call(facilities.save, [made])
        found = self.application.database.call(facilities.by_finess, finess)
        assert found is not None
        return found

    def has(self, facility: Facility, *lines: tuple[str, str, str]) -> None:
        """Give the facility servers ``(name, product, version)`` as of now."""
        assets = [
            InventoryLine(name, AssetCategory.SERVER, name, "", product, version)
            for name, product, version in lines
        ]

        def write(session: Session) -> None:
            now = self.clock()
            inventory.write_lines(
                session, facility.id, added=assets, changed=[], removed=[], now=now
            )
            record = UploadRecord("test.csv", now, len(assets), 0, len(assets), 0, 0)
            inventory.record_upload(session, facility.id, record, now=now)

        self.application.database.call(write)

    def becomes(self, facility: Facility, line: tuple[str, str, str]) -> None:
        """Change one server: its inventory says so."""
        name, product, version = line
        asset = InventoryLine(name, AssetCategory.SERVER, name, "", product, version)

        def write(session: Session) -> None:
            inventory.write_lines(
                session, facility.id, added=[], changed=[asset], removed=[], now=self.clock()
            )

        self.application.database.call(write)

    def removes(self, facility: Facility, *names: str) -> None:
        """Take servers out of the inventory."""
        self.application.database.call(
            inventory.write_lines,
            facility.id,
            added=[],
            changed=[],
            removed=names,
            now=self.clock(),
        )

    def told(
        self,
        facility: Facility,
        address: str,
        *,
        channel: ChannelName = ChannelName.MATRIX,
        ceiling: Tlp = Tlp.AMBER,
        rhythm: Rhythm = Rhythm.WEEKLY,
        lots: Sequence[AssetCategory] = (),
    ) -> None:
        """Subscribe an address."""
        self.application.database.call(
            subscriptions.subscribe,
            facility.id,
            Address(channel, address),
            ceiling=ceiling,
            rhythm=rhythm,
            language="fr",
            now=self.clock(),
            lots=lots,
        )

    async def publish(self, *bulletins: Advisory) -> MatchReport:
        """Store bulletins and judge them."""
        self.application.database.call(
            advisories.store, bulletins, trace_id="trace", now=self.clock()
        )
        return await self.application.match()

    def deliveries(self) -> list[Delivery]:
        """The outbox, latest first."""
        return self.application.database.call(outbox.listed)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A world without anything in it."""
    clock = SteppingClock()
    application = Application(Settings(data_dir=tmp_path), clock=clock)
    upgrade(application.database)
    yield Town(application, clock)
    application.database.dispose()


Bulletin = Callable[..., Advisory]
