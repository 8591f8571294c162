"""Every inventory format; adding one is a file and a line here."""

from __future__ import annotations

import difflib
from functools import partial

from bot.inventory.archive import read_archive
from bot.inventory.base import ColumnMapping, Importer, InventoryError, Upload
from bot.inventory.csvfile import CsvImporter
from bot.inventory.cyclonedx import CycloneDxImporter
from bot.inventory.glpi import GlpiImporter
from bot.inventory.mercator import MercatorImporter
from bot.inventory.ocs import OcsImporter
from bot.inventory.workbook import WorkbookImporter

LARGEST = 256 * 1024 * 1024  # bytes of an upload: a million lines of CSV are under 100 MB
HEAD = 65_536  # bytes shown to each importer

IMPORTERS: tuple[Importer, ...] = (
    WorkbookImporter(),
    CycloneDxImporter(),
    GlpiImporter(),
    OcsImporter(),
    MercatorImporter(),
    CsvImporter(),  # the last resort: whatever text
)


def read_inventory(
    body: bytes,
    *,
    file: str,
    mapping: ColumnMapping | None = None,
    format: str = "",  # noqa: A002 - what people call it
) -> Upload:
    """Read an inventory, in the format given or in the one its content shows.

    Args:
        file: name of the file as its sender knows it; only errors use it.
        mapping: columns chosen by somebody or remembered; formats without columns ignore it.
        format: name of an importer, when somebody chose it.

    Raises:
        InventoryError: the file cannot be used; nothing of it was kept.
    """
    if len(body) > LARGEST:
        raise InventoryError(
            file,
            f"le fichier fait {len(body) // 2**20} Mio (au plus {LARGEST // 2**20}).",
            "Envoyez-le en plusieurs établissements, ou retirez les colonnes inutiles.",
        )
    if format:
        return _named(format, file).read(body, file=file, mapping=mapping)
    head = body[:HEAD]
    for importer in IMPORTERS:
        if importer.recognises(head):
            return importer.read(body, file=file, mapping=mapping)
    if head.startswith(b"PK\x03\x04"):
        return read_archive(body, file=file, read=partial(_member, mapping=mapping))
    return CsvImporter().read(body, file=file, mapping=mapping)  # says what it is not


def _named(name: str, file: str) -> Importer:
    importers = {importer.name: importer for importer in IMPORTERS}
    if name in importers:
        return importers[name]
    near = difflib.get_close_matches(name, importers, n=1, cutoff=0)[0]
    raise InventoryError(
        file,
        f"format « {name} » inconnu ; le plus proche est « {near} ».",
        f"Formats : {', '.join(importers)}.",
    )


def _member(body: bytes, name: str, *, mapping: ColumnMapping | None) -> Upload:
    """A file of an archive; an archive in an archive is not opened."""
    if body.startswith(b"PK\x03\x04") and not WorkbookImporter().recognises(body[:HEAD]):
        raise InventoryError(name, "archive dans une archive.", "Mettez les fichiers à plat.")
    return read_inventory(body, file=name, mapping=mapping)
