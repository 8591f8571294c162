"""Talking on Slack: slash commands, buttons and modals.

Socket Mode by default (nothing listens behind the hospital's firewall), signed HTTP when
it is configured. Everything is acknowledged before anything is asked of the database:
Slack gives three seconds, and a modal's trigger lives no longer.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_bolt.authorization import AuthorizeResult

from bot.channels.base import DeliveryError
from bot.channels.slack.channel import SlackChannel, escape
from bot.chat.desk import ANSWER, QUESTION, QUESTIONS, Desk, answer_invocation, shown
from bot.chat.forms import modal, plain, sections, submitted, text_modal
from bot.chat.pulse import BEAT, Pulse
from bot.commands.base import Invocation, Reply
from bot.domain.delivery import Address
from bot.domain.message import ChannelName, Choice
from bot.render.asking import ASKED

log = structlog.get_logger(__name__)

UMBRELLA = "tocsin"  # /tocsin alertes: one command to install instead of one each
WITH_FORM = frozenset({"declare", "declarer", "déclarer"})
TITLE = "Tocsin"
PATH = "/slack/events"
BUTTONS = 25  # in one actions block
ACK_SEEN = 0.05  # seconds

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SlackChatOptions:
    """How Slack reaches the bot.

    Args:
        app_token: ``xapp-…`` with ``connections:write``, for Socket Mode.
        signing_secret: for requests over HTTP; without it none is accepted.
        with_form: commands that open a modal at once, and fill it when they are answered.
    """

    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    language: str = "fr"
    with_form: frozenset[str] = WITH_FORM


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a button was clicked: the message, or the way back to what one person sees."""

    message: str
    back: str = field(repr=False)


