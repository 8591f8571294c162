"""What Slack refuses in blocks and views, written from its reference and not from ours.

Source: docs.slack.dev, reference of blocks, block elements, composition objects and views.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
BLOCKS = {
    "section",
    "header",
    "divider",
    "context",
    "actions",
    "image",
    "input",
    "rich_text",
}
ELEMENTS = {
    "button",
    "static_select",
    "radio_buttons",
    "plain_text_input",
    "overflow",
    "datepicker",
    "checkboxes",
}


def faults_in_message(blocks: object) -> list[str]:
    """Why a message's blocks are refused; empty when they are not."""
    if not isinstance(blocks, list):
        return ["blocks is not a list"]
    faults = list(_blocks(blocks, MESSAGE_BLOCKS))
    faults += ["input in a message" for block in blocks if block.get("type") == "input"]
    return faults


def faults_in_view(view: dict[str, Any]) -> list[str]:
    """Why a view is refused; empty when it is not."""
    faults = list(_text(view.get("title"), 24, "title", kinds={"plain_text"}))
    for name in ("submit", "close"):
        if name in view:
            faults += _text(view[name], 24, name, kinds={"plain_text"})
    if view.get("type") != "modal":
        faults.append("type is not modal")
    if len(view.get("private_metadata", "")) > 3000:
        faults.append("private_metadata over 3000")
    if len(view.get("callback_id", "")) > 255:
        faults.append("callback_id over 255")
    blocks = view.get("blocks", [])
    if any(block.get("type") == "input" for block in blocks) and "submit" not in view:
        faults.append("input without submit")
    return [*faults, *_blocks(blocks, VIEW_BLOCKS)]


def _blocks(blocks: list[dict[str, Any]], limit: int) -> Iterator[str]:
    if len(blocks) > limit:
        yield f"{len(blocks)} blocks, limit {limit}"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) < len(ids):
        yield "a block_id twice"
    for block in blocks:
        kind = block.get("type")
        if kind not in BLOCKS:
            yield f"unknown block {kind}"
        if len(block.get("block_id", "")) > 255:
            yield "block_id over 255"
        yield from _one(block, str(kind))


def _one(block: dict[str, Any], kind: str) -> Iterator[str]:
    if kind == "section":
        fields = block.get("fields", [])
        if "text" not in block and not fields:
            yield "section without text or fields"
        if "text" in block:
            yield from _text(block["text"], 3000, "section text")
        if len(fields) > 10:
            yield "over 10 fields"
        for text in fields:
            yield from _text(text, 2000, "field")
        if "accessory" in block:
            yield from _element(block["accessory"])
    elif kind == "header":
        yield from _text(block.get("text"), 150, "header", kinds={"plain_text"})
    elif kind == "context":
        elements = block.get("elements", [])
        if not 1 <= len(elements) <= 10:
            yield "context wants 1 to 10 elements"
        for element in elements:
            yield from _text(element, 3000, "context")
    elif kind == "actions":
        elements = block.get("elements", [])
        if not 1 <= len(elements) <= 25:
            yield "actions wants 1 to 25 elements"
        actions = [element.get("action_id") for element in elements if "action_id" in element]
        if len(set(actions)) < len(actions):
            yield "an action_id twice in a block"
        for element in elements:
            yield from _element(element)
    elif kind == "input":
        yield from _text(block.get("label"), 2000, "label", kinds={"plain_text"})
        if "hint" in block:
            yield from _text(block["hint"], 2000, "hint", kinds={"plain_text"})
        yield from _element(block.get("element", {}))


def _element(element: dict[str, Any]) -> Iterator[str]:
    kind = element.get("type")
    if kind not in ELEMENTS:
        yield f"unknown element {kind}"
    if len(element.get("action_id", "")) > 255:
        yield "action_id over 255"
    if kind == "button":
        yield from _text(element.get("text"), 75, "button", kinds={"plain_text"})
        if len(element.get("value", "")) > 2000:
            yield "button value over 2000"
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield "unknown style"
    if "placeholder" in element:
        yield from _text(element["placeholder"], 150, "placeholder", kinds={"plain_text"})
    limit = 10 if kind == "radio_buttons" else 100
    options = element.get("options", [])
    if kind in {"static_select", "radio_buttons"} and not 1 <= len(options) <= limit:
        yield f"{kind} wants 1 to {limit} options"
    for option in options:
        yield from _text(option.get("text"), 75, "option")
        if not 1 <= len(option.get("value", "")) <= 150:
            yield "option value wants 1 to 150 characters"
    if kind == "plain_text_input" and element.get("max_length", 1) > 3000:
        yield "max_length over 3000"


def _text(
    text: object, limit: int, name: str, *, kinds: frozenset[str] | set[str] = frozenset()
) -> Iterator[str]:
    if not isinstance(text, dict):
        yield f"{name} is not a text object"
        return
    if text.get("type") not in (kinds or {"plain_text", "mrkdwn"}):
        yield f"{name} is {text.get('type')}"
    if not 1 <= len(text.get("text", "")) <= limit:
        yield f"{name} wants 1 to {limit} characters"
