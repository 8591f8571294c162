"""What was read of a file, in sentences; and an inventory back as a sheet to complete."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bot.domain.facility import InventoryLine
from bot.inventory.base import Upload
from bot.inventory.columns import LABELS

SHOWN = 10  # of each kind of remark: the rest is counted

HEADER = ("N° inventaire", "Catégorie", "Nom", "Éditeur", "Produit", "Version", "CPE", "Site",
          "Exposé Internet", "Nombre")  # fmt: skip
NOTE = "À compléter"
# a spreadsheet runs a cell that starts so: the apostrophe keeps it a text, and is taken off
# when the sheet comes back
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def describe_upload(upload: Upload) -> tuple[str, ...]:
    """Say in French what was read and with which doubts, one sentence each."""
    sentences = [
        f"Lignes lues : {len(upload.lines)} ; format {upload.format}, encodage {upload.encoding}."
    ]
    if upload.mapping.columns:
        pairs = ", ".join(
            f"{LABELS.get(field, field)} = « {title} »"
            for field, title in upload.mapping.columns.items()
        )
        sentences.append(f"Colonnes : {pairs}.")
    if upload.ignored:
        sentences.append(f"Non lu : {_some(upload.ignored)}.")
    if upload.unknown_categories:
        words = [f"« {word} » ({count})" for word, count in upload.unknown_categories]
        sentences.append(f"Catégories inconnues, devinées d'après le produit : {_some(words)}.")
    if upload.copies:
        sentences.append(f"Lignes en double, comptées une fois : {upload.copies}.")
    sentences += [
        _ended(f"Ligne {bad.number}, non lue : {bad.reason}") for bad in upload.bad[:SHOWN]
    ]
    if len(upload.bad) > SHOWN:
        sentences.append(f"… autres lignes non lues : {len(upload.bad) - SHOWN}.")
    sentences += [_ended(f"Ligne {each.number} : {each.text}") for each in upload.remarks[:SHOWN]]
    if len(upload.remarks) > SHOWN:
        sentences.append(f"… autres remarques : {len(upload.remarks) - SHOWN}.")
    return tuple(sentences)


def write_sheet(
    lines: Iterable[InventoryLine], notes: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """Write an inventory as a sheet that people complete and send back.

    CSV, ``;``, UTF-8 with a byte-order mark: what a French spreadsheet opens by a double
    click. ``notes`` says, by line id, what is missing ("version ?"); that column is not read
    when the sheet comes back. The sheet read again gives the same lines.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";")
    writer.writerow((*HEADER, NOTE))
    for line in lines:
        cells = (
            line.line_id, line.category.value, line.name, line.vendor, line.product,
            line.version, line.cpe, line.location, "oui" if line.exposed else "non",
            str(line.quantity), notes.get(line.line_id, ""),
        )  # fmt: skip
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return buffer.getvalue().encode("utf-8-sig")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."


def _some(words: Iterable[str]) -> str:
    every = list(words)
    more = f" et encore {len(every) - SHOWN}" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
