"""A database of the first release keeps what people did when it is brought up to date."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from bot.domain.alarm import Course
from bot.domain.alert import AnswerKind
from bot.domain.facility import AssetCategory
from bot.store import Database, alarms, facilities, lots, subscriptions
from bot.store.migrate import upgrade
from feeds.advisory import Tlp

NOW = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)
MONDAY = NOW + timedelta(days=3)
SCOPE: dict[str, Any] = {
    "affected": [], "to_check": [], "target": "", "exploited": False, "words": "", "over": "",
}  # fmt: skip


def first_release(database: Database) -> dict[str, uuid.UUID]:
    """The tables of the first release with one row where this test looks; ids by name."""
    upgrade(database, to="0001")
    ids = {name: uuid.uuid4() for name in ("silent", "answered", "person", "answer")}
    given = {name: id_.hex if database.is_sqlite else id_ for name, id_ in ids.items()}
    stamp = NOW.strftime("%Y-%m-%d %H:%M:%S.%f") if database.is_sqlite else NOW
    monday = MONDAY.strftime("%Y-%m-%d %H:%M:%S.%f") if database.is_sqlite else MONDAY
    values = {**given, "now": stamp, "monday": monday, "scope": json.dumps(SCOPE)}
    with database.engine.begin() as connection:
        for statement in STATEMENTS:
            connection.execute(text(statement), values)
    return ids


ALERT = """INSERT INTO alert (id, reference, advisory_id, facility_id, revision_id, state, urgency,
    reasons, verdict, headline, target, assets_affected, assets_to_check, scope, match_digest,
    opened_at, changed_at, reminder_step, reminder_at, trace_id) VALUES
    (:{id}, '{reference}', {advisory}, 1, {advisory}, '{state}', 'immediate', '["alerte"]',
    'affected', 'FortiOS', '7.2.12', 1, 0, :scope, 'd', :now, :now, {step}, {at}, 't')"""
ADVISORY = """INSERT INTO advisory (id, publisher, reference, kind, title, published_at, revised_at,
    number, digest, excerpt) VALUES ({id}, 'CERT-FR', 'CERTFR-2026-ALE-000{id}', 'ALE', 'T', :now,
    :now, 1, 'd', false)"""
REVISION = """INSERT INTO revision (id, advisory_id, number, digest, body, seen_at, matched_at,
    readable, trace_id) VALUES ({id}, {id}, 1, 'd', '{{}}', :now, :now, true, 't')"""
STATEMENTS = (
    """INSERT INTO facility (id, finess, name, authority, kind, time_zone, department, ght,
    ght_head, ose, functions, language, assets, assets_assessed, assets_unversioned,
    assets_unrecognised) VALUES (1, '590999017', 'CH', 'ars-hauts-de-france', 'ch',
    'Europe/Paris', '59', '', false, false, '[]', 'fr', 1, 1, 0, 0)""",
    """INSERT INTO contact (id, facility_id, name, role, email, phone, rank)
    VALUES (1, 1, 'Adjoint', 'suppleant', 'adjoint@ch.example', '', 2)""",
    """INSERT INTO subscription (id, facility_id, channel, address, ceiling, rhythm, language,
    digested_at) VALUES (1, 1, 'matrix', '!salon:example.org', 2, 'weekly', 'fr', :now)""",
    """INSERT INTO person (id, name, email, created_at)
    VALUES (:person, 'RSSI', 'rssi@ch.example', :now)""",
    ADVISORY.format(id=1),
    ADVISORY.format(id=2),
    REVISION.format(id=1),
    REVISION.format(id=2),
    ALERT.format(
        id="silent", reference="ALR-2026-0001", advisory=1, state="open", step=1, at=":monday"
    ),
    ALERT.format(
        id="answered", reference="ALR-2026-0002", advisory=2, state="taken", step=1, at="NULL"
    ),
    "INSERT INTO lot (alert_id, category, state) VALUES (:silent, 'serveur', 'open')",
    """INSERT INTO lot (alert_id, category, state, answered_at)
    VALUES (:answered, 'serveur', 'taken', :now)""",
    """INSERT INTO alarm (id, problem, subject, channel, address, opened_at)
    VALUES (:silent, 'queue-old', 'email', 'slack', 'C0OPS', :now)""",
    """INSERT INTO answer (id, alert_id, category, person_id, kind, note, at)
    VALUES (:answer, :answered, 'serveur', :person, 'taken', 'vu', :now)""",
)


def test_what_waited_is_still_reminded_and_what_was_answered_is_not(empty_url: str) -> None:
    database = Database(empty_url)
    ids = first_release(database)
    upgrade(database)
    parts = database.call(lots.of_alerts, [ids["silent"], ids["answered"]])
    [silent], [answered] = parts[ids["silent"]], parts[ids["answered"]]
    assert (silent.reminder_step, silent.reminder_at) == (1, MONDAY)
    assert (answered.state, answered.reminder_at) == ("taken", None)
    assert database.call(lots.due_alerts, now=MONDAY, limit=9) == [ids["silent"]]
    (kept,) = database.call(lots.answers, ids["answered"])
    assert (kept.person, kept.kind, kept.note) == ("RSSI", AnswerKind.TAKEN, "vu")
    database.dispose()


def test_destinations_and_contacts_keep_what_they_were_told(empty_url: str) -> None:
    database = Database(empty_url)
    first_release(database)
    upgrade(database)
    (subscription,) = database.call(subscriptions.by_facility)[1]
    assert subscription.lots == frozenset[AssetCategory]()
    facility = database.call(facilities.by_finess, "590999017")
    assert facility is not None
    assert [(c.name, c.ceiling) for c in facility.contacts] == [("Adjoint", Tlp.GREEN)]
    database.dispose()


def test_an_alarm_that_lasts_is_not_told_anew(empty_url: str) -> None:
    database = Database(empty_url)
    first_release(database)
    upgrade(database)
    (alarm,) = database.call(alarms.remembered, now=NOW)
    assert (alarm.code, alarm.course) == ("queue-old:email", Course(NOW, told_at=NOW, times=1))
    database.dispose()
