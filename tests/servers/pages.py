"""Tocsin's own pages, served on the loopback for as long as a test needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from bot.web.server import serve_pages
from tests.servers.process import accepts
from tests.servers.waiting import eventually


@asynccontextmanager
async def served(routes: Sequence[web.RouteDef], port: int) -> AsyncIterator[None]:
    """Serve ``routes`` on that port of 127.0.0.1; they answer when the block begins."""
    server = asyncio.create_task(serve_pages(routes, "127.0.0.1", port))
    await eventually(lambda: accepts(port))
    try:
        yield
    finally:
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)
