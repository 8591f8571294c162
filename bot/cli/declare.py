"""``tocsin facility declare``: ten questions for a facility that has no inventory."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import Finess
from bot.cli.output import Context, Exit, Failure, context, counted, file_bytes
from bot.domain.questionnaire import (
    DeclaredQuestion,
    Questionnaire,
    UnknownAnswerError,
    split_answers,
)
from bot.inventory.questionnaire import read_answers, read_questionnaire
from bot.pipeline.declaration import declare
from bot.resources import config_folder


def declare_(
    ctx: typer.Context,
    finess: Finess,
    answers: Annotated[
        Path | None,
        typer.Option(help='Answers in TOML (vpn = "fortinet"); asked one by one otherwise.'),
    ] = None,
) -> None:
    """Ask ten questions, and make declared products of the answers.

    Answering a question again replaces what it declared. Declared products have no
    version: what bulletins say of them is asked about, and *alertes* are told.
    """
    shared = context(ctx)
    owner = shared.facility(finess)
    application = shared.application
    path = config_folder() / "declaration.toml"
    questionnaire = read_questionnaire(path.read_text("utf-8"), file=str(path))
    said = _of_file(answers) if answers else _asked(shared, questionnaire)
    try:
        done = application.database.call(
            declare, owner, questionnaire, said, now=application.clock()
        )
    except UnknownAnswerError as error:
        raise Failure(str(error), Exit.INPUT) from error
    for doubt in _doubts(questionnaire, said):
        shared.say(doubt)
    shared.show(
        done,
        lambda: (
            f"{owner.name}: {counted(len(done.added), 'product')} declared,"
            f" {done.removed} taken back;"
            f" {counted(done.total, 'line')} known. Then: tocsin match"
        ),
    )


def _doubts(questionnaire: Questionnaire, said: Mapping[str, str | list[str]]) -> Iterator[str]:
    """What was kept as the name of a product, and looks like a choice."""
    for question in questionnaire:
        offered = [choice.key for choice in question.choices]
        for each in split_answers(said.get(question.key, ())):
            kept = question.read(each).key
            near = difflib.get_close_matches(kept.casefold(), offered, n=1, cutoff=0.8)
            if kept not in offered and near:
                yield (
                    f"{question.key}: {kept!r} is kept as a product's name;"
                    f" if you meant {near[0]}, answer again"
                )


def _of_file(file: Path) -> dict[str, str | list[str]]:
    try:
        text = file_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure(f"{file}: not UTF-8, save it so", Exit.INPUT) from error
    return read_answers(text, file=file.name)


def _asked(shared: Context, questionnaire: Questionnaire) -> dict[str, str | list[str]]:
    """The answers a person types; nothing typed leaves a question out."""
    language = shared.application.settings.language
    found: dict[str, str | list[str]] = {}
    for question in questionnaire:
        said = _ask(question, language)
        if said:
            found[question.key] = said
    return found


def _ask(question: DeclaredQuestion, language: str) -> list[str]:
    """Ask until the answer can be read; numbers or names, separated by commas."""
    typer.echo(question.texts[language])
    for number, choice in enumerate(question.choices, start=1):
        typer.echo(f"  {number}. {choice.labels[language]}")
    while True:
        said = split_answers(typer.prompt(">", default="", show_default=False, prompt_suffix=" "))
        try:
            return [question.read(each).key for each in said]
        except UnknownAnswerError as error:
            typer.echo(str(error))
