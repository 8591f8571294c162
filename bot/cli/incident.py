"""``tocsin incident …``: declare and follow incidents when there is no chat."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.options import AtMost, OfFacility, OneFacility
from bot.cli.output import Context, Exit, Failure, context, table
from bot.cli.sheet import Sheet
from bot.domain.incident import (
    Declaration,
    Happening,
    Incident,
    IncidentState,
    NotDeclaringError,
    bounded,
    may_declare,
)
from bot.domain.message import ChannelName
from bot.domain.people import Person
from bot.domain.views import CareImpact, IncidentView
from bot.pipeline.incident_view import incident_view
from bot.store import Session, audit, incidents, people
from feeds.advisory import Tlp

group = typer.Typer(
    no_args_is_help=True, help="Declare an incident without any chat, and follow it."
)

By = Annotated[str, typer.Option(help="Mail address of the person who speaks, as registered.")]
Reference = Annotated[str, typer.Argument(help="Such as INC-2026-0007.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="incident")


@group.command("declare")
def declare(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(help="What is happening, in plain words.")],
    facility: OfFacility,
    by: By,
    care: Annotated[CareImpact, typer.Option(help="Is care affected?")] = CareImpact.UNKNOWN,
    exercise: Annotated[bool, typer.Option("--exercise", help="Said in every message.")] = False,
    another: Annotated[
        bool, typer.Option("--another", help="Even though an incident is open already.")
    ] = False,
) -> None:
    """Open an incident. What follows (room, mails) leaves with tocsin dispatch or run.

    The national portal is not filled in: a person named by the direction does it.
    """
    shared = context(ctx)
    where = shared.facility(facility)
    declaration = Declaration(where.id, bounded(what), care, exercise, another)
    if not declaration.what:
        raise Failure("say what is happening: tocsin incident declare 'text'", Exit.USAGE)
    person = _person(shared, by, where.id, "incident declare")
    application = shared.application
    try:
        done = application.database.call(
            application.incident_desk().declare, declaration, person, now=application.clock()
        )
    except NotDeclaringError as error:
        raise Failure(str(error), Exit.INPUT) from error
    view = _view(shared, done.incident)
    shared.show(
        {"new": done.new, "incident": view},
        lambda: _declared(shared, view) if done.new else _proposed(view),
    )
    shared.say(
        f"\nNext: tocsin incident note {view.reference} 'a fact' --by {by};"
        " what is told to others leaves with tocsin dispatch or tocsin run"
    )


@group.command("list")
def list_(
    ctx: typer.Context,
    facility: OneFacility = "",
    every: Annotated[bool, typer.Option("--all", help="Closed incidents too.")] = False,
    limit: AtMost = 100,
) -> None:
    """List incidents, latest first."""
    shared = context(ctx)
    database = shared.application.database
    ids = [shared.facility(facility).id] if facility else None
    found = database.call(incidents.listed, facility_ids=ids, open_only=not every, limit=limit)
    names = shared.names({each.facility_id for each in found})
    shared.show(found, lambda: _listing(found, names))


@group.command("show")
def show(ctx: typer.Context, reference: Reference) -> None:
    """Show an incident as its room reads it: time-line, what is done and what is pending."""
    shared = context(ctx)
    view = _view(shared, _incident(shared, reference))
    shared.show(view, lambda: _in_full(shared, view))


@group.command("note")
def note(
    ctx: typer.Context,
    reference: Reference,
    by: By,
    text: Annotated[str, typer.Argument(help="A fact for the time-line.")] = "",
    state: Annotated[IncidentState | None, typer.Option(help="Where it stands now.")] = None,
    care: Annotated[CareImpact | None, typer.Option(help="Is care affected?")] = None,
) -> None:
    """Add to the time-line, or say where the incident stands; nothing is ever overwritten."""
    shared = context(ctx)
    found = _incident(shared, reference)
    person = _person(shared, by, found.facility_id, "incident note")
    application = shared.application
    desk, database, now = application.incident_desk(), application.database, application.clock()
    if said := bounded(text):
        database.call(
            incidents.append, found.id, Happening.NOTE, said, person_id=person.id, now=now
        )
    if care is not None:
        database.call(desk.tell_care, found, care, person, now=now)
    if state is not None:
        database.call(desk.tell_state, found, state, person, now=now)
    shared.show(_view(shared, _incident(shared, reference)), lambda: f"{reference}: noted.")


def _person(shared: Context, email: str, facility_id: int, action: str) -> Person:
    """The registered person, who must hold a role that declares there; else audited."""
    application = shared.application
    person = application.database.call(people.by_email, email)
    if person is not None and may_declare(person, facility_id):
        return person
    actor = str(person.id) if person else f"cli:{email}"
    refusal = "refused.role" if person else "refused.stranger"

    def note_refusal(session: Session) -> None:
        audit.note(session, actor, refusal, action, now=application.clock())

    application.database.call(note_refusal)
    if person is None:
        raise Failure(
            f"--by: nobody is registered as {email}; add them with tocsin person add", Exit.INPUT
        )
    raise Failure(
        f"--by: {email} does not declare for this facility (roles rssi, correspondant or"
        " direction): tocsin person add gives one",
        Exit.INPUT,
    )


def _incident(shared: Context, reference: str) -> Incident:
    found = shared.application.database.call(incidents.by_reference, reference)
    if found is None:
        raise Failure(f"no incident {reference}; see tocsin incident list --all", Exit.INPUT)
    return found


def _view(shared: Context, incident: Incident) -> IncidentView:
    application = shared.application

    def read(session: Session) -> IncidentView:
        language = application.settings.language
        return incident_view(session, incident, application.renderer, language=language)

    return application.database.call(read)


def _in_full(shared: Context, view: IncidentView) -> str:
    renderer = shared.application.renderer
    return renderer.incident(view, channel=ChannelName.CONSOLE, ceiling=Tlp.RED).text


def _declared(shared: Context, view: IncidentView) -> str:
    return shared.application.renderer.reply("declared", language=view.language, incident=view)[0]


def _proposed(view: IncidentView) -> str:
    return (
        f"{view.reference} is open already: {view.summary}\n"
        f"The same? tocsin incident note {view.reference} TEXT --by EMAIL."
        " Another? Add --another."
    )


def _listing(found: list[Incident], names: dict[int, str]) -> Sheet:
    made = table("incident", "facility", "no.", "state", "care", "declared (UTC)", "what")
    for each in found:
        made.add_row(
            each.reference,
            names[each.facility_id],
            str(each.number),
            each.state.value,
            each.care.value,
            f"{each.declared_at:%Y-%m-%d %H:%M}",
            f"EXERCICE – {each.what}" if each.exercise else each.what,
        )
    return made
