"""Brings a database to the schema this version of Tocsin needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from bot.store.database import Database, DatabaseUnreachableError

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


class SchemaError(Exception):
    """The database is not of the schema this version needs; the message says what to run."""


def upgrade(database: Database, *, to: str = "head") -> None:
    """Create or bring up to date the tables; a database up to date is left as it is.

    Raises:
        DatabaseUnreachableError: the server does not answer, or refuses.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    except OperationalError as error:
        raise DatabaseUnreachableError(_reason(error)) from error


def check(database: Database) -> None:
    """Raise unless the database has the schema of this version.

    Raises:
        SchemaError: no table yet, or those of another version.
        DatabaseUnreachableError: the server does not answer, or refuses.
    """
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    try:
        with database.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            empty = not inspect(connection).get_table_names()
    except OperationalError as error:
        raise DatabaseUnreachableError(_reason(error)) from error
    if empty:
        raise SchemaError("the database is empty; create its tables with: tocsin init")
    if current != head:
        raise SchemaError(
            f"the database has schema {current}, this version needs {head};"
            " back it up, then run: tocsin init"
        )


def _reason(error: OperationalError) -> str:
    return (
        f"the database cannot be reached: {str(error.orig).splitlines()[0]};"
        " is it running, and is database_url right?"
    )
