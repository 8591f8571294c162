"""A hospital whose alert concerns servers and biomedical equipment, and its people."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.commands.base import Invocation, Reply
from bot.commands.book import command_book
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Contact, Facility, InventoryLine
from bot.domain.message import ChannelName
from bot.domain.people import Person, Role
from bot.store import Session, alerts, facilities, inventory, lots, people
from bot.store.inventory import UploadRecord
from bot.store.lots import Answer
from feeds.advisory import AdvisoryKind, Tlp
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town

FRIDAY = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)  # 17.30 in Paris
ROOM = Address(ChannelName.MATRIX, "!salon:example.org")
ALERT = "ALR-2026-0001"
SERVER, BIOMEDICAL = AssetCategory.SERVER, AssetCategory.BIOMEDICAL


def plain(text: str) -> str:
    """Text without no-break spaces."""
    return text.replace("\u00a0", " ")


@dataclass
class Hospital:
    """A town with one hospital or several; people speak from the room."""

    town: Town

    def opened(self, finess: str = "590999017", *contacts: Contact, **changes: object) -> Facility:
        """Register a hospital that has a server and an ultrasound scanner."""
        made = self.town.facility(finess, name=str(changes.pop("name", "CH de Démonstration")))
        if contacts or changes:
            made = dataclasses.replace(made, contacts=contacts, **changes)  # type: ignore[arg-type]
            self.town.application.database.call(facilities.save, [made])
        self.town.application.database.call(self._equip, made.id)
        return made

    def _equip(self, session: Session, facility_id: int) -> None:
        lines = [
            InventoryLine("srv", SERVER, "srv-01", "", "FortiOS", "7.2.8"),
            InventoryLine("echo", BIOMEDICAL, "echo-01", "", "FortiOS", "7.2.8"),
        ]
        now = self.town.clock()
        inventory.write_lines(session, facility_id, added=lines, changed=[], removed=[], now=now)
        record = UploadRecord("test.csv", now, 2, 0, 2, 0, 0)
        inventory.record_upload(session, facility_id, record, now=now)

    def upgrade(self, facility: Facility, lot: AssetCategory, line: str, version: str) -> None:
        """A machine runs another version: its inventory says so."""
        changed = [InventoryLine(line, lot, line, "", "FortiOS", version)]
        self.town.application.database.call(
            inventory.write_lines,
            facility.id,
            added=[],
            changed=changed,
            removed=[],
            now=self.town.clock(),
        )

    def adds(self, facility: Facility, lot: AssetCategory, line: str, version: str) -> None:
        """The hospital has one more machine."""
        self.town.application.database.call(
            inventory.write_lines,
            facility.id,
            added=[InventoryLine(line, lot, line, "", "FortiOS", version)],
            changed=[],
            removed=[],
            now=self.town.clock(),
        )

    def told(
        self,
        facility: Facility,
        to: Address,
        *lots_told: AssetCategory,
        ceiling: Tlp = Tlp.AMBER,
    ) -> None:
        """Subscribe an address, to some lots only or to all."""
        self.town.told(facility, to.address, channel=to.channel, ceiling=ceiling, lots=lots_told)

    def person(self, name: str, role: Role, *at: Facility) -> Address:
        """Somebody with a role and a Matrix account."""
        account = Address(ChannelName.MATRIX, f"@{name.casefold()}:example.org")

        def add(session: Session) -> Person:
            found = people.add(session, name, f"{name.casefold()}@ch.example", now=FRIDAY)
            for facility in at:
                people.grant(session, found.id, role, facility_id=facility.id)
            people.link(session, found.id, account, now=FRIDAY)
            return found

        self.town.application.database.call(add)
        return account

    async def alerte(
        self, row: str = "FortiOS versions 7.2.x antérieures à 7.2.12", **more: object
    ) -> None:
        """An alerte that concerns the whole hospital is published on Friday, or ``at``."""
        self.town.clock.now = more.pop("at", FRIDAY)  # type: ignore[assignment]
        bulletin = fortios(self.town.clock.now, AdvisoryKind.ALERTE, row=row)
        await self.town.publish(dataclasses.replace(bulletin, **more))  # type: ignore[arg-type]

    def ask(
        self, name: str, args: str = "", *, by: Address, subject: str = "", place: Address = ROOM
    ) -> Reply:
        """Somebody gives a command."""
        application = self.town.application
        book = command_book(application.renderer, hours=application.hours)
        invocation = Invocation(by, place, name, args, subject=subject)
        reply = application.database.call(book.dispatch, invocation, now=self.town.clock())
        return dataclasses.replace(reply, text=plain(reply.text))

    def states(self, reference: str = ALERT) -> dict[AssetCategory, str]:
        """How each lot of an alert stands."""

        def read(session: Session) -> dict[AssetCategory, str]:
            alert = alerts.by_reference(session, reference)
            assert alert is not None
            return {lot.category: lot.state for lot in lots.of_alert(session, alert.id)}

        return self.town.application.database.call(read)

    def answers(self, reference: str = ALERT) -> list[Answer]:
        """What was answered to an alert, in order."""

        def read(session: Session) -> list[Answer]:
            alert = alerts.by_reference(session, reference)
            assert alert is not None
            return lots.answers(session, alert.id)

        return self.town.application.database.call(read)

    def mails_to(self, address: str) -> list[str]:
        """The texts written to a mailbox, latest first."""
        return [plain(d.message.text) for d in self.town.deliveries() if d.address == address]

    async def later(self, at: datetime) -> list[tuple[str, str]]:
        """What reminders are written when the clock says ``at``: address and text."""
        before = len(self.town.deliveries())
        self.town.clock.now = at
        await self.town.application.write_periodic()
        rows = self.town.deliveries()
        new = rows[: len(rows) - before]
        return [(row.address, plain(row.message.text)) for row in new if row.kind == "reminder"]
