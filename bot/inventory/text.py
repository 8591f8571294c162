"""From bytes to numbered records: encodings, separators and broken quotes."""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from bot.domain.facility import BadLine
from bot.inventory.base import InventoryError

PIECE = 1 << 20  # bytes decoded at once
SEPARATORS = (";", "\t", ",", "|")
QUOTED_LINES = 20  # a cell longer than this many lines is a quote that was never closed
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")

# accented letters within a word, as DOS wrote them (old GMAO still do) and as Windows does
_DOS = re.compile(rb"[A-Za-z][\x82\x83\x85\x87-\x8c\x93\x96\x97](?=[a-z])")
_WINDOWS = re.compile(rb"[A-Za-z][\xc0-\xff](?=[a-z])")

_SIGNATURES = (
    (b"PK\x03\x04", "un classeur ou une archive ZIP abîmés", "Enregistrez la feuille en CSV."),
    (b"\xd0\xcf\x11\xe0", "un classeur Excel ancien (.xls)", "Enregistrez-le en .xlsx ou en CSV."),
    (b"%PDF", "un document PDF", "Exportez l'inventaire en CSV ou en .xlsx."),
    (b"\x89PNG", "une image", "Exportez l'inventaire en CSV ou en .xlsx."),
    (b"\xff\xd8\xff", "une image", "Exportez l'inventaire en CSV ou en .xlsx."),
    (b"\x1f\x8b", "une archive gzip", "Décompressez-la d'abord."),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of which a piece at a time is decoded: a file of 100 MB is never there twice.

    Iterating gives its physical lines, as often as wanted: those of Windows, Unix and old
    Macs end there, and nowhere else. What follows the last line end is a line too.
    """

    body: bytes
    encoding: str

    def __iter__(self) -> Iterator[str]:
        rest = ""
        for piece in self.pieces():
            held = "\r" if piece.endswith("\r") else ""  # its line feed may follow
            *whole, rest = physical_lines(rest + piece.removesuffix("\r"))
            rest += held
            yield from whole
        yield from physical_lines(rest)

    def pieces(self) -> Iterator[str]:
        """The text without its byte-order mark, in pieces of about :data:`PIECE` characters."""
        errors = "surrogateescape" if self.encoding == "utf-8" else "replace"
        texts = _decoded(self.body, self.encoding, errors)
        yield next(texts, "").removeprefix("\ufeff")
        yield from texts

    @property
    def unended(self) -> int:
        """The number of the last line when no line end follows it, else 0."""
        if self.body.endswith((b"\n", b"\r", b"\n\x00", b"\r\x00")):
            return 0
        ((count, line),) = deque(enumerate(self, start=1), maxlen=1)
        return count if line.strip() else 0


def decode(body: bytes, *, file: str) -> Text:
    """Return the text, with the name of its encoding.

    A byte-order mark decides; then UTF-8 if most accented lines are valid in it; else
    Windows-1252, which French spreadsheets write, or DOS' 850. What is unreadable stays in
    the text as a character that :data:`CONTROL` finds, so that only its line is lost.

    Raises:
        InventoryError: empty, or not a text.
    """
    for signature, what, remedy in _SIGNATURES:
        if body.startswith(signature):
            raise InventoryError(file, f"ce n'est pas un texte mais {what}.", remedy)
    text = Text(body, _encoding(body))
    if not any(line.strip("\ufeff\x00").strip() for line in text):
        raise InventoryError(file, "le fichier est vide.", "Rien n'a été changé.")
    sample = next(text.pieces())[:65536]
    controls = len(CONTROL.findall(sample))
    if controls * 10 > len(sample):
        raise InventoryError(
            file,
            f"ce n'est pas un texte ({controls} caractères illisibles au début du fichier).",
            "Exportez l'inventaire en CSV ou en .xlsx.",
        )
    return text


def _encoding(body: bytes) -> str:
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = body[0:4096:2].count(0), body[1:4096:2].count(0)
    half = len(body[:4096]) // 2
    if max(even, odd) * 10 > half * 6:  # text in Latin letters has a zero every other byte
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        for _ in _decoded(body, "utf-8", "strict"):
            pass
    except UnicodeDecodeError:
        accented = [line for line in body.split(b"\n") if not line.isascii()]
        if sum(map(_is_utf8, accented)) * 2 > len(accented):
            return "utf-8"
        return "cp850" if len(_DOS.findall(body)) > len(_WINDOWS.findall(body)) else "cp1252"
    return "utf-8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decoded(body: bytes, encoding: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for start in range(0, len(body), PIECE):
        yield decoder.decode(body[start : start + PIECE], start + PIECE >= len(body))


def physical_lines(text: str) -> list[str]:
    """Split on the line ends of Windows, Unix and old Macs, and on nothing else."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def records(
    lines: Iterable[str], separator: str, *, first: int = 1
) -> Iterator[tuple[int, list[str]] | BadLine]:
    """Yield the number and the cells of each record, blank ones left out.

    Numbers are those of a text editor; ``first`` is that of the first line. A quoted cell may
    hold line ends, if the record then has as many cells as the first one. A quote never closed
    loses its own line and no other, even when a later quote seems to close it.
    """
    source, ahead = iter(lines), deque[str]()
    number, width = first - 1, 0
    while (line := ahead.popleft() if ahead else next(source, None)) is not None:
        number += 1
        if not line or line.isspace():
            continue
        if '"' not in line:
            cells = line.split(separator)
            width = width or len(cells)
            yield _clean(number, line, cells)
            continue
        ahead.extend(islice(source, QUOTED_LINES - 1 - len(ahead)))
        if found := _quoted_record(line, ahead, separator, width):
            cells, more = found
            width = width or len(cells)
            read = [line, *(ahead.popleft() for _ in range(more))]
            yield _clean(number, "\n".join(read), cells)
            number += more
        else:
            yield BadLine(number, "un guillemet ouvert n'est jamais refermé")


def _quoted_record(
    record: str, ahead: Iterable[str], separator: str, width: int
) -> tuple[list[str], int] | None:
    """The cells of the record that starts so, and how many of the lines ahead it takes."""
    cells = _quoted(record, separator)
    if cells is not None:
        return cells, 0
    for more, line in enumerate(ahead, start=1):
        record = f"{record}\n{line}"
        cells = _quoted(record, separator, strict=True)
        if cells is not None:
            return (cells, more) if width in {0, len(cells)} else None
    return None


def _clean(number: int, line: str, cells: list[str]) -> tuple[int, list[str]] | BadLine:
    if CONTROL.search(line):
        return BadLine(number, "caractères illisibles (fichier abîmé ou mauvais encodage)")
    return number, cells


def _quoted(line: str, separator: str, *, strict: bool = False) -> list[str] | None:
    """Return the cells, or None when a quoted cell goes on: it then swallows the next line."""
    try:
        cells, *rest = csv.reader([f"{line}\n", "next"], delimiter=separator, strict=strict)
    except csv.Error:  # text after a closing quote, or a cell of more than 131,072 characters
        return None
    return cells if rest else None
