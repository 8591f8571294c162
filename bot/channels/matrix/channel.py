"""Matrix: one message to one room, encrypted when the room is."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import structlog

from bot.channels.base import (
    NotConfidentialError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.channels.matrix.privacy import RoomPrivacy
from bot.channels.matrix.session import MatrixSession
from bot.channels.matrix.store import MatrixStoreError
from bot.domain.marking import ENCRYPTED_FROM
from bot.domain.message import Choice, Message

log = structlog.get_logger(__name__)

MAX_EVENT = 65_536  # bytes, the whole event as the homeserver signs it
ENVELOPE = 2_000  # bytes the homeserver and the encryption add at most around the content
SAFE_KEY = re.compile(r"[A-Za-z0-9._-]{1,200}")
EVENT_ID = re.compile(r"\$\S+")
PAGE, PAGES = 100, 5  # events asked for at once when looking for a key, and how often
KEY_FIELD = "fr.tocsin.key"


class MatrixChannel:
    """Posts as the session's device."""

    def __init__(self, session: MatrixSession) -> None:
        self.session = session
        self.privacy = RoomPrivacy(session)

    async def send(self, address: str, message: Message, *, key: str) -> str:
        """Post ``message`` in room ``address`` and return its event id.

        Args:
            address: room id, ``!opaque:server``; never an alias.
            message: at most 64 KiB once encrypted and encoded (Matrix limit). ``thread``
                is the event id of the thread's first message.
            key: used as transaction id: for about a day the homeserver posts one event
                however often the same key is sent by the same device.

        Raises:
            TransientDeliveryError: rate limited, homeserver down, or its store unusable.
            PermanentDeliveryError: not in the room, oversized, or token revoked.
            NotConfidentialError: from AMBER on, the room is not encrypted.
            UncertainDeliveryError: sent, and no answer came.

        Source: Matrix client-server API v1.11, "Sending events to a room", "Size limits",
        "Threading"; MSC3952 for ``m.mentions``.
        """
        if message.marking >= ENCRYPTED_FROM and not await self.is_encrypted(address):
            raise NotConfidentialError("the room is not encrypted")
        event_id = await self.post(address, event_content(message, key), key=key)
        await self._offer(address, event_id, message.choices, key)
        return event_id

    async def post(self, address: str, content: dict[str, Any], *, key: str) -> str:
        """Post the content of an ``m.room.message`` once for ``key``; return its event id."""
        try:
            await self._prepare(address, content)
        except UncertainDeliveryError as error:  # nothing was said yet
            raise TransientDeliveryError(str(error)) from None
        answer = await self.session.ask(
            self.session.client.room_send(
                address,
                "m.room.message",
                content,
                tx_id=transaction_id(key),
                ignore_unverified_devices=True,  # a new device of an RSSI must read too
            )
        )
        return str(answer.event_id)

    async def is_encrypted(self, address: str) -> bool:
        """Whether a room protects what is said there, as its homeserver says now.

        Raises:
            TransientDeliveryError: it cannot be known now.
            PermanentDeliveryError: the bot is not in the room.
        """
        try:
            await started(self.session)
            return await self.privacy.encrypted(address)
        except UncertainDeliveryError as error:  # asking changes nothing
            raise TransientDeliveryError(str(error)) from None

    async def find(self, address: str, *, key: str) -> str | None:
        """The event already posted under ``key``, among the room's last five hundred.

        The transaction id makes a second send invisible for about a day; this is for an
        attempt that is older, or that another device of the bot made: the key is in the
        content too, where this device can decrypt it.

        Raises:
            TransientDeliveryError: the homeserver could not be asked.
        """
        await started(self.session)
        client = self.session.client
        start: str | None = None  # from the end of the room: the sync may not have it yet
        for _ in range(PAGES):
            try:
                page = await self.session.ask(client.room_messages(address, start, limit=PAGE))
            except PermanentDeliveryError:  # sending will say why
                return None
            except UncertainDeliveryError as error:
                raise TransientDeliveryError(str(error)) from None
            for event in page.chunk:
                ours = event.sender == client.user_id
                if ours and event.source.get("content", {}).get(KEY_FIELD) == key:
                    return str(event.event_id)
            if not page.end or page.end == start:
                return None
            start = page.end
        return None

    async def close(self) -> None:
        """Close the session; whoever shares it must be done with it."""
        await self.session.close()

    async def _prepare(self, address: str, content: dict[str, Any]) -> None:
        """Everything that comes before the message itself."""
        await started(self.session)
        room = await self.session.room(address)
        if (size := event_size(content, encrypted=room.encrypted)) > MAX_EVENT:
            raise PermanentDeliveryError(f"event of {size} bytes; the limit is {MAX_EVENT}")
        await self.session.make_readable(room)

    async def _offer(
        self, address: str, event_id: str, choices: tuple[Choice, ...], key: str
    ) -> None:
        """Post the first answers as reactions, to be tapped. The message is there already:
        if one cannot be posted the words remain."""
        offered = [choice for choice in choices if choice.emoji][: self.session.options.reactions]
        for number, choice in enumerate(offered):
            relation = {"rel_type": "m.annotation", "event_id": event_id, "key": choice.emoji}
            try:
                await self.session.ask(
                    self.session.client.room_send(
                        address,
                        "m.reaction",
                        {"m.relates_to": relation},
                        tx_id=transaction_id(f"{key}.{number}"),
                        ignore_unverified_devices=True,
                    )
                )
            except (TransientDeliveryError, PermanentDeliveryError) as error:
                log.warning("matrix_reaction", room=address, reason=str(error))
                return
            except UncertainDeliveryError as error:
                log.warning("matrix_reaction", room=address, reason=str(error))


async def started(session: MatrixSession) -> None:
    """Start the session if it is not; a store that cannot be used is an operator's matter.

    Raises:
        TransientDeliveryError: the store or the homeserver cannot be used now.
        PermanentDeliveryError: the account is refused.
    """
    try:
        await session.start()
    except MatrixStoreError as error:
        raise TransientDeliveryError(str(error)) from None


def transaction_id(key: str) -> str:
    """A key as it can stand in a URL."""
    return key if SAFE_KEY.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()


def event_content(message: Message, key: str) -> dict[str, Any]:
    """The content of the event. ``m.text``: clients notify nobody of an ``m.notice``."""
    content: dict[str, Any] = {
        "msgtype": "m.text",
        "body": message.text,
        "m.mentions": {},  # "@room" in a bulletin must wake nobody
        KEY_FIELD: key,
    }
    if message.html:
        content |= {"format": "org.matrix.custom.html", "formatted_body": message.html}
    if EVENT_ID.fullmatch(message.thread):
        content["m.relates_to"] = thread_relation(message.thread)
    return content


def thread_relation(root: str) -> dict[str, Any]:
    """In the thread that ``root`` opened; an answer to it for clients without threads."""
    return {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": root},
    }


def event_size(content: dict[str, Any], *, encrypted: bool) -> int:
    """Bytes of the event, from above.

    Before it encrypts, nio writes every accented letter as six characters (``\\u00e9``);
    the ciphertext is then written in base64, a third longer. A plain event is UTF-8.
    """
    if encrypted:
        return ENVELOPE + -(-len(json.dumps(content)) // 3) * 4
    return ENVELOPE + len(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
