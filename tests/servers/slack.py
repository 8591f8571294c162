"""A double of Slack over real sockets: Web API, Socket Mode, signed commands.

It refuses what Slack refuses and keeps what it gets. It is not Slack: what only the real
service does (its own retries, its moderation, its clients' rendering) is not shown here.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientResponse, ClientSession, WSMsgType, web

from tests.servers.slack_rules import faults_in_message, faults_in_view

ACK_WITHIN = 3.0  # seconds, then the person reads "operation_timeout"
TRIGGER_LIVES = 3.0  # seconds
BOT_TOKEN = "xoxb-0123456789-double"
APP_TOKEN = "xapp-1-A0123456-double"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT_USER = "U0TOCSIN"


@dataclass(frozen=True, slots=True)
class Fault:
    """What the next call of a method gets instead of its answer.

    ``keep`` lets Slack act first: the message is posted and the answer is lost.
    """

    status: int = 200
    error: str = ""
    retry_after: int = 0
    keep: bool = False
    hang: bool = False  # no answer at all


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API, as received."""

    method: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ack:
    """What the bot answered to an envelope, and how long it took in seconds."""

    payload: dict[str, Any]
    after: float


class Refused(Exception):  # noqa: N818  (what Slack answers, not a fault of the double)
    """An answer with ``ok: false``."""


