"""What people and spreadsheets put in a cell, and what it means."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

PLACEHOLDERS = {
    "?", "??", "???", "-", "--", "---", "/", ".", "x", "n/a", "na", "nc", "n.c.", "n.c", "ns",
    "nr", "n/r", "néant", "neant", "aucun", "aucune", "inconnu", "inconnue", "unknown", "none",
    "null", "nil", "vide", "tbd", "à compléter", "a completer", "à identifier",
    "(à identifier)", "non renseigné", "non renseignée", "non connu", "non connue",
    "non communiqué", "to be defined", "not available", "je ne sais pas", "ne sait pas", "#n/a",
    "#ref!", "#nom?", "#name?", "#valeur!", "#value!", "#div/0!", "#nul!", "#null!", "#nombre!",
    "#num!",
}  # fmt: skip

# a spreadsheet takes "1.17" for a date and shows "janv-17", "01-févr" or "17/01/2026"
_MONTH = "jan|f[ée]v|feb|mar|apr|avr|ma[iy]|jui?[nl]|ao[uû]|aug|sep|oct|nov|d[ée]c"
_DATE = re.compile(
    rf"(?:{_MONTH})[a-zéû]*\.?-\d\d|\d{{1,2}}-(?:{_MONTH})[a-zéû]*\.?(?:-\d\d)?"
    r"|\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d\d-\d\d 00:00:00",
    re.IGNORECASE,
)
_KEPT_AS_TEXT = tuple("=+-@\t\r0123456789")  # what a spreadsheet would compute or round
_FORMULA_TEXT = re.compile(r'="?(.*?)"?')
_DECIMAL_COMMA = re.compile(r"\d+,\d+")

_COUNTED = re.compile(
    r"(.{2,}?)[\s,;:]+\(?[x×*]?\s*(\d{1,5})\s*"
    r"(?:postes?|pc|machines?|unités?|exemplaires?|serveurs?|licences?|portables?|appareils?)\)?",
    re.IGNORECASE,
)
_COUNTED_FIRST = re.compile(
    r"(\d{1,5})\s*(?:[x×*]\s*(?:(?:postes?|pc|machines?|ordinateurs?)\s+)?"
    r"|(?:postes?|pc|machines?|ordinateurs?)\s+)(?:(?:sous|avec)\s+)?([^\W\d].+)",
    re.IGNORECASE,
)
_YES = {"oui", "o", "yes", "y", "true", "vrai", "1", "x", "ok", "internet", "exposé", "exposée",
        "expose", "exposed", "dmz", "public"}  # fmt: skip
_NO = {"non", "n", "no", "false", "faux", "0", "-", "/", "n/a", "na", "sans objet", "interne",
       "lan", "privé", "prive"}  # fmt: skip


def fold(text: str) -> str:
    """Lower case, without accents, words separated by one space, nothing but letters and digits."""
    flat = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", _unaccented(flat).casefold()).split())


def _unaccented(text: str) -> str:
    return "".join(character for character in text if not unicodedata.combining(character))


def clean_once(cell: str) -> str:
    """Return the cell in one line; what only says "unknown" is empty."""
    text = one_line(cell)
    return "" if text.casefold() in PLACEHOLDERS else text


clean = lru_cache(maxsize=65536)(clean_once)
"""The same of cells that an inventory repeats (products, places): faster, and each kept once."""


def one_line(cell: str) -> str:
    """Return the cell in one line, as its author meant it.

    ``="0012"`` and ``'0012`` are how spreadsheets keep a number as text.
    """
    if not cell:
        return ""
    if cell[0] == "=" and (match := _FORMULA_TEXT.fullmatch(cell)):
        cell = match[1]
    elif cell[0] == "'" and cell[1:2] in _KEPT_AS_TEXT:
        cell = cell[1:]
    return " ".join(cell.split())


@lru_cache(maxsize=65536)
def version(text: str) -> str | None:
    """Return the version of a cell that :func:`clean` left; None when a spreadsheet took it for
    a date, which cannot be told back.

    A decimal comma is what a French spreadsheet makes of a decimal point.
    """
    if _DATE.fullmatch(text):
        return None
    return text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text


def counted(text: str) -> tuple[str, str]:
    """Split "Windows 10 22H2 x 140 postes" into what it is and how many, empty when unsaid.

    A unit is wanted behind: "x 64" may be an architecture, "C2960 x 48" a model. In front,
    "3 x PC Windows 11" and "3 postes sous Windows 11" are plain.
    """
    if match := _COUNTED.fullmatch(text):
        return match[1], match[2]
    match = _COUNTED_FIRST.fullmatch(text)
    return (match[2], match[1]) if match else (text, "")


def truth(text: str) -> bool | None:
    """Yes or no as people write them; None when it is neither. An empty cell is no."""
    word = text.strip().casefold()
    if not word or word in _NO:
        return False
    return True if word in _YES else None


def count(text: str) -> int | None:
    """How many alike: ``12``, ``1 200``, ``12 postes``; None when it is no positive number."""
    match = re.match(r"(\d[\d\s.']*)", text)
    digits = re.sub(r"\D", "", match[1].split(".")[0]) if match else ""
    return (int(digits) or None) if digits and len(digits) <= 7 else None
