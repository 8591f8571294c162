"""One file that holds everything but the configuration and its secrets.

A gzipped tar: ``rows/<table>.jsonl``, ``matrix/<file>``, and ``manifest.json`` with the
size and SHA-256 of each. What Matrix keeps is encrypted under ``matrix.pickle_key``, which
is not in it; the rest is as confidential as the database.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from bot import __version__
from bot.app.application import Application
from bot.channels.matrix.store import SYNCED
from bot.store import backup as rows
from bot.store.migrate import check, upgrade

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1 << 20  # bytes
CHUNK = 1 << 20  # bytes


class BackupError(Exception):
    """The backup cannot be written or used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What is in a backup. ``held``: deliveries that wait for the operator's word."""

    file: Path
    made_at: datetime
    rows: int
    files: int
    held: int = 0


@dataclass
class _Manifest:
    made_at: datetime
    schema: str
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def to_json(self) -> bytes:
        values = {
            "format": FORMAT,
            "tocsin": __version__,
            "schema": self.schema,
            "made_at": self.made_at.isoformat(),
            "files": self.files,
        }
        return json.dumps(values, indent=1).encode()


def back_up(application: Application, file: Path) -> BackupReport:
    """Write a backup; ``tocsin run`` may go on meanwhile.

    Raises:
        BackupError: the file exists, or cannot be written.
        SchemaError, DatabaseUnreachableError: the database cannot be read.
    """
    check(application.database)
    if file.exists():
        raise BackupError(f"{file} exists: name a new file")
    manifest = _Manifest(application.clock(), rows.schema_revision())
    part = file.with_name(file.name + ".part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as tar:
            with TemporaryDirectory(prefix="tocsin-backup-", dir=file.parent) as folder:
                count = _write(application, tar, manifest, Path(folder) / "part")
            body = manifest.to_json()
            head = tarfile.TarInfo(MANIFEST)
            head.size = len(body)
            tar.addfile(head, io.BytesIO(body))
        part.rename(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BackupError(f"{file} cannot be written: {error.strerror or error}") from error
    return BackupReport(file, manifest.made_at, count, len(manifest.files))


def _write(
    application: Application, tar: tarfile.TarFile, manifest: _Manifest, scratch: Path
) -> int:
    """Put the rows and the Matrix files in ``tar``, by way of ``scratch``; return how many rows."""
    count = 0

    def write(table: str, lines: Iterator[str]) -> None:
        nonlocal count
        with scratch.open("w", encoding="utf-8", newline="\n") as out:
            for line in lines:
                out.write(line + "\n")
                count += 1
        _add(tar, scratch, f"rows/{table}.jsonl", manifest)

    rows.dump(application.database, write)
    data_dir = application.settings.data_dir
    for path in _matrix_files(data_dir / "matrix"):
        _copy(path, scratch)
        _add(tar, scratch, path.relative_to(data_dir).as_posix(), manifest)
    return count


def restore(application: Application, file: Path) -> BackupReport:
    """Put a backup into an empty database and an empty ``data_dir/matrix``.

    Nothing is written before the whole file has been checked. What waited to be sent is
    held; Matrix is read on from now, so that no command of the past is done again.

    Raises:
        BackupError: not a backup, damaged, of another schema, or the place is taken.
        DatabaseUnreachableError: the database does not answer, or is full.
    """
    matrix = application.settings.data_dir / "matrix"
    if matrix.is_dir() and any(matrix.iterdir()):
        raise BackupError(f"{matrix} is not empty: move it away, then restore again")
    with _checked(file) as (tar, manifest):
        upgrade(application.database)
        if not rows.is_empty(application.database):
            raise BackupError(
                "the database is not empty: restore into a new one (database_url or data_dir)"
            )

        def read(table: str) -> Iterator[str]:
            with _member(tar, f"rows/{table}.jsonl") as lines:
                yield from io.TextIOWrapper(lines, encoding="utf-8")

        stamp = manifest.made_at.isoformat(" ", "minutes")
        try:
            counts = rows.load(
                application.database, read, held_because=f"restored from a backup of {stamp}"
            )
        except (rows.RowError, KeyError) as error:
            raise BackupError(f"{file}: {error}; nothing was restored") from error
        kept = [name for name in manifest.files if _is_matrix(name)]
        for name in kept:
            _extract(tar, name, application.settings.data_dir / name)
    held = rows.held(application.database)
    return BackupReport(file, manifest.made_at, sum(counts.values()), len(manifest.files), held)


def _matrix_files(folder: Path) -> list[Path]:
    """The files of the Matrix account, journals of its databases apart: these are copied whole."""
    if not folder.is_dir():
        return []
    journals = ("-journal", "-wal", "-shm")
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.endswith(journals))


def _copy(path: Path, target: Path) -> None:
    """Copy a file; an SQLite one as of one moment, even while it is written."""
    target.unlink(missing_ok=True)
    with path.open("rb") as opened:
        is_database = opened.read(16) == b"SQLite format 3\0"
    if not is_database:
        target.write_bytes(path.read_bytes())
        return
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _add(tar: tarfile.TarFile, path: Path, name: str, manifest: _Manifest) -> None:
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    head = tarfile.TarInfo(name)
    head.size, head.mode = path.stat().st_size, 0o600
    manifest.files[name] = {"size": head.size, "sha256": digest}
    with path.open("rb") as opened:
        tar.addfile(head, opened)


@contextmanager
def _checked(file: Path) -> Iterator[tuple[tarfile.TarFile, _Manifest]]:
    """The archive, every member of it checked."""
    try:
        with tarfile.open(file, mode="r:gz") as tar:
            manifest = _manifest(tar, file)
            for name, expected in manifest.files.items():
                with _member(tar, name) as opened:
                    if hashlib.file_digest(opened, "sha256").hexdigest() != expected["sha256"]:
                        raise BackupError(f"{file}: {name} is damaged; nothing was restored")
            yield tar, manifest
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BackupError(f"{file} is not a backup of Tocsin, or is damaged: {error}") from error
    except KeyError as error:
        raise BackupError(f"{file} is not a whole backup of Tocsin: {error.args[0]}") from error
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror or error}") from error


