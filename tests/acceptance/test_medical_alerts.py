"""What a biomedical engineer reads of a CSAF document about several products."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.commands.base import Invocation
from bot.commands.book import command_book
from bot.domain.delivery import Address
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.store import Session, people
from feeds.advisory import Advisory, Tlp
from feeds.csaf import read_csaf
from tests.acceptance.conftest import Town

ROOM = Address(ChannelName.MATRIX, "!salon:example.org")
RSSI = Address(ChannelName.MATRIX, "@rssi:example.org")
DOCUMENT = Path(__file__).parents[1] / "data" / "csaf" / "two-products.json"


@pytest.fixture
def bulletin() -> Advisory:
    (read,) = read_csaf("test", json.loads(DOCUMENT.read_bytes()), tlp=Tlp.AMBER)
    assert isinstance(read, Advisory)
    return read


PUMP = ("pompe-1", "Pompe Alizé", "12.1.2")
CONSOLE = ("console-1", "Console Mistral", "4.0")
MONITOR = ("moniteur-1", "Moniteur Zéphyr", "2.0")
SYRINGE = ("seringue-1", "Seringue Autan", "1.0")


async def told(town: Town, bulletin: Advisory, *machines: tuple[str, str, str]) -> str:
    """What the RSSI of a hospital with these machines reads; empty when it is nothing."""
    made = town.facility()
    town.has(made, *machines)
    town.told(made, ROOM.address)
    await town.publish(bulletin)
    book = command_book(town.application.renderer)
    said = Invocation(RSSI, ROOM, "alerte", "ALR-2026-0001")

    def ask(session: Session) -> str:
        person = people.add(session, "RSSI", "rssi@ch.example", now=town.clock())
        people.grant(session, person.id, Role.RSSI, facility_id=made.id)
        people.link(session, person.id, RSSI, now=town.clock())
        return book.dispatch(session, said, now=town.clock()).text

    text = town.application.database.call(ask)
    return text.replace("\u00a0", " ").replace("\u202f", " ")


async def test_each_product_has_its_version_to_reach(town: Town, bulletin: Advisory) -> None:
    text = await told(town, bulletin, PUMP, CONSOLE)
    assert "et 1 autre produit : 2 serveurs concernés" in text
    assert "Pompe Alizé en 12.3.1 ou plus ; Console Mistral : correctif de l'éditeur" in text


async def test_versions_given_as_data_are_said_in_words(town: Town, bulletin: Advisory) -> None:
    text = await told(town, bulletin, PUMP)
    assert "« Médical Exemple Pompe Alizé : ≥ 9.5, < 12.3.1 »" in text
    assert "vers:" not in text


async def test_only_the_remedies_of_its_own_products(town: Town, bulletin: Advisory) -> None:
    text = await told(town, bulletin, PUMP)
    assert "Update the Alizé pump to 12.3.1." in text
    assert "Sirocco" not in text
    assert "Mistral" not in text


async def test_what_the_publisher_studies_asks_for_no_version(
    town: Town, bulletin: Advisory
) -> None:
    text = await told(town, bulletin, MONITOR, SYRINGE)
    assert "1 serveur à vérifier" in text
    assert "moniteur-1 (2.0, l'éditeur n'a pas encore conclu)" in text
    assert "« Médical Exemple Moniteur Zéphyr, toutes les versions »" in text
    assert "suivi de sa version" not in text
    assert "Autan" not in text, "declared not affected, with the flag that says why"