class SlackChat:
    """Turns what Slack sends into invocations, and replies into what Slack shows."""

    def __init__(
        self,
        channel: SlackChannel,
        desk: Desk,
        options: SlackChatOptions,
        pulse: Pulse | None = None,
    ) -> None:
        self._channel = channel
        self._desk = desk
        self._options = options
        self._pulse = pulse
        self._sockets: AsyncSocketModeHandler | None = None
        self.app = AsyncApp(
            client=channel.client,
            authorize=_authorizing(channel.client.token or ""),
            signing_secret=options.signing_secret or None,
            request_verification_enabled=True,
        )
        self.app.command(re.compile(".+"))(self._command)
        self.app.action(re.compile("^(?:answer|question):"))(self._answer)
        self.app.view(re.compile("^form:"))(self._submitted)
        self.app.error(self._failed)

    async def run(self) -> None:
        """Stay connected in Socket Mode until cancelled; the client reconnects by itself."""
        await self.connect()
        try:
            while True:
                await self.look()
                await asyncio.sleep(BEAT.total_seconds())
        finally:
            await self.close()

    async def look(self) -> None:
        """Write down whether the WebSocket lives: its pings are answered."""
        if self._pulse is None or self._sockets is None:
            return
        if await self._sockets.client.is_connected():
            await self._pulse.heard()
        else:
            await self._pulse.missed("the socket is closed")

    async def connect(self) -> None:
        """Open the WebSocket."""
        self._sockets = AsyncSocketModeHandler(
            self.app, self._options.app_token, web_client=self._channel.client
        )
        await self._sockets.connect_async()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Close the WebSocket, if one is open."""
        if self._sockets is not None:
            await self._sockets.close_async()  # type: ignore[no-untyped-call]
            self._sockets = None

    def http_app(self) -> web.Application:
        """The application that receives signed requests at ``/slack/events``.

        Without a signing secret every request is refused.
        """
        application = web.Application()
        application.router.add_post(PATH, self._over_http)
        return application

    async def _over_http(self, request: web.Request) -> web.Response:
        if not self._options.signing_secret:
            return web.Response(status=404)
        asked = await to_bolt_request(request)
        return await to_aiohttp_response(await self.app.async_dispatch(asked))

    # -- what people do --------------------------------------------------------------

    async def _command(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        name, args = body["command"].lstrip("/"), body.get("text", "").strip()
        if name == UMBRELLA:
            name, _, args = args.partition(" ")
        invocation = self._invocation(body, body["channel_id"], name or "aide", args.strip())
        if invocation.name in self._options.with_form:
            await self._command_with_form(body["trigger_id"], respond, invocation)
            return
        reply = await self._desk.ask(invocation)
        if reply.form is None or not await self._open(
            body["trigger_id"], self._form(reply, invocation)
        ):
            await self._respond(respond, self._without_form(reply, invocation))

    async def _command_with_form(
        self, trigger: str, respond: AsyncRespond, invocation: Invocation
    ) -> None:
        """Ask while the modal opens: neither a slow Slack delays what is declared, nor a
        slow database costs the trigger."""
        view, reply = await asyncio.gather(
            self._open(trigger, self._waiting()), self._desk.ask(invocation)
        )
        if view:
            await self._show(view, reply, invocation)
        else:
            await self._respond(respond, self._without_form(reply, invocation))

    async def _answer(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        action = body["actions"][0]
        value = action.get("value") or (action.get("selected_option") or {}).get("value", "")
        reference, args = answer_invocation(value, "")
        room, message = body["channel"]["id"], body.get("message", {})
        thread = message.get("thread_ts") or message.get("ts", "")
        origin = _Origin(message.get("ts", ""), body.get("response_url", ""))
        if body.get("container", {}).get("is_ephemeral"):  # which nobody else sees
            thread, origin = "", replace(origin, message="")
        name = ANSWER
        if action["action_id"].startswith(ASKED):
            name, args = QUESTION, f"{reference} {args}"
        invocation = self._invocation(body, room, name, args, subject=reference, thread=thread)
        reply = await self._desk.ask(invocation)
        if reply.form is not None:
            view = self._form(reply, invocation, origin)
            opened = await self._open(body["trigger_id"], view)
            if opened and not reply.text:
                return  # the form asks; what is answered there is said in the thread
            reply = self._without_form(reply, invocation)
        if reply.answered:
            await self._update(reply, invocation, origin)
        if reply.private:
            await self._respond(respond, reply)
        elif thread:
            key = f"reply-{body['trigger_id']}"
            await self._channel.send(room, shown(reply, thread=thread), key=key)
        elif not reply.answered:
            await self._respond(respond, reply)

    async def _submitted(self, ack: AsyncAck, body: Body) -> None:
        view = body["view"]
        await ack(response_action="update", view=self._waiting())
        known = json.loads(view.get("private_metadata") or "{}")
        invocation = self._invocation(
            body,
            known.get("channel", ""),
            view["callback_id"].removeprefix("form:"),
            known.get("context", ""),
            subject=known.get("subject", ""),
            thread=known.get("thread", ""),
            fields=submitted(view.get("state", {})),
        )
        reply = await self._desk.ask(invocation)
        await self._show(view["id"], reply, invocation)
        if reply.answered:
            origin = _Origin(known.get("message", ""), known.get("back", ""))
            await self._update(reply, invocation, origin)
        if invocation.name in (ANSWER, QUESTION) and invocation.thread and not reply.private:
            said, key = shown(reply, thread=invocation.thread), f"reply-{view['id']}"
            await self._channel.send(invocation.place.address, said, key=key)

    async def _failed(self, error: Exception, body: Body) -> None:
        """Log, and tell the person rather than leave them before a silent screen.

        Bolt looks every 10 ms whether a listener has acknowledged, and forgets that it has when
        it fails before: the failure waits until that was seen, or Slack would say "timed out".
        """
        await asyncio.sleep(ACK_SEEN)
        trace = str(body.get("trigger_id", ""))[:20]
        log.error("slack_chat", exc_info=error, trace=trace)
        reply = self._desk.says("failed", language=self._options.language, trace=trace)
        user, room = _person(body), _room(body)
        if room:
            arguments = {"channel": room, "user": user, "text": escape(reply.text)}
            await self._quietly(self._channel.call("chat.postEphemeral", arguments))

    # -- showing ---------------------------------------------------------------------

    async def _respond(self, respond: AsyncRespond, reply: Reply) -> None:
        await respond(
            text=escape(reply.text),
            blocks=self._blocks(reply) or None,
            response_type="ephemeral",
            replace_original=False,
        )

    def _blocks(self, reply: Reply) -> list[Body]:
        """What the reply offers beside its text; nothing when it offers nothing."""
        if reply.asked:
            return self._desk.questions(reply.asked, language=self._options.language)
        return blocks_of(reply) if reply.choices else []

    async def _update(self, reply: Reply, invocation: Invocation, origin: _Origin) -> None:
        """Show the message whose question was answered as it is now.

        One of the outbox's says who answered; a list that the asker alone sees is made anew.
        """
        language = self._options.language
        place = invocation.place
        if origin.message:
            shown_now = await self._desk.refreshed(place, origin.message, language=language)
            if shown_now is not None:
                given = {
                    "channel": place.address,
                    "ts": origin.message,
                    "text": escape(shown_now.text),
                    "blocks": list(shown_now.blocks),
                }
                await self._quietly(self._channel.call("chat.update", given))
        elif origin.back:
            listed = await self._desk.ask(replace(invocation, name=QUESTIONS, args="", fields={}))
            client = self._channel.client
            back = AsyncRespond(response_url=origin.back, proxy=client.proxy, ssl=client.ssl)
            text = f"{reply.text}\n\n{listed.text}"
            blocks = [*sections(reply.text), *self._blocks(listed)] if listed.asked else []
            await back(
                text=escape(text),
                blocks=blocks or None,
                response_type="ephemeral",
                replace_original=True,
            )

    async def _open(self, trigger: str, view: Body) -> str:
        """Open a modal; its id, or an empty text when Slack did not."""
        opened = await self._quietly(
            self._channel.call("views.open", {"trigger_id": trigger, "view": view})
        )
        return str(opened["view"]["id"]) if opened else ""

    async def _show(self, view_id: str, reply: Reply, invocation: Invocation) -> None:
        view = (
            self._form(reply, invocation)
            if reply.form is not None
            else text_modal(TITLE, reply.text)
        )
        await self._quietly(self._channel.call("views.update", {"view_id": view_id, "view": view}))

    async def _quietly(self, call: Awaitable[Body]) -> Body | None:
        """What Slack answered; None, and a line in the log, when it refused."""
        try:
            return await call
        except DeliveryError as error:
            log.warning("slack_refused", reason=str(error))
            return None

    def _waiting(self) -> Body:
        waiting = self._desk.says("loading", language=self._options.language)
        return text_modal(TITLE, waiting.text)

    def _without_form(self, reply: Reply, invocation: Invocation) -> Reply:
        """A reply whose form Slack did not open: what it says, or how to do without."""
        if reply.form is None or reply.text:
            return replace(reply, form=None)
        return self._desk.says(
            "no_form",
            language=self._options.language,
            command=invocation.name,
            prefix=invocation.prefix,
        )

    @staticmethod
    def _form(reply: Reply, invocation: Invocation, origin: _Origin | None = None) -> Body:
        """A reply that has a form, as a modal."""
        if reply.form is None:
            raise ValueError("the reply has no form")
        metadata = {
            "channel": invocation.place.address,
            "subject": invocation.subject,
            "thread": invocation.thread,
            **({"message": origin.message, "back": origin.back} if origin else {}),
        }
        return modal(reply.form, metadata, reply.text)

    def _invocation(
        self,
        body: Body,
        room: str,
        name: str,
        args: str,
        *,
        subject: str = "",
        thread: str = "",
        fields: dict[str, str] | None = None,
    ) -> Invocation:
        user = _person(body)
        return Invocation(
            sender=Address(ChannelName.SLACK, user),
            place=Address(ChannelName.SLACK, room or user),
            name=name.casefold(),
            args=args,
            subject=subject,
            thread=thread,
            language=self._options.language,
            fields=fields or {},
        )


def _authorizing(token: str) -> Callable[..., Awaitable[AuthorizeResult]]:
    """Bolt's question "whose token?", answered without asking Slack: a command is taken
    even while Slack's API refuses every call."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return authorize


def blocks_of(reply: Reply) -> list[Body]:
    """A reply's text, and its choices as buttons."""
    buttons = [_button(choice) for choice in reply.choices[:BUTTONS]]
    return [*sections(reply.text), {"type": "actions", "elements": buttons}]


def _button(choice: Choice) -> Body:
    kind = choice.value.rpartition(":")[2]
    button = {
        "type": "button",
        "action_id": f"answer:{kind}",
        "text": plain(choice.label[:75]),
        "value": choice.value,
    }
    return button | ({"style": choice.style} if choice.style else {})


def _person(body: Body) -> str:
    user = body.get("user")
    return str(user["id"] if isinstance(user, dict) else body.get("user_id", ""))


def _room(body: Body) -> str:
    channel = body.get("channel")
    return str(channel["id"] if isinstance(channel, dict) else body.get("channel_id", ""))
