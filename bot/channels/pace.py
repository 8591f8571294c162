"""How fast, and how many at once, a channel sends to one destination.

Who comes too early is not kept waiting: the message is put back for its turn, so that no
destination holds the others. Turns are per process: several processes that send share
nothing here, and each keeps its own pace.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from bot.channels.base import PostponedDeliveryError

MOMENT = 0.6  # seconds: a turn that near is waited for
PATIENCE = 1.0  # seconds: a destination busy for longer than that is slow
REMEMBERED = 10_000  # destinations


class Pace:
    """At most one message every ``interval`` to one destination; zero: no limit.

    A message that comes early is promised the next free turn and comes back for it.
    """

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval.total_seconds()
        self._next: dict[str, float] = {}  # when the destination is free, in loop time
        self._promised: dict[str, float] = {}  # the latest turn given to who came early

    async def turn(self, destination: str) -> None:
        """Return when the message may go.

        Raises:
            PostponedDeliveryError: its turn is further away than a moment.
        """
        if not self._interval:
            return
        now = asyncio.get_running_loop().time()
        start = max(now, self._next.get(destination, now))
        if start - now > MOMENT:
            promised = max(start, self._promised.get(destination, start) + self._interval)
            self._promised[destination] = promised
            raise PostponedDeliveryError("its turn comes later", wait=_seconds(promised - now))
        self._forget(now)
        self._next[destination] = start + self._interval
        await asyncio.sleep(start - now)

    def gone(self, destination: str) -> None:
        """The peer answered: it may have counted the message as late as now."""
        if self._interval:
            self.hold(destination, timedelta(seconds=self._interval))

    def hold(self, destination: str, wait: timedelta) -> None:
        """The peer asks to leave a destination alone for a while."""
        until = asyncio.get_running_loop().time() + wait.total_seconds()
        self._next[destination] = max(until, self._next.get(destination, until))

    def _forget(self, now: float) -> None:
        if len(self._next) > REMEMBERED:
            self._next = {name: at for name, at in self._next.items() if at > now}
            self._promised = {name: at for name, at in self._promised.items() if at > now}


@dataclass(slots=True)
class _Lane:
    """Who uses a destination, since when the longest of them does, and how long it took."""

    room: asyncio.Semaphore
    begun: dict[object, float] = field(default_factory=dict)
    waiting: int = 0
    lasted: float = 0.0

    def taken(self, now: float) -> float:
        """Seconds that a message takes here, as far as can be told."""
        return max(self.lasted, now - min(self.begun.values(), default=now))


class Lanes:
    """At most ``width`` messages at once to one destination; a slow one keeps no queue."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lanes: dict[str, _Lane] = {}

    @asynccontextmanager
    async def lane(self, destination: str) -> AsyncIterator[None]:
        """Lend a place.

        Raises:
            PostponedDeliveryError: none is free, and the destination is slow.
        """
        loop = asyncio.get_running_loop()
        lane = self._lanes.get(destination)
        if lane is None:
            lane = self._lanes[destination] = _Lane(asyncio.Semaphore(self._width))
        token = object()
        try:
            await self._enter(lane)
            lane.begun[token] = loop.time()
            try:
                yield
            finally:
                lane.lasted = loop.time() - lane.begun.pop(token)
                lane.room.release()
        finally:
            if not lane.begun and not lane.waiting and lane.lasted < PATIENCE:
                self._lanes.pop(destination, None)

    async def _enter(self, lane: _Lane) -> None:
        if not lane.room.locked():
            await lane.room.acquire()
            return
        taken = lane.taken(asyncio.get_running_loop().time())
        if taken > PATIENCE:
            raise PostponedDeliveryError("the destination is slow", wait=_seconds(taken))
        lane.waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await lane.room.acquire()
        except TimeoutError:
            raise PostponedDeliveryError(
                "the destination is slow", wait=_seconds(PATIENCE)
            ) from None
        finally:
            lane.waiting -= 1


def per_minute(most: int) -> timedelta:
    """The interval between messages of which at most so many go a minute; zero: no limit."""
    return timedelta(minutes=1) / most if most else timedelta()


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=value)
