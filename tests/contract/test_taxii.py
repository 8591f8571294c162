"""TAXII 2.1 against medallion, and against a server that does what medallion never does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from feeds.advisory import Advisory, Tlp
from feeds.config import SourceConfig
from feeds.errors import MalformedDocumentError, SourceUnavailableError
from feeds.http import Access, Credentials
from feeds.limits import Limits
from feeds.source import Cursor
from feeds.taxii import Taxii
from tests.servers.medallion import HIDDEN, PASSWORD, USER, TaxiiServer, running_medallion

NOW = datetime(2026, 3, 15, 7, 0, tzinfo=UTC)
LOOPBACK = ("127.0.0.0/8", "::1/128")
AUTHOR = "identity--3f0c8d0a-9a3e-4d58-8d0e-2c5b6a7f1e01"


@pytest.fixture
def medallion() -> Iterator[TaxiiServer]:
    """An empty TAXII server of this test's own."""
    with running_medallion() as server:
        yield server


def item(kind: str, number: int, **values: Any) -> dict[str, Any]:
    """A STIX object."""
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--00000000-0000-4000-8000-{number:012d}",
        "created": "2026-03-10T08:00:00.000Z",
        "modified": "2026-03-10T08:00:00.000Z",
        **values,
    }


def report(number: int, **values: Any) -> dict[str, Any]:
    """A report by the author."""
    return item(
        "report",
        number,
        name=f"Bulletin {number}",
        published="2026-03-10T08:00:00Z",
        object_refs=[AUTHOR],
        created_by_ref=AUTHOR,
        **values,
    )


def author() -> dict[str, Any]:
    """Who publishes the reports."""
    return {**item("identity", 0, name="Analyste", identity_class="organization"), "id": AUTHOR}


def source(url: str, credentials: Credentials, **values: Any) -> Taxii:
    """A TAXII source on the loopback."""
    limits = values.pop("limits", Limits())
    access = Access(limits, allowed_networks=LOOPBACK, credentials=credentials)
    return Taxii(SourceConfig("taxii", "taxii", url, tlp=Tlp.GREEN, access=access, **values), now)


def now() -> datetime:
    """The time of the tests."""
    return NOW


async def read(
    taxii: Taxii, cursor: Cursor
) -> tuple[list[Advisory], list[MalformedDocumentError], Cursor]:
    """Read the source once; the cursor goes through JSON as it does in the store."""
    advisories, errors = [], []
    async for document in taxii.fetch(cursor):
        for result in taxii.parse(document):
            if isinstance(result, Advisory):
                advisories.append(result)
            else:
                errors.append(result)
        cursor = json.loads(json.dumps(document.cursor))
    return advisories, errors, cursor


BASIC = Credentials(USER, PASSWORD)


async def test_pages_are_read_and_the_cursor_moves(medallion: TaxiiServer) -> None:
    medallion.add(author(), *(report(number) for number in range(1, 9)))
    taxii = source(medallion.url, BASIC)
    advisories, errors, cursor = await read(taxii, {})
    assert not errors
    assert sorted(a.title for a in advisories) == [f"Bulletin {n}" for n in range(1, 9)]
    assert {a.publisher for a in advisories} == {"Analyste"}
    again, _, cursor = await read(taxii, cursor)
    assert not again
    medallion.add(report(9))
    [latest], _, _ = await read(taxii, cursor)
    assert latest.title == "Bulletin 9"
    assert latest.publisher == "Analyste"  # an identity sent once is remembered


async def test_a_campaign_of_an_earlier_report_is_no_bulletin(medallion: TaxiiServer) -> None:
    campaign = item("campaign", 70, name="Campagne")
    refers = report(1)
    refers["object_refs"] = [campaign["id"]]
    medallion.add(author(), refers)
    taxii = source(medallion.url, BASIC)
    first, _, cursor = await read(taxii, {})
    medallion.add(campaign)
    later, _, _ = await read(taxii, cursor)
    assert [a.title for a in first] == ["Bulletin 1"]
    assert not later


