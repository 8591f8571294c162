"""Inventories in CSV, as French spreadsheets and tools write them.

Separator ``;``, ``,``, tab or ``|``; UTF-8, Windows-1252 or UTF-16; titles above the
header; columns recognised by name (``columns.py``) or chosen. A file of one column, or
without any separator, is read as one product a line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from bot.domain.facility import BadLine
from bot.inventory import columns, lines, text
from bot.inventory.base import ColumnMapping, InventoryError, Upload
from bot.inventory.categories import from_word
from bot.inventory.cells import clean, fold

HEADER_WITHIN = 20  # lines: titles, dates and logos that come above the header
COLUMN_NAMES = 2  # this many names known in one line make it the header


class CsvImporter:
    """Any text of separated values; the last resort of the registry."""

    name = "csv"

    def recognises(self, head: bytes) -> bool:
        """Every text is tried: what cannot be read says why."""
        return not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"<", b"{", b"PK\x03\x04"))

    def read(self, body: bytes, *, file: str, mapping: ColumnMapping | None = None) -> Upload:
        """Read the file; see :class:`bot.inventory.base.Importer`."""
        content, encoding = text.decode(body, file=file)
        if content.lstrip()[:1] in {"<", "{"}:
            raise InventoryError(
                file,
                "c'est une page web, du XML ou du JSON, pas un tableau.",
                "Exportez l'inventaire en CSV ou en .xlsx.",
            )
        physical = text.physical_lines(content)
        chosen = mapping.columns.values() if mapping else ()
        separator, header = locate_header(physical, chosen)
        if mapping and mapping.free_text:
            header = -1
        if header < 0 and (mapping is None or mapping.free_text):
            if not (mapping and mapping.free_text):
                refuse_unknown_table(physical, file=file)
            return _free_text(physical, 0, file=file, encoding=encoding)
        return table(
            physical, max(header, 0), separator, file=file, mapping=mapping, encoding=encoding
        )


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
    sample = [line for line in physical[:200] if line.strip()]
    return max(separators, key=lambda separator: sum(separator in line for line in sample))


def refuse_unknown_table(physical: Sequence[str], *, file: str) -> None:
    """Refuse a table whose columns have unknown names; a list of products passes.

    Raises:
        InventoryError: most lines have the same number of cells, so this is a table.
    """
    sample = [line for line in physical[:200] if line.strip()]
    for separator in text.SEPARATORS:
        widths = Counter(line.count(separator) for line in sample)
        width, lines_alike = widths.most_common(1)[0]
        if width and lines_alike * 10 > len(sample) * 6:
            header = [cell.strip(' "') for cell in sample[0].split(separator)]
            columns.choose(header, None, file=file, number=1 + physical.index(sample[0]))


def table(
    physical: Sequence[str],
    header: int,
    separator: str,
    *,
    file: str,
    mapping: ColumnMapping | None,
    encoding: str,
    format: str = "csv",  # noqa: A002 - the field's name
) -> Upload:
    """Read a table whose header is ``physical[header]``."""
    records = text.records(physical[header:], separator, first=header + 1)
    first = next(records, None)
    if first is None or isinstance(first, BadLine):
        raise InventoryError(
            file, f"ligne {header + 1} : en-tête illisible.", "Corrigez cette ligne."
        )
    titles = [clean(cell) for cell in first[1]]
    positions = columns.choose(titles, mapping, file=file, number=header + 1)
    cut = len(physical) if physical[-1].strip() else 0  # a file ends with a line end
    return lines.upload(
        rows(records, positions, len(titles), cut),
        file=file,
        format=format,
        mapping=described(titles, positions, mapping),
        encoding=encoding,
        ignored=tuple(
            title
            for position, title in enumerate(titles)
            if title and position not in positions.values()
        ),
    )


def described(
    titles: Sequence[str], positions: Mapping[str, int], mapping: ColumnMapping | None
) -> ColumnMapping:
    """The mapping that was used, to be shown and remembered."""
    return ColumnMapping(
        MappingProxyType({field: titles[position] for field, position in positions.items()}),
        fixed=bool(mapping and mapping.fixed),
    )


def rows(
    records: Iterator[tuple[int, list[str]] | BadLine],
    positions: Mapping[str, int],
    width: int,
    cut: int = 0,
) -> Iterator[lines.Row | BadLine]:
    """Turn records into rows; ``cut`` is the number of a last line without line end."""
    at = [positions.get(field, width) for field in columns.FIELDS]
    for record in records:
        if isinstance(record, BadLine):
            yield record
            continue
        number, cells = record
        if len(cells) != width:
            if len(cells) > width and any(cell.strip() for cell in cells[width:]):
                yield BadLine(
                    number,
                    f"{len(cells)} cellules pour {width} colonnes : "
                    "un séparateur est de trop, ou un texte n'est pas entre guillemets",
                )
                continue
            if number == cut and len(cells) < width:
                yield BadLine(number, "dernière ligne coupée : le fichier est-il complet ?")
                continue
            cells = (cells + [""] * width)[:width]
        if not any(map(str.strip, cells)):
            continue
        cells.append("")
        yield row(number, [cells[position] for position in at])


def row(number: int, values: Sequence[str]) -> lines.Row:
    """Build a row from the cells of ``columns.FIELDS``, in that order.

    What the equipment is comes from the product, else the model, else the designation; a
    designation or model not used so names the equipment, and a designation may tell its
    category ("échographe"). A build completes the version.
    """
    (own_id, category, name, vendor, product, model, designation,
     version, build, cpe, location, exposed, quantity) = values  # fmt: skip
    default = None
    if model or designation:
        what = [text for text in (product, model, designation) if clean(text)]
        product = what[0] if what else ""
        name = name if clean(name) else next(iter(what[1:]), "")
        default = from_word(designation)
    if build and clean(build) and build.strip() not in version:
        version = f"{clean(version)} build {clean(build)}".strip() if clean(version) else build
    return lines.Row(
        number, own_id, category, name, vendor, product, version, cpe, location, exposed,
        quantity, default,
    )  # fmt: skip


def _free_text(physical: Sequence[str], start: int, *, file: str, encoding: str) -> Upload:
    found = (
        BadLine(number, "caractères illisibles (fichier abîmé ou mauvais encodage)")
        if text.CONTROL.search(line)
        else lines.Row(number, product=line.strip().strip('"'))
        for number, line in enumerate(physical[start:], start=start + 1)
        if line.strip()
    )
    return lines.upload(
        found,
        file=file,
        format="text",
        mapping=ColumnMapping(free_text=True),
        encoding=encoding,
    )
