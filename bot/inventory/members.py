"""One file for several facilities: a table whose FINESS column says whose each line is.

The head of a GHT sends it for its members. Nothing is guessed: a line without a valid number
belongs to nobody, and while it does, no member's line is taken as gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.facility import BadLine, FinessError, check_finess
from bot.inventory import lines, text
from bot.inventory.base import ColumnMapping, InventoryError, Upload
from bot.inventory.cells import fold
from bot.inventory.csvfile import locate_header
from bot.inventory.table import Record, Table
from bot.inventory.workbook import WorkbookImporter, header_of, sheets_of

WORKBOOK = b"PK\x03\x04"
SHOWN = 5  # foreign numbers listed
FINESS = frozenset({"finess", "numero finess", "n finess", "no finess", "finess et", "finess ej",
                    "finess number", "finess etablissement"})  # fmt: skip
UNCHANGED = "Rien n'a été changé dans les inventaires."


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table of the file. ``cut`` is the number of a last line that has no end."""

    table: Table
    owner: int  # position of the FINESS column
    records: Sequence[Record | BadLine]
    cut: int = 0


def read_members(
    body: bytes,
    *,
    file: str,
    members: Collection[str],
    mapping: ColumnMapping | None = None,
) -> Mapping[str, Upload]:
    """Read a CSV file or a workbook, and return each member's part of it, by FINESS number.

    Args:
        members: the FINESS numbers that the sender may upload for.

    Raises:
        InventoryError: no table with a FINESS column, or a facility that is no member: nothing
            of the file was kept.
    """
    workbook = body.startswith(WORKBOOK)
    read = _workbook if workbook else _csv
    sheets = list(read(body, file=file, mapping=mapping))
    if not sheets:
        raise InventoryError(
            file,
            "pas de tableau qui ait une colonne FINESS et une colonne produit.",
            "Ajoutez une colonne FINESS qui dit de quel établissement est chaque ligne.",
        )
    parts: dict[str, list[Upload]] = {}
    nobodys: list[BadLine] = []
    for sheet in sheets:
        owned, lost = _owned(sheet)
        nobodys += lost
        _refuse_foreign(owned, members, file=file)
        for finess, records in owned.items():
            part = _upload(sheet, records, file=file, mapping=mapping, workbook=workbook)
            parts.setdefault(finess, []).append(part)
    return {finess: _whole(found, nobodys) for finess, found in sorted(parts.items())}


def owners_of(
    body: bytes, upload: Upload, *, file: str, mapping: ColumnMapping | None = None
) -> Mapping[str, int]:
    """The FINESS numbers of a file that was read as one facility's, with the first line of
    each; none when no column says whose each line is."""
    if not any(fold(title) in FINESS for title in upload.ignored):
        return {}
    read = _workbook if body.startswith(WORKBOOK) else _csv
    found: dict[str, int] = {}
    for sheet in read(body, file=file, mapping=mapping):
        for finess, records in _owned(sheet)[0].items():
            found.setdefault(finess, records[0][0])
    return found


def names_owners(body: bytes, *, file: str) -> bool:
    """Whether a file is a table that says, in a FINESS column, whose each line is.

    Raises:
        InventoryError: a workbook that cannot be opened, or a text that cannot be read.
    """
    if body.startswith(WORKBOOK):
        return WorkbookImporter().recognises(body) and any(_workbook(body, file=file, mapping=None))
    return any(_csv(body, file=file, mapping=None))


def _csv(body: bytes, *, file: str, mapping: ColumnMapping | None) -> Iterator[_Sheet]:
    physical = list(text.decode(body, file=file))
    chosen = [*(mapping.columns.values() if mapping else ()), "FINESS"]
    separator, header = locate_header(physical, chosen)
    if header < 0:
        return
    records = list(text.records(physical[header:], separator, first=header + 1))
    if records and not isinstance(records[0], BadLine):
        cut = len(physical) if physical[-1].strip() else 0
        yield from _sheet(records[0], records[1:], file=file, mapping=mapping, cut=cut)


def _workbook(body: bytes, *, file: str, mapping: ColumnMapping | None) -> Iterator[_Sheet]:
    for _, cells in sheets_of(body, file=file):
        if (at := header_of(cells)) >= 0:
            yield from _sheet(cells[at], cells[at + 1 :], file=file, mapping=mapping)


def _sheet(
    header: Record,
    records: Sequence[Record | BadLine],
    *,
    file: str,
    mapping: ColumnMapping | None,
    cut: int = 0,
) -> Iterator[_Sheet]:
    """The table, when one of its columns is the FINESS number."""
    owner = next((at for at, title in enumerate(header[1]) if fold(title) in FINESS), -1)
    if owner >= 0:
        table = Table.of(header[1], mapping, file=file, number=header[0])
        yield _Sheet(table, owner, records, cut)


def _owned(sheet: _Sheet) -> tuple[dict[str, list[Record]], list[BadLine]]:
    """The records of each facility, and the lines that are nobody's."""
    owned: dict[str, list[Record]] = {}
    nobodys: list[BadLine] = []
    for record in sheet.records:
        if isinstance(record, BadLine):
            nobodys.append(record)
            continue
        number, cells = record
        if not any(map(str.strip, cells)):
            continue
        cell = cells[sheet.owner].strip() if sheet.owner < len(cells) else ""
        try:
            owned.setdefault(_finess(cell), []).append(record)
        except FinessError as error:
            nobodys.append(BadLine(number, str(error) if cell else "le FINESS manque"))
    return owned, nobodys


def _finess(cell: str) -> str:
    """The number of a cell; a spreadsheet drops the zero that some begin with."""
    return check_finess(cell.zfill(9) if cell.isdigit() else cell)


def _refuse_foreign(
    owned: Mapping[str, Sequence[Record]], members: Collection[str], *, file: str
) -> None:
    foreign = sorted(owned.keys() - set(members))
    if not foreign:
        return
    named = ", ".join(
        f"{finess} (dès la ligne {owned[finess][0][0]}, {len(owned[finess])} en tout)"
        for finess in foreign[:SHOWN]
    )
    more = f" et encore {len(foreign) - SHOWN}" if len(foreign) > SHOWN else ""
    raise InventoryError(
        file,
        f"des lignes d'établissements hors du groupement : {named}{more}.",
        f"Retirez ces lignes, ou enregistrez ces établissements dans le GHT. {UNCHANGED}",
    )


def _upload(
    sheet: _Sheet,
    records: Sequence[Record],
    *,
    file: str,
    mapping: ColumnMapping | None,
    workbook: bool,
) -> Upload:
    """The lines of one facility in one table; none of them may be usable."""
    try:
        return lines.upload(
            sheet.table.rows(iter(records), cut=sheet.cut),
            file=file,
            format="xlsx" if workbook else "csv",
            mapping=sheet.table.mapping(mapping),
            ignored=tuple(
                title for title in sheet.table.ignored if title != sheet.table.titles[sheet.owner]
            ),
        )
    except InventoryError as error:
        return Upload("xlsx" if workbook else "csv", (), (BadLine(records[0][0], error.reason),))


def _merged(parts: Sequence[Upload]) -> Upload:
    named = [(f"tableau {number}", part) for number, part in enumerate(parts, start=1)]
    return lines.merged(named, (), format=parts[0].format)


def _whole(parts: Sequence[Upload], nobodys: Sequence[BadLine]) -> Upload:
    """One upload a facility; a line of nobody's may be its own, so that nothing is removed."""
    one = parts[0] if len(parts) == 1 else _merged(parts)
    return replace(one, bad=(*one.bad, *nobodys))
