"""With a key the main job is the same; an operator seals, changes keys, hears of a lost one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app import Application, peers
from bot.commands.base import Invocation
from bot.domain.delivery import Address
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.settings import Secrets, Settings
from bot.store import Session, inventory, people
from bot.store.migrate import upgrade
from feeds.advisory import AdvisoryKind
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import SteppingClock, Town
from tests.acceptance.test_command_line import DEMO, Installation

ROOM = Address(ChannelName.MATRIX, "!salon:example.org")
RSSI = Address(ChannelName.MATRIX, "@rssi:example.org")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    clock = SteppingClock()
    keys = Secrets(inventory_key=SecretStr("une clef des tests, assez longue"))
    application = Application(Settings(data_dir=tmp_path, secrets=keys), clock=clock)
    upgrade(application.database)
    yield Town(application, clock)
    application.database.dispose()


async def test_a_machine_is_told_and_found_by_its_name(
    town: Town,
) -> None:
    hospital = town.facility()
    town.has(hospital, ("zorglub-b", "FortiOS", "7.2.8"), ("zorglub-a", "FortiOS", ""))
    town.told(hospital, ROOM.address)
    database = town.application.database

    def register(session: Session) -> None:
        person = people.add(session, "RSSI", "rssi@ch.example", now=town.clock())
        people.grant(session, person.id, Role.RSSI, facility_id=hospital.id)
        people.link(session, person.id, RSSI, now=town.clock())

    database.call(register)
    published = town.clock() + timedelta(days=1)
    await town.publish(fortios(published, AdvisoryKind.ALERTE))
    (delivery,) = town.deliveries()
    assert "zorglub-b" in delivery.message.text
    reply = await peers.desk(town.application).ask(
        Invocation(RSSI, ROOM, "préciser", "zorglub-a 7.2.13", subject=delivery.subject)
    )
    assert "zorglub-a" in reply.text
    known = {line.name: line.version for line in database.call(inventory.current, 1).values()}
    assert known == {"zorglub-b": "7.2.8", "zorglub-a": "7.2.13"}


def test_an_operator_seals_changes_the_key_and_hears_of_a_lost_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tocsin = Installation(tmp_path, capsys)
    tocsin("init")
    tocsin("facility", "import", str(DEMO / "facilities.csv"))
    lines = str(DEMO / "inventories" / "590999017.csv")
    tocsin("inventory", "import", "--facility", "590999017", lines)
    assert "secrets.inventory_key" in tocsin("secrets", "apply", code=3)
    tocsin.environ["TOCSIN_SECRETS__INVENTORY_KEY"] = "première clef assez longue"
    waiting = json.loads(tocsin("--json", "secrets", "status"))["waiting"]
    assert waiting > 0
    assert f"{waiting} rows rewritten, 0 left" in tocsin("secrets", "apply")
    tocsin.environ["TOCSIN_SECRETS__INVENTORY_KEY"] = "seconde clef assez longue"
    assert "is not configured" in tocsin("alerts", code=3)
    tocsin.environ["TOCSIN_SECRETS__FORMER_KEYS"] = "première clef assez longue"
    assert f"{waiting} rows rewritten, 0 left" in tocsin("secrets", "apply")
    del tocsin.environ["TOCSIN_SECRETS__FORMER_KEYS"]
    assert "clef" not in tocsin("check-config")
    tocsin("alerts")
