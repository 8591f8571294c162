"""A question is asked, answered, and what it taught outlives uploads until it is undone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.commands.base import Invocation, Reply
from bot.commands.book import command_book
from bot.domain.alert import AlertState
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Facility, InventoryLine
from bot.domain.message import ChannelName
from bot.domain.people import Person, Role
from bot.domain.question import Given, Lesson, ReplyKind, Wants
from bot.inventory.base import Upload
from bot.pipeline.inventory import upload_inventory
from bot.pipeline.questions import answer, confirm, undo, waiting
from bot.store import Session, alerts, inventory, lessons, people
from bot.store.alerts import Alert
from feeds.advisory import Advisory, AdvisoryKind, Tlp
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town

ROOM = Address(ChannelName.MATRIX, "!salon:example.org")
RSSI = Address(ChannelName.MATRIX, "@rssi:example.org")
QUESTION = "QST-2026-0001"


def bulletin(
    town: Town, number: int, *, kind: AdvisoryKind = AdvisoryKind.AVIS, days: int = 1
) -> Advisory:
    """FortiOS before 7.2.12 is vulnerable."""
    published = town.clock() + timedelta(days=days)
    return fortios(published, kind, reference=f"CERTFR-2026-AVI-{number}")


@pytest.fixture
async def hospital(town: Town) -> Facility:
    """Two firewalls without version, two bulletins, and an RSSI in an encrypted room."""
    made = town.facility()
    town.has(made, ("fw-01", "FortiOS", ""), ("fw-02", "FortiOS", ""))
    town.told(made, ROOM.address)

    def register(session: Session) -> None:
        person = people.add(session, "RSSI du CH", "rssi@ch.example", now=town.clock())
        people.grant(session, person.id, Role.RSSI, facility_id=made.id)
        people.link(session, person.id, RSSI, now=town.clock())

    town.application.database.call(register)
    await town.publish(bulletin(town, 9001), bulletin(town, 9002))
    return made


def ask(town: Town, name: str, args: str = "") -> Reply:
    """What the RSSI types in the room, and what comes back."""
    book = command_book(town.application.renderer)
    said = Invocation(RSSI, ROOM, name, args)
    return town.application.database.call(book.dispatch, said, now=town.clock())


def _spaced(text: str) -> str:
    """With plain spaces, as one compares."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def states(town: Town, hospital: Facility) -> list[AlertState]:
    """Where each alert stands, by reference."""

    def read(session: Session) -> list[AlertState]:
        found = [alerts.by_reference(session, f"ALR-2026-000{n}") for n in (1, 2, 3)]
        assert all(each is None or each.facility_id == hospital.id for each in found)
        return [each.state for each in found if each]

    return town.application.database.call(read)


def latest(town: Town) -> Lesson:
    """The last lesson, ended or not."""
    return town.application.database.call(lessons.listed, facility_id=None, ended=True)[0]


async def test_a_version_settles_every_alert_it_touches(town: Town, hospital: Facility) -> None:
    said = ask(town, "questions").text
    assert f"Quelle version de FortiOS ? Règle 2 « à vérifier ». ({QUESTION})" in _spaced(said)
    reply = ask(town, "question", f"{QUESTION} 7.2.12")
    assert "2 lignes complétées" in _spaced(reply.text)
    assert "Aucune question" in ask(town, "questions").text
    await town.application.match()
    assert states(town, hospital) == [AlertState.CLEARED, AlertState.CLEARED]
    database = town.application.database
    database.call(undo, latest(town), by="operator", now=town.clock())
    await town.application.match()
    assert states(town, hospital) == [AlertState.OPEN, AlertState.OPEN]
    assert QUESTION in ask(town, "questions").text


async def test_a_kind_of_answer_alone_asks_for_the_rest(town: Town, hospital: Facility) -> None:
    ask(town, "questions")
    form = ask(town, "question", f"{QUESTION} version").form
    assert form is not None
    assert (form.command, form.context) == ("question", f"{QUESTION} version")
    assert [asked.label for asked in form.fields] == ["Quelle version\u00a0?"]


async def test_what_was_answered_survives_the_next_upload(town: Town, hospital: Facility) -> None:
    ask(town, "questions")
    ask(town, "question", f"{QUESTION} 7.2.12")
    lines = [
        InventoryLine(name, AssetCategory.SERVER, name, "", "FortiOS", "")
        for name in ("fw-01", "fw-02", "fw-03")
    ]
    database = town.application.database
    database.call(
        upload_inventory,
        hospital,
        Upload("csv", tuple(lines)),
        filename="suivant.csv",
        dated=town.clock(),
        now=town.clock(),
    )
    kept = database.call(inventory.current, hospital.id)
    assert {line.version for line in kept.values()} == {"7.2.12"}
    database.call(undo, latest(town), by="operator", now=town.clock())
    kept = database.call(inventory.current, hospital.id)
    assert {line.version for line in kept.values()} == {""}


