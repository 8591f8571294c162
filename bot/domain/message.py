"""A rendered message: what one address receives, in the forms its channel may need."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from feeds.advisory import Pap, Tlp


class ChannelName(StrEnum):
    """The ways out."""

    MATRIX = "matrix"
    SLACK = "slack"
    EMAIL = "email"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer offered with a message: a button in Slack, a reaction or a word elsewhere.

    ``value`` travels back unchanged (``ALR-2026-0412:taken``); ``emoji`` is the reaction;
    ``hint`` says what to write after the word: "(date)".
    """

    word: str
    label: str
    value: str
    emoji: str = ""
    style: str = ""  # "", "primary" or "danger"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail (a notice to print). ``content`` is UTF-8 text."""

    name: str
    media_type: str
    content: str


@dataclass(frozen=True, slots=True)
class RoomRequest:
    """Asks for a private room rather than for a message in one.

    ``name`` and ``topic`` are not encrypted everywhere: a reference, never a facility.
    ``invited`` are accounts of the channel.
    """

    name: str
    topic: str
    invited: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. Rendered once, when the delivery row is written, and kept with it.

    Args:
        subject: one line; for a mail above TLP:GREEN it carries no content.
        text: plain text; the fallback of every channel.
        html: sanitised HTML for Matrix and mail; empty when there is none.
        blocks: Slack Block Kit blocks; empty when there are none.
        marking: the message's own marking, which may be above the bulletin's.
        choices: answers offered.
        thread: receipt of the first message of the same thread at the same address.
        awareness: a campaign or reminder, from which one may unsubscribe.
        room: the room to open instead of posting; the receipt then is the room's.
        pin: receipt of the message to pin instead of posting.
        pap: the bulletin's PAP, checked again when the message is sent.
        link: stands, in text and HTML, where the mail's own token of an answer link goes.
    """

    subject: str
    text: str
    html: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    marking: Tlp = Tlp.CLEAR
    choices: tuple[Choice, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    thread: str = ""
    language: str = "fr"
    awareness: bool = False
    room: RoomRequest | None = None
    pin: str = ""
    pap: Pap = Pap.CLEAR
    link: str = ""

    def to_json(self) -> dict[str, Any]:
        """The message as plain JSON values; :meth:`from_json` reads it back.

        Field by field: ``dataclasses.asdict`` copies every block, and a national alerte
        has thousands of messages.
        """
        values = {name: getattr(self, name) for name in _FIELDS}
        values["marking"] = int(self.marking)
        values["pap"] = int(self.pap)
        values["blocks"] = list(self.blocks)
        values["choices"] = [
            {name: getattr(choice, name) for name in _CHOICE_FIELDS} for choice in self.choices
        ]
        values["attachments"] = [dataclasses.asdict(item) for item in self.attachments]
        values["room"] = dataclasses.asdict(self.room) if self.room else None
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote, this version's or an older one's."""
        room = values.get("room")
        return cls(
            **{
                **values,
                "marking": Tlp(values["marking"]),
                "pap": Pap(values.get("pap", Pap.CLEAR)),
                "blocks": tuple(values["blocks"]),
                "choices": tuple(Choice(**choice) for choice in values["choices"]),
                "attachments": tuple(Attachment(**item) for item in values["attachments"]),
                "room": RoomRequest(room["name"], room["topic"], tuple(room["invited"]))
                if room
                else None,
            }
        )


_FIELDS = tuple(field.name for field in dataclasses.fields(Message))
_CHOICE_FIELDS = tuple(field.name for field in dataclasses.fields(Choice))
