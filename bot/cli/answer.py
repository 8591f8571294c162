"""``tocsin answer``: an answer from the command line, in the name of a registered person."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.output import Exit, Failure, context
from bot.commands.base import Invocation
from bot.commands.book import command_book
from bot.domain.alert import AnswerKind
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory
from bot.domain.lots import CODES, read_lots, with_lots
from bot.store import people


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("answer")(answer)


def answer(
    ctx: typer.Context,
    reference: Annotated[
        str,
        typer.Argument(help="The alert: ALR-2026-0412; or several: ALR-2026-0412+0413."),
    ],
    kind: Annotated[AnswerKind, typer.Argument(help="What is answered.")],
    by: Annotated[str, typer.Option(help="Mail address of the person who answers.")],
    lot: Annotated[
        list[str] | None,
        typer.Option(
            help=f"For these lots only: {', '.join(CODES)}, or their French names;"
            " those the person answers for by default. May be repeated."
        ),
    ] = None,
    note: Annotated[str, typer.Option(help="Reason or remark, kept with the answer.")] = "",
    due: Annotated[str, typer.Option(help="The day promised, for 'planned': 12/12.")] = "",
) -> None:
    """Answer an alert as a person would from a chat, with the same rights and the same reply."""
    shared = context(ctx)
    application = shared.application
    person = application.database.call(people.by_email, by)
    if person is None:
        raise Failure(f"nobody is registered as {by}: tocsin person add", Exit.INPUT)
    chosen = [read for each in lot or () for read in [CODES.get(each) or _named(each)]]
    mailbox = Address.mailbox(person.email)
    invocation = Invocation(
        sender=mailbox,
        place=mailbox,
        name="répondre",
        args=" ".join(part for part in (kind.value, due, note) if part),
        subject=with_lots(reference.upper(), chosen),
        language=application.settings.language,
    )
    routing, hours = application.incident_routing, application.hours
    book = command_book(application.renderer, routing, hours=hours)
    reply = application.database.call(book.dispatch, invocation, now=application.clock())
    shared.show({"reply": reply.text}, lambda: reply.text)


def _named(word: str) -> AssetCategory:
    found, rest = read_lots(word)
    if len(found) != 1 or rest:
        raise Failure(f"--lot: {word!r} is not one of {', '.join(CODES)}", Exit.USAGE)
    return next(iter(found))
