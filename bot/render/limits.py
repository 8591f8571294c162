"""What each channel accepts at most, and how a message is shortened to it, saying so."""

from __future__ import annotations

import json
import re
from typing import Any

# What Slack documents in its reference of blocks and of composition objects
SLACK_BLOCKS = 50
SLACK_HEADER = 150
SLACK_SECTION = 3_000
SLACK_FIELD = 2_000
SLACK_CONTEXT = 2_000
SLACK_BUTTON = 75
SLACK_OPTION = 75
SLACK_TEXT = 3_900  # of a message without blocks; Slack advises 4,000
# An event is 65,536 bytes at most; encryption writes it in base64, a third longer, in an
# envelope of about 1 KB (Matrix client-server API, "Size limits").
MATRIX_BYTES = 44_000
MAIL_CHARACTERS = 200_000  # far below any relay's limit, far above what is read

TORN = re.compile(r"&\w{0,4}$")  # half an entity


def cut(text: str, limit: int, ending: str) -> str:
    """``text`` if it fits, else its beginning followed by ``ending``: ``limit`` characters.

    Cuts between words where it can, and never inside an escaped character.
    """
    if len(text) <= limit:
        return text
    kept = text[: max(0, limit - len(ending) - 1)]
    blank = max(kept.rfind(" "), kept.rfind("\n"))
    if blank > len(kept) // 2:
        kept = kept[:blank]
    return f"{TORN.sub('', kept).rstrip()}\n{ending}"[:limit]


def cut_bytes(text: str, limit: int, ending: str) -> str:
    """The same, where the limit counts bytes of JSON."""
    if json_bytes(text) <= limit:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        if json_bytes(cut(text, middle, ending)) <= limit:
            low = middle
        else:
            high = middle - 1
    return cut(text, low, ending)


def json_bytes(*texts: str) -> int:
    """How many bytes the texts take in an event, before encryption: an accented letter is
    then written in six (``\\u00e9``)."""
    return sum(len(json.dumps(text)) for text in texts)


def fit_matrix(text: str, html: str, ending: str) -> tuple[str, str]:
    """Text and HTML that fit one encrypted event; the HTML goes first, as a whole."""
    if json_bytes(text, html) <= MATRIX_BYTES:
        return text, html
    return cut_bytes(text, MATRIX_BYTES, ending), ""


def fit_slack(blocks: list[dict[str, Any]], ending: str) -> list[dict[str, Any]]:
    """Shorten the blocks where they are, and keep no more of them than a message takes.

    The last block (the answers, or how to check the message) is always kept.
    """
    fitted = [_fit_block(block, ending) for block in blocks]
    if len(fitted) <= SLACK_BLOCKS:
        return fitted
    note = {"type": "context", "elements": [{"type": "mrkdwn", "text": ending, "verbatim": True}]}
    return [*fitted[: SLACK_BLOCKS - 3], note, *fitted[-2:]]


def _fit_block(block: dict[str, Any], ending: str) -> dict[str, Any]:
    """Shorten the texts of one block in place, and return it."""
    if block["type"] == "header":
        _fit_text(block["text"], SLACK_HEADER, "…")
    elif block["type"] == "section":
        if "text" in block:
            _fit_text(block["text"], SLACK_SECTION, ending)
        for field in block.get("fields", ()):
            _fit_text(field, SLACK_FIELD, ending)
    elif block["type"] == "context":
        for element in block["elements"]:
            _fit_text(element, SLACK_CONTEXT, ending)
    elif block["type"] == "actions":
        for element in block["elements"]:
            for option in element.get("options", ()):
                _fit_text(option["text"], SLACK_OPTION, "…")
            _fit_text(element.get("text", element.get("placeholder")), SLACK_BUTTON, "…")
    return block


def _fit_text(text: dict[str, Any], limit: int, ending: str) -> None:
    if len(text["text"]) > limit:
        text["text"] = cut(text["text"], limit, ending)
