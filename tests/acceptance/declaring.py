"""A hospital and its RSSI, and a Tocsin configured with the peers that a test has."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.app import Application, peers
from bot.channels.base import Channel
from bot.domain.delivery import Address, DeliveryState
from bot.domain.incident import Declaration, Happening, Incident
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.settings import Settings
from bot.store import Session, incidents, people
from bot.store.migrate import upgrade
from tests.acceptance.conftest import SteppingClock, Town
from tests.servers.smtp import Relay

AUTHORITY, CERT = "ssi@ars.example", "ssi@cert.example"
SLACK_RSSI = "U0RSSI"


@dataclass
class Scene:
    """A hospital, its RSSI, and a Tocsin configured with whatever peers the test has."""

    town: Town
    facility_id: int
    channels: dict[ChannelName, Channel] = field(default_factory=dict)

    @property
    def application(self) -> Application:
        """The configured Tocsin."""
        return self.town.application

    async def send(self) -> None:
        """Dispatch until nothing is due."""
        await peers.dispatcher(self.application, self.channels).run()

    def incident(self) -> Incident:
        """The one incident there is."""
        (found,) = self.application.database.call(incidents.listed)
        return found

    def states(self) -> dict[str, DeliveryState]:
        """Where each step stands, by kind."""
        return {delivery.kind: delivery.state for delivery in self.town.deliveries()}

    def happened(self) -> list[Happening]:
        """The time-line's kinds."""
        found = self.application.database.call(incidents.timeline, self.incident().id)
        return [event.kind for event in found]

    def declare(self, what: str) -> None:
        """The RSSI declares without any chat."""

        def write(session: Session) -> None:
            person = people.by_email(session, "rssi@ch.example")
            assert person is not None
            self.application.incident_desk().declare(
                session, Declaration(self.facility_id, what), person, now=self.town.clock()
            )

        self.application.database.call(write)


@contextmanager
def scene(
    folder: Path, relay: Relay, accounts: Mapping[ChannelName, str], **sections: Any
) -> Iterator[Scene]:
    """A hospital whose RSSI has these accounts, and a Tocsin configured with ``sections``."""
    settings = Settings.model_validate(
        {
            "data_dir": folder,
            "email": {
                "host": "127.0.0.1",
                "port": relay.port,
                "security": "plain",
                "sender": "Tocsin <tocsin@sante.example>",
            },
            **sections,
            "incident": {
                "cert_mailbox": CERT,
                "authority_mailboxes": {"ars-hauts-de-france": AUTHORITY},
                **sections.get("incident", {}),
            },
        }
    )
    town = Town(Application(settings, clock=(clock := SteppingClock())), clock)
    upgrade(town.application.database)
    hospital = town.facility()

    def join(session: Session) -> None:
        person = people.add(session, "Une RSSI", "rssi@ch.example", now=town.clock())
        people.grant(session, person.id, Role.RSSI, facility_id=hospital.id)
        for channel, account in accounts.items():
            people.link(session, person.id, Address(channel, account), now=town.clock())

    town.application.database.call(join)
    made = Scene(town, hospital.id)
    made.channels = peers.channels(town.application, Console(file=io.StringIO()))
    yield made
    town.application.database.dispose()
