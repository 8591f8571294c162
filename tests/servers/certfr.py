"""A small CERT-FR on the loopback: RSS, JSON and pages, with ETags and what may go wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from feeds.certfr.bulletin import SECTIONS, kind_of


def bulletin(reference: str, title: str = "Titre", **values: Any) -> dict[str, Any]:
    """A bulletin in CERT-FR's JSON, of the ninth of March 2026 unless said otherwise."""
    return {
        "reference": reference,
        "title": title,
        "summary": "Résumé.",
        "content": "",
        "affected_systems": [],
        "affected_systems_content": "",
        "cves": [],
        "risks": [],
        "links": [],
        "vendor_advisories": [],
        "revisions": [
            {"description": "Version initiale", "revision_date": "2026-03-09T00:00:00.000000"}
        ],
        **values,
    }


@dataclass
class Site:
    """What the site shows. ``asked`` records each path with the status answered."""

    bulletins: dict[str, dict[str, Any]] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)  # in the RSS
    without_json: set[str] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)  # path: status
    asked: list[tuple[str, int]] = field(default_factory=list)
    url: str = ""

    def publish(self, reference: str, *, listed: bool = True, **values: Any) -> None:
        """Put a bulletin on the site."""
        self.bulletins[reference] = bulletin(reference, **values)
        if listed and reference not in self.listed:
            self.listed.append(reference)

    def json_asked(self) -> list[str]:
        """The references whose JSON was sent, in order."""
        return [p.split("/")[2] for p, status in self.asked if "/json/" in p and status == 200]

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        response = self._response(request)
        self.asked.append((request.path, response.status))
        return response

    def _response(self, request: web.Request) -> web.Response:
        if request.path in self.broken:
            return web.Response(status=self.broken[request.path])
        _, section, *rest = request.path.split("/")
        if rest[:1] == ["feed"]:
            return _tagged(request, self._feed(section), "application/rss+xml")
        reference = rest[0]
        if reference not in self.bulletins or reference in self.without_json:
            return web.Response(status=404)
        if rest[1:2] == ["json"]:
            return _tagged(request, json.dumps(self.bulletins[reference]), "application/json")
        return web.Response(text=self.pages.get(reference, "Alerte en cours"))

    def _feed(self, section: str) -> str:
        items = "".join(
            self._item(reference)
            for reference in self.listed
            if SECTIONS[kind_of(reference)] == section
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
            f"<title>CERT-FR</title><link>https://www.cert.ssi.gouv.fr/feed/</link>{items}"
            "</channel></rss>"
        )

    def _item(self, reference: str) -> str:
        values = self.bulletins[reference]
        link = f"https://www.cert.ssi.gouv.fr/{SECTIONS[kind_of(reference)]}/{reference}/"
        return (
            f"<item><title>{escape(values['title'])}</title><link>{link}</link>"
            f"<description>{escape(values['summary'])}</description>"
            f"<guid>{link}</guid><pubDate>Mon, 09 Mar 2026 00:00:00 +0000</pubDate></item>"
        )


def _tagged(request: web.Request, text: str, media_type: str) -> web.Response:
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:12]}"'
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    return web.Response(text=text, content_type=media_type, headers={"ETag": tag})


@asynccontextmanager
async def certfr_site() -> AsyncIterator[Site]:
    """Serve an empty site."""
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    async with TestServer(app) as server:
        site.url = str(server.make_url("/"))
        yield site
