"""A client of another make, in strict mode: what it reads, and what it refuses to."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.process import missing
from tests.servers.synapse import Account, Homeserver

FOLDER = Path(__file__).resolve().parent / "strict_reader"
WITHIN = 40  # seconds for a line to come


@dataclass(frozen=True, slots=True)
class StrictReader:
    """matrix-js-sdk, excluding devices that their owner did not sign."""

    process: asyncio.subprocess.Process

    async def line(self) -> dict[str, Any]:
        """The next thing it saw."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WITHIN):
            read = await self.process.stdout.readline()
        assert read, "the strict reader ended"
        parsed = json.loads(read)
        assert isinstance(parsed, dict)
        return parsed


@asynccontextmanager
async def strict_reader(
    homeserver: Homeserver, account: Account, room: str, *, messages: int
) -> AsyncIterator[StrictReader]:
    """Start one that ends after ``messages`` messages; it is synchronised when this yields."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        missing("matrix-js-sdk", "install node and npm, then run tests/servers/install")
    process = await asyncio.create_subprocess_exec(
        node,
        str(FOLDER / "read.mjs"),
        homeserver.url,
        account.user_id,
        account.token,
        account.device_id,
        room,
        str(messages),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    reader = StrictReader(process)
    try:
        assert await reader.line() == {"ready": True}
        yield reader
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
