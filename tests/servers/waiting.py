"""Waiting for something that another task, or another process, brings about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

STEP = 0.05  # seconds


async def eventually(condition: Callable[[], object], *, within: float = 15) -> None:
    """Return once ``condition`` holds; fail when it still does not after ``within`` seconds."""
    for _ in range(int(within / STEP)):
        if condition():
            return
        await asyncio.sleep(STEP)
    assert condition(), f"still not the case after {within} s"
