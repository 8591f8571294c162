"""The one interface every publisher is read through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from feeds.advisory import Advisory
from feeds.errors import MalformedDocumentError

Cursor = Mapping[str, Any]
"""Where a source stopped reading: JSON values that only the source understands.

Empty on the first reading. It is stored in the transaction that stores the
advisories of the document it came with, so that neither is ahead of the other.
"""


CHECKPOINT = "application/x-tocsin-checkpoint"


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes as they came, with where they came from and the cursor to store with them.

    ``fetched_at`` is aware. ``cursor`` is ``None`` when reading this document does not
    move the source (a file given by hand).

    ``problems`` is what was noticed while fetching (a missing bulletin, an unreadable file
    of a folder) and must reach the operator: ``parse`` yields it first. A document whose
    media type is :data:`CHECKPOINT` has no body: it carries only problems and a cursor.
    """

    source: str
    uri: str
    body: bytes
    fetched_at: datetime
    media_type: str = ""
    cursor: Cursor | None = None
    context: Mapping[str, Any] = field(default_factory=dict)  # what fetch knew and parse needs
    problems: tuple[MalformedDocumentError, ...] = ()


class Source(Protocol):
    """A publisher. Fetching does the I/O; parsing is pure and tested on saved bytes."""

    @property
    def name(self) -> str:
        """Short name, unique among the configured sources: ``certfr``."""
        ...

    def fetch(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Yield what is new since ``cursor``, oldest first where the publisher allows it.

        Raises:
            SourceUnavailableError: the publisher could not be read. Documents already
                yielded stand.
        """
        ...

    def parse(self, document: Document) -> Iterator[Advisory | MalformedDocumentError]:
        """Yield each advisory, or why one could not be read: one never hides the others."""
        ...
