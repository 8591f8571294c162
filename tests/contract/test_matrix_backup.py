"""A Matrix device out of a backup: the same one, and what it sends can be read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import Application
from bot.app.backup import back_up, restore
from bot.settings import Settings
from bot.store.migrate import upgrade
from tests.contract.test_matrix import MESSAGE, connected, scene
from tests.servers.synapse import Homeserver

pytestmark = pytest.mark.synapse


async def test_a_restored_device_is_the_same_and_still_read(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    old = Application(Settings(data_dir=tmp_path / "old"))
    new = Application(Settings(data_dir=tmp_path / "new"))
    upgrade(old.database)
    async with scene(homeserver, tmp_path, encrypted=True) as here:
        before = replace(here.options, store=tmp_path / "old" / "matrix")
        async with connected(before) as channel:
            first = await channel.send(here.room, MESSAGE, key="k1")
            await asyncio.to_thread(back_up, old, tmp_path / "tocsin.backup")
        await asyncio.to_thread(restore, new, tmp_path / "tocsin.backup")
        after = replace(here.options, store=tmp_path / "new" / "matrix", password="")
        async with connected(after) as channel:
            again = await channel.send(here.room, MESSAGE, key="k1")
            await channel.send(here.room, replace(MESSAGE, text="après"), key="k2")
        assert again == first, "the homeserver knows the device and the key"
        assert await here.rssi.read(2) == [MESSAGE.text, "après"]
        assert not here.rssi.unreadable
    old.database.dispose()
    new.database.dispose()
