"""Slack: one message to one channel, direct message or thread.

Slack has no idempotency key. The key travels in the message's metadata, so that a send
whose answer was lost can be looked for before it is tried again.
"""

from __future__ import annotations

import json
import re
import ssl
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import (
    DeliveryError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.channels.pace import Pace, per_minute
from bot.channels.slack.limits import message_faults
from bot.domain.clock import Clock, system_clock
from bot.domain.message import Message

log = structlog.get_logger(__name__)

EVENT_TYPE = "tocsin_delivery"  # of the metadata that carries the key
LOOK_BACK = timedelta(days=5)  # as long as a delivery may be retried
PAGE, PAGES = 200, 10  # messages asked for at once, and how often
DOUBTS = 1_000  # threads remembered for messages whose answer was lost
READING = {  # methods that take no JSON
    "conversations.history",
    "conversations.list",
    "conversations.replies",
}
TIMESTAMP = re.compile(r"\d+\.\d+")
PLAIN_WORD = re.compile(r"[a-z0-9_]{1,60}")  # Slack's error codes
TRANSIENT = {"ratelimited", "rate_limited", "service_unavailable", "team_access_not_granted"}
DOUBTFUL = {"internal_error", "fatal_error", "request_timeout"}  # "some aspect may have succeeded"


@dataclass(frozen=True, slots=True)
class SlackOptions:
    """How to reach Slack.

    Args:
        token: the bot's (``xoxb-…``).
        proxy: ``http://proxy:3128``; the environment's ``HTTPS_PROXY`` when empty.
        ca_file: PEM file of an authority trusted beside the system's (an inspecting proxy).
        timeout: for a whole call; below the lease of a delivery.
        per_channel_per_minute: most messages to one channel, from this process; Slack
            takes one a second (60). 0: no limit.
    """

    token: str = field(repr=False)
    base_url: str = "https://slack.com/api/"
    proxy: str = ""
    ca_file: Path | None = None
    timeout: timedelta = timedelta(seconds=20)
    per_channel_per_minute: int = 0


class SlackChannel:
    """Posts with the bot's token. Its client may be shared with :mod:`bot.chat.slack`."""

    def __init__(self, options: SlackOptions, *, clock: Clock = system_clock) -> None:
        self._options = options
        self._clock = clock
        self._pace = Pace(per_minute(options.per_channel_per_minute))
        self._threads_in_doubt: OrderedDict[str, str] = OrderedDict()
        self._headers = {"Authorization": f"Bearer {options.token}"}
        self._tls = _tls_context(options)
        self.client = AsyncWebClient(
            token=options.token,
            base_url=options.base_url,
            proxy=options.proxy or None,
            ssl=self._tls,
            timeout=int(options.timeout.total_seconds()),
            retry_handlers=[],  # the outbox retries
        )

    async def send(self, address: str, message: Message, *, key: str) -> str:
        """Post ``message`` in channel ``address`` and return its timestamp.

        Args:
            address: channel, group or direct-message id (``C…``, ``G…``, ``D…``), no name.
            message: blocks within Block Kit's limits; without blocks the text is posted.
                ``thread`` is the timestamp of the thread's first message.
            key: kept in the message's metadata for :meth:`find`.

        Raises:
            TransientDeliveryError: rate limited, or Slack cannot be reached.
            PermanentDeliveryError: unknown channel, revoked token, over a limit.
            UncertainDeliveryError: no answer, or one that does not say (5xx).

        Source: docs.slack.dev, chat.postMessage; "Rate limits" (one a second a channel).
        """
        text = escape(message.text if not message.blocks else message.subject or message.text)
        if faults := message_faults(text, message.blocks):
            raise PermanentDeliveryError(f"Slack would refuse it: {'; '.join(faults[:3])}")
        await self._pace.turn(address)
        thread = message.thread if TIMESTAMP.fullmatch(message.thread) else None
        self._remember_thread(key, thread)
        answer = await self._post(
            address,
            {
                "channel": address,
                "text": text,
                "blocks": list(message.blocks) or None,
                "thread_ts": thread,
                "unfurl_links": False,  # Slack would fetch the publisher's page
                "unfurl_media": False,
                "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            },
        )
        self._threads_in_doubt.pop(key, None)
        return str(answer["ts"])

    async def _post(self, address: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Post; where Slack asks to wait, every message to that channel waits."""
        try:
            return await self.call("chat.postMessage", arguments)
        except TransientDeliveryError as error:
            if error.retry_after is not None:
                self._pace.hold(address, error.retry_after)
            raise
        finally:
            self._pace.gone(address)

    async def find(self, address: str, *, key: str) -> str | None:
        """The timestamp of the message posted under ``key``, if Slack still shows it.

        Looks through the channel's last five days, and through the thread when this
        process made the attempt. Needs the history scopes (``channels:history``,
        ``groups:history``, ``im:history``); without them the answer is ``None`` with a
        warning, because a message twice is better than none.

        Raises:
            TransientDeliveryError: Slack could not be asked.
        """
        thread = self._threads_in_doubt.get(key)
        method = "conversations.replies" if thread else "conversations.history"
        oldest = (self._clock() - LOOK_BACK).timestamp()
        arguments: dict[str, Any] = {
            "channel": address,
            "ts": thread,
            "oldest": f"{oldest:.6f}",
            "limit": PAGE,
            "include_all_metadata": True,
        }
        for _ in range(PAGES):
            try:
                page = await self.call(method, arguments)
            except PermanentDeliveryError as error:
                log.warning("slack_cannot_look_up", channel=address, reason=str(error))
                return None
            except UncertainDeliveryError as error:  # asking changes nothing: ask again later
                raise TransientDeliveryError(str(error)) from None
            for posted in page.get("messages", ()):
                if _key_of(posted) == key:
                    self._threads_in_doubt.pop(key, None)
                    return str(posted["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            arguments["cursor"] = cursor
        return None

    async def close(self) -> None:
        """Close the HTTP session, if one was opened."""
        if self.client.session is not None:
            await self.client.session.close()

    def _remember_thread(self, key: str, thread: str | None) -> None:
        """Keep where a message goes until its answer is known: history hides threads."""
        if thread is not None:
            self._threads_in_doubt[key] = thread
            while len(self._threads_in_doubt) > DOUBTS:
                self._threads_in_doubt.popitem(last=False)

    async def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a method of the Web API; ``None`` arguments are left out.

        Raises:
            TransientDeliveryError, PermanentDeliveryError, UncertainDeliveryError
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        reading = method in READING
        try:
            async with self._http().post(
                f"{self._options.base_url}{method}",
                params=_as_query(given) if reading else None,
                json=None if reading else given,
                headers=self._headers,
                proxy=self.client.proxy,  # the environment's, where none is configured
                ssl=self._tls or True,
            ) as answer:
                said = _parsed(await answer.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TransientDeliveryError(f"no connection ({type(error).__name__})") from None
        except (TimeoutError, aiohttp.ClientError) as error:
            raise UncertainDeliveryError(f"no answer ({type(error).__name__})") from None
        if answer.status == 200 and said.get("ok") is True:
            return said
        raise _refusal(answer.status, answer.headers.get("Retry-After", ""), said)

    def _http(self) -> aiohttp.ClientSession:
        """The session that the SDK's client uses too."""
        session = self.client.session
        if session is None or session.closed:
            total = aiohttp.ClientTimeout(total=self._options.timeout.total_seconds())
            session = self.client.session = aiohttp.ClientSession(timeout=total)
        return session


def escape(text: str) -> str:
    """Text as Slack shows it literally: no link, no mention, no ``@channel``.

    Source: docs.slack.dev, "Formatting text": these three characters, and no other.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _as_query(arguments: dict[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in arguments.items()
    }


def _key_of(posted: dict[str, Any]) -> str:
    metadata = posted.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return ""
    return str((metadata.get("event_payload") or {}).get("key", ""))


def _parsed(body: bytes) -> dict[str, Any]:
    """Slack's JSON object; empty where it is none, as the page of a proxy."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _refusal(status: int, retry_after: str, answer: dict[str, Any]) -> DeliveryError:
    """What Slack's answer means. Its error is a code; anything else is not repeated."""
    said = str(answer.get("error", ""))
    code = said if PLAIN_WORD.fullmatch(said) else f"HTTP {status}"
    if status == 429 or code in TRANSIENT or status == 503:
        wait = timedelta(seconds=int(retry_after)) if retry_after.isdigit() else None
        return TransientDeliveryError(f"Slack: {code}", retry_after=wait)
    if code in DOUBTFUL or code.startswith("HTTP"):
        return UncertainDeliveryError(f"Slack: {code}")
    return PermanentDeliveryError(f"Slack: {code}")


def _tls_context(options: SlackOptions) -> ssl.SSLContext | None:
    if options.ca_file is None:
        return None
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=options.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"{options.ca_file}: no certificates could be read") from error
    return context
