"""The three peers as one contract sees them: a channel, where it sends, what arrived."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.channels.base import Channel
from bot.channels.mail.channel import EmailChannel, EmailOptions, EmailSecurity
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.session import MatrixSession
from bot.channels.slack.channel import SlackChannel, SlackOptions
from bot.domain.message import Message
from tests.servers.matrix import reading
from tests.servers.process import free_port
from tests.servers.proxy import LosingProxy
from tests.servers.slack import Fault, SlackDouble
from tests.servers.slack_workspace import BOT_TOKEN
from tests.servers.smtp import Faults, Relay, RunningRelay
from tests.servers.synapse import Homeserver

PATIENCE = timedelta(seconds=5)
HUGE = Message("s", "a" * 2_000_000)


@dataclass(frozen=True, slots=True)
class Peer:
    """What the contract needs of a channel and of the server behind it.

    ``arrived`` lists what identifies each message for the person who reads it: the event
    id, the Message-ID, the metadata's key. ``recovered`` is the test's cue that faults end.
    """

    channel: Channel
    down: Channel
    address: str
    unknown: str
    secrets: tuple[str, ...]
    arrived: Callable[[], Awaitable[list[str]]]
    refuse_for_a_while: Callable[[], object]
    lose_the_answer: Callable[[], object]
    recovered: Callable[[], object]
    says_how_long: bool = True


@asynccontextmanager
async def email_peer() -> AsyncIterator[Peer]:
    """Mail. SMTP has no way to say how long to wait."""
    secret = "m0t-de-passe-du-relais"
    relay = Relay()

    def options(port: int) -> EmailOptions:
        return EmailOptions(
            host="127.0.0.1",
            port=port,
            sender="tocsin@sante.example",
            security=EmailSecurity.PLAIN,
            timeout=timedelta(seconds=1),
            max_bytes=1 << 20,
        )

    async def arrived() -> list[str]:
        return [str(mail["Message-ID"]) for mail in relay.mails]

    def faults(faults: Faults) -> Callable[[], object]:
        return lambda: setattr(relay, "faults", faults)

    async with RunningRelay(relay):
        yield Peer(
            channel=(channel := EmailChannel(options(relay.port))),
            down=EmailChannel(options(free_port())),
            address="ssi@ch-exemple.example",
            unknown="pas une boîte",
            secrets=(secret,),
            arrived=arrived,
            refuse_for_a_while=faults(Faults(at_recipient="450 4.2.0 plus tard")),
            lose_the_answer=faults(Faults(drop_after_data=True)),
            recovered=faults(Faults()),
            says_how_long=False,
        )
        await channel.close()


@asynccontextmanager
async def slack_peer() -> AsyncIterator[Peer]:
    """Slack's double."""
    method = "chat.postMessage"

    def channel_to(url: str) -> SlackChannel:
        options = SlackOptions(token=BOT_TOKEN, base_url=url, timeout=timedelta(seconds=2))
        return SlackChannel(options, clock=lambda: datetime.fromtimestamp(1_770_000_060, UTC))

    async with SlackDouble() as double:

        async def arrived() -> list[str]:
            return [post["metadata"]["event_payload"]["key"] for post in double.messages]

        def next_answer(fault: Fault) -> Callable[[], object]:
            return lambda: double.faults[method].append(fault)

        yield Peer(
            channel=(channel := channel_to(double.api_url)),
            down=(down := channel_to(f"http://127.0.0.1:{free_port()}/api/")),
            address="C0ALERTES",
            unknown="C0INCONNU",
            secrets=(BOT_TOKEN,),
            arrived=arrived,
            refuse_for_a_while=next_answer(Fault(status=429, error="ratelimited", retry_after=30)),
            lose_the_answer=next_answer(Fault(status=502, keep=True)),
            recovered=double.faults[method].clear,
        )
        await channel.close()
        await down.close()


@asynccontextmanager
async def matrix_peer(homeserver: Homeserver, folder: Path) -> AsyncIterator[Peer]:
    """A real homeserver, through a proxy that can lose its answers."""
    bot, admin = homeserver.register("tocsin"), homeserver.register("admin", admin=True)
    limit = f"/_synapse/admin/v1/users/{bot.user_id}/override_ratelimit"

    def channel_to(port: int, store: str) -> MatrixChannel:
        options = MatrixOptions(
            homeserver=f"http://127.0.0.1:{port}",
            user_id=bot.user_id,
            store=folder / store,
            pickle_key="clef-du-coffre",
            password=bot.password,
            timeout=PATIENCE,
        )
        return MatrixChannel(MatrixSession(options))

    def refuse_for_a_while() -> None:
        nothing = {"messages_per_second": 1, "burst_count": 0}  # no message passes at all
        homeserver.call("POST", limit, nothing, token=admin.token)

    async with (
        LosingProxy(homeserver.port) as proxy,
        reading(homeserver, homeserver.register("rssi"), folder / "rssi") as rssi,
    ):
        room = await rssi.create_room(bot.user_id, encrypted=True)
        homeserver.call("POST", f"/_matrix/client/v3/join/{room}", {}, token=bot.token)

        async def arrived() -> list[str]:
            end = await rssi.say(room, "vu ?")
            await rssi.saw(end)
            keys = [event.source["content"].get("fr.tocsin.key") for event in rssi.from_others]
            return [key for key in keys if key]

        yield Peer(
            channel=(channel := channel_to(proxy.port, "bot")),
            down=(down := channel_to(free_port(), "down")),
            address=room,
            unknown="!inconnu:tocsin.test",
            secrets=(bot.password, "clef-du-coffre"),
            arrived=arrived,
            refuse_for_a_while=refuse_for_a_while,
            lose_the_answer=lambda: setattr(proxy, "losing", True),
            recovered=lambda: setattr(proxy, "losing", False),
        )
        await channel.close()
        await down.close()
