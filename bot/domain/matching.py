"""Does this advisory concern this product? The verdict and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VerdictKind(StrEnum):
    """What Tocsin says of one product and one advisory."""

    AFFECTED = "affected"
    REVIEW = "review"
    NOT_AFFECTED = "not_affected"


@dataclass(frozen=True, slots=True)
class Span:
    """The publisher's words that decided: ``text`` stands at ``start:end`` of ``field``.

    ``field`` is ``affected[3].description``, ``affected_content``, ``title`` or ``summary``.
    """

    field: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class InventoryProduct:
    """A product as a facility typed it; any field may be empty, and a version may hide in
    ``product``."""

    vendor: str = ""
    product: str = ""
    version: str = ""
    cpe: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict with its reason (a code of ``REASONS``) and the words that decided.

    ``target`` is the version to reach (``13.1-49.13``), empty when the line names none.
    """

    kind: VerdictKind
    reason: str
    span: Span | None = None
    target: str = ""
