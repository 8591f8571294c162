"""``tocsin campaign …``: awareness campaigns, written by one person, approved by another."""

from __future__ import annotations

from typing import Annotated, TypeVar

import typer
from rich.text import Text

from bot.cli.campaign_draft import Criteria, ready, ready_names, written
from bot.cli.campaign_views import counted, drafted, followed, listing
from bot.cli.output import Context, Exit, Failure, context
from bot.cli.sheet import Sheet, Sheets
from bot.domain.campaign import Campaign, Refusal
from bot.domain.facility import FacilityKind, Function
from bot.domain.people import Person
from bot.pipeline import campaign as pipeline
from bot.store import campaigns, people, recipients
from bot.store.recipients import Counts

group = typer.Typer(
    no_args_is_help=True,
    help="Awareness campaigns: one person of an authority writes, another approves.",
)
REFUSALS = {
    Refusal.UNKNOWN: "no such campaign; see tocsin campaign list",
    Refusal.ROLE: (
        "this person does not speak for that authority: tocsin person add --role ars --authority"
        " CODE, or --role fssi or cert for a national one"
    ),
    Refusal.AUTHOR: "its author cannot approve it: somebody else of the authority must",
    Refusal.AUTHOR_ROLE: "its author speaks for the authority no more: create it again",
    Refusal.STATE: "it is too late for that; see tocsin campaign show",
    Refusal.NOBODY: "its audience is empty: see tocsin campaign preview, then create another",
}

Reference = Annotated[str, typer.Argument(help="Such as CMP-2026-0001.")]
By = Annotated[str, typer.Option(help="Mail address of the person who acts, as registered.")]

D = TypeVar("D", Campaign, tuple[Campaign, int])


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="campaign")


@group.command("create")
def create(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="A Markdown file, or the name of a ready one.")],
    authority: Annotated[str, typer.Option(help="Who speaks: a code of authorities.toml.")],
    by: By,
    at: Annotated[
        str, typer.Option(help="When, YYYY-MM-DDTHH:MM in the authority's zone; else at approval.")
    ] = "",
    every: Annotated[
        int | None, typer.Option(help="Days between reminders to those who are silent.", min=0)
    ] = None,
    reminders: Annotated[int | None, typer.Option(help="At most that many.", min=0)] = None,
    to_authority: Annotated[list[str] | None, typer.Option(help="Only its facilities.")] = None,
    department: Annotated[list[str] | None, typer.Option(help="Such as 29, 2A, 971.")] = None,
    kind: Annotated[list[FacilityKind] | None, typer.Option(help="Only this kind.")] = None,
    function: Annotated[list[Function] | None, typer.Option(help="Having this function.")] = None,
    facility: Annotated[list[str] | None, typer.Option(help="FINESS of one facility.")] = None,
    exercise: Annotated[bool, typer.Option("--exercise", help="Said first everywhere.")] = False,
) -> None:
    """Write a draft; nothing is sent before somebody else approves it.

    Options may be repeated, and replace what the file says. A facility meets every
    criterion. A draft is not changed: cancel it and create another.
    """
    shared = context(ctx)
    criteria = Criteria(
        authorities=to_authority,
        departments=department,
        kinds=kind,
        functions=function,
        finess=facility,
    )
    draft = written(
        file,
        authority=authority,
        criteria=criteria,
        at=at,
        every=every,
        reminders=reminders,
        exercise=exercise,
    )
    application = shared.application
    done = application.database.call(
        pipeline.create,
        draft.text,
        authority=draft.authority,
        author=_person(shared, by),
        at=draft.at,
        now=application.clock(),
    )
    made = _accepted(done, authority)
    shared.show(
        made,
        lambda: (
            f"{made.reference} is a draft. Next: tocsin campaign preview {made.reference}; then"
            " somebody else approves it."
        ),
    )


@group.command("preview")
def preview(ctx: typer.Context, reference: Reference) -> None:
    """Show whom a draft is for as things stand, and what they would read on each channel."""
    shared = context(ctx)
    campaign = _campaign(shared, reference)
    application = shared.application
    with shared.progress("Facilities"):
        seen = application.database.call(pipeline.preview, campaign, application.renderer)
    shared.show(seen, lambda: drafted(campaign, seen, shared.console))


@group.command("approve")
def approve(ctx: typer.Context, reference: Reference, by: By) -> None:
    """Approve a draft: its recipients are fixed, and it is sent at its hour.

    It leaves with tocsin run, or the next tocsin dispatch.
    """
    shared = context(ctx)
    application = shared.application
    person = _person(shared, by)
    with shared.progress("Recipients"):
        done = application.database.call(
            pipeline.approve, reference, person, now=application.clock()
        )
    campaign, frozen = _accepted(done, reference)
    shared.show(
        {"campaign": campaign, "recipients": frozen},
        lambda: f"{campaign.reference} is approved for {frozen} facilities; {_when(campaign)}.",
    )


