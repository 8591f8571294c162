"""An alert is followed lot by lot: who may answer for which, what is told, what remains."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.delivery import Address
from bot.domain.facility import Contact
from bot.domain.message import ChannelName
from bot.domain.people import Role
from feeds.advisory import Tlp
from tests.acceptance.conftest import Town
from tests.acceptance.hospital import ALERT, BIOMEDICAL, FRIDAY, ROOM, SERVER, Hospital, plain

MONDAY = FRIDAY + timedelta(days=2, hours=15, minutes=35)  # 9.05 in Paris
DAY = timedelta(days=1)
BIOMED_ROOM = Address(ChannelName.MATRIX, "!biomed:example.org")
DEPUTY = Contact("Adjoint", "suppleant", "adjoint@ch.example", rank=2)
DIRECTION = Contact("Direction", "direction", "direction@ch.example", rank=3)


@pytest.fixture
def world(town: Town) -> Hospital:
    return Hospital(town)


async def test_each_team_answers_for_its_own_part(world: Hospital) -> None:
    hospital = world.opened()
    world.told(hospital, ROOM)
    biomed = world.person("Claire", Role.BIOMED, hospital)
    rssi = world.person("Marc", Role.RSSI, hospital)
    await world.alerte()
    said = world.ask("répondre", "taken", by=biomed, subject=ALERT)
    assert world.states() == {SERVER: "open", BIOMEDICAL: "taken"}
    assert "pour : équipements biomédicaux" in said.text
    assert "Reste : serveurs (sans réponse)." in said.text
    assert "Les relances continuent pour : serveurs" in said.text
    refused = world.ask("corrigé", "serveurs", by=biomed, subject=ALERT)
    assert "Rien n'a été noté. Vous ne répondez pas de : serveurs" in refused.text
    done = world.ask("corrigé", f"{ALERT} serveurs : hier soir", by=rssi)
    assert world.states() == {SERVER: "fixed", BIOMEDICAL: "taken"}
    assert "Reste : équipements biomédicaux (Claire s'en occupe depuis le 06/03)" in done.text
    assert "Les relances s'arrêtent" in done.text
    assert [(a.category, a.note) for a in world.answers()] == [
        (BIOMEDICAL, ""),
        (SERVER, "hier soir"),
    ]
    shown = world.ask("alerte", ALERT, by=rssi).text
    assert "Où en est chaque partie" in shown
    assert "serveurs (corrigé par Marc le 06/03)" in shown


async def test_who_answers_for_everything_answers_for_what_waits(world: Hospital) -> None:
    hospital = world.opened()
    world.told(hospital, ROOM)
    rssi = world.person("Marc", Role.RSSI, hospital)
    await world.alerte()
    world.ask("répondre", "fixed serveurs", by=rssi, subject=ALERT)
    world.ask("je", "m'en occupe", by=rssi, subject=ALERT)
    assert world.states() == {SERVER: "fixed", BIOMEDICAL: "taken"}
    opened = world.ask("rouvrir", f"{ALERT} serveurs", by=rssi)
    assert "La relance reprend" in opened.text
    assert world.states() == {SERVER: "open", BIOMEDICAL: "taken"}
    [(address, text)] = await world.later(MONDAY)
    assert address == ROOM.address
    assert "srv-01" in text
    assert "echo-01" not in text
    assert "équipements biomédicaux (Marc s'en occupe depuis le 06/03)" in text


async def test_a_silent_lot_climbs_while_the_other_is_done(world: Hospital) -> None:
    hospital = world.opened("590999017", DEPUTY, DIRECTION)
    world.told(hospital, ROOM)
    biomed = world.person("Claire", Role.BIOMED, hospital)
    await world.alerte()
    assert [address for address, _ in await world.later(MONDAY)] == [ROOM.address]
    world.ask("répondre", "fixed", by=biomed, subject=ALERT)
    [(address, text)] = await world.later(MONDAY + DAY)
    assert address == DEPUTY.email
    assert "équipements biomédicaux (corrigé par Claire le 09/03)" in text
    assert [address for address, _ in await world.later(MONDAY + 2 * DAY)] == [DIRECTION.email]
    assert await world.later(MONDAY + 9 * DAY) == []


async def test_two_silent_lots_are_one_message_an_address(world: Hospital) -> None:
    hospital = world.opened("590999017", DEPUTY)
    world.told(hospital, ROOM)
    await world.alerte()
    assert len(await world.later(MONDAY)) == 1
    [(address, text)] = await world.later(MONDAY + DAY)
    assert address == DEPUTY.email
    assert "2 équipements à traiter" in text


async def test_a_room_of_one_team_reads_of_its_machines_and_answers_for_them(
    world: Hospital,
) -> None:
    hospital = world.opened()
    world.told(hospital, ROOM)
    world.told(hospital, BIOMED_ROOM, BIOMEDICAL)
    rssi = world.person("Marc", Role.RSSI, hospital)
    await world.alerte()
    texts = {d.address: d.message for d in world.town.deliveries()}
    assert "srv-01" in texts[ROOM.address].text
    assert "echo-01" in texts[ROOM.address].text
    assert "srv-01" not in texts[BIOMED_ROOM.address].text
    assert "echo-01" in texts[BIOMED_ROOM.address].text
    pressed = texts[BIOMED_ROOM.address].choices[0].value
    reference, _, kind = pressed.rpartition(":")
    world.ask("répondre", kind, by=rssi, subject=reference, place=BIOMED_ROOM)
    assert world.states() == {SERVER: "open", BIOMEDICAL: "taken"}


async def test_a_lot_that_no_destination_asks_for_is_told_all_the_same(world: Hospital) -> None:
    hospital = world.opened()
    world.told(hospital, BIOMED_ROOM, BIOMEDICAL)
    await world.alerte()
    (told,) = world.town.deliveries()
    assert "srv-01" in told.message.text


async def test_what_changes_is_that_of_the_lots_the_message_speaks_to(world: Hospital) -> None:
    hospital = world.opened()
    world.told(hospital, BIOMED_ROOM, BIOMEDICAL)
    world.told(hospital, ROOM)
    await world.alerte()
    before = len(world.town.deliveries())
    for name in ("srv-02", "srv-03"):
        world.adds(hospital, SERVER, name, "7.2.8")
    world.adds(hospital, BIOMEDICAL, "echo-02", "7.2.8")
    await world.town.application.match()
    new = world.town.deliveries()[:-before]
    texts = {each.address: plain(each.message.text) for each in new}
    assert "1 équipement concerné de plus." in texts[BIOMED_ROOM.address]
    assert "3 équipements concernés de plus." in texts[ROOM.address]


async def test_the_biomedical_contact_is_told_of_biomedical_equipment_alone(
    world: Hospital,
) -> None:
    engineer = Contact("Ingénieur", "biomedical", "biomed@ch.example")
    hospital = world.opened("590999017", engineer)
    world.told(hospital, ROOM)
    await world.alerte()
    [text] = world.mails_to("biomed@ch.example")
    assert "1 équipement à traiter" in text
    assert "echo-01" not in text, "its ceiling is GREEN until somebody raises it"


async def test_a_form_asks_for_which_part(world: Hospital) -> None:
    hospital = world.opened()
    world.told(hospital, ROOM)
    rssi = world.person("Marc", Role.RSSI, hospital)
    await world.alerte()
    (told,) = world.town.deliveries()
    assert told.message.choices[-1].value == f"{ALERT}:lots"
    reply = world.ask("répondre", "lots", by=rssi, subject=ALERT)
    assert reply.form is not None
    assert [option[0] for option in reply.form.fields[0].options] == ["server", "biomedical"]


async def test_machines_gone_leave_their_lot_with_nothing_to_do(world: Hospital) -> None:
    hospital = world.opened()
    world.told(hospital, ROOM)
    rssi = world.person("Marc", Role.RSSI, hospital)
    await world.alerte()
    world.ask("corrigé", "serveurs", by=rssi, subject=ALERT)
    world.upgrade(hospital, BIOMEDICAL, "echo", "7.4.9")
    await world.town.application.match()
    assert world.states()[BIOMEDICAL] == "cleared"
    assert await world.later(MONDAY) == []


async def test_news_about_one_team_leaves_what_the_other_answered(world: Hospital) -> None:
    hospital = world.opened()
    world.told(hospital, ROOM)
    rssi = world.person("Marc", Role.RSSI, hospital)
    await world.alerte()
    world.ask("corrigé", "", by=rssi, subject=ALERT)
    world.adds(hospital, BIOMEDICAL, "echo2", "7.2.1")
    await world.town.application.match()
    assert world.states() == {SERVER: "fixed", BIOMEDICAL: "open"}


async def test_below_its_ceiling_a_channel_still_answers_for_its_team(world: Hospital) -> None:
    hospital = world.opened()
    world.told(hospital, BIOMED_ROOM, BIOMEDICAL, ceiling=Tlp.GREEN)
    world.told(hospital, ROOM)
    await world.alerte()
    choices = {d.address: d.message.choices for d in world.town.deliveries()}
    assert [c.value for c in choices[BIOMED_ROOM.address]] == [f"{ALERT}/biomedical:taken"]
