"""``tocsin dispatch`` and ``tocsin deliveries``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from bot.channels.base import Channel
from bot.channels.console import ConsoleChannel
from bot.cli.output import Exit, Failure, context, table
from bot.domain.delivery import DeliveryState
from bot.pipeline.dispatch import DispatchReport
from bot.store import outbox
from bot.store.outbox import Delivery


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("dispatch")(dispatch)
    app.command("deliveries")(deliveries)


def dispatch(
    ctx: typer.Context,
    to_console: Annotated[
        Path | None,
        typer.Option(
            help="Rehearse: show every message here, write mails as .eml in this folder,"
            " and record them as delivered."
        ),
    ] = None,
) -> None:
    """Send what is due, once; tocsin run does it continuously.

    What a peer refuses for a while is tried again later; what it refuses for good is kept
    as dead: see tocsin deliveries --dead.
    """
    shared = context(ctx)
    from bot.app.service import send_once  # the chats take half a second to import

    application = shared.application
    sink: Channel | None = None
    if to_console is not None:
        sink = ConsoleChannel(shared.console, mail_folder=to_console, clock=application.clock)
    with shared.progress("Sending") as advance:
        report = asyncio.run(send_once(application, shared.console, sink, advance))
    shared.show(report, lambda: _line(report))
    if report.dead:
        raise Failure(f"{report.dead} deliveries are dead: tocsin deliveries --dead", Exit.PARTIAL)


def deliveries(
    ctx: typer.Context,
    dead: Annotated[bool, typer.Option("--dead", help="Only those given up.")] = False,
    replay: Annotated[
        str, typer.Option(help="Put a dead delivery back in the queue: its id.")
    ] = "",
    limit: Annotated[int, typer.Option(help="At most that many, latest first.", min=1)] = 200,
) -> None:
    """List deliveries with their state, attempts and last refusal."""
    shared = context(ctx)
    application = shared.application
    if replay:
        try:
            done = application.database.call(outbox.replay, UUID(replay), now=application.clock())
        except ValueError as error:
            raise Failure(f"--replay: {replay!r} is not a delivery's id", Exit.USAGE) from error
        if not done:
            raise Failure(f"--replay: {replay} is not a dead delivery", Exit.INPUT)
        shared.say(f"{replay} is due again: tocsin dispatch")
        return
    states = [DeliveryState.DEAD] if dead else []
    found = application.database.call(outbox.listed, states=states, limit=limit)
    shared.show(found, lambda: _listing(found))


def _listing(found: list[Delivery]) -> Table:
    made = table("id", "kind", "about", "channel", "address", "state", "tries", "last refusal")
    for each in found:
        made.add_row(
            str(each.id),
            each.kind,
            each.subject,
            each.channel,
            each.address,
            each.state.value,
            str(each.attempts),
            each.reason,
        )
    return made


def _line(report: DispatchReport) -> str:
    return (
        f"{report.delivered} delivered, {report.later} to be tried again,"
        f" {report.dead} given up, {report.lost} taken over by another process."
    )
