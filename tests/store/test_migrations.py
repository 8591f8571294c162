"""The migrations give exactly the schema that the code expects, on both engines."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import column, insert, table

from bot.domain.scope import Scope
from bot.store import Database, alerts, facilities
from bot.store.database import DatabaseUnreachableError
from bot.store.migrate import SchemaError, check, upgrade
from bot.store.schema import Base


def test_migrations_and_tables_say_the_same(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade(database)
    check(database)


def test_an_empty_database_says_what_to_run(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(SchemaError, match="tocsin init"):
        check(database)
    database.dispose()


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    database = Database("postgresql://tocsin:hunter2@127.0.0.1:1/tocsin")
    with pytest.raises(DatabaseUnreachableError) as raised:
        check(database)
    assert "hunter2" not in str(raised.value)
    database.dispose()


def test_a_database_of_the_first_schema_is_brought_up_to_date(empty_url: str) -> None:
    """What was released with rows in it: a facility with an alert is judged again."""
    made = Database(empty_url)
    upgrade(made, to="0001")
    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    with made.engine.begin() as connection:
        for name, rows in _released(now).items():
            types = Base.metadata.tables[name].columns  # without the defaults of later columns
            then = table(
                name,
                *(column(each, types[each].type if each in types else None) for each in rows[0]),
            )
            connection.execute(insert(then), rows)
    upgrade(made)
    check(made)
    assert [id_ for id_, _ in made.call(facilities.changed)] == [1]
    (listed,) = made.call(alerts.listed)
    assert listed.alert.reference == "ALR-2026-0001"
    made.call(facilities.settle, *made.call(facilities.changed)[0])
    assert made.call(facilities.changed) == []
    made.dispose()


def _released(now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Rows as the first schema held them: two facilities, a bulletin, an alert."""
    facility = {
        "name": "CH", "authority": "ars-bretagne", "kind": "ch", "time_zone": "Europe/Paris",
        "department": "", "ght": "", "ght_head": False, "ose": False, "functions": [],
        "language": "fr", "assets": 0, "assets_assessed": 0, "assets_unversioned": 0,
        "assets_unrecognised": 0,
    }  # fmt: skip
    return {
        "facility": [
            {"id": 1, "finess": "290999044", **facility},
            {"id": 2, "finess": "590999017", **facility},
        ],
        "advisory": [{
            "id": 1, "publisher": "CERT-FR", "reference": "CERTFR-2026-AVI-9001", "kind": "AVI",
            "title": "Vulnérabilité", "published_at": now, "revised_at": now, "number": 1,
            "digest": "0" * 64, "excerpt": False,
        }],
        "revision": [{
            "id": 1, "advisory_id": 1, "number": 1, "digest": "0" * 64, "body": {},
            "seen_at": now, "matched_at": now, "readable": True, "trace_id": "trace",
        }],
        "alert": [{
            "id": uuid.uuid4(), "reference": "ALR-2026-0001", "advisory_id": 1, "facility_id": 1,
            "revision_id": 1, "state": "open", "urgency": "digest", "reasons": [],
            "verdict": "affected", "headline": "FortiOS", "target": "7.2.12",
            "assets_affected": 1, "assets_to_check": 0, "scope": Scope().to_json(),
            "match_digest": Scope().digest, "opened_at": now, "changed_at": now,
            "reminder_step": 0, "reminder_at": None, "trace_id": "trace",
        }],
    }  # fmt: skip
