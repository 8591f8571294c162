"""A facility whose mailbox wants links, the page behind them served on the loopback."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp

from bot.app import Application, peers
from bot.domain.answer_link import filled
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Facility, InventoryLine
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.domain.routing import Rhythm
from bot.settings import Settings, Web
from bot.store import Session, alerts, inventory, lots, people, subscriptions
from bot.store.lots import Answer
from bot.store.migrate import upgrade
from bot.store.outbox import Delivery
from feeds.advisory import AdvisoryKind, Pap, Tlp
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import SteppingClock, Town
from tests.servers.pages import served
from tests.servers.process import free_port

MAILBOX = "ssi@ch-exemple.example"
MACHINE = "srv-tres-secret-01"
HOSPITAL = "Hôpital des Tests"


@dataclass
class Opened:
    """What a browser without a person got."""

    status: int
    text: str
    headers: dict[str, str]


@dataclass
class Linked:
    """A town with links, and the little that a mail's reader does."""

    town: Town
    hospital: Facility
    base: str

    async def told(
        self, *, tlp: Tlp = Tlp.CLEAR, pap: Pap | None = None, number: int = 1
    ) -> Delivery:
        """The facility is told of an alert by mail."""
        published = self.town.clock() + timedelta(days=1)
        await self.town.publish(
            fortios(
                published,
                AdvisoryKind.ALERTE,
                reference=f"CERTFR-2026-ALE-90{number:02}",
                title="Vulnérabilité dans <FortiOS>",
                tlp=tlp,
                pap=pap,
            )
        )
        return self.town.deliveries()[0]

    def link(self, delivery: Delivery) -> str:
        """The address in the mail, as it leaves."""
        secret = self.town.application.link_secret
        found = re.findall(
            rf"{re.escape(self.base)}/r/\S+", filled(delivery.message, secret, delivery.key).text
        )
        assert len(found) == 1
        return str(found[0])

    async def get(self, url: str, *, method: str = "GET") -> Opened:
        """Open a page."""
        async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
            return Opened(answer.status, await answer.text(), dict(answer.headers))

    async def press(
        self,
        url: str,
        answer: str,
        *,
        form: str | None = None,
        headers: dict[str, str] | None = None,
        **fields: str,
    ) -> Opened:
        """Open a page, then press a button of it; the last page that is shown."""
        if form is None:
            found = re.search(r'name="form" value="([^"]+)"', (await self.get(url)).text)
            form = found[1] if found else ""
        data = {"form": form, "answer": answer, **fields}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=data, headers=headers) as got,
        ):
            return Opened(got.status, await got.text(), dict(got.headers))

    def has_biomedical(self, name: str) -> None:
        """Add a device of another team that runs the same product."""
        line = InventoryLine(name, AssetCategory.BIOMEDICAL, name, "", "FortiOS", "7.2.8")
        self.town.application.database.call(
            inventory.write_lines,
            self.hospital.id,
            added=[line],
            changed=[],
            removed=[],
            now=self.town.clock(),
        )

    def answers(self, reference: str) -> list[Answer]:
        """What was answered to an alert."""

        def read(session: Session) -> list[Answer]:
            alert = alerts.by_reference(session, reference)
            return lots.answers(session, alert.id) if alert else []

        return self.town.application.database.call(read)

    def subscribe(
        self, *, ceiling: Tlp = Tlp.AMBER, links: bool = True, language: str = "fr"
    ) -> None:
        """Subscribe the mailbox, or change its terms."""
        self.town.application.database.call(
            subscriptions.subscribe,
            self.hospital.id,
            Address(ChannelName.EMAIL, MAILBOX),
            ceiling=ceiling,
            rhythm=Rhythm.WEEKLY,
            language=language,
            now=self.town.clock(),
            links=links,
        )


@asynccontextmanager
async def linked_town(folder: Path) -> AsyncIterator[Linked]:
    """A town that serves the page of answers, its mailbox somebody's who answers for it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    clock = SteppingClock()
    settings = Settings(data_dir=folder, web=Web(public_url=base, public_port=port))
    application = Application(settings, clock=clock)
    upgrade(application.database)
    town = Town(application, clock)
    hospital = town.facility(name=HOSPITAL)
    town.has(hospital, (MACHINE, "FortiOS", "7.2.8"))
    linked = Linked(town, hospital, base)

    def register(session: Session) -> None:
        person = people.add(session, "RSSI de garde", MAILBOX, now=clock())
        people.grant(session, person.id, Role.RSSI, facility_id=hospital.id)

    application.database.call(register)
    linked.subscribe()
    pages = peers.answer_pages(application)
    async with served(pages.routes(), port):
        yield linked
    await application.database.close()
