"""Turns and slots: nobody is early, nobody waits for a peer that hangs."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.channels.base import PostponedDeliveryError
from bot.channels.pace import Pace, Slots

TENTH = timedelta(seconds=0.1)


async def test_those_who_wait_for_a_slot_get_it_in_turn() -> None:
    slots, order = Slots(2, patience=timedelta(seconds=5)), []

    async def use(number: int) -> None:
        async with slots:
            await asyncio.sleep(0.001)
            order.append(number)

    await asyncio.gather(*map(use, range(20)))
    assert order == list(range(20))


async def test_a_slot_that_does_not_come_free_is_not_waited_for() -> None:
    slots, over = Slots(1, patience=TENTH), asyncio.Event()

    async def hang() -> None:
        async with slots:
            await over.wait()

    async def use() -> None:
        async with slots:
            pass

    hanging = asyncio.create_task(hang())
    await asyncio.sleep(0)
    sent_away = await asyncio.gather(*(use() for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in sent_away] == [PostponedDeliveryError] * 3
    waiting = asyncio.create_task(use())
    await asyncio.sleep(0)
    over.set()
    await asyncio.gather(hanging, waiting)


async def test_a_slot_promised_to_somebody_who_left_is_not_lost() -> None:
    slots, over = Slots(1, patience=timedelta(seconds=5)), asyncio.Event()

    async def use() -> None:
        async with slots:
            await over.wait()

    tasks = [asyncio.create_task(use()) for _ in range(3)]
    await asyncio.sleep(0)
    over.set()
    await asyncio.sleep(0)  # the first has given its slot to the second, which has not woken
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(1), slots:
        pass


async def test_who_is_put_back_returns_in_time_and_goes_at_the_turn() -> None:
    loop, pace, gone = asyncio.get_running_loop(), Pace(timedelta(seconds=1)), []

    async def send() -> None:
        while True:
            try:
                await pace.turn("C1")
            except PostponedDeliveryError as early:
                await asyncio.sleep(early.wait.total_seconds())
            else:
                gone.append(loop.time())
                return

    await asyncio.gather(*(send() for _ in range(3)))
    gaps = [later - earlier for earlier, later in pairwise(gone)]
    assert all(0.9 < gap < 1.9 for gap in gaps), "a turn each, and none is missed"


async def test_who_comes_too_early_is_put_back() -> None:
    pace = Pace(timedelta(seconds=1))
    await pace.turn("C1")
    with pytest.raises(PostponedDeliveryError):
        await pace.turn("C1")
    await pace.turn("C2")
