"""The migrations give exactly the schema that the code expects, on both engines."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.store import Database
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
