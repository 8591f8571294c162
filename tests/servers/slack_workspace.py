"""What a Slack workspace remembers and refuses, without a socket."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.slack_rules import faults_in_message, faults_in_view

TRIGGER_LIVES = 3.0  # seconds
BOT_TOKEN = "xoxb-0123456789-double"
APP_TOKEN = "xapp-1-A0123456-double"
BOT_USER = "U0TOCSIN"


class Refused(Exception):  # noqa: N818  (what Slack answers, not a fault of the double)
    """An answer with ``ok: false``."""


@dataclass(slots=True)
class Workspace:
    """Channels, people, messages and views, and what each method does to them."""

    channels: dict[str, str] = field(
        default_factory=lambda: {"C0ALERTES": "alertes", "C0SSI": "ssi"}
    )
    messages: list[dict[str, Any]] = field(default_factory=list)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    view_history: list[dict[str, Any]] = field(default_factory=list)
    ephemeral: list[dict[str, Any]] = field(default_factory=list)
    members: dict[str, set[str]] = field(default_factory=dict)  # of private channels
    pins: list[tuple[str, str]] = field(default_factory=list)
    missing_scopes: set[str] = field(default_factory=set)
    refuse_everything: str = ""
    seconds_per_message: float = 0.0  # between two messages to one channel; 0: no limit
    refused_early: int = 0
    _latest: dict[str, float] = field(default_factory=dict)
    _triggers: dict[str, float] = field(default_factory=dict)
    _clock: int = 1_770_000_000
    _posted: asyncio.Event = field(default_factory=asyncio.Event)

    def too_early(self, method: str, arguments: dict[str, Any]) -> bool:
        """Whether a message comes sooner than the channel's limit allows."""
        if not self.seconds_per_message or method != "chat.postMessage":
            return False
        channel, now = str(arguments.get("channel", "")), time.monotonic()
        if now < self._latest.get(channel, now - 60) + self.seconds_per_message:
            self.refused_early += 1
            return True
        self._latest[channel] = now
        return False

    async def answer(self, method: str, arguments: dict[str, Any], token: str) -> dict[str, Any]:
        """What Slack answers to a call."""
        handlers: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "auth.test": self._auth_test,
            "apps.connections.open": self._open_connection,
            "chat.postMessage": self._post_message,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update_message,
            "conversations.history": self._history,
            "conversations.replies": self._history,
            "conversations.create": self._create_channel,
            "conversations.invite": self._invite,
            "conversations.list": self._list_channels,
            "conversations.setTopic": self._set_topic,
            "pins.add": self._pin,
            "views.open": self._open_view,
            "views.update": self._update_view,
        }
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        try:
            if self.refuse_everything:
                raise Refused(self.refuse_everything)
            if not token:
                raise Refused("not_authed")
            if token != wanted:
                raise Refused("invalid_auth")
            if method in self.missing_scopes:
                raise Refused("missing_scope")
            if method not in handlers:
                raise Refused("unknown_method")
            return {"ok": True, **await handlers[method](arguments)}
        except Refused as refusal:
            return {"ok": False, "error": str(refusal)}

    async def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "user_id": BOT_USER,
            "bot_id": "B0TOCSIN",
            "team_id": "T0SANTE",
            "url": "https://x/",
        }

    async def _open_connection(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.open_socket()}

    def open_socket(self) -> str:
        """A WebSocket's address; the double that listens says which."""
        raise Refused("too_many_websockets")

    def _channel(self, arguments: dict[str, Any]) -> str:
        channel = str(arguments.get("channel", ""))
        if channel not in self.channels:
            raise Refused("channel_not_found")
        return channel

    def _check_body(self, arguments: dict[str, Any]) -> None:
        if not arguments.get("text") and not arguments.get("blocks"):
            raise Refused("no_text")
        if len(arguments.get("text") or "") > 40_000:
            raise Refused("msg_too_long")
        if faults_in_message(arguments.get("blocks") or []):
            raise Refused("invalid_blocks")

    async def _post_message(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(arguments)
        self._check_body(arguments)
        thread = arguments.get("thread_ts")
        if thread and not any(message["ts"] == thread for message in self.messages):
            raise Refused("thread_not_found")
        self._clock += 1
        message = {**arguments, "channel": channel, "ts": f"{self._clock}.000100", "user": BOT_USER}
        self.messages.append(message)
        self._posted.set()
        return {"channel": channel, "ts": message["ts"], "message": message}

    async def _post_ephemeral(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._channel(arguments)
        self._check_body(arguments)
        self.ephemeral.append(arguments)
        return {"message_ts": f"{self._clock}.000200"}

    async def _update_message(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(arguments)
        self._check_body(arguments)
        for message in self.messages:
            if message["channel"] == channel and message["ts"] == arguments.get("ts"):
                message.update(arguments)
                return {"channel": channel, "ts": message["ts"]}
        raise Refused("message_not_found")

    async def _history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, thread = self._channel(arguments), arguments.get("ts")
        with_metadata = str(arguments.get("include_all_metadata", "")).lower() in {"true", "1"}
        oldest = float(arguments.get("oldest") or 0)
        found = [
            message if with_metadata else {k: v for k, v in message.items() if k != "metadata"}
            for message in self.messages
            if message["channel"] == channel
            and float(message["ts"]) >= oldest
            and (not thread or thread in (message["ts"], message.get("thread_ts")))
            and (thread or not message.get("thread_ts"))
        ]
        limit = int(arguments.get("limit") or 100)
        return {"messages": found[::-1][:limit], "has_more": len(found) > limit}

    async def _create_channel(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name = str(arguments.get("name", ""))
        if not re.fullmatch(r"[a-z0-9_-]{1,80}", name):
            raise Refused("invalid_name")
        if name in self.channels.values():
            raise Refused("name_taken")
        identifier = f"C{len(self.channels):09}"
        self.channels[identifier] = name
        self.members[identifier] = {BOT_USER}
        return {"channel": {"id": identifier, "name": name, "is_private": True}}

    async def _list_channels(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if arguments.get("types") != "private_channel":
            raise Refused("invalid_types")
        found = [{"id": id_, "name": self.channels[id_]} for id_ in self.members]
        return {"channels": found, "response_metadata": {"next_cursor": ""}}

    async def _invite(self, arguments: dict[str, Any]) -> dict[str, Any]:
        members = self.members.setdefault(self._channel(arguments), {BOT_USER})
        user = str(arguments.get("users", ""))
        if user in members:
            raise Refused("already_in_channel")
        if not re.fullmatch(r"U[A-Z0-9]+", user):
            raise Refused("user_not_found")
        members.add(user)
        return {"channel": {"id": arguments["channel"]}}

    async def _set_topic(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if len(str(arguments.get("topic", ""))) > 250:
            raise Refused("too_long")
        return {"channel": {"id": self._channel(arguments)}}

    async def _pin(self, arguments: dict[str, Any]) -> dict[str, Any]:
        pin = (self._channel(arguments), str(arguments.get("timestamp", "")))
        if pin in self.pins:
            raise Refused("already_pinned")
        if not any((m["channel"], m["ts"]) == pin for m in self.messages):
            raise Refused("message_not_found")
        self.pins.append(pin)
        return {}

    async def _open_view(self, arguments: dict[str, Any]) -> dict[str, Any]:
        opened = self._triggers.pop(str(arguments.get("trigger_id", "")), None)
        if opened is None:
            raise Refused("invalid_trigger_id")
        if time.monotonic() - opened > TRIGGER_LIVES:
            raise Refused("expired_trigger_id")
        return self._keep_view(f"V{uuid.uuid4().hex[:10].upper()}", arguments)

    async def _update_view(self, arguments: dict[str, Any]) -> dict[str, Any]:
        identifier = str(arguments.get("view_id", ""))
        if identifier not in self.views:
            raise Refused("not_found")
        return self._keep_view(identifier, arguments)

    def _keep_view(self, identifier: str, arguments: dict[str, Any]) -> dict[str, Any]:
        view = arguments.get("view")
        view = json.loads(view) if isinstance(view, str) else dict(view or {})
        if faults_in_view(view):
            raise Refused("invalid_arguments")
        kept = {**view, "id": identifier, "hash": uuid.uuid4().hex}
        self.views[identifier] = kept
        self.view_history.append(kept)
        return {"view": kept}
