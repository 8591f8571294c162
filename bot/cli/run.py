"""``tocsin run``: everything, continuously, until it is told to stop."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.app import Application
from bot.app.roles import Role
from bot.cli.logs import configure_logs
from bot.cli.output import Exit, Failure, context
from bot.domain.message import ChannelName
from bot.render import try_templates
from bot.settings import secrets


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("run")(run)


def run(
    ctx: typer.Context,
    roles: Annotated[
        str, typer.Option(help="feeds,match,dispatch,chat,web; all of them by default.")
    ] = "",
    channels: Annotated[
        str,
        typer.Option(help="email,slack…: send through these alone; all that are configured."),
    ] = "",
) -> None:
    """Read, match, send and listen continuously; stop it with Ctrl-C or SIGTERM.

    On PostgreSQL several processes, on several hosts, may share the work, each with its
    roles. Only one at a time reads a source, matches, or owns the Matrix account: the
    others take over when it stops. A process without the Matrix keys leaves that channel
    to the one that has them, by --channels.
    """
    shared = context(ctx)
    chosen = _roles(roles)
    through = _channels(channels)
    application = shared.application
    if application.settings.templates_dir:  # nobody has tried them yet
        try_templates(application.renderer)
    if application.database.is_sqlite and chosen != set(Role):
        shared.say("SQLite serves one process: run every role in it, or use PostgreSQL.")
    shared.say(f"Tocsin runs: {', '.join(sorted(role.value for role in chosen))}. Ctrl-C stops it.")
    configure_logs(application.settings.log_level, as_json=True, secrets=_secrets(application))
    from bot.app.service import serve  # the chats take half a second to import

    asyncio.run(serve(application, shared.console, chosen, through))


def _secrets(application: Application) -> frozenset[str]:
    """What no log may show: secrets of the settings, and of the sources."""
    configs = application.source_configs() + application.signal_configs()
    opened = [config.access.credentials for config in configs]
    words = {word for each in opened for word in (each.password, each.token) if word}
    return secrets(application.settings) | words


def _roles(text: str) -> set[Role]:
    return {Role(name) for name in _names("--roles", text, [role.value for role in Role])}


def _channels(text: str) -> set[ChannelName]:
    known = [channel.value for channel in ChannelName]
    return {ChannelName(name) for name in _names("--channels", text, known)}


def _names(option: str, text: str, known: list[str]) -> set[str]:
    """The names that an option lists, or every known one when it lists none."""
    names = {name.strip() for name in text.split(",") if name.strip()}
    if unknown := sorted(names - set(known)):
        raise Failure(f"{option}: {unknown[0]!r} is not one of {', '.join(known)}", Exit.USAGE)
    return names or set(known)
