"""What an incident asks of a channel beside messages: a private room, a pinned summary."""

from __future__ import annotations

from bot.channels.base import Channel, OpenedRoom, Rooms
from bot.domain.message import Message

TO_OPEN = "room:"  # begins the address of a delivery whose room is not open yet
PINNED = "pinned"


class RoomChannel:
    """A channel that opens the room a message asks for, pins what it names, posts the rest.

    Each is done once for its key, or may be done twice without a trace: an attempt whose
    answer was lost is simply made again.
    """

    def __init__(self, channel: Channel, rooms: Rooms) -> None:
        self._channel = channel
        self._rooms = rooms

    async def send(self, address: str, message: Message, *, key: str) -> str:
        """Do what ``message`` asks; see :meth:`bot.channels.base.Channel.send`.

        Returns:
            The receipt of the message; for a room, what :func:`opened_room` reads.
        """
        if message.room is not None:
            asked = message.room
            opened = await self._rooms.open_room(
                asked.name, topic=asked.topic, invited=asked.invited, key=key
            )
            return "\n".join([opened.address, *opened.refused])
        if message.pin:
            await self._rooms.pin(address, message.pin)
            return PINNED
        return await self._channel.send(address, message, key=key)

    async def find(self, address: str, *, key: str) -> str | None:
        """Nothing to be found where the room itself may be missing: it is asked for again."""
        return None if address.startswith(TO_OPEN) else await self._channel.find(address, key=key)

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()


def opened_room(receipt: str) -> OpenedRoom:
    """The room behind the receipt of a delivery that asked for one."""
    address, *refused = receipt.split("\n")
    return OpenedRoom(address, tuple(refused))