@group.command("cancel")
def cancel(ctx: typer.Context, reference: Reference, by: By) -> None:
    """Stop a campaign: what has not left yet never will, and nobody is reminded."""
    shared = context(ctx)
    application = shared.application
    done = application.database.call(
        pipeline.cancel, reference, _person(shared, by), now=application.clock()
    )
    campaign, stopped = _accepted(done, reference)
    shared.show(
        {"campaign": campaign, "stopped": stopped},
        lambda: f"{campaign.reference} is cancelled; {stopped} waiting messages will not be sent.",
    )


@group.command("show")
def show(
    ctx: typer.Context,
    reference: Reference,
    silent: Annotated[bool, typer.Option("--silent", help="Those without an answer.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Every recipient.")] = False,
    limit: Annotated[int, typer.Option(help="At most that many are listed.", min=1)] = 200,
) -> None:
    """Show how far a campaign went: told, answered, silent, by authority; and who."""
    shared = context(ctx)
    campaign = _campaign(shared, reference)
    database = shared.application.database
    counts = database.call(recipients.counts, campaign.id)
    answers = database.call(recipients.answers, campaign.id)
    listed = (
        database.call(recipients.listed, campaign.id, silent_only=silent, limit=limit)
        if silent or every
        else []
    )

    def shown() -> Sheets:
        sent = campaign.occurrence > 0
        parts: list[Text | Sheet] = [Text(counted(campaign, answers))]
        if listed:
            parts.append(followed(listed, sent=sent))
        return Sheets((*parts, listing(counts, sent=sent)))

    total = sum(counts.values(), Counts())
    found = {"campaign": campaign, "counts": total, "by_authority": counts}
    shared.show({**found, "answers": answers, "recipients": listed}, shown)


@group.command("list")
def list_(
    ctx: typer.Context,
    ready_made: Annotated[bool, typer.Option("--ready", help="The ready texts instead.")] = False,
) -> None:
    """List campaigns, latest first; or the texts that are ready to be used."""
    shared = context(ctx)
    if ready_made:
        texts = {name: ready(name).title for name in ready_names()}
        shared.show(texts, lambda: "\n".join(f"{name}: {title}" for name, title in texts.items()))
        return
    found = shared.application.database.call(campaigns.listed)
    lines = [
        f"{each.reference} {each.state.value:9} {each.authority} {_marked(each)}" for each in found
    ]
    shared.show(found, lambda: "\n".join(lines) or "No campaign yet: tocsin campaign create")


@group.command("answer")
def answer(
    ctx: typer.Context,
    reference: Reference,
    word: Annotated[str, typer.Argument(help="An answer that the campaign offers: FAIT.")],
    facility: Annotated[str, typer.Option(help="FINESS number of the facility that answers.")],
    by: By,
) -> None:
    """Record what a facility said by telephone or by mail, in the name of who took the call."""
    shared = context(ctx)
    campaign = _campaign(shared, reference)
    given = pipeline.offered(campaign, word)
    if given is None:
        words = ", ".join(each.word for each in campaign.text.answers) or "none"
        raise Failure(f"{word}: {campaign.reference} offers these answers: {words}", Exit.INPUT)
    person, where = _person(shared, by), shared.facility(facility)
    if not pipeline.may_answer(campaign, person, where.id):
        raise Failure(
            f"{by} answers neither for {where.finess} nor for {campaign.authority}", Exit.INPUT
        )
    application = shared.application
    mine = application.database.call(
        pipeline.answer, campaign, given, person, [where.id], now=application.clock()
    )
    if not mine:
        raise Failure(f"{where.finess} is no recipient of {campaign.reference}", Exit.INPUT)
    shared.say(f"Noted for {campaign.reference}: {where.name}, {given.word}.")


def _accepted(done: D | Refusal, about: str) -> D:
    if isinstance(done, Refusal):
        raise Failure(f"{about}: {REFUSALS[done]}", Exit.INPUT)
    return done


def _campaign(shared: Context, reference: str) -> Campaign:
    found = shared.application.database.call(campaigns.by_reference, reference)
    return _accepted(found or Refusal.UNKNOWN, reference)


def _person(shared: Context, email: str) -> Person:
    person = shared.application.database.call(people.by_email, email)
    if person is None:
        raise Failure(f"--by: nobody is registered as {email}: tocsin person add", Exit.INPUT)
    return person


def _when(campaign: Campaign) -> str:
    at, approved = campaign.next_at, campaign.approved_at
    if at and approved and at > approved:
        return f"it is sent on {at:%Y-%m-%d at %H:%M} UTC"
    return "it leaves with tocsin dispatch"


def _marked(campaign: Campaign) -> str:
    return ("EXERCICE – " if campaign.text.exercise else "") + campaign.text.title
