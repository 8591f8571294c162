"""Inventories in CSV, as French spreadsheets and tools write them.

Separator ``;``, ``,``, tab or ``|``; UTF-8, Windows-1252 or UTF-16; titles above the
header; columns recognised by name (``columns.py``) or chosen. A file of one column, or
without any separator, is read as one product a line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice

from bot.domain.facility import BadLine
from bot.inventory import columns, lines, text
from bot.inventory.base import ColumnMapping, InventoryError, Upload
from bot.inventory.cells import clean, fold
from bot.inventory.table import Table

SAMPLE = 200  # lines: what the shape of a table is told from
HEADER_WITHIN = 20  # lines: titles, dates and logos that come above the header
COLUMN_NAMES = 2  # this many names known in one line make it the header


_STRUCTURED = re.compile(r"[<{]|\[\s*(?:[{\[\]]|$)")  # a page, XML or JSON, an empty array too


class CsvImporter:
    """Any text of separated values; the last resort of the registry."""

    name = "csv"

    def recognises(self, head: bytes) -> bool:
        """Every text is tried: what cannot be read says why."""
        return not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"<", b"{", b"PK\x03\x04"))

    def read(self, body: bytes, *, file: str, mapping: ColumnMapping | None = None) -> Upload:
        """Read the file; see :class:`bot.inventory.base.Importer`."""
        content = text.decode(body, file=file)
        if _STRUCTURED.match(next(filter(None, map(str.strip, content)), "")):
            raise InventoryError(
                file,
                "c'est une page web, du XML ou du JSON où rien ne ressemble à un inventaire.",
                "Exportez l'inventaire en CSV ou en .xlsx, ou dans un format de docs/inventory.md.",
            )
        head = list(islice(content, SAMPLE))
        chosen = mapping.columns.values() if mapping else ()
        separator, header = locate_header(head, chosen)
        if mapping and mapping.free_text:
            header = -1
        if header < 0 and (mapping is None or mapping.free_text):
            if not (mapping and mapping.free_text):
                refuse_unknown_table(head, file=file)
            return _free_text(content, file=file)
        return _table(content, max(header, 0), separator, file=file, mapping=mapping)


def locate_header(physical: Sequence[str], chosen: Collection[str] = ()) -> tuple[str, int]:
    """Return the separator and the position of the header, -1 when no line looks like one.

    ``chosen`` are the headers that a mapping names.

    Excel's ``sep=;`` first line is obeyed.
    """
    start = 0
    separators: tuple[str, ...] = text.SEPARATORS
    if physical[0].lower().startswith("sep=") and len(physical[0]) == 5:
        start, separators = 1, (physical[0][4],)
    wanted = {fold(title) for title in chosen}
    best = (0, 0, 0, separators[0], -1)
    for position, line in enumerate(physical[start : start + HEADER_WITHIN], start=start):
        for separator in separators:
            cells = [clean(cell.strip(' "')) for cell in line.split(separator)]
            found = columns.recognise(cells)
            score = len(found) + len(wanted.intersection(map(fold, cells)))
            what = any(field in found for field in columns.WHAT) or score > len(found)
            if what and (score >= COLUMN_NAMES or len(list(filter(None, cells))) == 1):
                best = max(best, (score, len(cells), -position, separator, position))
    if best[4] < 0:
        best = (0, 0, 0, _commonest_separator(physical, separators), -1)
    return best[3], best[4]


def _commonest_separator(physical: Sequence[str], separators: Sequence[str]) -> str:
    sample = [line for line in physical[:SAMPLE] if line.strip()]
    return max(separators, key=lambda separator: sum(separator in line for line in sample))


def refuse_unknown_table(physical: Sequence[str], *, file: str) -> None:
    """Refuse a table whose columns have unknown names; a list of products passes.

    Raises:
        InventoryError: most lines have the same number of cells, so this is a table.
    """
    sample = [line for line in physical[:SAMPLE] if line.strip()]
    for separator in text.SEPARATORS:
        widths = Counter(line.count(separator) for line in sample)
        width, lines_alike = widths.most_common(1)[0]
        if width and lines_alike * 10 > len(sample) * 6:
            header = [cell.strip(' "') for cell in sample[0].split(separator)]
            columns.choose(header, None, file=file, number=1 + physical.index(sample[0]))


def _table(
    content: text.Text,
    header: int,
    separator: str,
    *,
    file: str,
    mapping: ColumnMapping | None,
) -> Upload:
    records = text.records(islice(content, header, None), separator, first=header + 1)
    first = next(records, None)
    if first is None or isinstance(first, BadLine):
        raise InventoryError(
            file, f"ligne {header + 1} : en-tête illisible.", "Corrigez cette ligne."
        )
    sheet = Table.of(first[1], mapping, file=file, number=header + 1)
    return lines.upload(
        sheet.rows(records, cut=content.unended),  # a whole file ends with a line end
        file=file,
        format="gmao-csv" if sheet.biomedical else "csv",
        mapping=sheet.mapping(mapping),
        encoding=content.encoding,
        ignored=sheet.ignored,
    )


def _free_text(content: text.Text, *, file: str) -> Upload:
    found = (
        BadLine(number, "caractères illisibles (fichier abîmé ou mauvais encodage)")
        if text.CONTROL.search(line)
        else lines.Row(number, product=line.strip().strip('"'))
        for number, line in enumerate(content, start=1)
        if line.strip()
    )
    return lines.upload(
        found,
        file=file,
        format="text",
        mapping=ColumnMapping(free_text=True),
        encoding=content.encoding,
    )
