"""Whether the keys of messages are where they must be: in the store, and with a room's devices."""

from __future__ import annotations

import json

import aiohttp
import nio
from nio.client.async_client import AsyncClient

from bot.channels.base import TransientDeliveryError
from bot.channels.matrix.store import Device


async def lost_keys(client: AsyncClient, device: Device) -> str:
    """Why the device's keys are not those the homeserver knows; empty when they are.

    Raises:
        TransientDeliveryError: the homeserver cannot be reached, or does not say.
    """
    body = json.dumps({"device_keys": {device.user_id: [device.device_id]}})
    path = "/_matrix/client/v3/keys/query"
    headers = {"Authorization": f"Bearer {device.token}", "Content-Type": "application/json"}
    try:
        answer = await client.send("POST", path, body, headers)
        known = await answer.json()
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        raise TransientDeliveryError(f"no connection ({type(error).__name__})") from None
    if answer.status == 401:
        return "its token was revoked"
    if answer.status != 200:
        raise TransientDeliveryError(f"the homeserver answered {answer.status}")
    devices = known.get("device_keys", {}).get(device.user_id, {})
    keys = devices.get(device.device_id, {}).get("keys", {})
    published = keys.get(f"ed25519:{device.device_id}", "")
    own = client.olm.account.identity_keys["ed25519"] if client.olm else ""
    return "its keys are not in the store" if published and published != own else ""


def deprived(client: AsyncClient, room: nio.MatrixRoom) -> int:
    """How many devices of the room could be written to and did not get the key."""
    olm = client.olm
    if olm is None:
        return 0
    session = olm.outbound_group_sessions[room.room_id]
    given = session.users_shared_with | session.users_ignored
    return sum(
        (user, device.id) not in given and olm.session_store.get(device.curve25519) is not None
        for user in room.users
        for device in olm.device_store.active_user_devices(user)
    )
