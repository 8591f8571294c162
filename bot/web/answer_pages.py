"""The page behind a mail's link, over HTTP. Opening it acts on nothing, however often mail
scanners do; only its form does, once."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

from aiohttp import web

from bot.domain.answer_link import PATH, form_holds, form_token, opened
from bot.domain.clock import Clock
from bot.domain.views import AnswerPageView, LinkProblem, LinkState
from bot.render import Renderer
from bot.store import Database
from bot.store.database import DatabaseUnreachableError
from bot.web.link_desk import Filled, LinkDesk

OFTEN = 60  # requests of one link, or of wrong links together, in
WINDOW = timedelta(minutes=1)
REMEMBERED = 10_000  # links whose requests are counted
STATUS = {LinkState.EXPIRED: 410, LinkState.DENIED: 403}
WRONG = ""  # where requests of links that are not ours are counted
FORM_TYPE = "application/x-www-form-urlencoded"


class AnswerPages:
    """Serves the page. It needs no cookie, no script and nothing from elsewhere."""

    def __init__(
        self, database: Database, desk: LinkDesk, renderer: Renderer, *, clock: Clock
    ) -> None:
        self._database = database
        self._desk = desk
        self._renderer = renderer
        self._clock = clock
        self._headers = _headers(renderer.page_style)
        self._counted: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def routes(self) -> list[web.RouteDef]:
        """What to serve."""
        return [web.get(f"{PATH}{{token}}", self.show), web.post(f"{PATH}{{token}}", self.take)]

    async def show(self, request: web.Request) -> web.Response:
        """The page: what is to be answered, or what was."""
        key = opened(self._desk.secret, request.match_info["token"])
        if self._too_often(key or WRONG):
            return self._page("busy", 429)
        if key is None:
            return self._page("unknown", 404)
        try:
            lot = request.query.get("lot", "")
            view = await self._database.run(self._desk.look, key, now=self._clock(), lot=lot)
        except DatabaseUnreachableError:
            return self._page("busy", 503)
        return self._shown(key, view)

    async def take(self, request: web.Request) -> web.Response:
        """Take the form; then show the page by its own address, so that « reload » is safe."""
        key = opened(self._desk.secret, request.match_info["token"])
        if self._too_often(key or WRONG):
            return self._page("busy", 429)
        if key is None:
            return self._page("unknown", 404)
        fields = await _fields(request)
        now = self._clock()
        ours = _from_the_page(request) and form_holds(
            self._desk.secret, key, fields.get("form", ""), now=now
        )
        given = {name: fields.get(name, "") for name in ("day", "note", "lot")}
        filled = Filled(fields.get("answer", ""), **given)
        try:
            if ours:
                view = await self._database.run(self._desk.answer, key, filled, now=now)
            else:
                view = await self._database.run(self._desk.look, key, now=now)
        except DatabaseUnreachableError:
            return self._page("busy", 503)
        if ours and view is not None and view.given and view.problem is None:
            headers = {**self._headers, "Location": request.match_info["token"]}
            return web.Response(status=303, headers=headers)
        return self._shown(key, view, problem=None if ours else LinkProblem.FORM)

    def _shown(
        self, key: str, view: AnswerPageView | None, *, problem: LinkProblem | None = None
    ) -> web.Response:
        if view is None:
            return self._page("unknown", 404)
        if problem is not None and view.state is LinkState.OPEN:
            view = dataclasses.replace(view, problem=problem)
        status = 422 if view.problem else STATUS.get(view.state, 200)
        form = form_token(self._desk.secret, key, now=self._clock())
        return self._page("answer", status, language=view.language, page=view, form=form)

    def _page(
        self, name: str, status: int, *, language: str = "fr", **variables: object
    ) -> web.Response:
        text = self._renderer.page(name, language=language, **variables)
        return web.Response(
            status=status, text=text, content_type="text/html", headers=self._headers
        )

    def _too_often(self, about: str) -> bool:
        """Count a request. Wrong links are counted together, whoever sends them: behind a
        proxy everybody has one address, and a good link is never refused for them."""
        now = self._clock()
        since, count = self._counted.pop(about, (now, 0))
        if now - since >= WINDOW:
            since, count = now, 0
        self._counted[about] = (since, count + 1)
        while len(self._counted) > REMEMBERED:
            self._counted.popitem(last=False)
        return count >= OFTEN


def _from_the_page(request: web.Request) -> bool:
    """Whether the browser says that the form stood on our page; older ones say nothing."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


async def _fields(request: web.Request) -> Mapping[str, str]:
    """The fields of the form; none of another kind of body, or of one that cannot be read."""
    if request.content_type != FORM_TYPE:
        return {}
    try:
        posted = await request.post()
    except (ValueError, LookupError):  # not UTF-8, or a charset that does not exist
        return {}
    return {name: value for name, value in posted.items() if isinstance(value, str)}


def _headers(style: str) -> dict[str, str]:
    """What a browser must not do with the page: send its address on, keep it, frame it, or
    load anything."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
