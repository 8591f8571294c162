"""Sources at one address, in a folder, or in a CSAF provider's folder, over real HTTP."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from feeds.advisory import Advisory, Tlp
from feeds.config import SourceConfig
from feeds.errors import MalformedDocumentError, SourceUnavailableError
from feeds.http import Access
from feeds.limits import Limits
from feeds.registry import make_signals, make_source
from feeds.source import Cursor

DATA = Path(__file__).resolve().parent.parent / "data"
FAX = (
    Path(__file__).resolve().parent.parent.parent
    / "config/demo/bulletins/fax-frauduleux-2018.stix.json"
)
LOOPBACK = ("127.0.0.0/8", "::1/128")


def now() -> datetime:
    """The time of the tests."""
    return datetime(2026, 3, 15, 7, 0, tzinfo=UTC)


def config(kind: str, url: str, *, only: str = "", requests: int = 400) -> SourceConfig:
    """A source on the loopback."""
    access = Access(Limits(requests=requests), allowed_networks=LOOPBACK)
    return SourceConfig("s", kind, url, publisher="P", tlp=Tlp.GREEN, only=only, access=access)


@asynccontextmanager
async def publishing(files: dict[str, bytes]) -> AsyncIterator[str]:
    """A static site with ETags. What is not in ``files`` is not found."""

    async def answer(request: web.Request) -> web.Response:
        body = files.get(request.path)
        if body is None:
            return web.Response(status=404)
        tag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        return web.Response(body=body, headers={"ETag": tag})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def read(
    settings: SourceConfig, cursor: Cursor
) -> tuple[list[Advisory], list[MalformedDocumentError], Cursor]:
    """Read a source once; the cursor goes through JSON as it does in the store."""
    source = make_source(settings, now)
    advisories, errors = [], []
    async for document in source.fetch(cursor):
        for result in source.parse(document):
            if isinstance(result, Advisory):
                advisories.append(result)
            else:
                errors.append(result)
        if document.cursor is not None:
            cursor = json.loads(json.dumps(document.cursor))
    return advisories, errors, cursor


@pytest.mark.parametrize(
    ("kind", "body", "publisher"),
    [
        ("rss", (DATA / "rss" / "atom.xml").read_bytes(), "P"),
        ("certsante", (DATA / "certsante" / "rss.xml").read_bytes(), "CERT Santé"),
        ("stix", FAX.read_bytes(), "CERT Santé"),
    ],
)
async def test_one_address_is_read_when_it_changes(kind: str, body: bytes, publisher: str) -> None:
    files = {"/feed": body}
    async with publishing(files) as site:
        settings = config(kind, f"{site}/feed")
        first, _, cursor = await read(settings, {})
        again, _, cursor = await read(settings, cursor)
        files["/feed"] += b" "
        third, _, _ = await read(settings, cursor)
    assert {advisory.publisher for advisory in first} == {publisher}
    assert not again
    assert len(third) == len(first)


async def test_a_folder_is_read_when_a_file_changes(tmp_path: Path) -> None:
    (tmp_path / "fax.json").write_bytes(FAX.read_bytes())
    settings = config("stix", str(tmp_path))
    first, _, cursor = await read(settings, {})
    again, _, cursor = await read(settings, cursor)
    (tmp_path / "pumps.json").write_bytes((DATA / "csaf" / "me-2026-001.json").read_bytes())
    third, _, _ = await read(settings, cursor)
    assert [a.reference for a in first] == ["FAX-2018-07"]
    assert not again
    assert [a.reference for a in third] == ["ME-2026-001"]


def medical(number: int) -> bytes:
    """A CSAF document."""
    values = json.loads((DATA / "csaf" / "me-2026-001.json").read_bytes())
    values["document"]["tracking"]["id"] = f"ICSMA-26-{number:03d}-01"
    values["vulnerabilities"][0]["product_status"]["known_affected"].remove("ABSENT")
    return json.dumps(values).encode()


def provider(*numbers: int) -> dict[str, bytes]:
    """A provider's folder; the latest document comes first in its list, as is the custom."""
    names = {number: f"2026/icsma-26-{number:03d}-01.json" for number in numbers}
    lines = [f'"{names[n]}","2026-03-{n:02d}T07:00:00Z"' for n in sorted(numbers, reverse=True)]
    lines.append('"2026/icsa-26-001-01.json","2026-03-01T07:00:00Z"')
    files = {f"/white/{name}": medical(number) for number, name in names.items()}
    return {"/white/changes.csv": "\n".join(lines).encode(), **files}


async def test_a_csaf_folder_gives_what_changed_oldest_first() -> None:
    files = provider(1, 2)
    async with publishing(files) as site:
        settings = config("csaf", f"{site}/white/", only="icsma-")
        first, _, cursor = await read(settings, {})
        again, errors, cursor = await read(settings, cursor)
        files.update(provider(1, 2, 3))
        third, _, _ = await read(settings, cursor)
    assert [a.reference for a in first] == ["ICSMA-26-001-01", "ICSMA-26-002-01"]
    assert not again
    assert not errors
    assert [a.reference for a in third] == ["ICSMA-26-003-01"]


async def test_a_csaf_document_that_fails_is_asked_again() -> None:
    files = provider(1, 2)
    lost = files.pop("/white/2026/icsma-26-001-01.json")
    async with publishing(files) as site:
        settings = config("csaf", f"{site}/white", only="icsma-")
        first, [error], cursor = await read(settings, {})
        files["/white/2026/icsma-26-001-01.json"] = lost
        second, errors, _ = await read(settings, cursor)
    assert [a.reference for a in first] == ["ICSMA-26-002-01"]
    assert error.item == "2026/icsma-26-001-01.json"
    assert [a.reference for a in second] == ["ICSMA-26-001-01"]
    assert not errors


async def test_more_csaf_documents_than_the_cap_are_read_the_next_time() -> None:
    async with publishing(provider(1, 2, 3)) as site:
        settings = config("csaf", f"{site}/white", only="icsma-", requests=2)
        first, _, cursor = await read(settings, {})
        second, _, _ = await read(settings, cursor)
    assert len(first) == 2
    assert [a.reference for a in second] == ["ICSMA-26-003-01"]


async def test_a_csaf_path_that_leaves_the_folder_is_refused() -> None:
    lines = b'"../secret.json","2026-03-01"\n"http://10.0.0.1/x.json","2026-03-01"\nonly-one\n'
    async with publishing({"/white/changes.csv": lines}) as site:
        advisories, errors, _ = await read(config("csaf", f"{site}/white"), {})
    assert not advisories
    assert [error.item for error in errors] == ["line 1", "line 2", "line 3"]


async def test_a_csaf_folder_without_its_list_is_unavailable() -> None:
    async with publishing({}) as site:
        with pytest.raises(SourceUnavailableError, match=r"changes.csv: answered 404"):
            await read(config("csaf", f"{site}/white"), {})


async def test_signals_are_read_like_sources() -> None:
    async with publishing({"/kev": (DATA / "signals" / "kev.json").read_bytes()}) as site:
        signals = make_signals(config("kev", f"{site}/kev"), now)
        results = [
            result async for document in signals.fetch({}) for result in signals.parse(document)
        ]
    assert len(results) == 3
