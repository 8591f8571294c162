"""Whether a Matrix room is encrypted, as its homeserver says now, not as it was once.

Encryption cannot be switched off in Matrix: a room that this device knew as encrypted and
whose server says otherwise is not trusted again, and nothing goes there in clear.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import nio
import structlog

from bot.channels.base import PermanentDeliveryError, TransientDeliveryError
from bot.channels.matrix.session import MatrixSession

log = structlog.get_logger(__name__)

MEGOLM = "m.megolm.v1.aes-sha2"
BELIEVED = timedelta(seconds=60)  # how long an answer of the homeserver holds
REMEMBERED = 5_000  # rooms


class RoomPrivacy:
    """Asks the homeserver for the state of a room, and remembers the answer for a minute."""

    def __init__(self, session: MatrixSession, *, believed: timedelta = BELIEVED) -> None:
        self._session = session
        self._believed = believed.total_seconds()
        self._answers: dict[str, tuple[float, bool]] = {}

    async def encrypted(self, room_id: str) -> bool:
        """Whether what is sent now is encrypted, by the server's word and by our own.

        Raises:
            TransientDeliveryError: the server cannot be asked, or the room was encrypted a
                moment ago and this device has not heard of it: it would write in clear.
            PermanentDeliveryError: the bot is not in that room.
        """
        room = await self._session.room(room_id)
        says = await self._server_says(room_id)
        if says and not room.encrypted:
            raise TransientDeliveryError("the room was encrypted a moment ago")
        if room.encrypted and not says:
            log.warning("matrix_encryption_gone", room=room_id)
        return says

    async def _server_says(self, room_id: str) -> bool:
        now = asyncio.get_running_loop().time()
        asked_at, answer = self._answers.get(room_id, (-self._believed, False))
        if now - asked_at < self._believed:
            return answer
        client = self._session.client
        try:
            state = await self._session.ask(
                client.room_get_state_event(room_id, "m.room.encryption")
            )
            answer = _read(state)
        except PermanentDeliveryError:  # not in the room is said by sending
            answer = False
        if len(self._answers) >= REMEMBERED:
            self._answers.clear()
        self._answers[room_id] = (now, answer)
        return answer


def _read(state: nio.RoomGetStateEventResponse) -> bool:
    """Whether the state that was asked for says that the room is encrypted.

    nio takes whatever JSON comes for the state, an error's too: a server that fails must not
    look as one that says there is no encryption.
    """
    status = getattr(state.transport_response, "status", 0)
    if status == 200:
        return bool(state.content.get("algorithm") == MEGOLM)
    if state.content.get("errcode") in {"M_NOT_FOUND", "M_FORBIDDEN"}:
        return False
    raise TransientDeliveryError(f"Matrix: HTTP {status}")