async def test_not_concerned_never_silences_what_is_sure(town: Town, hospital: Facility) -> None:
    ask(town, "questions")
    ask(town, "question", f"{QUESTION} non concerné : jamais exposé")
    await town.application.match()
    assert states(town, hospital) == [AlertState.CLEARED, AlertState.CLEARED]
    await town.publish(bulletin(town, 9003, kind=AdvisoryKind.ALERTE, days=2))
    assert states(town, hospital)[2:] == [AlertState.OPEN]
    town.becomes(hospital, ("fw-01", "FortiOS", "7.2.8"))
    await town.application.match()
    assert states(town, hospital) == [AlertState.OPEN] * 3
    assert "jamais exposé" in latest(town).reason


async def test_set_aside_comes_back_when_its_time_is_over(town: Town, hospital: Facility) -> None:
    ask(town, "questions")
    ask(town, "question", f"{QUESTION} pas concerné")
    await town.application.match()
    town.clock.now += timedelta(days=181)
    await town.application.match()
    assert states(town, hospital) == [AlertState.OPEN, AlertState.OPEN]


async def test_an_unknown_name_says_how_many_machines_bear_it(
    town: Town, hospital: Facility
) -> None:
    town.has(hospital, ("b-1", "Boîtier rouge", ""), ("b-2", "Boîtier rouge", "2"))
    await town.application.match()
    found = town.application.database.call(waiting, hospital.id, now=town.clock())
    assert [each.machines for each in found if each.wants is Wants.PRODUCT] == [2]


async def test_a_name_everybody_gives_is_recognised(town: Town, hospital: Facility) -> None:
    other = town.facility("620999029", name="Clinique de Démonstration")
    town.has(hospital, ("vpn", "Boîtier rouge", ""))
    town.has(other, ("vpn", "Boîtier rouge", "7.2.8"))
    await town.application.match()
    database = town.application.database

    def register(session: Session) -> Person:
        person = people.add(session, "Analyste", "cert@example.org", now=town.clock())
        people.grant(session, person.id, Role.CERT)
        return people.by_id(session, person.id)

    analyst = database.call(register)
    asked = database.call(waiting, hospital.id, now=town.clock())
    unknown = next(each for each in asked if each.wants is Wants.PRODUCT)
    given = Given(ReplyKind.OTHER_PRODUCT, "FortiOS")
    taught = database.call(answer, unknown, given, by=str(analyst.id), now=town.clock())
    await town.application.match()
    assert [each.wants for each in database.call(waiting, other.id, now=town.clock())] == [
        Wants.PRODUCT
    ]
    database.call(confirm, taught.lesson, analyst, now=town.clock())
    await town.application.match()
    assert database.call(waiting, other.id, now=town.clock()) == []
    told = {each.facility_id: each.assets_affected for each in open_alerts(town)}
    assert told[other.id] == 1
    kept = database.call(lessons.by_id, taught.lesson.id)
    assert kept is not None
    database.call(undo, kept, by="operator", now=town.clock())
    await town.application.match()
    assert other.id not in {each.facility_id for each in open_alerts(town)}


def open_alerts(town: Town) -> list[Alert]:
    """Every alert that waits."""
    found = town.application.database.call(alerts.listed)
    return [each.alert for each in found if each.alert.state is AlertState.OPEN]


async def test_in_a_thread_the_reference_is_enough(town: Town, hospital: Facility) -> None:
    ask(town, "questions")
    assert ask(town, "préciser", "on verra demain").text == ""
    asked = ask(town, "préciser", f"{QUESTION} : on verra demain").text
    assert "suivi de la version" in asked
    assert "2 lignes complétées" in _spaced(ask(town, "préciser", f"{QUESTION}: 7.2.12").text)
    await town.application.match()
    assert states(town, hospital) == [AlertState.CLEARED, AlertState.CLEARED]
    assert "Je ne trouve pas" in ask(town, "question", "QST-2026-9999 7.2.12").text


async def test_a_place_below_amber_hears_no_product(town: Town, hospital: Facility) -> None:
    town.told(hospital, ROOM.address, ceiling=Tlp.GREEN)
    database = town.application.database
    (question,) = database.call(waiting, hospital.id, now=town.clock())
    assert question.reference == QUESTION
    for said in (
        ask(town, "questions"),
        ask(town, "question", QUESTION),
        ask(town, "question", f"{QUESTION} non concerné"),
    ):
        assert "FortiOS" not in said.text
    assert latest(town).name == "FortiOS"
