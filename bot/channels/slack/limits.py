"""What Slack accepts at most, checked before anything is sent.

Slack answers ``invalid_blocks`` without saying which; here the block is named. The SDK's
own models check some of this, but only when they are built from its classes.

Source: docs.slack.dev, "Block Kit" reference: blocks, elements, composition objects, views.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MAX_TEXT = 40_000  # characters of chat.postMessage's text; longer is cut by Slack
MAX_MESSAGE_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_VIEW_TITLE = 24
MAX_PRIVATE_METADATA = 3_000
MAX_VALUE = 2_000  # of a button
MAX_ID = 255  # action_id, block_id, callback_id
TEXTS = {"section": 3_000, "header": 150, "context": 3_000, "input": 2_000}
ELEMENT_TEXTS = {"button": 75, "placeholder": 150, "option": 75}
AT_MOST = {"actions": 25, "context": 10, "fields": 10, "static_select": 100, "radio_buttons": 10}
MESSAGE_BLOCKS = {"section", "header", "divider", "context", "actions", "image"}
VIEW_BLOCKS = MESSAGE_BLOCKS | {"input"}


def message_faults(text: str, blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why Slack would refuse this message; empty when it would not."""
    faults = [] if text.strip() or blocks else ["neither text nor blocks"]
    if len(text) > MAX_TEXT:
        faults.append(f"text of {len(text)} characters, limit {MAX_TEXT}")
    return [*faults, *_blocks(blocks, MAX_MESSAGE_BLOCKS, MESSAGE_BLOCKS)]


def view_faults(view: Mapping[str, Any]) -> list[str]:
    """Why Slack would refuse to open this modal; empty when it would not."""
    faults: list[str] = []
    for part in ("title", "submit", "close"):
        if part in view:
            faults += _text(view[part], MAX_VIEW_TITLE, part)
    if len(view.get("private_metadata", "")) > MAX_PRIVATE_METADATA:
        faults.append(f"private_metadata over {MAX_PRIVATE_METADATA} characters")
    return [*faults, *_blocks(view.get("blocks", ()), MAX_VIEW_BLOCKS, VIEW_BLOCKS)]


def _blocks(blocks: Sequence[Mapping[str, Any]], limit: int, known: set[str]) -> Iterator[str]:
    if len(blocks) > limit:
        yield f"{len(blocks)} blocks, limit {limit}"
    for number, block in enumerate(blocks, start=1):
        kind = block.get("type")
        where = f"block {number} ({kind})"
        if kind not in known:
            yield f"{where}: unknown type"
            continue
        for fault in _block(block):
            yield f"{where}: {fault}"


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    kind = str(block["type"])
    if len(block.get("block_id", "")) > MAX_ID:
        yield f"block_id over {MAX_ID} characters"
    if kind in {"section", "header"} and "text" in block:
        yield from _text(block["text"], TEXTS[kind], "text")
    elif kind == "header" or (kind == "section" and not block.get("fields")):
        yield "no text"
    fields = block.get("fields", ())
    yield from _count(fields, "fields", at_least=0)
    for field in fields:
        yield from _text(field, 2_000, "field")
    if kind == "context":
        yield from _count(block.get("elements", ()), "context")
        for element in block.get("elements", ()):
            yield from _text(element, TEXTS[kind], "text")
    if kind == "actions":
        yield from _count(block.get("elements", ()), "actions")
        for element in block.get("elements", ()):
            yield from _element(element)
    if kind == "input":
        yield from _text(block.get("label", {}), TEXTS[kind], "label")
        yield from _element(block.get("element", {}))


def _element(element: Mapping[str, Any]) -> Iterator[str]:
    if len(element.get("action_id", "")) > MAX_ID:
        yield f"action_id over {MAX_ID} characters"
    if len(element.get("value", "")) > MAX_VALUE:
        yield f"value over {MAX_VALUE} characters"
    if element.get("type") == "button":
        yield from _text(element.get("text", {}), ELEMENT_TEXTS["button"], "button")
    if "placeholder" in element:
        yield from _text(element["placeholder"], ELEMENT_TEXTS["placeholder"], "placeholder")
    if element.get("type") in {"static_select", "radio_buttons"}:
        yield from _count(element.get("options", ()), element["type"])
        for option in element.get("options", ()):
            yield from _text(option.get("text", {}), ELEMENT_TEXTS["option"], "option")


def _count(items: Sequence[object], name: str, *, at_least: int = 1) -> Iterator[str]:
    if not at_least <= len(items) <= AT_MOST[name]:
        yield f"{len(items)} in {name}, {at_least} to {AT_MOST[name]} accepted"


def _text(text: Mapping[str, Any], limit: int, name: str) -> Iterator[str]:
    length = len(text.get("text", ""))
    if not 1 <= length <= limit:
        yield f"{name} of {length} characters, 1 to {limit} accepted"
