"""Private encrypted Matrix rooms, opened once for a key."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta

import nio
import structlog
from nio.api import RoomPreset

from bot.channels.base import OpenedRoom, PermanentDeliveryError, TransientDeliveryError
from bot.channels.matrix.channel import started
from bot.channels.matrix.session import MatrixSession

log = structlog.get_logger(__name__)

HEARD_WITHIN = timedelta(seconds=10)  # a new room comes with the sync that is waiting
STEP = 0.1  # seconds between two looks
ENCRYPTION = {
    "type": "m.room.encryption",
    "state_key": "",
    "content": {"algorithm": "m.megolm.v1.aes-sha2"},
}
HISTORY = {
    "type": "m.room.history_visibility",
    "state_key": "",
    "content": {"history_visibility": "invited"},
}


class MatrixRooms:
    """Opens rooms as the session's account, which stays their administrator."""

    def __init__(self, session: MatrixSession) -> None:
        self._session = session

    async def open_room(
        self, name: str, *, topic: str, invited: Sequence[str], key: str
    ) -> OpenedRoom:
        """Open an encrypted, private room; see :class:`bot.channels.base.Rooms`.

        The room has an unlisted alias that only this account can make: that is how it is
        found again when the answer to its creation was lost.

        Source: Matrix client-server API v1.11, "Creation" and "Room aliases".
        """
        await started(self._session)
        options = self._session.options
        local, server = alias_of(options.user_id, options.pickle_key, key), _server(options.user_id)
        try:
            known = await self._session.ask(
                self._session.client.room_resolve_alias(f"#{local}:{server}")
            )
        except PermanentDeliveryError:  # nobody has that alias
            known = await self._session.ask(
                self._session.client.room_create(
                    alias=local,
                    name=name,
                    topic=topic,
                    preset=RoomPreset.private_chat,
                    initial_state=[ENCRYPTION, HISTORY],
                    power_level_override={"invite": 0},  # people bring in whom they need
                )
            )
        room = await self._heard_of(str(known.room_id))
        refused = [user for user in invited if not await self._invite(room, user)]
        return OpenedRoom(room.room_id, tuple(refused))

    async def pin(self, address: str, receipt: str) -> None:
        """Pin a message, before those pinned already."""
        await started(self._session)
        client = self._session.client
        try:
            state = await self._session.ask(
                client.room_get_state_event(address, "m.room.pinned_events")
            )
            pinned = [str(event) for event in state.content.get("pinned", [])]
        except PermanentDeliveryError:  # nothing was ever pinned
            pinned = []
        if receipt not in pinned:
            content = {"pinned": [receipt, *pinned]}
            await self._session.ask(client.room_put_state(address, "m.room.pinned_events", content))

    async def _heard_of(self, room_id: str) -> nio.MatrixRoom:
        """The room, once the session knows it and can encrypt for it."""
        for _ in range(int(HEARD_WITHIN.total_seconds() / STEP)):
            room: nio.MatrixRoom | None = self._session.client.rooms.get(room_id)
            if room is not None and room.encrypted:
                return room
            await asyncio.sleep(STEP)
        raise TransientDeliveryError("the room was opened and is not synchronised yet")

    async def _invite(self, room: nio.MatrixRoom, user: str) -> bool:
        """Ask somebody in; False when the homeserver will not."""
        if user in room.users:
            return True
        try:
            await self._session.ask(self._session.client.room_invite(room.room_id, user))
        except PermanentDeliveryError as error:
            log.warning("matrix_not_invited", room=room.room_id, reason=str(error))
            return False
        return True


def alias_of(user_id: str, secret: str, key: str) -> str:
    """The alias of the account's room for ``key``. Nobody who lacks the account's secret
    can take it beforehand, and so make the bot speak in a room of theirs."""
    mark = hmac.new(secret.encode(), f"{user_id}\0{key}".encode(), hashlib.sha256)
    return f"tocsin-{mark.hexdigest()[:32]}"


def _server(user_id: str) -> str:
    return user_id.partition(":")[2]
