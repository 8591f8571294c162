"""Rows of a table with a header, whatever the file: CSV, workbook, exports of GLPI or a GMAO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from bot.domain.facility import AssetCategory, BadLine
from bot.inventory import columns
from bot.inventory.base import ColumnMapping
from bot.inventory.categories import from_product, from_word
from bot.inventory.cells import clean, fold, one_line
from bot.inventory.lines import Row

Record = tuple[int, list[str]]
_COMPUTERS = {AssetCategory.WORKSTATION, AssetCategory.SERVER}
# columns that only a biomedical maintenance tool (GMAO) has
_BIOMEDICAL = {"cneh", "code cneh", "libelle cneh", "cnehs", "code cnehs", "gmdn", "code gmdn",
               "emdn", "code emdn", "classe ce", "marquage ce", "classe marquage ce"}  # fmt: skip
# who builds computers does not publish the system that runs on them
_COMPUTER_MAKERS = {"dell", "hp", "hpe", "hewlett", "lenovo", "fujitsu", "acer", "asus", "asustek",
                    "toshiba", "dynabook", "supermicro", "panasonic", "getac", "samsung", "nec",
                    "medion", "terra", "msi", "gigabyte", "zebra", "advantech"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """A header that was understood: where each field is, what nothing is read from."""

    titles: tuple[str, ...]
    positions: Mapping[str, int]
    biomedical: bool = False

    @classmethod
    def of(
        cls, header: Sequence[str], mapping: ColumnMapping | None, *, file: str, number: int
    ) -> Self:
        """Understand the header at line ``number``.

        Raises:
            InventoryError: no column says what the equipment is, or a chosen one is missing.
        """
        titles = tuple(one_line(cell) for cell in header)
        positions = columns.choose(titles, mapping, file=file, number=number)
        biomedical = not _BIOMEDICAL.isdisjoint(map(fold, titles))
        if biomedical and fold(titles[positions.get("category", 0)]) == "type":
            positions.pop("category", None)  # a GMAO's "Type" is a variant of the model
        return cls(titles, MappingProxyType(positions), biomedical)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Titles of the columns that nothing is read from."""
        used = set(self.positions.values())
        return tuple(
            title for position, title in enumerate(self.titles) if title and position not in used
        )

    def mapping(self, given: ColumnMapping | None) -> ColumnMapping:
        """The mapping that was used, to be shown and remembered."""
        return ColumnMapping(
            MappingProxyType({field: self.titles[at] for field, at in self.positions.items()}),
            fixed=bool(given and given.fixed),
        )

    def rows(
        self,
        records: Iterator[Record | BadLine],
        *,
        cut: int = 0,
        default: AssetCategory | None = None,
    ) -> Iterator[Row | BadLine]:
        """Turn records into rows.

        Args:
            records: numbered cells, the header left out.
            cut: number of a last line that has no line end, 0 when there is none.
            default: category of the lines that do not tell theirs.
        """
        width = len(self.titles)
        at = [self.positions.get(field, width) for field in columns.FIELDS]
        default = AssetCategory.BIOMEDICAL if self.biomedical else default
        for record in records:
            if isinstance(record, BadLine):
                yield record
                continue
            number, cells = record
            if len(cells) != width:
                if reason := _misfit(number, cells, width, cut):
                    yield BadLine(number, reason)
                    continue
                cells = (cells + [""] * width)[:width]
            if any(map(str.strip, cells)):
                cells.append("")  # where the fields without a column are read
                yield from assemble(number, [cells[position] for position in at], default)


def _misfit(number: int, cells: Sequence[str], width: int, cut: int) -> str:
    if any(cell.strip() for cell in cells[width:]):
        return (
            f"{len(cells)} cellules pour {width} colonnes : "
            "un séparateur est de trop, ou un texte n'est pas entre guillemets"
        )
    if number == cut and len(cells) < width:
        return "dernière ligne coupée : le fichier est-il complet ?"
    return ""


def assemble(
    number: int, values: Sequence[str], default: AssetCategory | None = None
) -> Sequence[Row]:
    """Return the rows that one line of a table makes: an equipment, its system, or both.

    ``values`` are the cells of ``columns.FIELDS``, in that order. What the equipment is
    comes from the product, else the model, else the designation. The system of a computer
    stands for it; that of anything else (a scanner under Windows) is a row of its own. A
    cell that lists several versions, one a line, makes a row of each.
    """
    (own_id, category, name, vendor, maker, product, system, model, designation,
     version, system_version, build, cpe, location, exposed, quantity) = values  # fmt: skip
    if build and clean(build) and build.strip() not in version:
        version = f"{clean(version)} build {clean(build)}" if clean(version) else build
    if not (model or designation or system or maker):  # the commonest table, and the longest
        row = Row(number, own_id, category, name, vendor, product, version, cpe, location,
                  exposed, quantity, default)  # fmt: skip
        return _each_version(row) if "\n" in version else (row,)
    machine = clean(model) or clean(designation)
    what = clean(product) or machine
    row = Row(
        number, own_id, category, clean(name) or _other(what, machine, designation),
        _vendor(vendor, maker, product, model), what, version, cpe, location, exposed, quantity,
        _default(designation, default),
    )  # fmt: skip
    if not clean(system):
        return _each_version(row)
    return _with_system(row, system, system_version, _publisher(vendor, maker, machine), machine)


def _default(designation: str, default: AssetCategory | None) -> AssetCategory | None:
    """The category of a line that does not tell its own: what a GMAO lists is biomedical, were
    it called "automate" or "chariot"."""
    if default is AssetCategory.BIOMEDICAL:
        return default
    return from_word(designation) or default


def _with_system(
    row: Row, system: str, version: str, publisher: str, machine: str
) -> Sequence[Row]:
    """The rows of an equipment that tells its system."""
    category = _category(row)
    is_machine = bool(machine) and row.product == machine
    if row.product and not (is_machine and category in _COMPUTERS):
        # the version of an equipment that has a row of its own is not its system's
        own_id = f"{clean(row.id)}/os" if clean(row.id) else ""
        of_system = row._replace(
            id=own_id, vendor=publisher, product=system, version=version, cpe="", default=category
        )
        return (*_each_version(row), of_system)
    named = clean(row.name) or machine
    return (
        row._replace(name=named, vendor=publisher, product=system, version=version or row.version),
    )


def _each_version(row: Row) -> Sequence[Row]:
    versions = [version for version in row.version.splitlines() if version.strip()]
    if len(versions) < 2:
        return (row,)
    return [row._replace(version=version) for version in versions]


def _vendor(vendor: str, maker: str, product: str, model: str) -> str:
    """The vendor of what the row names: a product's maker, unless it built the machine."""
    if clean(vendor) or (clean(product) and clean(model)):
        return vendor
    return maker


def _publisher(vendor: str, maker: str, machine: str) -> str:
    """The vendor of a system whose machine has ``maker``: nobody, when it built the machine."""
    first = fold(maker).partition(" ")[0]
    return vendor or ("" if machine or first in _COMPUTER_MAKERS else maker)


def _category(row: Row) -> AssetCategory:
    known = from_word(row.category) if row.category.strip() else row.default
    return known or from_product(clean(row.vendor), row.product)


def _other(what: str, *candidates: str) -> str:
    return next((text for text in map(clean, candidates) if text and text != what), "")
