"""A ZIP archive of inventories of one facility: one file a machine, or one a service."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator

from bot.domain.facility import BadLine
from bot.inventory.base import InventoryError, Upload
from bot.inventory.lines import merged

MEMBERS = 20_000  # files in an archive
LARGEST = 512 * 1024 * 1024  # bytes once decompressed, all together

Read = Callable[[bytes, str], Upload]


def members(body: bytes, *, file: str) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each file, in the order of the names.

    Raises:
        InventoryError: damaged, encrypted, or too large once decompressed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = sorted(
                (entry for entry in archive.infolist() if not _hidden(entry.filename)),
                key=lambda entry: entry.filename,
            )
            if len(entries) > MEMBERS or sum(entry.file_size for entry in entries) > LARGEST:
                raise InventoryError(
                    file,
                    f"archive trop grande ({len(entries)} fichiers).",
                    f"Au plus {MEMBERS} fichiers et {LARGEST // 2**20} Mio décompressés.",
                )
            for entry in entries:
                yield entry.filename, archive.read(entry)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise InventoryError(
            file,
            "archive abîmée ou protégée par un mot de passe.",
            "Refaites l'archive sans mot de passe.",
        ) from error


def _hidden(name: str) -> bool:
    return name.endswith("/") or name.startswith("__MACOSX/") or "/." in f"/{name}"


def read_archive(body: bytes, *, file: str, read: Read) -> Upload:
    """Read every file of the archive as one inventory.

    A file that cannot be read is one bad line, so that nothing is removed for its sake; line
    numbers are those of the file named beside them.

    Raises:
        InventoryError: no file could be read.
    """
    uploads: list[tuple[str, Upload]] = []
    bad: list[BadLine] = []
    for number, (name, content) in enumerate(members(body, file=file), start=1):
        try:
            uploads.append((name, read(content, name)))
        except InventoryError as error:
            bad.append(BadLine(number, str(error)))
    if not uploads:
        first = bad[0].reason if bad else "archive vide."
        raise InventoryError(file, f"aucun inventaire lisible : {first}", "Rien n'a été changé.")
    formats = ", ".join(sorted({upload.format for _, upload in uploads}))
    return merged(uploads, bad, format=f"zip ({formats})")
