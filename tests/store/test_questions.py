"""Questions and lessons in rows, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.facility import AssetCategory, Facility, FacilityKind, InventoryLine
from bot.domain.people import Grant, Person, Role
from bot.domain.question import Given, Question, Reach, ReplyKind, Subject, Wants
from bot.pipeline.questions import LessonError, answer, confirm, undo
from bot.store import Database, Session, facilities, inventory, lessons, people, questions

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SUBJECTS = [
    Subject("FortiOS", Wants.VERSION, settles=5, machines=2),
    Subject("Boîtier VPN", Wants.CONCERNED, settles=1, machines=1),
]


def a_hospital(session: Session) -> int:
    """A facility with two firewalls, one whose version is unknown."""
    hospital = Facility("590999017", "CH", "ars-hauts-de-france", FacilityKind.CH)
    facilities.save(session, [hospital])
    found = facilities.by_finess(session, hospital.finess)
    assert found is not None
    lines = [
        InventoryLine("fw-01", AssetCategory.NETWORK, "fw-01", "", "FortiOS", "7.2.8"),
        InventoryLine("fw-02", AssetCategory.NETWORK, "fw-02", "", "FortiOS", ""),
        InventoryLine("vpn", AssetCategory.NETWORK, "vpn", "", "Boîtier VPN", ""),
    ]
    inventory.write_lines(session, found.id, added=lines, changed=[], removed=[], now=NOW)
    return found.id


def asked(session: Session, facility_id: int) -> list[Question]:
    return questions.ask(session, facility_id, SUBJECTS, now=NOW)


def test_a_question_keeps_its_reference_until_it_is_answered(database: Database) -> None:
    facility_id = database.call(a_hospital)
    first = database.call(asked, facility_id)
    assert [each.reference for each in first] == ["QST-2026-0001", "QST-2026-0002"]
    assert database.call(asked, facility_id) == first
    database.call(answer, first[0], Given(ReplyKind.VERSION, "7.4.1"), by="operator", now=NOW)
    assert database.call(asked, facility_id) == first[1:]
    kept = database.call(questions.by_reference, "qst-2026-0001")
    assert kept is not None
    assert (kept.answer, kept.answered_by) == (ReplyKind.VERSION, "operator")
    lines = database.call(inventory.current, facility_id)
    assert (lines["fw-01"].version, lines["fw-02"].version) == ("7.2.8", "7.4.1")


def test_an_answer_ends_by_itself_and_the_question_comes_back(database: Database) -> None:
    facility_id = database.call(a_hospital)
    first = database.call(asked, facility_id)
    database.call(answer, first[1], Given(ReplyKind.NOT_CONCERNED), by="operator", now=NOW)
    assert list(database.call(lessons.judging)) == ["boîtier vpn"]
    early, late = NOW + timedelta(days=179), NOW + timedelta(days=180)
    assert database.call(lessons.end_expired, now=early) == 0
    assert database.call(lessons.end_expired, now=late) == 1
    assert database.call(lessons.judging) == {}
    assert database.call(asked, facility_id) == first
    (kept,) = database.call(lessons.listed, facility_id=facility_id, ended=True)
    assert (kept.ended, kept.ended_at) == ("expired", late)
    assert database.call(lessons.listed, facility_id=facility_id) == []


def test_everybody_learns_only_what_a_cert_confirms(database: Database) -> None:
    facility_id = database.call(a_hospital)
    question = database.call(asked, facility_id)[1]
    given = Given(ReplyKind.OTHER_PRODUCT, "Ivanti Connect Secure")
    lesson = database.call(answer, question, given, by="operator", now=NOW).lesson
    assert database.call(lessons.aliases) == []
    person = database.call(people.add, "Analyste", "cert@example.org", now=NOW)
    assert refused(database, lesson.id, person)
    analyst = Person(person.id, person.name, person.email, (Grant(Role.CERT),))
    assert not refused(database, lesson.id, analyst)
    assert database.call(lessons.aliases) == [("boîtier vpn", "Ivanti Connect Secure")]
    kept = database.call(lessons.by_id, lesson.id)
    assert kept is not None
    assert (kept.reach, kept.confirmed_by) == (Reach.EVERYBODY, str(person.id))
    assert database.call(undo, kept, by="operator", now=NOW) == 1
    assert database.call(lessons.aliases) == []
    assert database.call(inventory.current, facility_id)["vpn"].product == "Boîtier VPN"


def refused(database: Database, lesson_id: int, person: Person) -> bool:
    """Whether this person may not confirm the lesson."""
    lesson = database.call(lessons.by_id, lesson_id)
    assert lesson is not None
    try:
        database.call(confirm, lesson, person, now=NOW)
    except LessonError:
        return True
    return False
