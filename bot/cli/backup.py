"""``tocsin backup`` and ``tocsin restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.app.backup import back_up
from bot.app.backup import restore as put_back
from bot.cli.output import context


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Written there, for its owner's eyes only.")],
) -> None:
    """Write the database and the Matrix keys in one file; tocsin run may go on meanwhile.

    The configuration and its secrets are not in it: keep matrix.pickle_key elsewhere,
    without it the Matrix keys cannot be opened.
    """
    shared = context(ctx)
    report = back_up(shared.application, file)
    shared.show(report, lambda: f"{report.file}: {report.rows} rows, {report.files} files.")


def restore(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(help="A file of tocsin backup.")]
) -> None:
    """Put a backup into an empty database. Nothing that waited then is sent: it is held.

    See what is held with tocsin deliveries --held, then release or drop it.
    """
    shared = context(ctx)
    report = put_back(shared.unchecked, file)
    made = report.made_at.isoformat(" ", "minutes")
    shared.show(report, lambda: f"{report.rows} rows of {made} restored.")
    if report.held:
        shared.say(
            f"{report.held} deliveries waited then and are held, for they may have been sent"
            " since: tocsin deliveries --held"
        )
