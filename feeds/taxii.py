"""TAXII 2.1: discovery, collections, pages of STIX objects.

What one reading brings is put together before it is read as STIX, because a page cuts
bundles anywhere; and identities, markings and what reports refer to are kept in the cursor,
because a server sends an object once and bulletins refer to it for ever. The cursor follows
``X-TAXII-Date-Added-Last``, the server's own clock.

Source: OASIS, TAXII version 2.1, sections 3.4 (pagination), 4.1 and 5.4.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin

from feeds.advisory import Advisory
from feeds.config import SourceConfig
from feeds.errors import MalformedDocumentError, SourceUnavailableError
from feeds.fetching import Configured
from feeds.http import Answer, Client
from feeds.source import Cursor, Document
from feeds.stix import read_stix
from feeds.text import load_json

MEDIA_TYPE = "application/taxii+json;version=2.1"
PAGE = 500  # objects asked for at once; the server may send fewer
KEPT_TYPES = ("identity", "marking-definition")
MOST_KEPT = 500  # context objects in a cursor, the latest ones
MOST_TOLD = 5000  # ids that reports refer to, the latest ones


@dataclass(frozen=True, slots=True)
class Taxii(Configured):
    """The collections of the server whose discovery (or API root) is ``config.url``."""

    async def fetch(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Yield, for each collection, a bundle of what was added since the last reading.

        Raises:
            SourceUnavailableError: no answer, or none that TAXII 2.1 allows.
        """
        collections: dict[str, Any] = dict(cursor.get("collections", {}))
        async with Client(self.name, self.config.access) as client:
            server = _Server(self.config, client)
            for url in await server.collections():
                async for bundle in server.read(url, collections.get(url, {})):
                    collections[url] = bundle.state
                    yield self._document(url, bundle, {"collections": dict(collections)})

    def _document(self, url: str, bundle: _Bundle, cursor: Cursor) -> Document:
        body = json.dumps({"type": "bundle", "objects": bundle.objects}).encode()
        told = {"told": bundle.state.get("told", [])}
        return Document(self.name, url, body, self.clock(), MEDIA_TYPE, cursor, told)

    def parse(self, document: Document) -> Iterator[Advisory | MalformedDocumentError]:
        """Read the objects one by one."""
        yield from document.problems
        try:
            values = load_json(document.body)
        except ValueError as error:
            yield MalformedDocumentError(document.source, "document", str(error))
            return
        yield from read_stix(
            document.source,
            values,
            publisher=self.config.publisher,
            tlp=self.config.tlp,
            told=document.context.get("told", ()),
        )


@dataclass(slots=True)
class _Bundle:
    """Objects put together, and the state of their collection once they are stored."""

    state: dict[str, Any]
    objects: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Server:
    """One TAXII server, through one client."""

    config: SourceConfig
    client: Client

    async def collections(self) -> list[str]:
        """The URLs of the objects of each collection that is wanted and readable."""
        first = await self._get(self.config.url)
        roots = first.get("api_roots")
        if roots is None:
            roots = [self.config.url]  # the API root itself was configured
        wanted = {name.casefold() for name in self.config.collections}
        urls = []
        for root in roots:
            base = urljoin(self.config.url, root).rstrip("/")
            for row in (await self._get(f"{base}/collections/")).get("collections", []):
                names = {str(row.get(key, "")).casefold() for key in ("id", "title", "alias")}
                if row.get("can_read") and (not wanted or wanted & names):
                    urls.append(f"{base}/collections/{row['id']}/objects/")
        if not urls:
            raise self._refused("no readable collection; check collections and credentials")
        return urls

    async def read(self, url: str, state: Mapping[str, Any]) -> AsyncIterator[_Bundle]:
        """Yield what was added to a collection; in several bundles when it is much.

        Between two bundles the state says which page comes next, so that an interrupted
        reading goes on; a server that has forgotten the page is asked from the start.
        """
        context = {"kept": state.get("kept", {}), "told": state.get("told", [])}
        query = {"limit": str(PAGE)}
        for key in ("added_after", "next"):
            if state.get(key):
                query[key] = state[key]
        latest = state.get("latest") or state.get("added_after", "")
        objects: list[Any] = []
        size, cap = 0, self.config.access.limits.document_bytes // 2
        for number in range(1, self.config.access.limits.requests + 1):
            page, answer = await self._page(url, query)
            latest = answer.headers.get("X-TAXII-Date-Added-Last") or latest
            objects += page.get("objects", [])
            size += len(answer.body)
            if not (page.get("more") is True and page.get("next")):
                break
            query["next"] = str(page["next"])
            if size > cap or number == self.config.access.limits.requests:
                context = _context(context, objects)
                waiting = {"added_after": query.get("added_after", ""), "next": query["next"]}
                state_here = {**waiting, "latest": latest, **context}
                yield _Bundle(state_here, _with(context["kept"], objects))
                objects, size = [], 0
        else:
            return  # as many pages as allowed: the next reading goes on
        if objects or latest != state.get("added_after", ""):
            context = _context(context, objects)
            state_here = {"added_after": latest, **context}
            yield _Bundle(state_here, _with(context["kept"], objects))

    async def _page(self, url: str, query: dict[str, str]) -> tuple[Mapping[str, Any], Answer]:
        try:
            return await self._envelope(f"{url}?{urlencode(query)}")
        except SourceUnavailableError:
            if "next" not in query:
                raise
        del query["next"]
        return await self._envelope(f"{url}?{urlencode(query)}")

    async def _envelope(self, url: str) -> tuple[Mapping[str, Any], Answer]:
        answer = await self.client.get(url, accept=MEDIA_TYPE)
        try:
            values = load_json(answer.body)
        except ValueError as error:
            raise self._refused(f"answers something else than JSON ({error})") from error
        if not isinstance(values, Mapping):
            raise self._refused("answers JSON that is no TAXII resource")
        return values, answer

    async def _get(self, url: str) -> Mapping[str, Any]:
        return (await self._envelope(url))[0]

    def _refused(self, reason: str) -> SourceUnavailableError:
        return SourceUnavailableError(self.config.name, reason)


def _context(known: Mapping[str, Any], objects: list[Any]) -> dict[str, Any]:
    """Identities and markings, and the ids that reports refer to, the latest last."""
    items = [item for item in objects if isinstance(item, Mapping) and item.get("id")]
    met = {item["id"]: item for item in items if item.get("type") in KEPT_TYPES}
    told = [
        ref
        for item in items
        if item.get("type") == "report" and isinstance(item.get("object_refs"), list)
        for ref in item["object_refs"]
        if isinstance(ref, str)
    ]
    return {
        "kept": dict(list({**known["kept"], **met}.items())[-MOST_KEPT:]),
        "told": list(dict.fromkeys([*known["told"], *told]))[-MOST_TOLD:],
    }


def _with(kept: Mapping[str, Any], objects: list[Any]) -> list[Any]:
    """The objects, and the context that they may refer to."""
    present = {item.get("id") for item in objects if isinstance(item, Mapping)}
    return [*(item for name, item in kept.items() if name not in present), *objects]
