"""What an inventory file gives once read, and how it can be refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, Self

from bot.domain.facility import BadLine, InventoryLine


class InventoryError(ValueError):
    """The whole file cannot be read: nothing of it was kept.

    Args:
        file: name of the file, as its sender knows it.
        reason: what is wrong, in French, with the place in the file when there is one.
        remedy: what to do about it, in French.
    """

    def __init__(self, file: str, reason: str, remedy: str) -> None:
        super().__init__(f"{file} : {reason} {remedy}")
        self.file = file
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column feeds which field: remembered per facility, given back next time.

    ``columns`` goes from a field of ``columns.FIELDS`` to the header as the file writes it.
    ``fixed`` says that somebody chose it: a column that is then missing is an error, never
    a guess, because a version column that vanishes would make versions vanish.
    ``free_text`` is a file of one column where each line is a product in words.
    """

    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    fixed: bool = False
    free_text: bool = False

    def to_json(self) -> dict[str, Any]:
        """The mapping as plain JSON values; :meth:`from_json` reads it back."""
        return {"columns": dict(self.columns), "fixed": self.fixed, "free_text": self.free_text}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(
            MappingProxyType({str(k): str(v) for k, v in values.get("columns", {}).items()}),
            fixed=bool(values.get("fixed", False)),
            free_text=bool(values.get("free_text", False)),
        )

    def confirmed(self) -> Self:
        """The same mapping, to be required from now on."""
        return dataclasses.replace(self, fixed=True)


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that was kept but not as typed: its number, and what was done, in French."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Upload:
    """An inventory file once read. Lines keep the order of the file.

    ``unknown_categories`` are words of the category column that were not understood, each
    with the number of lines; these lines got the category their product suggests.
    ``ignored`` are columns nothing was read from. ``copies`` counts the exact repetitions
    of a line that has its own id, which were dropped.
    """

    format: str
    lines: tuple[InventoryLine, ...]
    bad: tuple[BadLine, ...] = ()
    remarks: tuple[Remark, ...] = ()
    mapping: ColumnMapping = ColumnMapping()
    encoding: str = "utf-8"
    ignored: tuple[str, ...] = ()
    unknown_categories: tuple[tuple[str, int], ...] = ()
    copies: int = 0


class Importer(Protocol):
    """One inventory format: recognises its files by content, then reads them whole."""

    @property
    def name(self) -> str:
        """Short name shown to people and kept with the upload: ``csv``, ``glpi-json``."""
        ...

    def recognises(self, head: bytes) -> bool:
        """Whether a file that starts with ``head`` (at most 64 KiB) is in this format."""
        ...

    def read(self, body: bytes, *, file: str, mapping: ColumnMapping | None) -> Upload:
        """Read the file.

        Raises:
            InventoryError: nothing of the file can be used.
        """
        ...
