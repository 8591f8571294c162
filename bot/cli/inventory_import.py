"""``tocsin inventory import`` and ``tocsin inventory columns``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import Finess, OfFacility
from bot.cli.output import Context, Exit, Failure, at_midnight, context, file_bytes, table
from bot.cli.sheet import Sheet
from bot.domain.facility import Facility
from bot.domain.upload import UploadPlan, describe
from bot.inventory.base import ColumnMapping, InventoryError, Upload
from bot.inventory.columns import LABELS
from bot.inventory.members import owners_of, read_members
from bot.inventory.registry import read_inventory
from bot.inventory.report import describe_upload
from bot.pipeline.foresee import Foreseen
from bot.pipeline.inventory import upload_inventory
from bot.store import Session, columns, facilities


def import_(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="CSV, Excel, GLPI, OCS, Mercator, GMAO, CycloneDX, or a ZIP.")
    ],
    facility: OfFacility,
    members: Annotated[
        bool,
        typer.Option(
            help="The facility is the head of a GHT: a FINESS column says whose each line is."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Show what would change, write nothing.")] = False,
    confirm: Annotated[
        bool, typer.Option(help="Accept the loss of more than a fifth of the inventory.")
    ] = False,
    as_of: Annotated[
        str, typer.Option(help="Day the inventory describes, YYYY-MM-DD; today by default.")
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Choose a column: product='Libellé long'. Repeat for others. Remembered for the"
            " next files of the facility: see tocsin inventory columns."
        ),
    ] = None,
    file_format: Annotated[
        str, typer.Option("--format", help="Format of the file, when its content does not tell.")
    ] = "",
) -> None:
    """Import the inventory of a facility: an upload is a difference with what is known.

    Lines that cannot be read are listed with their number and the reason. An upload with
    such lines removes nothing, and the loss of more than a fifth of the inventory wants
    --confirm: nothing makes a facility look safe by accident.
    """
    shared = context(ctx)
    owner = shared.facility(facility)
    now = shared.application.clock()
    dated = at_midnight(as_of, "--as-of") if as_of else now
    chosen = _with_choices(chosen_columns(shared, owner), column or [])
    complete = True
    for whose, upload in _read(shared, owner, file, chosen, members=members, name=file_format):
        if members:
            shared.say(f"{whose.finess} {whose.name}")
        complete &= _apply(
            shared, whose, upload, file, dated=dated, confirm=confirm, dry_run=dry_run, now=now
        )
    if dry_run:
        shared.say("Essai : rien n'a été écrit.")
    else:
        if column:
            shared.application.database.call(columns.choose, owner.id, chosen, now=now)
            shared.say("Colonnes choisies retenues : tocsin inventory columns.")
        coverage = f"tocsin inventory coverage --facility {owner.finess}"
        then = f", puis {coverage} --members" if members else ""
        shared.say(f"Ensuite : tocsin match{then}")
    if not complete:
        raise Failure(f"{file.name}: not everything was applied, see above", Exit.PARTIAL)


def chosen_columns(shared: Context, owner: Facility) -> dict[str, str]:
    """The columns that the facility chose for its files, which are said."""
    chosen = shared.application.database.call(columns.chosen, owner.id)
    if chosen:
        shared.say(f"Colonnes choisies pour cet établissement : {_pairs(chosen)}.")
    return chosen


def _with_choices(chosen: Mapping[str, str], choices: list[str]) -> dict[str, str]:
    """The columns chosen before, and those of the command line over them."""
    chosen = dict(chosen)
    for choice in choices:
        field, equals, header = choice.partition("=")
        if not (field and equals and header):
            raise Failure(f"--column {choice!r}: write field=header", Exit.USAGE)
        chosen[field.strip()] = header.strip()
    return chosen


def _read(
    shared: Context,
    owner: Facility,
    file: Path,
    chosen: Mapping[str, str],
    *,
    members: bool,
    name: str,
) -> list[tuple[Facility, Upload]]:
    """What the file says of each facility that it speaks of."""
    mapping = ColumnMapping(dict(chosen)) if chosen else None
    body = file_bytes(file)
    try:
        if not members:
            upload = read_inventory(body, file=file.name, mapping=mapping, format=name)
            owners = owners_of(body, upload, file=file.name, mapping=mapping)
            _refuse_neighbours(shared, owner, owners, file)
            return [(owner, upload)]
        known = {each.finess: each for each in members_of(shared, owner)}
        read = read_members(body, file=file.name, members=known, mapping=mapping)
    except InventoryError as error:
        if not any(f"« {header} »" in error.reason for header in chosen.values()):
            raise
        forget = f"tocsin inventory columns {owner.finess} --reset oublie les colonnes choisies."
        raise InventoryError(error.file, error.reason, f"{error.remedy} {forget}") from error
    absent = [f"{finess} {each.name}" for finess, each in known.items() if finess not in read]
    if absent:
        shared.say(f"Sans ligne dans ce fichier, laissés comme avant : {', '.join(absent)}.")
    return [(known[finess], upload) for finess, upload in read.items()]


def _refuse_neighbours(
    shared: Context, owner: Facility, owners: Mapping[str, int], file: Path
) -> None:
    """A file that says of some lines that they are another facility's is not this one's."""
    for finess, line in owners.items():
        other = shared.application.database.call(facilities.by_finess, finess)
        if other is not None and other.id != owner.id:
            raise InventoryError(
                file.name,
                f"ligne {line} : le FINESS {finess} est celui d'un autre établissement,"
                f" {other.name}.",
                "Retirez ces lignes ; ou, pour la tête d'un GHT, ajoutez --members."
                " Rien n'a été changé.",
            )


def members_of(shared: Context, head: Facility) -> list[Facility]:
    """The facilities of a GHT, for its head alone."""
    if not (head.ght and head.ght_head):
        raise Failure(
            f"--members: {head.finess} {head.name} is not the head of a GHT (columns GHT and"
            " Tête de GHT of tocsin facility import)",
            Exit.INPUT,
        )
    everybody = shared.application.database.call(facilities.every)
    return [each for each in everybody if each.ght == head.ght]


def _apply(
    shared: Context,
    owner: Facility,
    upload: Upload,
    file: Path,
    *,
    dated: datetime,
    confirm: bool,
    dry_run: bool,
    now: datetime,
) -> bool:
    """Apply the upload, say what it changes, and return whether all of it was applied."""
    for sentence in describe_upload(upload):
        shared.say(sentence)
    application = shared.application
    foresight = application.foresight

    def write(session: Session) -> tuple[UploadPlan, Foreseen]:
        plan = upload_inventory(
            session,
            owner,
            upload,
            filename=file.name,
            dated=dated,
            confirm=confirm,
            dry_run=dry_run,
            now=now,
        )
        foreseen = Foreseen() if dry_run else foresight.of(session, owner.id, plan, dated=dated)
        return plan, foreseen

    plan, foreseen = application.database.call(write)
    for sentence in describe(plan, "fr"):
        shared.say(sentence)
    if foreseen != Foreseen():
        language = application.settings.language
        said = application.renderer.reply("foreseen", language=language, foreseen=foreseen)
        shared.say(said[0])
    return plan.complete


def columns_(
    ctx: typer.Context,
    finess: Finess,
    reset: Annotated[
        bool, typer.Option(help="Forget them: columns are recognised by their names again.")
    ] = False,
) -> None:
    """The columns chosen for a facility's files, which its next files must have."""
    shared = context(ctx)
    owner = shared.facility(finess)
    database = shared.application.database
    if reset:
        gone = database.call(columns.forget, owner.id)
        shared.say("Colonnes oubliées." if gone else "Aucune colonne n'était choisie.")
        return
    chosen = database.call(columns.chosen, owner.id)

    def listing() -> str | Sheet:
        if not chosen:
            return "Aucune colonne choisie : elles sont reconnues à leur nom."
        made = table("field", "column of the file")
        for field, header in chosen.items():
            made.add_row(f"{LABELS.get(field, field)} ({field})", header)
        return made

    shared.show(chosen, listing)


def _pairs(chosen: Mapping[str, str]) -> str:
    return ", ".join(f"{LABELS.get(field, field)} = « {head} »" for field, head in chosen.items())
