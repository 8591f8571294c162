"""A configured source that is a file, a folder or an address of any known format."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from feeds.fetching import Configured, fetch_url
from feeds.files import open_path
from feeds.formats import Parsed, parse_any
from feeds.source import Cursor, Document


@dataclass(frozen=True, slots=True)
class Documents(Configured):
    """STIX, CSAF or another known format, at ``config.url``."""

    def fetch(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Yield the documents that changed."""
        if self.config.url.startswith(("http://", "https://")):
            return fetch_url(self.config, self.clock, cursor)
        return self._fetch_path(cursor)

    async def _fetch_path(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Yield the files whose content changed. The cursor holds a digest of each.

        Raises:
            SourceUnavailableError: no such file or folder.
        """
        known: dict[str, str] = dict(cursor.get("digests", {}))
        path, limits = Path(self.config.url), self.config.access.limits
        for document in open_path(path, fetched_at=self.clock(), limits=limits):
            name = f"{document.uri}#{document.context.get('first_line', 0)}"
            digest = hashlib.sha256(document.body).hexdigest()[:16]
            if known.get(name) != digest or document.problems:
                known[name] = digest
                yield replace(document, cursor={"digests": dict(known)})

    def parse(self, document: Document) -> Parsed:
        """Recognise the format, then read it."""
        return parse_any(document, tlp=self.config.tlp, publisher=self.config.publisher)
