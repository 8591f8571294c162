"""``tocsin inventory …``: what facilities have, and what it can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.inventory_import import chosen_columns, columns_, import_, members_of
from bot.cli.library import asset_matches, match_table
from bot.cli.options import OfFacility, OneFacility
from bot.cli.output import (
    Context,
    Exit,
    Failure,
    assurance,
    context,
    file_bytes,
    table,
)
from bot.cli.sheet import Sheet
from bot.domain.alert import Coverage
from bot.domain.decision import OpenQuestion
from bot.domain.facility import Facility, InventoryLine
from bot.domain.matching import Matcher
from bot.domain.question import taught
from bot.inventory.base import ColumnMapping
from bot.inventory.registry import read_inventory
from bot.inventory.report import describe_upload, write_sheet
from bot.pipeline.assess import assess, note_of
from bot.store import facilities, inventory, lessons, recognition, verdicts

SHOWN = 20  # unreadable lines, unknown products: enough to see what is wrong

group = typer.Typer(no_args_is_help=True, help="Import inventories and see what they can tell.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group.command("import")(import_)
    group.command("columns")(columns_)
    app.add_typer(group, name="inventory")


@group.command("list")
def list_(
    ctx: typer.Context,
    facility: OfFacility,
) -> None:
    """List the equipment of a facility."""
    shared = context(ctx)
    owner = shared.facility(facility)
    lines = shared.application.database.call(inventory.current, owner.id)

    def listing() -> Sheet:
        made = table("line", "category", "name", "product", "version", "n")
        for line in lines.values():
            product = f"{line.vendor} {line.product}".strip() or line.cpe
            made.add_row(
                line.line_id,
                line.category.value,
                line.name,
                product,
                line.version,
                str(line.quantity),
            )
        return made

    shared.show(list(lines.values()), listing)


@group.command("matches")
def matches_(
    ctx: typer.Context,
    facility: OfFacility,
    line: Annotated[str, typer.Option(help="One line only: see tocsin inventory list.")] = "",
    product: Annotated[str, typer.Option(help="One product only: words of its name.")] = "",
    sure: Annotated[bool, typer.Option(help="Leave out what is only to be checked.")] = False,
) -> None:
    """The bulletins that each piece of equipment matches, whatever was told of them."""
    shared = context(ctx)
    owner = shared.facility(facility)
    found = asset_matches(shared, owner, line=line, words=product, sure=sure)
    shared.show(found, lambda: match_table(found))


@group.command("coverage")
def coverage(
    ctx: typer.Context,
    facility: OneFacility = "",
    members: Annotated[
        bool, typer.Option(help="With --facility: every member of the GHT that it is the head of.")
    ] = False,
) -> None:
    """What the inventories can tell: assessed, without version, not recognised.

    An asset whose product is not recognised is *non évalué*, never "not concerned".
    """
    shared = context(ctx)
    database = shared.application.database
    owners = [shared.facility(facility)] if facility else database.call(facilities.every)
    if members:
        if not facility:
            raise Failure("--members: give the head of the GHT with --facility", Exit.USAGE)
        owners = members_of(shared, owners[0])
    covered = database.call(inventory.coverage, [owner.id for owner in owners])
    rows = [(owner, covered[owner.id]) for owner in owners]
    shared.show(
        [{"finess": owner.finess, "coverage": found} for owner, found in rows],
        lambda: _coverage_table(rows),
    )
    if len(owners) == 1 and facility and not shared.as_json:
        if waiting := database.call(recognition.not_judged, owners[0].id):
            said = shared.words.phrases["not_judged"]
            shared.say(said.format(lines=waiting))
        concerned = database.call(verdicts.affected_lines, owners[0].id)
        shared.say(assurance(shared, concerned, covered[owners[0].id]))
        unknown = database.call(recognition.unrecognised, owners[0].id, limit=SHOWN)
        for product, _ in unknown:
            typed = " ".join(filter(None, (product.vendor, product.product, product.version)))
            shared.say(f"non évalué : {typed or product.cpe}")


@group.command("assess")
def assess_(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(help="A list of equipment; what was imported already by default."),
    ] = None,
    facility: OfFacility = "",
    sheet: Annotated[
        Path | None, typer.Option(help="Write the list back there, with what to complete.")
    ] = None,
) -> None:
    """Say what a list reveals: recognised, to complete, out of support, exploited.

    Nothing is written to the database. The sheet, once completed, can be imported.
    """
    shared = context(ctx)
    application = shared.application
    lines = _lines(shared, file, facility)
    catalogue = application.catalogue.taught(application.database.call(lessons.aliases))
    matcher = Matcher(catalogue)
    ends = application.ends_of_support(matcher)
    today = application.clock().date()
    found = application.database.call(assess, matcher, ends, lines, today=today)
    language = application.settings.language
    asked = [OpenQuestion("", each.name, each.settles, each.wants) for each in found.questions]
    shared.show(
        found,
        lambda: application.renderer.reply(
            "assessment", language=language, assessment=found, questions=asked
        )[0],
    )
    if sheet is not None:
        words = application.renderer.words(language).phrases
        notes = {each.line.line_id: note for each in found.lines if (note := note_of(each, words))}
        try:
            sheet.write_bytes(write_sheet(lines, notes))
        except OSError as error:
            raise Failure(f"{sheet}: {error.strerror}", Exit.INPUT) from error
        shared.say(words["sheet_written"].format(file=sheet, noted=len(notes), lines=len(lines)))


def _lines(shared: Context, file: Path | None, facility: str) -> list[InventoryLine]:
    """The lines of a file, or those of the facility's inventory."""
    if file is not None:
        chosen = chosen_columns(shared, shared.facility(facility)) if facility else {}
        mapping = ColumnMapping(chosen) if chosen else None
        upload = read_inventory(file_bytes(file), file=file.name, mapping=mapping)
        for sentence in describe_upload(upload):
            shared.say(sentence)
        lines = upload.lines
        if not facility:
            return list(lines)
        owner = shared.facility(facility)
        known = shared.application.database.call(lessons.of_facility, owner.id)
        return [taught(owner.id, line, known) for line in lines]
    if not facility:
        raise Failure("give a FILE, or --facility FINESS for what was imported", Exit.USAGE)
    owner = shared.facility(facility)
    return list(shared.application.database.call(inventory.current, owner.id).values())


def _coverage_table(rows: list[tuple[Facility, Coverage]]) -> Sheet:
    made = table("FINESS", "name", "lines", "assessed", "without version", "not assessed", "dated")
    for owner, found in rows:
        made.add_row(
            owner.finess,
            owner.name,
            str(found.total),
            str(found.assessed),
            str(found.without_version),
            str(found.unrecognised),
            found.uploaded_on.isoformat() if found.uploaded_on else "pas d'inventaire",
        )
    return made
