"""Runs the migrations on the connection that :mod:`bot.store.migrate` passes in."""

from alembic import context

from bot.store.schema import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite cannot alter a column
)
with context.begin_transaction():
    context.run_migrations()
