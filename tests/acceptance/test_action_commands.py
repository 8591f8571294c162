"""Reading and answering actions: in a room, and by the digest that tells them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.base import CommandBook, Invocation, Reply
from bot.commands.book import command_book
from bot.domain.action import ActionState
from bot.domain.alert import AlertState
from bot.domain.delivery import Address
from bot.domain.facility import Facility
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.store import Session, actions, alerts, people
from tests.acceptance.conftest import Town
from tests.acceptance.upgrades import FIRST, SECOND, bulletin, listed

ROOM = Address(ChannelName.MATRIX, "!salon:example.org")
RSSI = Address(ChannelName.MATRIX, "@rssi:example.org")
MONDAY = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)  # 9.30 in Paris
WEEK = timedelta(days=7)


class Room:
    """A room whose RSSI writes, and where digests come."""

    def __init__(self, town: Town, hospital: Facility) -> None:
        self.town = town
        self.hospital = hospital
        self.book: CommandBook = command_book(town.application.renderer)

    def ask(self, name: str, args: str = "", *, subject: str = "") -> Reply:
        invocation = Invocation(RSSI, ROOM, name, args, subject=subject, confidential=True)
        found = self.town.application.database.call(
            self.book.dispatch, invocation, now=self.town.clock()
        )
        return replace(found, text=found.text.replace("\u00a0", " "))

    async def digest(self, at: datetime) -> str:
        """The text of the digest of that day; empty when there is none."""
        self.town.clock.now = at
        before = len(self.town.deliveries())
        await self.town.application.write_periodic()
        new = self.town.deliveries()[: len(self.town.deliveries()) - before]
        return "".join(each.message.text for each in new if each.kind == "digest").replace(
            "\u00a0", " "
        )


def named(town: Town, name: str) -> str:
    """The reference of the action about a product."""
    return next(action.reference for action in listed(town) if action.name == name)


@pytest.fixture
def room(town: Town) -> Room:
    hospital = town.facility()
    town.has(
        hospital,
        ("vpn-01", "NetScaler ADC", "13.1-48.47"),
        ("vpn-02", "NetScaler ADC", "13.1-48.47"),
        ("fw-01", "FortiOS", "7.2.8"),
    )
    town.told(hospital, ROOM.address)

    def registered(session: Session) -> None:
        person = people.add(session, "RSSI du CH", "rssi@ch.example", now=town.clock())
        people.grant(session, person.id, Role.RSSI, facility_id=hospital.id)
        people.link(session, person.id, RSSI, now=town.clock())

    town.application.database.call(registered)
    return Room(town, hospital)


async def test_the_digest_says_actions_and_their_references(town: Town, room: Room) -> None:
    await town.publish(bulletin(town, 1, *FIRST), bulletin(town, 2, *SECOND))
    text = await room.digest(MONDAY)
    assert "1. NetScaler ADC, passer en 13.1-51.15 ou plus : 2 serveurs, ferme 2 bulletins" in text
    assert "ACT-2026-0001" in text
    assert await room.digest(MONDAY + WEEK) == ""


async def test_the_list_is_ranked_and_one_can_be_read_in_full(town: Town, room: Room) -> None:
    await town.publish(
        bulletin(town, 1, *FIRST),
        bulletin(town, 2, *FIRST),
        bulletin(town, 3, "FortiOS versions 7.2.x antérieures à 7.2.12"),
    )
    text = room.ask("actions").text
    assert text.index("NetScaler") < text.index("FortiOS")
    shown = room.ask("action", named(town, "NetScaler ADC")).text
    assert "vpn-01" in shown
    assert "CERTFR-2026-AVI-9002" in shown
    assert "ACT-2026-0099" in room.ask("action", "ACT-2026-0099").text


async def test_one_word_answers_every_alert_that_an_action_closes(town: Town, room: Room) -> None:
    await town.publish(bulletin(town, 1, *FIRST), bulletin(town, 2, *FIRST))
    text = room.ask("prévu", "ACT-2026-0001 le 12/12").text
    assert "12/12/2026" in text
    assert "2 alertes" in text.replace("\u00a0", " ")
    found = town.application.database.call(alerts.listed, open_only=False)
    assert {each.alert.state for each in found} == {AlertState.TAKEN}
    (action,) = listed(town)
    assert action.state is ActionState.TAKEN
    room.ask("répondre", "fixed", subject="ACT-2026-0001")
    assert listed(town) == []


async def test_an_alert_about_two_products_waits_for_both_actions(town: Town, room: Room) -> None:
    both = bulletin(town, 1, *FIRST, "FortiOS versions 7.2.x antérieures à 7.2.12")
    await town.publish(both)
    one, other = (action.reference for action in listed(town))
    text = room.ask("corrigé", one).text
    assert other in text
    (found,) = town.application.database.call(alerts.listed, open_only=False)
    assert found.alert.state is AlertState.OPEN
    room.ask("corrigé", other)
    (found,) = town.application.database.call(alerts.listed, open_only=False)
    assert found.alert.state is AlertState.DONE


async def test_answering_the_alerts_themselves_answers_the_action(town: Town, room: Room) -> None:
    await town.publish(bulletin(town, 1, *FIRST), bulletin(town, 2, *FIRST))
    room.ask("corrigé", "ALR-2026-0001")
    assert len(listed(town)) == 1
    room.ask("corrigé", "ALR-2026-0002")
    assert listed(town) == []


async def test_what_an_inventory_shows_is_proposed_once_and_confirmed_by_yes(
    town: Town, room: Room
) -> None:
    await town.publish(bulletin(town, 1, *FIRST))
    assert "ACT-2026-0001" in await room.digest(MONDAY)
    for name in ("vpn-01", "vpn-02"):
        town.becomes(room.hospital, (name, "NetScaler ADC", "13.1-49.13"))
    await town.application.match()
    text = await room.digest(MONDAY + WEEK)
    assert "Semble fait d'après l'inventaire : NetScaler ADC" in text
    assert "oui ACT-2026-0001" in text
    assert await room.digest(MONDAY + 2 * WEEK) == ""
    room.ask("oui", "ACT-2026-0001")
    over = town.application.database.call(actions.listed, states=[ActionState.DONE])
    assert [action.reference for action in over] == ["ACT-2026-0001"]


async def test_a_promise_gone_by_is_late_and_counted(town: Town, room: Room) -> None:
    await town.publish(bulletin(town, 1, *FIRST))
    await room.digest(MONDAY)
    room.ask("prévu", "ACT-2026-0001 le 12/03")
    text = await room.digest(MONDAY + WEEK)
    assert "En retard : c'était prévu pour le 12/03" in text
    assert "En retard : 1" in text


async def test_a_denied_answer_and_a_released_bulletin_are_said(town: Town, room: Room) -> None:
    forti = bulletin(town, 2, "FortiOS versions 7.2.x antérieures à 7.2.12")
    await town.publish(bulletin(town, 1, *FIRST), forti)
    await room.digest(MONDAY)
    room.ask("corrigé", named(town, "NetScaler ADC"))
    town.clock.now = MONDAY + timedelta(days=2)
    town.has(room.hospital)
    other = bulletin(town, 2, "FortiOS versions 7.4.x antérieures à 7.4.9", at=forti.published_at)
    await town.publish(other)
    text = await room.digest(MONDAY + WEEK)
    assert (
        "Vous aviez répondu « corrigé » le 09/03 ; l'inventaire du 11/03 montre encore"
        " 2 machines en 13.1-48.47" in text
    )
    assert "Sans objet depuis la révision du 11/03 : FortiOS, CERTFR-2026-AVI-9002" in text
