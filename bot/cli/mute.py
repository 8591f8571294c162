"""``tocsin mute …``: what facilities do not want to hear of until a day, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from bot.cli.options import Finess, OneFacility
from bot.cli.outbox import OPERATOR
from bot.cli.output import Context, Exit, Failure, at_midnight, context, table
from bot.cli.sheet import Sheet
from bot.domain.mute import Mute, MuteRefusal, requested
from bot.domain.people import Person
from bot.pipeline.mute import Muted, end_mute, mute
from bot.store import Session, mutes, people

group = typer.Typer(
    no_args_is_help=True, help="What facilities do not want to hear of for a while."
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="mute")


@group.command("add")
def add(
    ctx: typer.Context,
    finess: Finess,
    what: Annotated[str, typer.Argument(help="A product as typed, ALR-2026-0412, or 'all'.")],
    until: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept and shown.")],
    by: Annotated[
        str, typer.Option(help="Mail address of the RSSI or correspondant who asks for it.")
    ],
) -> None:
    """Mute something until a day; what is still open comes back afterwards.

    A CERT-FR alerte, or something exploited that concerns the facility for sure, is never
    muted unless its RSSI names that very alert.
    """
    shared = context(ctx)
    facility, person = shared.facility(finess), _person(shared, by)
    if not reason.strip():
        raise Failure("--reason: say why", Exit.USAGE)
    request = requested(what, at_midnight(until, "--until").date(), reason.strip())
    application = shared.application
    longest = timedelta(days=application.settings.mute.longest_days)
    now = application.clock()
    if request.last_day < now.date():
        raise Failure(f"--until: {until} is over", Exit.USAGE)
    done = application.database.call(mute, facility, request, person, longest=longest, now=now)
    if isinstance(done, MuteRefusal):
        raise Failure(_refusal(done, longest), Exit.INPUT)
    shared.show(done, lambda: _listing([done.mute], {facility.id: facility.name}))
    shared.say(_said(done))


@group.command("list")
def list_(
    ctx: typer.Context,
    facility: OneFacility = "",
) -> None:
    """List what is muted, and until when."""
    shared = context(ctx)
    database = shared.application.database
    ids = [shared.facility(facility).id] if facility else None
    found = [each for group_ in database.call(mutes.active, ids).values() for each in group_]
    names = shared.names({each.facility_id for each in found})
    shared.show(found, lambda: _listing(found, names))


@group.command("end")
def end(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(help="Such as SRD-2026-0001.")],
    by: Annotated[str, typer.Option(help="Mail address of who ends it; else the operator.")] = "",
) -> None:
    """End a mute before its time; what is still open comes back in the next digest."""
    shared = context(ctx)
    application = shared.application
    who = str(_person(shared, by).id) if by else OPERATOR

    def write(session: Session) -> int | None:
        found = mutes.by_reference(session, reference)
        return None if found is None else end_mute(session, found, by=who, now=application.clock())

    back = application.database.call(write)
    if back is None:
        raise Failure(f"no mute {reference} under way; see tocsin mute list", Exit.INPUT)
    shared.say(f"{reference.upper()} is over; open alerts that come back: {back}.")


def _person(shared: Context, email: str) -> Person:
    found = shared.application.database.call(people.by_email, email)
    if found is None:
        raise Failure(f"--by: nobody is registered as {email}: tocsin person add", Exit.INPUT)
    return found


def _refusal(why: MuteRefusal, longest: timedelta) -> str:
    return {
        MuteRefusal.USAGE: "say what, until when and why",
        MuteRefusal.ROLE: "only the RSSI or the correspondant of that facility may mute",
        MuteRefusal.TOO_LONG: f"a mute lasts {longest.days} days at most (mute.longest_days)",
        MuteRefusal.UNKNOWN_ALERT: "no such alert in that facility; see tocsin alerts",
        MuteRefusal.UNKNOWN_PRODUCT: "no equipment of its inventory has that name; see"
        " tocsin inventory list",
        MuteRefusal.PROTECTED: "only the RSSI may mute that alert: it is an alerte, aimed at"
        " people, or exploited and concerns the facility for sure",
    }[why]


def _said(done: Muted) -> str:
    kept = f"; {done.kept} are still told: alertes, or exploited for sure" if done.kept else ""
    return f"Open alerts that are quiet: {done.alerts}{kept}."


def _listing(found: list[Mute], names: dict[int, str]) -> Sheet:
    made = table("mute", "facility", "what", "until", "why", "explicit")
    for each in found:
        what = each.target or "everything"
        explicit = "yes" if each.explicit else ""
        until = each.last_day.isoformat()
        made.add_row(each.reference, names[each.facility_id], what, until, each.reason, explicit)
    return made
