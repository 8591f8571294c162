"""``tocsin init`` and ``tocsin check-config``."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from bot.app import Application
from bot.app.hosts import Peer, peers_of
from bot.cli.output import Exit, Failure, context, plain, table
from bot.cli.sheet import Sheet
from bot.inventory.authorities import Authorities
from bot.render import try_templates
from bot.resources import config_folder
from bot.settings import ConfigurationError, Settings, known_keys
from bot.store.migrate import check, upgrade


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("init")(init)
    app.command("check-config")(check_config)


def init(
    ctx: typer.Context,
    write_config: Annotated[
        Path | None,
        typer.Option(help="Also write a configuration file there, every key explained."),
    ] = None,
) -> None:
    """Create the database, or bring an older one to this version's schema.

    Running it again changes nothing. Back up the database before an upgrade.
    """
    shared = context(ctx)
    if write_config is not None:
        shared.say(_written(write_config))
    application = Application(shared.loaded.settings)
    upgrade(application.database)
    shared.say(f"Database ready: {application.database.engine.url.render_as_string()}")
    shared.say(
        "Next: tocsin facility import FILE, or tocsin facility finess EXTRACT --number FINESS"
    )


def _written(file: Path) -> str:
    """Write every key with its default in ``file``; one that exists is left as it is."""
    if file.exists():
        return f"{file} exists already: left as it is"
    try:
        file.write_text((config_folder() / "default.toml").read_text("utf-8"), "utf-8")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}; choose another place", Exit.INPUT) from error
    return f"Configuration written: {file}"


def check_config(
    ctx: typer.Context,
    hosts: Annotated[
        bool, typer.Option("--hosts", help="Only list every host that Tocsin talks to.")
    ] = False,
) -> None:
    """Check the configuration, the templates and the database, and show what is in force."""
    shared = context(ctx)
    if hosts:
        found = peers_of(shared.unchecked)
        shared.show(found, lambda: _listing(found))
        return
    settings = shared.loaded.settings
    application = Application(settings)
    try_templates(application.renderer)
    application.sources([])
    _check_mailboxes(settings)
    check(application.database)
    values = {key: _shown(settings, key) for key in known_keys()}
    shared.say(f"File: {shared.loaded.path or 'none, defaults and environment only'}")

    def shown() -> Sheet:
        made = table("key", "value")
        for key, value in values.items():
            made.add_row(key, str(value))
        return made

    shared.show(values, shown)


def _listing(found: list[Peer]) -> Sheet:
    made = table("host", "port", "for", "through")
    for each in found:
        made.add_row(each.host, str(each.port), each.used_for, each.via)
    return made


def _check_mailboxes(settings: Settings) -> None:
    """A mail for an authority that does not exist would never be written."""
    known = Authorities.read((config_folder() / "authorities.toml").read_text("utf-8")).by_code
    named = [
        ("incident.authority_mailboxes", each) for each in settings.incident.authority_mailboxes
    ]
    named += [("silences.addresses", each) for each in settings.silences.addresses]
    for key, code in named:
        if code not in known:
            near = difflib.get_close_matches(code, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigurationError(f"{key}: no authority has the code {code}{hint}")


def _shown(settings: Settings, key: str) -> object:
    """A value as it may be shown: secrets are stars."""
    value: object = settings
    for part in key.split("."):
        value = getattr(value, part)
    return plain(value)
