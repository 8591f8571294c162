"""``tocsin review …``: the questions that wait, their answers, and what they taught."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.options import AtMost, OneFacility
from bot.cli.output import Context, Exit, Failure, context, counted, table
from bot.cli.sheet import Sheet
from bot.domain.people import Person
from bot.domain.question import Given, Lesson, Question, ReplyKind, Wants, read_answer
from bot.pipeline import questions as pipeline
from bot.pipeline.questions import LessonError
from bot.store import Session, facilities, lessons, people, questions

OPERATOR = "operator"
ASKED = {Wants.VERSION: "version ?", Wants.CONCERNED: "concerné ?", Wants.PRODUCT: "produit ?"}

group = typer.Typer(
    invoke_without_command=True,
    help="Questions that wait for an answer; answer them, see and undo what was learned.",
)

By = Annotated[
    str, typer.Option(help="Mail address of the person who answers; the operator by default.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="review")


@group.callback()
def list_(
    ctx: typer.Context,
    facility: OneFacility = "",
    limit: AtMost = 50,
) -> None:
    """List the questions that wait, those that settle the most bulletins first."""
    if ctx.invoked_subcommand is not None:
        return
    shared = context(ctx)
    database, now = shared.application.database, shared.application.clock()
    owners = [shared.facility(facility)] if facility else database.call(facilities.every)
    found = [
        question
        for owner in owners
        for question in database.call(pipeline.waiting, owner.id, now=now)
    ]
    found = sorted(found, key=lambda each: (-each.settles, each.reference))[:limit]
    names = {owner.id: owner.name for owner in owners}
    shared.show(found, lambda: _listing(found, names))
    if not found:
        shared.say("No question: every product is decided, or nothing was matched (tocsin match).")


@group.command("answer")
def answer(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(help="Such as QST-2026-0004.")],
    version: Annotated[str, typer.Argument(help="The version, when that is the answer.")] = "",
    concerned: Annotated[bool, typer.Option("--concerned", help="It concerns us.")] = False,
    not_concerned: Annotated[
        bool, typer.Option("--not-concerned", help="It does not; say why with --reason.")
    ] = False,
    other_product: Annotated[str, typer.Option(help="What this product really is.")] = "",
    unknown: Annotated[bool, typer.Option("--unknown", help="Nobody can tell for now.")] = False,
    reason: Annotated[str, typer.Option(help="Why, kept with the answer.")] = "",
    line: Annotated[str, typer.Option(help="About this inventory line only: its id.")] = "",
    by: By = "",
) -> None:
    """Answer a question: the inventory is completed and what is open is judged again."""
    shared = context(ctx)
    choices = [
        Given(kind, value, reason)
        for kind, value, chosen in (
            (ReplyKind.CONCERNED, "", concerned),
            (ReplyKind.NOT_CONCERNED, "", not_concerned),
            (ReplyKind.OTHER_PRODUCT, other_product, bool(other_product)),
            (ReplyKind.UNKNOWN, "", unknown),
        )
        if chosen
    ]
    if version and (said := read_answer(version)):
        choices.append(Given(said.kind, said.value, reason or said.reason))
    if len(choices) != 1:
        raise Failure(
            "give one answer: a version, --concerned, --not-concerned, --other-product NAME"
            " or --unknown",
            Exit.USAGE,
        )
    application = shared.application
    question = application.database.call(questions.by_reference, reference)
    if question is None:
        raise Failure(f"no question {reference}; see tocsin review", Exit.INPUT)
    settled = application.database.call(
        pipeline.answer,
        question,
        choices[0],
        by=_actor(shared, by, question),
        line_id=line,
        now=application.clock(),
    )
    shared.show(
        settled,
        lambda: (
            f"{question.reference}: noted as lesson {settled.lesson.id};"
            f" {counted(settled.lines, 'line')} of the inventory completed. Then: tocsin match"
        ),
    )


@group.command("learned")
def learned(
    ctx: typer.Context,
    facility: OneFacility = "",
    every: Annotated[bool, typer.Option("--all", help="Those that ended too.")] = False,
) -> None:
    """List what answers taught: versions, names and what was set aside, with their term."""
    shared = context(ctx)
    owner = shared.facility(facility).id if facility else None
    found = shared.application.database.call(lessons.listed, facility_id=owner, ended=every)
    shared.show(found, lambda: _lessons(found))


@group.command("undo")
def undo(
    ctx: typer.Context,
    lesson: Annotated[int, typer.Argument(help="Its number in tocsin review learned.")],
    by: By = "",
) -> None:
    """Take back what an answer taught: the inventory is as before, and the question open."""
    shared = context(ctx)
    application = shared.application
    found = _lesson(shared, lesson)
    actor = OPERATOR if not by else str(_person(shared, by).id)
    try:
        lines = application.database.call(pipeline.undo, found, by=actor, now=application.clock())
    except LessonError as error:
        raise Failure(str(error), Exit.INPUT) from error
    shared.say(
        f"Lesson {found.id} is undone; {counted(lines, 'line')} given back. Then: tocsin match"
    )


@group.command("confirm")
def confirm(
    ctx: typer.Context,
    lesson: Annotated[int, typer.Argument(help="Its number in tocsin review learned.")],
    by: Annotated[str, typer.Option(help="Mail address of a person with role cert.")],
) -> None:
    """Extend to every facility what one taught: a product's other name, or a suppression."""
    shared = context(ctx)
    application = shared.application
    found = _lesson(shared, lesson)
    try:
        application.database.call(
            pipeline.confirm, found, _person(shared, by), now=application.clock()
        )
    except LessonError as error:
        raise Failure(str(error), Exit.INPUT) from error
    shared.say(f"Lesson {found.id} is everybody's. Then: tocsin match")


def _actor(shared: Context, by: str, question: Question) -> str:
    """Who answers, as it is kept: a person must hold a role at the facility."""
    if not by:
        return OPERATOR
    person = _person(shared, by)
    if question.facility_id not in person.facilities():
        raise Failure(f"--by: {by} holds no role at this facility: tocsin person add", Exit.INPUT)
    return str(person.id)


def _person(shared: Context, email: str) -> Person:
    found = shared.application.database.call(people.by_email, email)
    if found is None:
        raise Failure(
            f"--by: nobody is registered as {email}; add them with tocsin person add", Exit.INPUT
        )
    return found


def _lesson(shared: Context, lesson_id: int) -> Lesson:
    def read(session: Session) -> Lesson | None:
        return lessons.by_id(session, lesson_id)

    found = shared.application.database.call(read)
    if found is None:
        raise Failure(f"no lesson {lesson_id}; see tocsin review learned", Exit.INPUT)
    return found


def _listing(found: list[Question], names: dict[int, str]) -> Sheet:
    made = table("question", "facility", "product", "asked", "settles", "lines")
    for each in found:
        made.add_row(
            each.reference,
            names[each.facility_id],
            each.name,
            ASKED[each.wants],
            str(each.settles),
            str(each.machines),
        )
    return made


def _lessons(found: list[Lesson]) -> Sheet:
    made = table("id", "question", "product", "answer", "value", "reach", "until", "reason")
    for each in found:
        until = f"{each.expires_at:%Y-%m-%d}" if each.expires_at else ""
        made.add_row(
            str(each.id),
            each.question,
            each.name,
            each.kind.value,
            each.value,
            each.line_id or each.reach.value,
            f"{each.ended} {each.ended_at:%Y-%m-%d}" if each.ended_at else until,
            each.reason,
        )
    return made
