"""``tocsin secrets …``: what the database seals, and under which key."""

from __future__ import annotations

import typer

from bot.cli.output import Exit, Failure, context
from bot.store import resealing

group = typer.Typer(
    no_args_is_help=True, help="Seal the names of machines, and what people wrote, in the database."
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="secrets")


@group.command("status")
def status(ctx: typer.Context) -> None:
    """Say how many rows are not sealed under the key in use."""
    shared = context(ctx)
    application = shared.application
    found = resealing.remaining(application.database, application.sealer)
    name = application.sealer.current
    shared.show(
        {"key": name, "rows": found.rows, "waiting": found.waiting},
        lambda: (
            f"Key in use: {name or 'none, nothing is sealed'}. {found.rows} rows,"
            f" {found.waiting} of them not under it"
            + (": tocsin secrets apply" if found.waiting else ".")
        ),
    )


@group.command("apply")
def apply(ctx: typer.Context) -> None:
    """Bring what is stored under the configured key: names of machines, messages, remarks.

    The first time, after a change of key (the former one in secrets.former_keys), or back to
    plain text (no inventory_key). It may be stopped and run again, and tocsin run may go on.
    """
    shared = context(ctx)
    application = shared.application
    sealer = application.sealer
    if not sealer.names:
        raise Failure("set secrets.inventory_key first: docs/operations.md", Exit.CONFIGURATION)
    rows = application.database.call(resealing.total)
    with shared.progress("Sealing", rows) as progress:
        done = resealing.reseal(application.database, sealer, progress)
    left = resealing.remaining(application.database, sealer).waiting
    shared.say(f"{done} rows rewritten, {left} left. Key in use: {sealer.current or 'none'}.")
    if left:
        raise Failure(f"{left} rows changed meanwhile: run it again", Exit.PARTIAL)
