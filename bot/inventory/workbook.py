"""Inventories in Excel workbooks (.xlsx): every sheet that has a header is read.

Source: ECMA-376, through openpyxl in read-only mode. A number keeps the decimals its cell
shows (``7.10`` is not ``7.1``); a date where a version should be is said, not guessed.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from bot.domain.facility import BadLine
from bot.inventory import columns, lines
from bot.inventory.base import ColumnMapping, InventoryError, Upload
from bot.inventory.categories import from_word
from bot.inventory.csvfile import COLUMN_NAMES, HEADER_WITHIN
from bot.inventory.table import Record, Table

LARGEST = 512 * 1024 * 1024  # bytes once decompressed
WIDEST = 200  # columns; a formatted but empty sheet has 16,384
UNCHANGED = "Rien n'a été changé dans l'inventaire."
_DECIMALS = re.compile(r"0\.(0+)")


class WorkbookImporter:
    """One inventory in one or several sheets; a sheet's name may tell the category."""

    name = "xlsx"

    def recognises(self, head: bytes) -> bool:
        """A ZIP archive whose first entries are those of a workbook."""
        return head.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in head or b"xl/" in head)

    def read(self, body: bytes, *, file: str, mapping: ColumnMapping | None = None) -> Upload:
        """Read the file; see :class:`bot.inventory.base.Importer`."""
        sheets = list(sheets_of(body, file=file))
        tables = [
            (title, cells, at, Table.of(cells[at][1], mapping, file=file, number=cells[at][0]))
            for title, cells in sheets
            if (at := header_of(cells)) >= 0
        ]
        if not tables:
            if not any(cells for _, cells in sheets):
                raise InventoryError(file, "le classeur est vide.", UNCHANGED)
            first = next(cells for _, cells in sheets if cells)[0]
            tables = [("", [first], 0, Table.of(first[1], mapping, file=file, number=first[0]))]
        unread = tuple(
            f"feuille « {title} »"
            for title, cells in sheets
            if cells and title not in {name for name, *_ in tables}
        )
        parts: list[tuple[str, Upload]] = []
        bad: list[BadLine] = []
        for title, cells, at, table in tables:
            rows = table.rows(iter(cells[at + 1 :]), default=from_word(title))
            try:
                part = lines.upload(
                    rows,
                    file=file,
                    format=self.name,
                    mapping=table.mapping(mapping),
                    ignored=(*unread, *table.ignored),
                )
            except InventoryError as error:
                bad.append(BadLine(cells[at][0], f"feuille « {title} » : {error.reason}"))
                continue
            parts.append((f"feuille « {title} »", part))
        if not parts:
            raise InventoryError(file, f"aucune ligne utilisable. {bad[0].reason}", UNCHANGED)
        if len(tables) == 1:
            return parts[0][1]
        return lines.merged(parts, bad, format=self.name)


def sheets_of(body: bytes, *, file: str) -> Iterator[tuple[str, list[Record]]]:
    """Yield the title and the numbered, non-empty lines of each sheet that is shown."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST:
            raise InventoryError(
                file,
                f"le classeur fait {size // 2**20} Mio une fois décompressé.",
                "Enregistrez la feuille utile en CSV.",
            )
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True)
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                yield sheet.title, list(_records(sheet.iter_rows(max_col=WIDEST)))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, EOFError) as error:
        if isinstance(error, InventoryError):
            raise
        raise InventoryError(
            file,
            "classeur abîmé ou protégé par un mot de passe.",
            "Ouvrez-le et enregistrez de nouveau en .xlsx sans mot de passe, ou en CSV.",
        ) from error


def _records(rows: Iterator[Sequence[Any]]) -> Iterator[Record]:
    for number, row in enumerate(rows, start=1):
        cells = [_text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, cells


def _text(cell: Any) -> str:
    """The text a person sees in the cell."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case float():
            decimals = _DECIMALS.search(cell.number_format or "")
            if decimals:
                return f"{value:.{len(decimals[1])}f}"
            return str(int(value)) if value.is_integer() else repr(value)
        case int():
            decimals = _DECIMALS.search(cell.number_format or "")
            return f"{value:.{len(decimals[1])}f}" if decimals else str(value)
        case datetime() | date():
            return value.strftime("%d/%m/%Y")
        case _:
            return str(value)


def header_of(cells: Sequence[Record]) -> int:
    """The position of the line whose titles are known best, -1 when none is a header."""
    best = (0, 0)
    for position, (_, titles) in enumerate(islice(cells, HEADER_WITHIN)):
        found = columns.recognise(titles)
        alone = len([title for title in titles if title]) == 1
        if any(field in found for field in columns.WHAT) and (len(found) >= COLUMN_NAMES or alone):
            best = max(best, (len(found), -position))
    return -best[1] if best[0] else -1
