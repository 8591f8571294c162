"""``tocsin dispatch`` and ``tocsin deliveries``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from bot.channels.base import Channel
from bot.channels.console import ConsoleChannel
from bot.cli.output import Context, Exit, Failure, context, table
from bot.cli.sheet import Sheet
from bot.domain.delivery import DeliveryState
from bot.domain.message import ChannelName
from bot.pipeline.dispatch import DispatchReport
from bot.store import Session, audit, outbox
from bot.store.outbox import Delivery

OPERATOR = "operator"  # whoever may use this command line: the machine's own accounts say who


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
    held: Annotated[bool, typer.Option("--held", help="Only those a restore held back.")] = False,
    replay: Annotated[
        str, typer.Option(help="Put a dead or held delivery back in the queue: its id.")
    ] = "",
    replay_dead: Annotated[
        str, typer.Option(help="Put every dead delivery of a channel back: matrix, slack, email.")
    ] = "",
    release_held: Annotated[
        str, typer.Option(help="Put every held delivery of a channel back in the queue.")
    ] = "",
    drop: Annotated[
        str, typer.Option(help="Never send a waiting, dead or held delivery: its id.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why, with --drop; kept with the delivery.")] = "",
    limit: Annotated[int, typer.Option(help="At most that many, latest first.", min=1)] = 200,
) -> None:
    """List deliveries with their state, attempts and last refusal; replay or drop some.

    What is replayed is audited, and so is what is dropped. A peer is asked whether it has
    the message before it is sent again.
    """
    shared = context(ctx)
    if sum(map(bool, (replay, replay_dead, release_held, drop))) > 1:
        raise Failure("--replay, --replay-dead, --release-held, --drop: one at a time", Exit.USAGE)
    if replay:
        _replay(shared, replay)
    elif replay_dead:
        _replay_all(shared, "--replay-dead", replay_dead, DeliveryState.DEAD)
    elif release_held:
        _replay_all(shared, "--release-held", release_held, DeliveryState.HELD)
    elif drop:
        _drop(shared, drop, reason)
    else:
        states = [DeliveryState.DEAD] * dead + [DeliveryState.HELD] * held
        found = shared.application.database.call(outbox.listed, states=states, limit=limit)
        shared.show(found, lambda: _listing(found))


def _replay(shared: Context, text: str) -> None:
    application, wanted = shared.application, _id("--replay", text)

    def write(session: Session) -> bool:
        now = application.clock()
        done = outbox.replay(session, wanted, now=now)
        if done:
            audit.note(session, OPERATOR, "delivery.replayed", str(wanted), now=now)
        return done

    if not application.database.call(write):
        raise Failure(f"--replay: {text} is not a dead or held delivery", Exit.INPUT)
    shared.say(f"{text} is due again: tocsin dispatch")


def _replay_all(shared: Context, option: str, name: str, state: DeliveryState) -> None:
    application = shared.application
    if name not in set(ChannelName):
        raise Failure(f"{option}: {name!r} is not one of {', '.join(ChannelName)}", Exit.USAGE)

    def write(session: Session) -> int:
        now = application.clock()
        count = outbox.replay_all(session, ChannelName(name), state, now=now)
        audit.note(
            session, OPERATOR, "deliveries.replayed", name, now=now, was=state.value, count=count
        )
        return count

    count = application.database.call(write)
    shared.say(f"{count} {state.value} deliveries of {name} are due again: tocsin dispatch")


def _drop(shared: Context, text: str, reason: str) -> None:
    application, wanted = shared.application, _id("--drop", text)
    if not reason.strip():
        raise Failure("--drop: say why with --reason", Exit.USAGE)

    def write(session: Session) -> bool:
        now = application.clock()
        subject = outbox.drop(session, wanted, reason.strip(), now=now)
        if subject is None:
            return False
        audit.note(
            session,
            OPERATOR,
            "delivery.dropped",
            subject,
            now=now,
            delivery=str(wanted),
            reason=reason.strip(),
        )
        return True

    if not application.database.call(write):
        raise Failure(
            f"--drop: {text} is not a waiting, dead or held delivery (a delivered one cannot be"
            " called back, one being sent must end first)",
            Exit.INPUT,
        )
    shared.say(f"{text} is dropped, and will not be sent.")


def _id(option: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Failure(f"{option}: {text!r} is not a delivery's id", Exit.USAGE) from error


def _listing(found: list[Delivery]) -> Sheet:
    made = table(
        "id", "kind", "about", "channel", "address", "state", "due", "tries", "last refusal"
    )
    for each in found:
        made.add_row(
            str(each.id),
            each.kind,
            each.subject,
            each.channel,
            each.address,
            each.state.value,
            "" if each.settled_at else f"{each.due_at:%Y-%m-%d %H:%M}",
            str(each.attempts),
            each.reason,
        )
    return made


def _line(report: DispatchReport) -> str:
    return (
        f"{report.delivered} delivered, {report.later} to be tried again,"
        f" {report.dead} given up, {report.lost} taken over by another process."
    )
