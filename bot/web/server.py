"""The HTTP server of ``tocsin run``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

from bot.settings import ConfigurationError


async def serve_pages(
    routes: Sequence[web.RouteDef], host: str, port: int, *, name: str = "[web]"
) -> None:
    """Serve ``routes`` until cancelled.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    application = web.Application(client_max_size=64 * 1024)
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            where = f"{name} {host}:{port}"
            raise ConfigurationError(f"{where} cannot be listened on: {error.strerror}") from error
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
