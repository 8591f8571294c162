"""The last time a chat was heard: kept, so that health and alarms know that it lives."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bot.domain.clock import Clock
from bot.store import Database, sources
from bot.store.database import DatabaseUnreachableError

log = structlog.get_logger(__name__)

BEAT = timedelta(seconds=30)  # a Matrix server answers a sync at least that often


class Pulse:
    """Writes down that a chat was heard, once a beat at most, under its name.

    The database may be away: a chat is not stopped for that.
    """

    def __init__(self, database: Database, name: str, *, clock: Clock) -> None:
        self._database = database
        self._name = name
        self._clock = clock
        self._last: datetime | None = None

    async def heard(self) -> None:
        """The server was heard, were it only that nobody spoke."""
        now = self._clock()
        if self._last is not None and abs(now - self._last) < BEAT:
            return
        try:
            await self._database.run(sources.succeeded, self._name, now=now)
        except DatabaseUnreachableError as error:
            log.warning("pulse", chat=self._name, reason=str(error))
        else:
            self._last = now

    async def missed(self, reason: str) -> None:
        """The server could not be heard."""
        try:
            await self._database.run(sources.failed, self._name, reason, now=self._clock())
        except DatabaseUnreachableError as error:
            log.warning("pulse", chat=self._name, reason=str(error))
