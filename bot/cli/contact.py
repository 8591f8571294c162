"""``tocsin contact …`` and ``tocsin absence …``: whom to reach, and who stands in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from bot.cli.options import Finess
from bot.cli.output import Exit, Failure, context, counted, table
from bot.cli.sheet import Sheet
from bot.domain.absence import Absence
from bot.domain.facility import CONTACT_ROLES, Contact
from bot.store import absences, contacts, people
from feeds.advisory import Tlp

group = typer.Typer(no_args_is_help=True, help="Whom to reach at a facility, by role.")
away = typer.Typer(no_args_is_help=True, help="Who is away, and who stands in.")
HIGHEST = Tlp.AMBER  # of somebody who may be outside the facility


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="contact")
    app.add_typer(away, name="absence")


@group.command("add")
def add(
    ctx: typer.Context,
    finess: Finess,
    role: Annotated[str, typer.Argument(help=f"One of {', '.join(sorted(CONTACT_ROLES))}.")],
    email: Annotated[str, typer.Argument(help="Mail address.")],
    name: Annotated[str, typer.Option(help="Name, as colleagues read it.")] = "",
    phone: Annotated[str, typer.Option(help="Telephone.")] = "",
    ceiling: Annotated[
        str, typer.Option(help="Highest TLP of what is written there: AMBER names machines.")
    ] = "GREEN",
) -> None:
    """Add a contact, or change the one who has this mailbox in this role.

    biomedical and reseau are told of what interrupts on their equipment; suppleant and
    direction when nobody answers; prestataire when somebody forwards an alert to them;
    astreinte of alertes outside working hours. Each may answer by replying to the mail.
    """
    shared = context(ctx)
    if role not in CONTACT_ROLES:
        raise Failure(f"{role!r} is not one of {', '.join(sorted(CONTACT_ROLES))}", Exit.USAGE)
    marking = ceiling.upper().removeprefix("TLP:")
    if marking not in {tlp.label for tlp in Tlp if tlp <= HIGHEST}:
        raise Failure(f"--ceiling: {ceiling!r} is not CLEAR, GREEN or AMBER", Exit.USAGE)
    facility = shared.facility(finess)
    added = Contact(name, role, email, phone, ceiling=Tlp.read(marking))
    shared.application.database.call(contacts.add, facility.id, added)
    shared.say(f"{facility.name}: {role} is {name or email}, up to TLP:{marking}.")


@group.command("list")
def list_(
    ctx: typer.Context,
    finess: Finess,
) -> None:
    """List the contacts of a facility, in the order they are told."""
    shared = context(ctx)
    facility = shared.facility(finess)
    shared.show(list(facility.contacts), lambda: _listing(facility.contacts))


@group.command("remove")
def remove(
    ctx: typer.Context,
    finess: Finess,
    email: Annotated[str, typer.Argument(help="Mail address.")],
) -> None:
    """Take a mailbox out of the contacts of a facility, whatever its roles."""
    shared = context(ctx)
    facility = shared.facility(finess)
    if not shared.application.database.call(contacts.remove, facility.id, email):
        raise Failure(f"{email} is no contact of {finess}: tocsin contact list", Exit.INPUT)
    shared.say(f"{email} is no longer a contact of {facility.name}.")


@away.command("add")
def add_absence(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="Mail address of the person or contact.")],
    start: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="First day.")],
    end: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="Last day.")],
    substitute: Annotated[str, typer.Option(help="Mail address of who stands in.")] = "",
    name: Annotated[str, typer.Option(help="Name of who stands in.")] = "",
) -> None:
    """Note an absence: reminders go to the substitute, who may answer meanwhile.

    Without a substitute, reminders of somebody who is only a contact go to the next one.
    """
    shared = context(ctx)
    if end < start:
        raise Failure("the last day is before the first", Exit.USAGE)
    application = shared.application
    known = application.database.call(people.by_email, email)
    noted = Absence(
        email=email.casefold(),
        name=known.name if known else email,
        starts_on=start.date(),
        ends_on=end.date(),
        substitute_email=substitute.casefold(),
        substitute_name=name or substitute,
    )
    application.database.call(absences.add, noted, by="operator", now=application.clock())
    shared.say(_said(noted))


@away.command("list")
def list_absences(ctx: typer.Context) -> None:
    """List the absences of these days."""
    shared = context(ctx)
    now = shared.application.clock()
    found = shared.application.database.call(absences.around, now=now)
    shared.show(found, lambda: "\n".join(_said(each) for each in found) or "nobody is away")


@away.command("end")
def end_absence(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="Mail address of the person or contact.")],
) -> None:
    """Take back the absences of somebody."""
    shared = context(ctx)
    now = shared.application.clock()
    ended = shared.application.database.call(absences.end, email, now=now)
    if not ended:
        raise Failure(f"no absence of {email} is noted", Exit.INPUT)
    shared.say(f"{counted(ended, 'absence')} of {email} taken back.")


def _said(absence: Absence) -> str:
    by = absence.substitute_email or "nobody"
    days = f"{absence.starts_on.isoformat()} to {absence.ends_on.isoformat()}"
    return f"{absence.email}: away {days}, {by} stands in"


def _listing(found: tuple[Contact, ...]) -> Sheet:
    made = table("role", "name", "mail", "phone", "ceiling")
    for contact in found:
        made.add_row(
            contact.role, contact.name, contact.email, contact.phone, contact.ceiling.label
        )
    return made