async def test_a_bad_object_hides_no_other(medallion: TaxiiServer) -> None:
    bad = item(
        "indicator", 50, pattern="[ipv4", pattern_type="stix", valid_from="2026-03-10T08:00:00Z"
    )
    medallion.add(author(), bad, report(1))
    advisories, errors, _ = await read(source(medallion.url, BASIC), {})
    assert [a.title for a in advisories] == ["Bulletin 1"]
    assert [error.item for error in errors] == [bad["id"]]


async def test_a_wrong_password_is_told_without_the_password(medallion: TaxiiServer) -> None:
    with pytest.raises(SourceUnavailableError, match="answered 401") as caught:
        await read(source(medallion.url, Credentials(USER, "autre-secret")), {})
    assert "autre-secret" not in str(caught.value)


async def test_only_wanted_and_readable_collections(medallion: TaxiiServer) -> None:
    medallion.add(author(), report(1))
    by_title = source(medallion.url, BASIC, collections=("bulletins",))
    assert len((await read(by_title, {}))[0]) == 1
    for name in (HIDDEN, "inconnue"):
        with pytest.raises(SourceUnavailableError, match="no readable collection"):
            await read(source(medallion.url, BASIC, collections=(name,)), {})


async def test_the_api_root_may_be_configured_itself(medallion: TaxiiServer) -> None:
    medallion.add(author(), report(1))
    root = f"http://127.0.0.1:{medallion.port}/root/"
    assert len((await read(source(root, BASIC), {}))[0]) == 1


class Forgetful:
    """A server with a token, relative roots, and pages it forgets."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.known = {"p2"}

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        if request.headers.get("Authorization") != "Bearer jeton":
            return web.Response(status=403)
        if request.path == "/taxii2/":
            return web.json_response({"title": "T", "api_roots": ["/root/"]})
        if request.path.endswith("/collections/"):
            row = {"id": "c1", "title": "C", "can_read": True, "can_write": False}
            return web.json_response({"collections": [row]})
        self.asked.append(dict(request.query))
        page = request.query.get("next")
        if page is not None and page not in self.known:
            return web.json_response({"title": "next not valid"}, status=400)
        if page == "p2":
            envelope: dict[str, Any] = {"more": False, "objects": [report(2)]}
            last = "2026-03-11T00:00:02.000000Z"
        else:
            envelope = {"more": True, "next": "p2", "objects": [author(), report(1)]}
            last = "2026-03-11T00:00:01.000000Z"
        return web.json_response(envelope, headers={"X-TAXII-Date-Added-Last": last})


async def test_an_interrupted_reading_goes_on_and_a_forgotten_page_starts_again() -> None:
    forgetful = Forgetful()
    app = web.Application()
    app.router.add_get("/{path:.*}", forgetful.answer)
    async with TestServer(app) as server:
        url = str(server.make_url("/taxii2/"))
        one_page = source(url, Credentials(token="jeton"), limits=Limits(requests=1))
        first, _, cursor = await read(one_page, {})
        assert [a.title for a in first] == ["Bulletin 1"]
        second, _, after = await read(one_page, cursor)
        assert [a.title for a in second] == ["Bulletin 2"]
        [state] = after["collections"].values()
        assert state["added_after"] == "2026-03-11T00:00:02.000000Z"
        forgetful.known.clear()
        again, _, _ = await read(one_page, cursor)
        assert [a.title for a in again] == ["Bulletin 1"]
    assert [query.get("next") for query in forgetful.asked] == [None, "p2", "p2", None]


async def test_a_server_that_is_no_taxii_is_told() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    async with TestServer(app) as server:
        with pytest.raises(SourceUnavailableError, match="something else than JSON"):
            await read(source(str(server.make_url("/taxii2/")), Credentials()), {})
