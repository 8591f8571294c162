"""A double of Slack over real sockets: Web API, Socket Mode, signed commands.

It refuses what Slack refuses and keeps what it gets. It is not Slack: what only the real
service does (its own retries, its moderation, its clients' rendering) is not shown here.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientResponse, ClientSession, WSMsgType, web

from tests.servers.slack_rules import faults_in_message
from tests.servers.slack_workspace import Refused, Workspace

ACK_WITHIN = 3.0  # seconds, then the person reads "operation_timeout"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


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


@dataclass(slots=True)
class SlackDouble(Workspace):
    """A workspace with channels, people and one bot; ``async with`` it."""

    calls: list[Call] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    port: int = 0
    _sockets: list[web.WebSocketResponse] = field(default_factory=list)
    _acks: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _runner: web.AppRunner | None = None
    _socket_open: asyncio.Event = field(default_factory=asyncio.Event)

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

    async def click(self, message: dict[str, Any], value: str, *, user: str = "U0RSSI") -> Ack:
        """Somebody clicks the button of a message, or the line of its menu, with ``value``."""
        payload = {
            "channel": {"id": message["channel"]},
            "message": message,
            "container": {"type": "message", "message_ts": message["ts"]},
        }
        return await self._clicked(message["blocks"], value, user, payload)

    async def click_alone(
        self, response: dict[str, Any], value: str, *, user: str = "U0RSSI"
    ) -> Ack:
        """The same in what only they see; Slack does not give its blocks back."""
        container = {"type": "message", "message_ts": "1.000200", "is_ephemeral": True}
        payload = {"channel": {"id": "C0ALERTES"}, "container": container}
        return await self._clicked(response["blocks"], value, user, payload)

    async def _clicked(
        self, blocks: list[dict[str, Any]], value: str, user: str, payload: dict[str, Any]
    ) -> Ack:
        elements = [
            element for block in blocks for element in (*block.get("elements", ()), *_beside(block))
        ]
        clicked = next(
            {**element, **chosen}
            for element in elements
            for chosen in (
                {"value": element.get("value"), "type": "button"},
                *({"selected_option": o, "type": "static_select"} for o in _options(element)),
            )
            if value in {chosen.get("value"), chosen.get("selected_option", {}).get("value")}
        )
        said = {
            "type": "block_actions",
            "user": {"id": user, "team_id": "T0SANTE"},
            "actions": [{**clicked, "action_ts": "1"}],
            **payload,
            **self._ways_back(),
        }
        return await self._envelope("interactive", said)

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

    def open_socket(self) -> str:
        """A WebSocket's address; ten at most."""
        if len(self._sockets) >= 10:
            raise Refused("too_many_websockets")
        return f"ws://127.0.0.1:{self.port}/socket/{uuid.uuid4().hex}"

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
        if self.too_early(method, arguments):
            refusal = {"ok": False, "error": "ratelimited"}
            return web.json_response(refusal, status=429, headers={"Retry-After": "1"})
        if fault.keep or fault == Fault():
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            answer = await self.answer(method, arguments, token or str(arguments.get("token", "")))
        if fault == Fault():
            return web.json_response(answer)
        if fault.hang:
            await asyncio.sleep(30)
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
        if fault.error:
            refusal = {"ok": False, "error": fault.error}
            return web.json_response(refusal, status=fault.status, headers=headers)
        return web.Response(status=fault.status, headers=headers, text="<html>down</html>")


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


def _options(element: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of a menu."""
    found: list[dict[str, Any]] = element.get("options", [])
    return found


def _beside(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The menu beside a section."""
    return [block["accessory"]] if "accessory" in block else []
