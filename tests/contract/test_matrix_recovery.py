"""An identity whose folder is lost comes back with the recovery key, and with nothing else."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.recovery import (
    RecoveryError,
    RecoveryKey,
    SecretStorage,
    decrypt,
    encrypt,
)
from bot.channels.matrix.session import MatrixSession
from tests.acceptance.test_command_line import Installation
from tests.contract.test_matrix_signing import keys_seen, public, signed_by
from tests.servers.process import missing
from tests.servers.strict import FOLDER
from tests.servers.synapse import Account, Homeserver

keys = st.builds(RecoveryKey, st.binary(min_size=32, max_size=32))


@given(key=keys, spaces=st.sampled_from(["", " ", "\n", "  "]))
def test_a_key_is_read_as_it_was_written(key: RecoveryKey, spaces: str) -> None:
    assert RecoveryKey.read(key.written.replace(" ", spaces)) == key


@given(key=keys, at=st.integers(0, 47), other=st.sampled_from("1A9z0lé"))
def test_a_slip_of_the_pen_is_noticed(key: RecoveryKey, at: int, other: str) -> None:
    text = key.written.replace(" ", "")
    changed = text[:at] + other + text[at + 1 :]
    if changed != text:
        with suppress(RecoveryError):  # a parity of one byte misses one slip in 256
            assert RecoveryKey.read(changed) != key


@given(key=keys, other=keys, text=st.text(max_size=60))
def test_a_secret_opens_under_its_key_and_name_alone(
    key: RecoveryKey, other: RecoveryKey, text: str
) -> None:
    sealed = encrypt(key, "m.cross_signing.master", text)
    assert decrypt(key, "m.cross_signing.master", sealed) == text
    with pytest.raises(RecoveryError):
        decrypt(key, "m.cross_signing.self_signing", sealed)
    if other != key:
        with pytest.raises(RecoveryError):
            decrypt(other, "m.cross_signing.master", sealed)


def options_of(homeserver: Homeserver, bot: Account, store: Path) -> MatrixOptions:
    return MatrixOptions(homeserver.url, bot.user_id, store, "clef", password=bot.password)


async def prepared(options: MatrixOptions) -> RecoveryKey:
    """A bot started for the first time, its identity kept under a key."""
    session, key = MatrixSession(options), RecoveryKey.new()
    await session.start()
    storage = SecretStorage(session.client)
    assert not await storage.exists()
    await storage.keep(session.identity, key)
    assert await storage.exists()
    await session.close()
    return key


async def recovered(options: MatrixOptions, key: RecoveryKey) -> str:
    """Put the identity back in an empty folder; the new device."""
    session = MatrixSession(options)
    try:
        assert await session.take_identity(
            lambda client: SecretStorage(client).identity(options.user_id, key)
        )
        return str(session.client.device_id)
    finally:
        await session.close()


@pytest.mark.synapse
async def test_a_lost_folder_keeps_its_identity(homeserver: Homeserver, tmp_path: Path) -> None:
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    options = options_of(homeserver, bot, tmp_path / "bot")
    key = await prepared(options)
    before = keys_seen(homeserver, rssi, bot.user_id)["master_keys"][bot.user_id]
    shutil.rmtree(tmp_path / "bot")
    with pytest.raises(RecoveryError, match="not the recovery key"):
        await recovered(options, RecoveryKey.new())
    device = await recovered(options, key)
    seen = keys_seen(homeserver, rssi, bot.user_id)
    assert public(seen["master_keys"][bot.user_id]) == public(before)
    signing = public(seen["self_signing_keys"][bot.user_id])
    assert signed_by(seen["device_keys"][bot.user_id][device], bot.user_id, signing)


@pytest.mark.synapse
def test_the_operator_sees_the_key_once(
    homeserver: Homeserver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tocsin, bot = Installation(tmp_path, capsys), homeserver.register("tocsin")
    tocsin.environ |= {
        "TOCSIN_MATRIX__HOMESERVER": homeserver.url,
        "TOCSIN_MATRIX__USER": bot.user_id,
        "TOCSIN_MATRIX__PASSWORD": bot.password,
        "TOCSIN_MATRIX__PICKLE_KEY": "une clef des tests, assez longue",
    }
    tocsin("init")
    key = json.loads(tocsin("--json", "matrix", "setup"))["recovery_key"]
    assert key not in tocsin("matrix", "setup")
    shutil.rmtree(tmp_path / "data" / "matrix")
    assert "not a recovery key" in tocsin("matrix", "recover", "--key", "EsTc", code=4)
    assert "The identity is back" in tocsin("matrix", "recover", "--key", key)


@pytest.mark.synapse
async def test_an_account_without_recovery_says_so(homeserver: Homeserver, tmp_path: Path) -> None:
    options = options_of(homeserver, homeserver.register("tocsin"), tmp_path / "bot")
    with pytest.raises(RecoveryError, match="has no recovery"):
        await recovered(options, RecoveryKey.new())


@pytest.mark.synapse
async def test_a_client_of_another_make_opens_it(homeserver: Homeserver, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        missing("matrix-js-sdk", "install node and npm, then run tests/servers/install")
    bot = homeserver.register("tocsin")
    options = options_of(homeserver, bot, tmp_path / "bot")
    key = await prepared(options)
    process = await asyncio.create_subprocess_exec(
        *(node, str(FOLDER / "recover.mjs"), homeserver.url, bot.user_id),
        *(bot.token, bot.device_id, key.written),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 40)
    found = json.loads(printed)
    assert found.pop("right") is True
    found.pop("id")
    session = MatrixSession(options)
    seeds = {usage: seed.rstrip("=") for usage, seed in session.identity.seeds().items()}
    await session.close()
    assert found == seeds
