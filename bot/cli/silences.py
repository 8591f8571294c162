"""``tocsin silences``: who has not answered, as authorities are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from bot.cli.output import Exit, Failure, context, table
from bot.cli.sheet import Sheet
from bot.domain.silence import Silence
from bot.inventory.authorities import UnknownAuthorityError
from bot.pipeline.silences import readable, silent


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("silences")(silences)


def silences(
    ctx: typer.Context,
    authority: Annotated[
        str, typer.Option(help="Of this one only: its code or its name, such as ars-bretagne.")
    ] = "",
) -> None:
    """List the facilities that have not answered an alerte or a campaign, by authority.

    Only once everybody who was to be reminded there was. It names no machine: an authority
    with a mailbox (incident.authority_mailboxes) or a room (silences.addresses) reads the
    same, once a day at most.
    """
    shared = context(ctx)
    application = shared.application
    found = application.database.call(silent, now=application.clock())
    if authority:
        try:
            code = application.authorities.find(authority).code
        except UnknownAuthorityError as error:
            raise Failure(f"--authority: {error}", Exit.INPUT) from error
        found = {code: found.get(code, [])}
    shown = {code: [readable(each) for each in each_of] for code, each_of in found.items()}
    shared.show(shown, lambda: _listing(shown))
    if not any(shown.values()):
        shared.say("Nobody is silent.")


def _listing(found: Mapping[str, list[Silence]]) -> Sheet:
    made = table("authority", "what", "since", "silent", "told", "facilities")
    for code, each_of in sorted(found.items()):
        for each in each_of:
            what = f"TLP:{each.tlp.label}" if each.hidden else f"{each.reference} {each.title}"
            since = f"{each.since:%Y-%m-%d}"
            names = ", ".join(each.silent)
            made.add_row(code, what, since, str(len(each.silent)), str(each.told), names)
    return made
