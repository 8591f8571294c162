"""Short references that people can say: ``ALR-2026-0412``, ``INC-2026-0007``.

One message may stand for the alerts of several facilities that share a room; it then
bears one combined reference, ``ALR-2026-0412+0413``, and an answer to it is an answer to
each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ALERT = "ALR"
ACTION = "ACT"
INCIDENT = "INC"
CAMPAIGN = "CMP"
QUESTION = "QST"
MUTE = "SRD"  # sourdine
INVENTORY = "INV"  # one that came by mail

WRITTEN = re.compile(r"\s*([A-Z]{3})-(\d{4})-(\d+(?:\+\d+)*)\s*", re.IGNORECASE)


class UnreadableReferenceError(ValueError):
    """The text is not a reference; the message says what one looks like."""


def series(prefix: str, year: int) -> str:
    """The name of the series a reference is numbered in: ``ALR-2026``."""
    return f"{prefix}-{year}"


def numbered(series_name: str, number: int) -> str:
    """The reference of this number: ``ALR-2026-0412``."""
    return f"{series_name}-{number:04}"


def combine(references: Sequence[str]) -> str:
    """One reference for several of the same series; several, comma-separated, otherwise.

    The order is kept; a reference given twice counts once.
    """
    found: dict[str, list[str]] = {}
    for reference in dict.fromkeys(references):
        name, _, number = reference.rpartition("-")
        found.setdefault(name, []).append(number)
    return ", ".join(f"{name}-{'+'.join(numbers)}" for name, numbers in found.items())


def split(text: str) -> list[str]:
    """The references that :func:`combine` joined, in capitals.

    Raises:
        UnreadableReferenceError: ``text`` is something else.
    """
    references = []
    for part in text.split(","):
        match = WRITTEN.fullmatch(part)
        if match is None:
            raise UnreadableReferenceError(f"{text!r} is not a reference such as ALR-2026-0412")
        prefix, year, numbers = match.groups()
        name = f"{prefix.upper()}-{year}"
        references += [f"{name}-{number:0>4}" for number in numbers.split("+")]
    return references
