"""The root of the command line: options before the command, and how errors end it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bot import __version__
from bot.app.backup import BackupError
from bot.app.memory import collect_seldom
from bot.app.roles import AccountLostError
from bot.channels.base import DeliveryError
from bot.cli import (
    actions,
    alerts,
    answer,
    backup,
    bulletins,
    campaign,
    contact,
    demo,
    facility,
    health,
    incident,
    inventory,
    library,
    matrix,
    mute,
    outbox,
    person,
    quiet,
    review,
    run,
    secrets,
    setup,
    silences,
)
from bot.cli.logs import configure_logs
from bot.cli.output import Context, Exit, Failure, stop
from bot.cli.teaching import taught
from bot.inventory.authorities import AuthoritiesError
from bot.inventory.base import InventoryError
from bot.render import TemplateError
from bot.resources import MissingResourceError
from bot.settings import ConfigurationError
from bot.store.database import DatabaseUnreachableError, DatabaseUrlError
from bot.store.migrate import SchemaError
from bot.store.sealing import SealError
from feeds.config import SourceConfigError
from feeds.errors import FeedError
from feeds.products import CatalogueError

app = typer.Typer(
    name="tocsin",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
    help="""Tells each French healthcare facility about the threats that concern it.

**En français** : chaque commande a son aide en français, avec des exemples :
`tocsin COMMANDE --help`. Un premier essai : `tocsin demo`.

A first look: `tocsin demo`. A first installation:

    tocsin init
    tocsin facility import facilities.csv
    tocsin inventory import --facility 590999017 inventory.csv
    tocsin subscribe 590999017 email ssi@hospital.example
    tocsin ingest certfr && tocsin match && tocsin dispatch

`--json` and `--config FILE` may stand anywhere.

Exit codes: 0 done; 1 done, but something in it failed and was said; 2 wrong usage;
3 configuration; 4 a file or a name given cannot be used; 5 database.""",
)

CODES: dict[type[Exception], Exit] = {
    ConfigurationError: Exit.CONFIGURATION,
    MissingResourceError: Exit.CONFIGURATION,
    TemplateError: Exit.CONFIGURATION,
    DatabaseUrlError: Exit.CONFIGURATION,
    SourceConfigError: Exit.CONFIGURATION,
    CatalogueError: Exit.CONFIGURATION,
    AuthoritiesError: Exit.CONFIGURATION,
    FeedError: Exit.INPUT,
    BackupError: Exit.INPUT,
    InventoryError: Exit.INPUT,
    SchemaError: Exit.DATABASE,
    SealError: Exit.CONFIGURATION,
    DatabaseUnreachableError: Exit.DATABASE,
    DeliveryError: Exit.PARTIAL,
    AccountLostError: Exit.PARTIAL,
}


def _version(asked: bool) -> None:
    """Say the version and end."""
    if asked:
        typer.echo(f"tocsin {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="Configuration file (TOML); else $TOCSIN_CONFIG.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable output, where a command has one.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Keep what the options say for the command that follows."""
    shared = Context(config, as_json, Console(), environ=ctx.obj)
    ctx.obj = shared
    ctx.call_on_close(shared.close)
    configure_logs()


setup.register(app)
secrets.register(app)
matrix.register(app)
demo.register(app)
facility.register(app)
inventory.register(app)
person.register(app)
mute.register(app)
quiet.register(app)
silences.register(app)
bulletins.register(app)
library.register(app)
actions.register(app)
alerts.register(app)
answer.register(app)
contact.register(app)
incident.register(app)
campaign.register(app)
review.register(app)
outbox.register(app)
health.register(app)
backup.register(app)
run.register(app)


def anywhere(words: Sequence[str]) -> list[str]:
    """``--json`` and ``--config FILE`` moved before the command, wherever they were typed.

    What follows ``--`` is left alone.
    """
    end = words.index("--") if "--" in words else len(words)
    moved: list[str] = []
    kept: list[str] = []
    position = 0
    while position < end:
        word = words[position]
        taken = 2 if word == "--config" else 1
        is_shared = word in {"--json", "--config"} or word.startswith("--config=")
        (moved if is_shared else kept).extend(words[position : min(position + taken, end)])
        position += taken
    return [*moved, *kept, *words[end:]]


def main(args: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> NoReturn:
    """Run the command; an expected error is one line and an exit code, never a traceback.

    Args:
        args: the words after ``tocsin``; those of the process by default.
        environ: the environment; the process's by default.

    Raises:
        SystemExit: always, with one of :class:`Exit`.
    """
    words = list(sys.argv[1:] if args is None else args)
    collect_seldom()
    try:
        given = os.environ if environ is None else environ
        taught(app)(args=anywhere(words), obj=given, prog_name="tocsin")
    except Failure as failure:
        stop(str(failure), failure.code)
    except tuple(CODES) as error:
        stop(str(error), next(code for kind, code in CODES.items() if isinstance(error, kind)))
    raise SystemExit(Exit.OK)