def _manifest(tar: tarfile.TarFile, file: Path) -> _Manifest:
    with _member(tar, MANIFEST) as opened:
        body = opened.read(LARGEST_MANIFEST)
    try:
        values = json.loads(body)
        files = {str(name): dict(each) for name, each in values["files"].items()}
        manifest = _Manifest(datetime.fromisoformat(values["made_at"]), values["schema"], files)
        is_known = values["format"] == FORMAT
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{file}: its {MANIFEST} cannot be read") from error
    wanted = {f"rows/{name}.jsonl" for name in rows.NAMES}
    if not is_known or manifest.schema != rows.schema_revision():
        raise BackupError(
            f"{file} was made by Tocsin {values.get('tocsin')} (schema {manifest.schema}), this"
            f" is {__version__} (schema {rows.schema_revision()}): restore it with that version,"
            " then upgrade"
        )
    strangers = {n for n in files if n.startswith("rows/")} ^ wanted
    strangers |= {n for n in files if not n.startswith(("rows/", "matrix/")) or ".." in n}
    if strangers:
        raise BackupError(f"{file}: unexpected or missing: {', '.join(sorted(strangers)[:3])}")
    return manifest


def _is_matrix(name: str) -> bool:
    """Whether to put a file back: not where the sync stopped, whose commands are done."""
    return name.startswith("matrix/") and PurePosixPath(name).name != SYNCED


@contextmanager
def _member(tar: tarfile.TarFile, name: str) -> Iterator[io.BufferedReader]:
    opened = tar.extractfile(name)
    if not isinstance(opened, io.BufferedReader):
        raise KeyError(f"{name} is not a file")
    with opened:
        yield opened


def _extract(tar: tarfile.TarFile, name: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with _member(tar, name) as opened, os.fdopen(descriptor, "wb") as out:
        while chunk := opened.read(CHUNK):
            out.write(chunk)
