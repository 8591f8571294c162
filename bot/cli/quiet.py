"""``tocsin quiet``: when a facility's people are interrupted by *alertes* only."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.options import Finess
from bot.cli.outbox import OPERATOR
from bot.cli.output import Exit, Failure, context, counted
from bot.domain.delivery import Address
from bot.domain.facility import Facility
from bot.domain.message import ChannelName
from bot.domain.quiet import BadQuietHoursError, QuietHours
from bot.store import Session, audit, subscriptions

AS_CONFIGURED = "default"


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("quiet")(quiet)


def quiet(
    ctx: typer.Context,
    finess: Finess,
    hours: Annotated[
        str,
        typer.Argument(
            help="Such as '19:00-08:00 week-ends' (local time; week-ends: and local holidays),"
            " 'week-ends', 'none', or 'default': those of the configuration."
        ),
    ],
    channel: Annotated[
        ChannelName | None, typer.Option(help="One destination only, with --address.")
    ] = None,
    address: Annotated[str, typer.Option(help="Room id, channel id or mailbox.")] = "",
) -> None:
    """Say when the destinations of a facility are quiet.

    What is told at once then waits for their end, in the outbox: tocsin deliveries. An
    alerte never waits.
    """
    shared = context(ctx)
    facility = shared.facility(finess)
    if (channel is None) != (not address):
        raise Failure("--channel and --address go together", Exit.USAGE)
    to = Address(channel, address) if channel else None
    try:
        read = None if hours == AS_CONFIGURED else QuietHours.read(hours)
    except BadQuietHoursError as error:
        raise Failure(str(error), Exit.USAGE) from error
    application = shared.application

    def write(session: Session) -> int:
        count = subscriptions.set_quiet(session, facility.id, read, to=to)
        said = AS_CONFIGURED if read is None else str(read)
        now = application.clock()
        audit.note(session, OPERATOR, "quiet.set", facility.finess, now=now, hours=said, at=address)
        return count

    count = application.database.call(write)
    if not count:
        raise Failure(_nowhere(facility, address), Exit.INPUT)
    shown = read if read is not None else QuietHours.read(application.settings.quiet.hours)
    shared.say(f"{facility.name}: quiet hours of {counted(count, 'destination')}: {shown}.")


def _nowhere(facility: Facility, address: str) -> str:
    return f"{address or facility.name} is not subscribed: tocsin subscribe {facility.finess} …"
