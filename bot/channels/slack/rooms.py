"""Private Slack channels, opened once for a key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import structlog

from bot.channels.base import OpenedRoom, PermanentDeliveryError
from bot.channels.slack.channel import SlackChannel

log = structlog.get_logger(__name__)

MAX_NAME = 80  # characters; lower case letters, digits, hyphens, underscores
PAGE = 200
DONE_ALREADY = re.compile(r"already_(in_channel|pinned)|cant_invite_self")


class SlackRooms:
    """Opens private channels. Slack has no end-to-end encryption."""

    def __init__(self, channel: SlackChannel) -> None:
        self._channel = channel

    async def open_room(
        self, name: str, *, topic: str, invited: Sequence[str], key: str
    ) -> OpenedRoom:
        """Open a private channel; see :class:`bot.channels.base.Rooms`.

        Its name ends with a mark made from the key: that is how it is found again.
        Needs the scopes ``groups:write`` and ``groups:read``.

        Source: docs.slack.dev, conversations.create, .list, .invite, .setTopic.
        """
        mark = hashlib.sha256(key.encode()).hexdigest()[:8]
        wanted = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[: MAX_NAME - 9] + f"-{mark}"
        room = await self._find(wanted)
        if room is None:
            made = await self._channel.call(
                "conversations.create", {"name": wanted, "is_private": True}
            )
            room = str(made["channel"]["id"])
            await self._channel.call("conversations.setTopic", {"channel": room, "topic": topic})
        refused = [
            user
            for user in invited
            if not await self._done("conversations.invite", {"channel": room, "users": user})
        ]
        return OpenedRoom(room, tuple(refused))

    async def pin(self, address: str, receipt: str) -> None:
        """Pin a message. Needs ``pins:write``."""
        arguments = {"channel": address, "timestamp": receipt}
        if not await self._done("pins.add", arguments):
            raise PermanentDeliveryError("the message could not be pinned")

    async def _find(self, name: str) -> str | None:
        arguments = {"types": "private_channel", "exclude_archived": True, "limit": PAGE}
        while True:
            page = await self._channel.call("conversations.list", arguments)
            for channel in page.get("channels", ()):
                if channel.get("name") == name:
                    return str(channel["id"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            arguments = {**arguments, "cursor": cursor}

    async def _done(self, method: str, arguments: dict[str, Any]) -> bool:
        """Call a method that may find the thing done already; False when it is refused."""
        try:
            await self._channel.call(method, arguments)
        except PermanentDeliveryError as error:
            if DONE_ALREADY.search(str(error)):
                return True
            log.warning("slack_refused", method=method, reason=str(error))
            return False
        return True