@dataclass(slots=True)
class SlackDouble:
    """A workspace with channels, people and one bot; ``async with`` it."""

    channels: dict[str, str] = field(
        default_factory=lambda: {"C0ALERTES": "alertes", "C0SSI": "ssi"}
    )
    calls: list[Call] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    view_history: list[dict[str, Any]] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)
    ephemeral: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    members: dict[str, set[str]] = field(default_factory=dict)  # of private channels
    pins: list[tuple[str, str]] = field(default_factory=list)
    missing_scopes: set[str] = field(default_factory=set)
    refuse_everything: str = ""
    port: int = 0
    _sockets: list[web.WebSocketResponse] = field(default_factory=list)
    _acks: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _triggers: dict[str, float] = field(default_factory=dict)
    _runner: web.AppRunner | None = None
    _clock: int = 1_770_000_000
    _socket_open: asyncio.Event = field(default_factory=asyncio.Event)
    _posted: asyncio.Event = field(default_factory=asyncio.Event)

    # -- running ---------------------------------------------------------------------

    async def __aenter__(self) -> SlackDouble:
        app = web.Application(client_max_size=1 << 22)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_get("/socket/{ticket}", self._socket)
        app.router.add_post("/response/{ticket}", self._response)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in self._sockets:
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """``base_url`` of a client."""
        return f"http://127.0.0.1:{self.port}/api/"

    # -- what people do --------------------------------------------------------------

    async def command(
        self, command: str, text: str = "", *, user: str = "U0RSSI", channel: str = "C0ALERTES"
    ) -> Ack:
        """Somebody types a slash command; return the bot's acknowledgement.

        Raises:
            AssertionError: no acknowledgement within three seconds.
        """
        return await self._envelope("slash_commands", self.slash(command, text, user, channel))

    async def click(
        self, message: dict[str, Any], value: str, *, user: str = "U0RSSI", action: str = ""
    ) -> Ack:
        """Somebody clicks the button of a message that carries ``value``."""
        button = next(
            element
            for block in message["blocks"]
            for element in block.get("elements", [])
            if element.get("value") == value
        )
        payload = {
            "type": "block_actions",
            "user": {"id": user, "team_id": "T0SANTE"},
            "channel": {"id": message["channel"]},
            "message": message,
            "container": {"type": "message", "message_ts": message["ts"]},
            "actions": [{**button, "action_ts": "1", "type": "button"}],
            **self._ways_back(),
        }
        return await self._envelope("interactive", payload)

    async def submit(
        self, view_id: str, values: dict[str, dict[str, Any]], *, user: str = "U0RSSI"
    ) -> Ack:
        """Somebody submits a modal; ``values`` is Slack's ``state.values``."""
        view = {**self.views[view_id], "state": {"values": values}}
        payload = {
            "type": "view_submission",
            "user": {"id": user, "team_id": "T0SANTE"},
            "team": {"id": "T0SANTE"},
            "view": view,
            **self._ways_back(),
        }
        return await self._envelope("interactive", payload)

    async def disconnect(self) -> None:
        """Tell the bot to reconnect, as Slack does every few hours."""
        self._socket_open.clear()
        for socket in list(self._sockets):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def connected(self) -> None:
        """Wait until a socket is open."""
        await asyncio.wait_for(self._socket_open.wait(), 10)

    async def posted(self, count: int) -> list[dict[str, Any]]:
        """The messages, once there are ``count`` of them."""
        async with asyncio.timeout(10):
            while len(self.messages) < count:
                self._posted.clear()
                await self._posted.wait()
        return self.messages

    def slash(self, command: str, text: str, user: str, channel: str) -> dict[str, str]:
        """The payload of a slash command."""
        return {
            "command": command,
            "text": text,
            "user_id": user,
            "user_name": user.lower(),
            "team_id": "T0SANTE",
            "channel_id": channel,
            "channel_name": self.channels.get(channel, "privategroup"),
            "api_app_id": "A0123456",
            **self._ways_back(),
        }

    async def post_signed(
        self, url: str, form: dict[str, str], *, secret: str = SIGNING_SECRET, age: float = 0
    ) -> tuple[int, str]:
        """Send a command to the bot over HTTP, signed as Slack signs; status and body."""
        body = urlencode(form)
        timestamp = str(int(time.time() - age))
        base = f"v0:{timestamp}:{body}".encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": "v0="
            + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest(),
        }
        async with ClientSession() as session:
            answer: ClientResponse = await session.post(url, data=body, headers=headers)
            return answer.status, await answer.text()

    # -- Socket Mode -----------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        await socket.send_json({"type": "hello", "num_connections": len(self._sockets)})
        self._socket_open.set()
        async for received in socket:
            if received.type is not WSMsgType.TEXT:
                continue
            answer = json.loads(received.data)
            waiting = self._acks.get(answer.get("envelope_id", ""))
            if waiting is not None and not waiting.done():
                waiting.set_result(answer.get("payload") or {})
        self._sockets.remove(socket)
        return socket

    async def _envelope(self, kind: str, payload: dict[str, Any]) -> Ack:
        await self.connected()
        identifier = str(uuid.uuid4())
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._acks[identifier] = future
        started = time.monotonic()
        await self._sockets[-1].send_json(
            {
                "envelope_id": identifier,
                "type": kind,
                "payload": payload,
                "accepts_response_payload": True,
            }
        )
        answer = await asyncio.wait_for(future, ACK_WITHIN)
        return Ack(answer, time.monotonic() - started)

    def _ways_back(self) -> dict[str, str]:
        trigger = f"{uuid.uuid4().hex}.trigger"
        self._triggers[trigger] = time.monotonic()
        response = f"http://127.0.0.1:{self.port}/response/{uuid.uuid4().hex}"
        return {"trigger_id": trigger, "response_url": response}

    async def _response(self, request: web.Request) -> web.Response:
        body = await request.json()
        if faults_in_message(body.get("blocks", [])):
            return web.Response(status=400, text="invalid_blocks")
        self.responses.append(body)
        self._posted.set()
        return web.Response(text="ok")

    # -- Web API ---------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append(Call(method, arguments))
        fault = self.faults[method].popleft() if self.faults[method] else Fault()
        if fault.keep or fault == Fault():
            answer = await self._answer(method, arguments, request)
        if fault == Fault():
            return web.json_response(answer)
        if fault.hang:
            await asyncio.sleep(30)
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
        if fault.error:
            refusal = {"ok": False, "error": fault.error}
            return web.json_response(refusal, status=fault.status, headers=headers)
        return web.Response(status=fault.status, headers=headers, text="<html>down</html>")

    async def _answer(
        self, method: str, arguments: dict[str, Any], request: web.Request
    ) -> dict[str, Any]:
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
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = token or str(arguments.get("token", ""))
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
        if len(self._sockets) >= 10:
            raise Refused("too_many_websockets")
        return {"url": f"ws://127.0.0.1:{self.port}/socket/{uuid.uuid4().hex}"}

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


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Arguments of a call, sent as JSON, form or query."""
    if request.content_type == "application/json":
        body = await request.json()
        return dict(body)
    form = {**request.query, **{k: str(v) for k, v in (await request.post()).items()}}
    decoded: dict[str, Any] = dict(form)
    for name in ("blocks", "metadata", "view"):
        if name in decoded:
            decoded[name] = json.loads(decoded[name])
    return decoded
