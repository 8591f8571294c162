"""The bot's identity vouches for its device, as anybody can check."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.session import MatrixSession
from bot.channels.matrix.signing import canonical
from bot.domain.message import Message
from tests.servers.matrix import reading
from tests.servers.strict import strict_reader
from tests.servers.synapse import Account, Homeserver
from tests.servers.waiting import eventually

pytestmark = pytest.mark.synapse


@pytest.fixture
def options(homeserver: Homeserver, tmp_path: Path) -> MatrixOptions:
    bot = homeserver.register("tocsin")
    return MatrixOptions(
        homeserver.url, bot.user_id, tmp_path / "bot", "clef", password=bot.password
    )


async def device_of(options: MatrixOptions) -> str:
    """Start a bot and stop it; the device it had."""
    session = MatrixSession(options)
    await session.start()
    device = str(session.client.device_id)
    await session.close()
    return device


def keys_seen(homeserver: Homeserver, reader: Account, user: str) -> dict[str, Any]:
    """What another account is told of somebody's keys."""
    body: dict[str, dict[str, list[str]]] = {"device_keys": {user: []}}
    return homeserver.call("POST", "/_matrix/client/v3/keys/query", body, token=reader.token)


def public(made: dict[str, Any]) -> str:
    (key,) = made["keys"].values()
    return str(key)


def signed_by(made: dict[str, Any], user: str, key: str) -> bool:
    """Check a signature with the public key alone."""
    signature = made.get("signatures", {}).get(user, {}).get(f"ed25519:{key}")
    if signature is None:
        return False
    bare = {k: v for k, v in made.items() if k not in {"signatures", "unsigned"}}
    try:
        Ed25519PublicKey.from_public_bytes(decoded(key)).verify(decoded(signature), canonical(bare))
    except InvalidSignature:
        return False
    return True


def decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


async def test_the_device_is_signed_by_a_key_that_the_master_key_signed(
    homeserver: Homeserver, options: MatrixOptions
) -> None:
    device = await device_of(options)
    seen = keys_seen(homeserver, homeserver.register("rssi"), options.user_id)
    master = seen["master_keys"][options.user_id]
    signing = seen["self_signing_keys"][options.user_id]
    assert signed_by(signing, options.user_id, public(master))
    devices = seen["device_keys"][options.user_id]
    assert signed_by(devices[device], options.user_id, public(signing))
    tampered = {**devices[device], "device_id": "AUTRE"}
    assert not signed_by(tampered, options.user_id, public(signing))


async def test_the_identity_outlives_restarts_and_devices(
    homeserver: Homeserver, options: MatrixOptions
) -> None:
    reader = homeserver.register("rssi")
    first = await device_of(options)
    before = keys_seen(homeserver, reader, options.user_id)
    assert await device_of(options) == first
    (options.store / "device.json").unlink()
    second = await device_of(options)
    after = keys_seen(homeserver, reader, options.user_id)
    assert second != first
    assert after["master_keys"] == before["master_keys"]
    signing = public(after["self_signing_keys"][options.user_id])
    assert signed_by(after["device_keys"][options.user_id][second], options.user_id, signing)


async def test_a_lost_identity_is_replaced_with_the_password(
    homeserver: Homeserver, options: MatrixOptions, tmp_path: Path
) -> None:
    reader = homeserver.register("rssi")
    await device_of(options)
    before = keys_seen(homeserver, reader, options.user_id)
    device = await device_of(replace(options, store=tmp_path / "perdu"))
    after = keys_seen(homeserver, reader, options.user_id)
    assert after["master_keys"] != before["master_keys"]
    signing = public(after["self_signing_keys"][options.user_id])
    assert signed_by(after["device_keys"][options.user_id][device], options.user_id, signing)


async def test_the_private_keys_are_not_readable_in_the_store(
    homeserver: Homeserver, options: MatrixOptions
) -> None:
    await device_of(options)
    kept = (options.store / "signing.secret").read_bytes()
    assert b"master" not in kept
    assert oct((options.store / "signing.secret").stat().st_mode & 0o777) == "0o600"


async def test_a_strict_client_reads_the_bot_and_not_an_unsigned_device(
    homeserver: Homeserver, options: MatrixOptions, tmp_path: Path
) -> None:
    strict, unsigned = homeserver.register("rssi"), homeserver.register("autre")
    async with reading(homeserver, unsigned, tmp_path / "autre") as other:
        room = await other.create_room(options.user_id, strict.user_id, encrypted=True)
        homeserver.call("POST", f"/_matrix/client/v3/join/{room}", {}, token=strict.token)
        async with strict_reader(homeserver, strict, room, messages=2) as reader:
            await eventually(
                lambda: keys_seen(homeserver, unsigned, strict.user_id)["device_keys"].get(
                    strict.user_id
                )
            )
            channel = MatrixChannel(MatrixSession(options))
            await channel.session.start()
            await channel.session.ask(channel.session.client.join(room))
            await eventually(lambda: room in channel.session.client.rooms)
            await channel.send(room, Message("s", "de la part du bot"), key="k1")
            seen = await reader.line()
            assert seen == {
                "sender": options.user_id,
                "body": "de la part du bot",
                "failure": "",
                "shield": 0,
            }
            await other.say(room, "d'un appareil que personne n'a signé")
            refused = await reader.line()
            await channel.close()
    assert refused["sender"] == unsigned.user_id
    assert refused["failure"] == "UNSIGNED_SENDER_DEVICE"
