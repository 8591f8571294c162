"""Bulletins from files: one file, a folder, an archive; whatever publisher they come from.

Reading is streaming: JSON lines come in documents of about a megabyte, so that a corpus of
any length is ingested in little memory, and each document can be stored on its own.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO

import zstandard

from feeds.advisory import Tlp
from feeds.certfr import JSON_LINES
from feeds.errors import (
    DocumentTooLargeError,
    FeedError,
    MalformedDocumentError,
    SourceUnavailableError,
)
from feeds.exploited import Signal, begins_like_signals, signal_reader
from feeds.formats import Parsed, parse_any
from feeds.limits import DEFAULT_LIMITS, MEBIBYTE, Limits
from feeds.source import CHECKPOINT, Cursor, Document

CHUNK = MEBIBYTE  # of JSON lines in one document
BLOCK = 256 * 1024  # read from a file at once
COMPRESSED_BLOCK = 512  # decompressed at once: Zstandard may grow 4 bytes into 128 KiB
SUFFIXES = (".json", ".jsonl", ".xml", ".rss", ".atom", ".csv")
ARCHIVES = (".tar", ".tar.xz", ".tar.gz", ".tgz", ".tar.bz2")


@dataclass(frozen=True, slots=True)
class FileSource:
    """Files given by hand, read as a source like any other. They move no cursor."""

    path: Path
    clock: Callable[[], datetime]
    limits: Limits = DEFAULT_LIMITS
    tlp: Tlp = Tlp.GREEN  # of a bulletin whose publisher wrote no marking and is not public

    @property
    def name(self) -> str:
        """The file's name, by which errors point at it."""
        return self.path.name

    async def fetch(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Yield the documents of the file; see :func:`open_path`."""
        for document in open_path(self.path, fetched_at=self.clock(), limits=self.limits):
            yield document

    def parse(self, document: Document) -> Parsed:
        """Recognise the format, then read it."""
        return parse_any(document, tlp=self.tlp)


@dataclass(frozen=True, slots=True)
class FileSignals:
    """A list of exploited vulnerabilities given by hand (KEV or EPSS). It moves no cursor."""

    path: Path
    clock: Callable[[], datetime]
    limits: Limits = DEFAULT_LIMITS

    @property
    def name(self) -> str:
        """The file's name, by which errors point at it."""
        return self.path.name

    async def fetch(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Yield the file."""
        for document in open_path(self.path, fetched_at=self.clock(), limits=self.limits):
            yield document

    def parse(self, document: Document) -> Iterator[Signal | MalformedDocumentError]:
        """Read the format that the file begins like."""
        return signal_reader(document.body)(document, self.limits)


def holds_signals(path: Path) -> bool:
    """Whether a file begins like KEV's JSON or EPSS's CSV."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return begins_like_signals(file.read(BLOCK))


def open_path(
    path: Path, *, fetched_at: datetime, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Document]:
    """Yield the documents of a file, of an archive, or of a folder read in order of names.

    A file of a folder that cannot be read becomes a document that carries the problem; a
    single file raises.

    Raises:
        SourceUnavailableError: no such file, or cut short while decompressing.
        DocumentTooLargeError: a document, or a line, is over ``limits.document_bytes``.
    """
    try:
        if path.is_dir():
            yield from _folder(path, fetched_at, limits)
        elif path.name.endswith(ARCHIVES):
            yield from _archive(path, fetched_at, limits)
        else:
            yield from _file(path, fetched_at, limits)
    except OSError as error:
        raise SourceUnavailableError(str(path), error.strerror or str(error)) from error


def _folder(folder: Path, fetched_at: datetime, limits: Limits) -> Iterator[Document]:
    names = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    for path in names:
        if not path.name.removesuffix(".zst").endswith(SUFFIXES):
            continue
        try:
            yield from _file(path, fetched_at, limits)
        except (FeedError, OSError) as error:
            yield _unreadable(path, error, fetched_at)


def _unreadable(path: Path, error: FeedError | OSError, fetched_at: datetime) -> Document:
    reason = getattr(error, "reason", None) or str(error)
    problem = MalformedDocumentError(path.name, "document", reason)
    return Document(path.name, str(path), b"", fetched_at, CHECKPOINT, problems=(problem,))


def _archive(path: Path, fetched_at: datetime, limits: Limits) -> Iterator[Document]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is not None and member.name.endswith(SUFFIXES):
                    body = _whole(stream, f"{path.name}:{member.name}", limits)
                    name = member.name.rpartition("/")[2]
                    yield Document(name, f"{path}:{member.name}", body, fetched_at)
    except (tarfile.TarError, EOFError) as error:
        raise SourceUnavailableError(path.name, f"archive cut short or broken: {error}") from error


def _file(path: Path, fetched_at: datetime, limits: Limits) -> Iterator[Document]:
    compressed = path.name.endswith(".zst")
    with path.open("rb") as raw:
        blocks = _decompressed(raw, path.name) if compressed else iter(lambda: raw.read(BLOCK), b"")
        if path.name.removesuffix(".zst").endswith(".jsonl"):
            for first_line, body in _chunks_of_lines(blocks, path.name, limits):
                yield Document(
                    path.name,
                    str(path),
                    body,
                    fetched_at,
                    media_type=JSON_LINES,
                    context={"first_line": first_line},
                )
        else:
            body = _joined(blocks, path.name, limits)
            yield Document(path.name, str(path), body, fetched_at)


def _decompressed(raw: BinaryIO, name: str) -> Iterator[bytes]:
    """Decompress Zstandard frames; say when the last one is cut short."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    started = False
    try:
        for block in iter(lambda: raw.read(COMPRESSED_BLOCK), b""):
            while block:
                yield frame.decompress(block)
                started, block = not frame.eof, frame.unused_data
                if frame.eof:
                    frame = zstandard.ZstdDecompressor().decompressobj()
    except zstandard.ZstdError as error:
        raise SourceUnavailableError(name, f"not a Zstandard file, or damaged: {error}") from error
    if started:
        raise SourceUnavailableError(name, "the compressed file is cut short: copy it again")


def _chunks_of_lines(
    blocks: Iterator[bytes], name: str, limits: Limits
) -> Iterator[tuple[int, bytes]]:
    """Whole lines by about :data:`CHUNK` bytes, with the number of the first (from 1)."""
    line, pending = 1, b""
    for block in blocks:
        pending += block
        if len(pending) < CHUNK:
            continue
        end = pending.rfind(b"\n") + 1
        if end:
            yield line, pending[:end]
            line += pending.count(b"\n", 0, end)
            pending = pending[end:]
        elif len(pending) > limits.document_bytes:
            raise DocumentTooLargeError(
                name, f"line {line} is over {limits.document_bytes // MEBIBYTE} MiB"
            )
    if pending:
        yield line, pending


def _joined(blocks: Iterator[bytes], name: str, limits: Limits) -> bytes:
    body = io.BytesIO()
    for block in blocks:
        body.write(block)
        if body.tell() > limits.document_bytes:
            raise DocumentTooLargeError(
                name,
                f"longer than {limits.document_bytes // MEBIBYTE} MiB, the cap of one document; "
                "split it, or write one bulletin a line (.jsonl)",
            )
    return body.getvalue()


def _whole(stream: IO[bytes], name: str, limits: Limits) -> bytes:
    return _joined(iter(lambda: stream.read(BLOCK), b""), name, limits)
