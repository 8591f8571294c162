"""How fast, and how many at once, a channel sends to one destination.

Who comes too early is not kept waiting: the message is put back for its turn, so that no
destination holds the others. Turns are per process: several processes that send share
nothing here, and each keeps its own pace.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from bot.channels.base import PostponedDeliveryError

MOMENT = 0.6  # seconds: a turn that near is waited for
EARLY = 0.3  # seconds: who is put back comes back that long before the turn, to be on time
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
            after = self._promised.get(destination, start - self._interval)
            promised = self._promised[destination] = max(start, after + self._interval)
            raise PostponedDeliveryError(
                "its turn comes later", wait=_seconds(promised - now - EARLY)
            )
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


class Slots:
    """At most ``most`` at once; who has waited for ``patience`` is sent away. Those who wait
    leave in the order in which they came: one clock serves them all."""

    def __init__(self, most: int, *, patience: timedelta) -> None:
        self._free = most
        self._patience = patience
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()  # until, loop time
        self._clock: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        """Take a slot.

        Raises:
            PostponedDeliveryError: none became free in time.
        """
        if self._free:
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        turn, until = loop.create_future(), loop.time() + self._patience.total_seconds()
        self._waiting.append((until, turn))
        if self._clock is None:
            self._clock = loop.call_at(until, self._send_away, loop)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._give_back()
            raise

    async def __aexit__(self, *_: object) -> None:
        """Give the slot back."""
        self._give_back()

    def _give_back(self) -> None:
        while self._waiting:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _send_away(self, loop: asyncio.AbstractEventLoop) -> None:
        self._clock = None
        while self._waiting and self._waiting[0][0] <= loop.time():
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(PostponedDeliveryError("the peer is slow", wait=self._patience))
        if self._waiting:
            self._clock = loop.call_at(self._waiting[0][0], self._send_away, loop)


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
