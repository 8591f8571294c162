"""Talking on Matrix: commands, reactions and words in an alert's thread.

Commands begin with ``!`` because clients keep ``/`` for themselves; ``/`` is understood
when it arrives. What was written while the bot was away is answered when it is back. A
reply is posted once even if the same event is heard twice: its transaction id comes from
the event it answers.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import nio
import structlog

from bot.channels.base import (
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.channels.matrix.channel import MatrixChannel, thread_relation
from bot.channels.matrix.session import Ended, Heard, Invited, Synced
from bot.chat.desk import (
    ANSWER,
    COMPLETE,
    Desk,
    Subject,
    answer_invocation,
    read_answer,
    read_command,
    without_quote,
)
from bot.chat.forms import Questions, question
from bot.chat.pulse import Pulse
from bot.commands.base import Invocation, Reply
from bot.domain.delivery import Address
from bot.domain.message import ChannelName

log = structlog.get_logger(__name__)

TRIES = 5  # for one reply
PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=30)
FORMS = 500  # threads in which a form may be open at once
VARIATION = "\ufe0f"  # some clients add it to an emoji


@dataclass(frozen=True, slots=True)
class MatrixChatOptions:
    """``accept_from``: servers (``agent.social.tchap.gouv.fr``) or people
    (``@rssi:server``) whose invitations are accepted; others are declined."""

    accept_from: tuple[str, ...] = ()
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class _Said:
    """Something said in a room: by whom, where, and in answer to what."""

    event_id: str
    sender: str
    room: str
    text: str
    thread: str  # root of the thread, or the message answered; empty in the open room


class MatrixChat:
    """Listens to the channel's session. Build it before anything is sent, then run it."""

    def __init__(
        self,
        channel: MatrixChannel,
        desk: Desk,
        options: MatrixChatOptions,
        pulse: Pulse | None = None,
    ) -> None:
        self._channel = channel
        self._session = channel.session
        self._incoming = channel.session.listen()
        self._desk = desk
        self._options = options
        self._pulse = pulse
        self._forms: OrderedDict[str, Questions] = OrderedDict()
        self._unreadable: set[str] = set()

    async def run(self) -> None:
        """Answer until cancelled.

        Raises:
            MatrixStoreError: the stored device cannot be used.
            PermanentDeliveryError: the homeserver refuses the account.
        """
        await self._connect()
        while True:
            await self.step()

    async def step(self) -> None:
        """Handle the next thing that happens. A failure is logged and told, never raised.

        Raises:
            PermanentDeliveryError: the homeserver ended the session and there is no
                password to log in again.
        """
        incoming = await self._incoming.get()
        if isinstance(incoming, Ended):
            raise PermanentDeliveryError(incoming.reason)
        task = asyncio.create_task(self._handle(incoming))
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            raise
        if (error := task.exception()) is not None:
            log.error("matrix_chat", exc_info=error)
            if isinstance(incoming, Heard):
                said = self._said(incoming.room, incoming.event, "")
                await self._reply(said, self._desk.says("failed", trace=said.event_id))

    async def _connect(self) -> None:
        pause = PAUSE
        while True:
            try:
                return await self._session.start()
            except (TransientDeliveryError, UncertainDeliveryError) as error:
                log.warning("matrix_connect", reason=str(error))
                if self._pulse is not None:
                    await self._pulse.missed(str(error))
                await asyncio.sleep(pause.total_seconds())
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _handle(self, incoming: Heard | Invited | Synced) -> None:
        if isinstance(incoming, Synced):
            await asyncio.to_thread(self._session.handled, incoming)
            if self._pulse is not None:
                await self._pulse.heard()
        elif isinstance(incoming, Invited):
            await self._invited(incoming)
        elif incoming.event.sender == self._session.client.user_id:
            return
        elif isinstance(incoming.event, nio.RoomMessageText):
            await self._message(self._said(incoming.room, incoming.event, incoming.event.body))
        elif isinstance(incoming.event, nio.ReactionEvent):
            await self._reaction(incoming.room, incoming.event)
        elif isinstance(incoming.event, nio.MegolmEvent):
            await self._could_not_read(incoming.room, incoming.event)

    # -- what people do --------------------------------------------------------------

    async def _message(self, said: _Said) -> None:
        spoken = read_command(said.text)
        if spoken is not None:
            self._forms.pop(said.thread, None)
            subject = await self._subject(said)
            await self._ask(said, spoken.name, spoken.args, subject.reference if subject else "")
        elif (form := self._forms.get(said.thread)) and form.asker == said.sender:
            await self._continue(said, form)
        elif subject := await self._subject(said):
            answer = read_answer(said.text, subject.choices) or self._desk.named_answer(
                said.text, language=self._options.language
            )
            if answer is not None:
                await self._answer(said, answer[0].value, answer[1])
            else:
                await self._ask(said, COMPLETE, without_quote(said.text), subject.reference)

    async def _reaction(self, room: nio.MatrixRoom, event: nio.ReactionEvent) -> None:
        said = replace(self._said(room, event, ""), thread=event.reacts_to)
        subject = await self._subject(said)
        tapped = event.key.replace(VARIATION, "")
        for choice in subject.choices if subject else ():
            if choice.emoji and choice.emoji.replace(VARIATION, "") == tapped:
                await self._answer(said, choice.value, "")
                return

    async def _invited(self, invitation: Invited) -> None:
        server = invitation.by.partition(":")[2]
        client = self._session.client
        if {invitation.by, server} & set(self._options.accept_from):
            await self._session.ask(client.join(invitation.room_id))
            log.info("matrix_joined", room=invitation.room_id, by=invitation.by)
        else:
            await self._session.ask(client.room_leave(invitation.room_id))
            log.warning("matrix_invitation_declined", room=invitation.room_id, by=invitation.by)

    async def _could_not_read(self, room: nio.MatrixRoom, event: nio.MegolmEvent) -> None:
        """Say it once a key: somebody may have written a command that was not understood."""
        session = event.session_id or event.sender
        if session in self._unreadable:
            return
        self._unreadable.add(session)
        log.warning("matrix_unreadable", room=room.room_id, sender=event.sender)
        await self._reply(self._said(room, event, ""), self._says("unreadable"))

    # -- asking and replying ---------------------------------------------------------

    async def _answer(self, said: _Said, value: str, note: str) -> None:
        reference, args = answer_invocation(value, note)
        await self._ask(said, ANSWER, args, reference)

    async def _ask(
        self,
        said: _Said,
        name: str,
        args: str,
        subject: str = "",
        fields: dict[str, str] | None = None,
    ) -> None:
        invocation = Invocation(
            sender=Address(ChannelName.MATRIX, said.sender),
            place=Address(ChannelName.MATRIX, said.room),
            name=name,
            args=args,
            thread=said.thread,
            subject=subject,
            language=self._options.language,
            fields=fields or {},
            confidential=await self._is_confidential(said.room),
        )
        reply = await self._desk.ask(invocation)
        if reply.form is None:
            await self._reply(said, reply)
        else:
            await self._continue(said, Questions.begun(reply.form, said.sender), reply)

    async def _is_confidential(self, room: str) -> bool:
        """Whether the room protects a reply; when it cannot be known it is as if it did not."""
        try:
            return await self._channel.is_encrypted(room)
        except (TransientDeliveryError, PermanentDeliveryError) as error:
            log.warning("matrix_privacy", room=room, reason=str(error))
            return False

    async def _continue(self, said: _Said, form: Questions, first: Reply | None = None) -> None:
        """Ask the first question, or take an answer and ask the next; then run the command."""
        root = said.thread or said.event_id
        answered = form if first else form.answered(without_quote(said.text))
        if answered is None:
            await self._reply(said, self._says("pick_one"))
            return
        asked = answered.current
        if asked is None:
            self._forms.pop(root, None)
            await self._ask(
                said, form.form.command, form.form.context, fields=dict(answered.values)
            )
            return
        self._forms[root] = answered
        while len(self._forms) > FORMS:
            self._forms.popitem(last=False)
        intro = f"{first.text}\n\n" if first and first.text else ""
        await self._reply(replace(said, thread=root), Reply(intro + question(asked)))

    async def _reply(self, said: _Said, reply: Reply) -> None:
        """Post once, in the thread if there is one; a few tries, then it is logged.

        A command that has nothing to say is silent.
        """
        if not reply.text:
            return
        content: dict[str, Any] = {"msgtype": "m.notice", "body": reply.text, "m.mentions": {}}
        if reply.html:
            content |= {"format": "org.matrix.custom.html", "formatted_body": reply.html}
        if said.thread:
            content["m.relates_to"] = thread_relation(said.thread)
        else:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": said.event_id}}
        pause = PAUSE
        for _ in range(TRIES):
            try:
                await self._channel.post(said.room, content, key=f"reply-{said.event_id}")
            except (TransientDeliveryError, UncertainDeliveryError) as error:
                log.warning("matrix_reply", room=said.room, reason=str(error))
                wait = getattr(error, "retry_after", None) or pause
                await asyncio.sleep(min(wait, LONGEST_PAUSE).total_seconds())
                pause *= 2
            except PermanentDeliveryError as error:
                log.error("matrix_reply", room=said.room, reason=str(error))
                return
            else:
                return

    async def _subject(self, said: _Said) -> Subject | None:
        return await self._desk.subject(ChannelName.MATRIX, said.room, said.thread)

    def _says(self, template: str) -> Reply:
        return self._desk.says(template, language=self._options.language)

    @staticmethod
    def _said(room: nio.MatrixRoom, event: nio.Event, text: str) -> _Said:
        relation = event.source.get("content", {}).get("m.relates_to", {})
        threaded = relation.get("rel_type") == "m.thread"
        answered = relation.get("m.in_reply_to", {}).get("event_id", "")
        return _Said(
            event_id=event.event_id,
            sender=event.sender,
            room=room.room_id,
            text=text,
            thread=relation.get("event_id", "") if threaded else answered,
        )
