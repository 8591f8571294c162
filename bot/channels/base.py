"""What a channel is, and the three ways in which it can fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.domain.message import Message


class DeliveryError(Exception):
    """A message that was not delivered. The text never quotes a token, a URL or a body."""


class TransientDeliveryError(DeliveryError):
    """Worth retrying, no sooner than ``retry_after`` when the peer said so."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class PostponedDeliveryError(TransientDeliveryError):
    """Not this message's turn: the peer was not asked, and this was no attempt."""

    def __init__(self, reason: str, *, wait: timedelta) -> None:
        super().__init__(reason, retry_after=wait)
        self.wait = wait


class PermanentDeliveryError(DeliveryError):
    """The peer will never accept this message at this address: nobody should retry."""


class NotConfidentialError(PermanentDeliveryError):
    """The address does not protect a message of that marking: nothing was sent."""


class UncertainDeliveryError(DeliveryError):
    """The message left and no answer came: it may have been delivered, or not."""


class Channel(Protocol):
    """One way out."""

    async def send(self, address: str, message: Message, *, key: str) -> str:
        """Send ``message`` to ``address`` and return the peer's receipt.

        Args:
            address: room id, channel id or mailbox.
            message: rendered; refused with :class:`PermanentDeliveryError` when larger
                than the channel's limit.
            key: idempotency key: the same key is the same message, however often sent.

        Raises:
            TransientDeliveryError: rate limited, or a fault of the peer.
            PermanentDeliveryError: unknown address, revoked token, oversized body.
            UncertainDeliveryError: sent, and the connection broke before an answer.
        """
        ...

    async def find(self, address: str, *, key: str) -> str | None:
        """The receipt of a message already sent under ``key``, if the peer can tell.

        Asked before an uncertain send is tried again. A channel whose peer recognises
        keys by itself (Matrix, mail) answers ``None``: sending again is then harmless.

        Raises:
            TransientDeliveryError: the peer could not be asked.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@dataclass(frozen=True, slots=True)
class OpenedRoom:
    """A room that exists. ``refused``: the accounts that could not be asked in."""

    address: str
    refused: tuple[str, ...] = ()


class Rooms(Protocol):
    """A channel on which private rooms can be opened, for an incident."""

    async def open_room(
        self, name: str, *, topic: str, invited: Sequence[str], key: str
    ) -> OpenedRoom:
        """Open a private room and ask people in; encrypted where the channel can.

        Args:
            name: shown in lists of rooms and, on Matrix, read by the homeserver: a
                reference (``INC-2026-0007``), never a facility or a host.
            topic: one line, with the same reserve.
            invited: accounts of the channel; one that cannot be asked in is returned in
                ``refused`` and stops nothing.
            key: the same key gives the same room, however often it is asked for.

        Raises:
            TransientDeliveryError, PermanentDeliveryError, UncertainDeliveryError
        """
        ...

    async def pin(self, address: str, receipt: str) -> None:
        """Pin a message of that room; pinned already is pinned.

        Raises:
            TransientDeliveryError, PermanentDeliveryError, UncertainDeliveryError
        """
        ...
