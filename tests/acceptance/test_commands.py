"""What people may ask, without any chat: the same functions serve them all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.commands.base import CommandBook, Invocation, Reply
from bot.commands.book import command_book
from bot.domain.alert import AlertState
from bot.domain.delivery import Address
from bot.domain.facility import Facility
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.domain.routing import Rhythm
from bot.store import Session, alerts, audit, lots, people
from feeds.advisory import AdvisoryKind
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town

ROOM = Address(ChannelName.MATRIX, "!salon:example.org")
RSSI = Address(ChannelName.MATRIX, "@rssi:example.org")
STRANGER = Address(ChannelName.MATRIX, "@passant:example.org")
ALERT = "ALR-2026-0001"


class Counter:
    """Takes commands as the chats do."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.book: CommandBook = command_book(town.application.renderer)

    def ask(self, name: str, args: str = "", *, by: Address = RSSI, subject: str = "") -> Reply:
        """Give a command in the room."""
        invocation = Invocation(by, ROOM, name, args, subject=subject)
        return self.town.application.database.call(
            self.book.dispatch, invocation, now=self.town.clock()
        )


@pytest.fixture
async def counter(town: Town) -> Counter:
    """A hospital with one alert on two firewalls, one without version, and its RSSI."""
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"), ("fw-02", "FortiOS", ""))
    town.told(hospital, ROOM.address, rhythm=Rhythm.IMMEDIATE)
    town.application.database.call(registered, hospital, town)
    published = town.clock() + timedelta(days=1)
    await town.publish(fortios(published, AdvisoryKind.AVIS))
    return Counter(town)


def registered(session: Session, hospital: Facility, town: Town) -> None:
    """The RSSI of the hospital, with a Matrix account."""
    person = people.add(session, "RSSI du CH", "rssi@ch.example", now=town.clock())
    people.grant(session, person.id, Role.RSSI, facility_id=hospital.id)
    people.link(session, person.id, RSSI, now=town.clock())


def test_a_stranger_is_refused_politely_and_audited(counter: Counter) -> None:
    reply = counter.ask("alertes", by=STRANGER)
    assert "Je ne vous connais pas encore" in reply.text
    assert "fw-01" not in reply.text
    (entry,) = counter.town.application.database.call(audit.latest, limit=1)
    assert (entry.action, entry.actor) == ("refused.stranger", "matrix:@passant:example.org")


def test_the_list_names_what_waits(counter: Counter) -> None:
    assert ALERT in counter.ask("alertes").text
    assert ALERT in counter.ask("alerts").text


def test_one_alert_in_full_and_who_answered(counter: Counter) -> None:
    before = counter.ask("alerte", ALERT.lower())
    assert "fw-01" in before.text
    assert "Personne n'a encore répondu" in before.text
    counter.ask("répondre", "taken", subject=ALERT)
    assert "RSSI du CH" in counter.ask("alerte", ALERT).text


def test_an_unknown_reference_warns_that_the_message_may_be_false(counter: Counter) -> None:
    assert "n'est peut-être pas vrai" in counter.ask("alerte", "ALR-2026-9999").text


def test_an_unknown_command_names_the_nearest(counter: Counter) -> None:
    assert "alertes" in counter.ask("alerets").text


def test_an_answer_closes_the_alert_and_is_kept(counter: Counter) -> None:
    database = counter.town.application.database
    counter.ask("répondre", "taken", subject=ALERT)
    counter.ask("répondre", "fixed mis à jour hier", subject=ALERT)
    alert = database.call(alerts.by_reference, ALERT)
    assert alert is not None
    assert alert.state is AlertState.DONE
    kept = database.call(lots.answers, alert.id)
    assert [(each.kind.value, each.note) for each in kept] == [
        ("taken", ""),
        ("fixed", "mis à jour hier"),
    ]


async def test_a_machine_and_its_version_complete_the_inventory(counter: Counter) -> None:
    reply = counter.ask("préciser", "FW-02 : 7.2.12", subject=ALERT)
    assert "fw-02" in reply.text
    await counter.town.application.match()
    alert = counter.town.application.database.call(alerts.by_reference, ALERT)
    assert alert is not None
    assert (alert.assets_affected, alert.assets_to_check) == (1, 0)


@pytest.mark.parametrize("said", ["on regarde demain", "fw-02", "fw-01 7.2.12", "fw-025 7.2.12"])
def test_what_colleagues_say_to_each_other_is_left_alone(counter: Counter, said: str) -> None:
    assert counter.ask("préciser", said, subject=ALERT).text == ""
    assert counter.ask("préciser", said, by=STRANGER, subject=ALERT).text == ""


def test_a_code_links_an_account_once(counter: Counter) -> None:
    database = counter.town.application.database
    person = database.call(people.by_email, "rssi@ch.example")
    assert person is not None
    code = database.call(people.invite, person.id, now=counter.town.clock())
    assert "RSSI du CH" in counter.ask("lier", code, by=STRANGER).text
    assert ALERT in counter.ask("alertes", by=STRANGER).text
    other = Address(ChannelName.MATRIX, "@autre:example.org")
    assert "n'est pas valable" in counter.ask("lier", code, by=other).text
