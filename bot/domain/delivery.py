"""The outbox's rules: what identifies a delivery, when it is tried again, when it is given up."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.message import ChannelName, Message


class DeliveryState(StrEnum):
    """``due → leased → delivered | due again | uncertain | dead``.

    ``uncertain`` is due too, but the peer is first asked whether it has the message.
    ``held`` was to be sent when a backup was made, and waits for the operator's word;
    ``dropped`` was given up by the operator.
    """

    DUE = "due"
    LEASED = "leased"
    DELIVERED = "delivered"
    UNCERTAIN = "uncertain"
    DEAD = "dead"
    HELD = "held"
    DROPPED = "dropped"


class DeliveryKind(StrEnum):
    """Why a message is sent."""

    ALERT = "alert"
    REVISION = "revision"
    REMINDER = "reminder"
    FORWARD = "forward"  # to the prestataire, what somebody passes on
    DISAGREEMENT = "disagreement"  # two people answered the contrary of each other
    DIGEST = "digest"
    INITIAL = "initial"
    CAMPAIGN = "campaign"
    INCIDENT_ROOM = "incident-room"  # not a message: the room itself
    INCIDENT = "incident"  # the summary, in that room
    INCIDENT_PIN = "incident-pin"  # not a message: the summary pinned
    INCIDENT_AUTHORITY = "incident-authority"
    INCIDENT_CERT = "incident-cert"
    SILENCES = "silences"  # to an authority: who has not answered
    ALARM = "alarm"  # to the operator, about Tocsin itself
    REPLY = "reply"  # to a mail that somebody wrote
    INCIDENT_DECLARANT = "incident-declarant"  # something failed, and no room says it


class Withheld(StrEnum):
    """Why a neutral notice went in place of a message."""

    CEILING = "ceiling"  # the destination's ceiling was lowered since it was written
    NOT_ENCRYPTED = "not-encrypted"  # the room does not protect what it would receive


@dataclass(frozen=True, slots=True)
class Address:
    """One destination, or the account a person speaks from."""

    channel: ChannelName
    address: str

    @classmethod
    def mailbox(cls, address: str) -> Address:
        """A mail address."""
        return cls(ChannelName.EMAIL, address)

    @classmethod
    def read(cls, written: str) -> Address:
        """Read ``channel:address``, as configurations write it.

        Raises:
            ValueError: no such channel.
        """
        channel, _, address = written.partition(":")
        return cls(ChannelName(channel), address)


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A message to be written in the outbox.

    ``occurrence`` tells apart two messages that say the same thing on purpose (a
    reminder, a weekly digest); everything else alike is one delivery.
    """

    kind: DeliveryKind
    subject_id: uuid.UUID
    subject: str
    to: Address
    message: Message
    trace_id: str
    facility_id: int | None = None
    occurrence: str = ""
    content: str = ""  # digest of what is said; the message's text when empty
    not_before: datetime | None = None  # it waits until then, for people's quiet hours

    @property
    def key(self) -> str:
        """SHA-256 (hex): the Matrix transaction id, and the local part of the Message-ID."""
        content = self.content or self.message.text
        parts = (self.kind, str(self.subject_id), content, self.occurrence, *self._destination)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    @property
    def _destination(self) -> tuple[str, str]:
        return (self.to.channel, self.to.address)


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery that one worker may send until ``until``, and record under ``token``."""

    delivery_id: uuid.UUID
    token: uuid.UUID
    key: str
    kind: DeliveryKind
    subject_id: uuid.UUID
    to: Address
    message: Message
    attempts: int  # this one included
    created_at: datetime
    uncertain: bool  # an earlier attempt may have been delivered
    trace_id: str
    subject: str = ""  # speakable reference
    withheld: Withheld | None = None  # the message is the notice that goes instead


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try again: ``first`` doubled at each failure up to ``longest``; after
    ``give_up`` the delivery is dead."""

    first: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(hours=1)
    give_up: timedelta = timedelta(days=5)  # Postfix's default queue life

    def next_attempt(
        self,
        lease: Lease,
        *,
        now: datetime,
        jitter: float,
        retry_after: timedelta | None = None,
    ) -> datetime | None:
        """When to try again, or None when the delivery is too old to be tried again.

        Args:
            jitter: between 0 and 1; spreads the attempts over the upper half of the delay.
            retry_after: what the peer asked for: never sooner than that.
        """
        if now - lease.created_at >= self.give_up:
            return None
        doublings = min(lease.attempts - 1, 32)
        delay = min(self.first * (1 << doublings), self.longest) * (0.5 + jitter / 2)
        return now + max(delay, retry_after or timedelta())
