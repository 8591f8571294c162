"""A CSAF provider's folder: ``changes.csv`` says what changed, then each document is read."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from feeds.documents import Documents
from feeds.errors import MalformedDocumentError, SourceUnavailableError
from feeds.fetching import Configured
from feeds.formats import Parsed
from feeds.http import Client
from feeds.source import CHECKPOINT, Cursor, Document

FAILURES = 3  # in a row, after which the provider is left alone until the next reading


@dataclass(frozen=True, slots=True)
class CsafFolder(Configured):
    """The folder at ``config.url``; a path on disk is read as any folder of documents.

    Source: CSAF 2.0, section 7.1.12 (``changes.csv``: relative path and release date).
    """

    def parse(self, document: Document) -> Parsed:
        """Read one document."""
        return Documents(self.config, self.clock).parse(document)

    def fetch(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Yield the documents that changed, oldest first."""
        if self.config.url.startswith(("http://", "https://")):
            return self._fetch(cursor)
        return Documents(self.config, self.clock).fetch(cursor)

    async def _fetch(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Follow ``changes.csv``. The cursor holds the release date of what was read.

        Raises:
            SourceUnavailableError: ``changes.csv`` could not be read.
        """
        base = f"{self.config.url.rstrip('/')}/"
        read: dict[str, str] = dict(cursor.get("read", {}))
        async with Client(self.name, self.config.access) as client:
            index = await client.get(f"{base}changes.csv", validators=cursor.get("validators"))
            if index.unchanged:
                return
            changes, problems = self._changes(index.body)
            wanted = [path for path, released in changes.items() if read.get(path) != released]
            cap, failures = self.config.access.limits.requests, 0
            complete = len(wanted) <= cap
            for path in wanted[:cap]:
                try:
                    answer = await client.get(f"{base}{path}", accept="application/json")
                except SourceUnavailableError as error:
                    complete, failures = False, failures + 1
                    problems.append(MalformedDocumentError(self.name, path, error.reason))
                    if failures == FAILURES:
                        break
                    continue
                failures = 0
                read[path] = changes[path]
                yield self._document(f"{base}{path}", answer.body, {"read": dict(read)})
        validators = index.validators if complete and not problems else {}
        closing = self._document(base, b"", {"read": read, "validators": validators})
        yield replace(closing, media_type=CHECKPOINT, problems=tuple(problems))

    def _document(self, url: str, body: bytes, cursor: dict[str, Any]) -> Document:
        return Document(
            self.name, url, body, self.clock(), media_type="application/json", cursor=cursor
        )

    def _changes(self, body: bytes) -> tuple[dict[str, str], list[MalformedDocumentError]]:
        """Release date by path, oldest first, and the lines that make no sense.

        Paths are foreign text: one that leaves the folder is refused.
        """
        rows: dict[str, str] = {}
        problems = []
        text = body.decode("utf-8-sig", "replace")
        for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
            path = row[0] if row else ""
            if len(row) != 2 or not path.endswith(".json") or _leaves_folder(path):
                reason = "changes.csv: not a relative path of a document and a date"
                problems.append(MalformedDocumentError(self.name, f"line {number}", reason))
            elif self.config.only in path:
                rows[path] = row[1]
        return dict(sorted(rows.items(), key=lambda change: change[1])), problems


def _leaves_folder(path: str) -> bool:
    return path.startswith("/") or ".." in path or any(mark in path for mark in ":?#\\")
