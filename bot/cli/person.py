"""``tocsin person …``: who may act."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.output import Exit, Failure, context
from bot.domain.delivery import Address
from bot.domain.message import ChannelName
from bot.domain.people import AT_FACILITY, Role
from bot.store import people

group = typer.Typer(no_args_is_help=True, help="Register people and link their accounts.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="person")


@group.command("add")
def add(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="Mail address; it identifies the person.")],
    name: Annotated[str, typer.Option(help="Name, as colleagues read it.")],
    role: Annotated[Role, typer.Option(help="What this person is.")],
    facility: Annotated[str, typer.Option(help="FINESS number, for a role at a facility.")] = "",
    authority: Annotated[str, typer.Option(help="Code, for the role ars.")] = "",
) -> None:
    """Register a person with a role, and print the code that links their chat account.

    Give the code by another way than the chat; they write !lier CODE (Matrix) or
    /lier CODE (Slack). A second call adds a role. Without a role, nobody may do anything.
    """
    shared = context(ctx)
    if role in AT_FACILITY and not facility:
        raise Failure(f"--role {role.value} is held at a facility: add --facility", Exit.USAGE)
    if role is Role.ARS and not authority:
        raise Failure("--role ars is held at an authority: add --authority", Exit.USAGE)
    owner = shared.facility(facility) if facility else None
    application = shared.application
    now = application.clock()
    person = application.database.call(people.add, name, email, now=now)
    application.database.call(
        people.grant,
        person.id,
        role,
        facility_id=owner.id if owner else None,
        authority=authority,
    )
    code = application.database.call(people.invite, person.id, now=now)
    shared.show(
        {"person": person.id, "code": code},
        lambda: f"{name} is registered. Code, good for 7 days and once: {code}",
    )


@group.command("link")
def link(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="Mail address of the person.")],
    channel: Annotated[ChannelName, typer.Argument(help="matrix or slack.")],
    account: Annotated[str, typer.Argument(help="@user:server, or a Slack member id.")],
) -> None:
    """Say that an account belongs to a person, when you are sure of it."""
    shared = context(ctx)
    application = shared.application
    person = application.database.call(people.by_email, email)
    if person is None:
        raise Failure(f"nobody is registered as {email}: tocsin person add", Exit.INPUT)
    application.database.call(
        people.link, person.id, Address(channel, account), now=application.clock()
    )
    shared.say(f"{channel.value} {account} is {person.name}.")
