"""Talking on Matrix, with a real homeserver and the real client of a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import nio
import pytest

from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.session import MatrixSession
from bot.chat.matrix import MatrixChat, MatrixChatOptions
from bot.chat.pulse import Pulse
from bot.domain.clock import system_clock
from bot.domain.delivery import Address
from bot.domain.message import ChannelName
from bot.store import sources
from tests.servers.matrix import Reader, reading
from tests.servers.office import ALERT, Office, opened_office
from tests.servers.synapse import SERVER_NAME, Homeserver
from tests.servers.waiting import eventually

pytestmark = pytest.mark.synapse


@dataclass(slots=True)
class Scene:
    """A bot that listens, a person in a room with it, and a desk behind it."""

    homeserver: Homeserver
    options: MatrixOptions
    office: Office
    rssi: Reader
    room: str
    channel: MatrixChannel

    async def alert(self) -> str:
        """An alert in the room, as the outbox sends it; returns its event id."""
        to = Address(ChannelName.MATRIX, self.room)
        event_id = await self.office.deliver({ChannelName.MATRIX: self.channel}, to)
        await self.rssi.saw(event_id)
        return event_id

    async def replies(self, count: int) -> list[nio.RoomMessageNotice]:
        """The bot's replies, once there are ``count``."""
        await eventually(lambda: len(self._notices()) >= count)
        return self._notices()

    def _notices(self) -> list[nio.RoomMessageNotice]:
        return [e for e in self.rssi.from_others if isinstance(e, nio.RoomMessageNotice)]


@asynccontextmanager
async def listening(
    options: MatrixOptions, office: Office, accept_from: tuple[str, ...] = (SERVER_NAME,)
) -> AsyncIterator[MatrixChannel]:
    """A bot that answers until the end of the block."""
    channel = MatrixChannel(MatrixSession(options))
    pulse = Pulse(office.database, "matrix", clock=system_clock)
    chat = MatrixChat(channel, office.desk, MatrixChatOptions(accept_from), pulse)
    task = asyncio.create_task(chat.run())
    try:
        yield channel
    finally:
        task.cancel()
        await asyncio.wait({task})
        await channel.close()


@asynccontextmanager
async def scene(homeserver: Homeserver, folder: Path, *, encrypted: bool) -> AsyncIterator[Scene]:
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    options = MatrixOptions(
        homeserver.url, bot.user_id, folder / "bot", "clef", password=bot.password
    )
    async with (
        opened_office(folder) as office,
        reading(homeserver, rssi, folder / "rssi") as reader,
        listening(options, office) as channel,
    ):
        await office.known(Address(ChannelName.MATRIX, rssi.user_id))
        room = await reader.create_room(bot.user_id, encrypted=encrypted)
        await joined(reader, room, bot.user_id)
        await eventually(lambda: room in channel.session.client.rooms)
        yield Scene(homeserver, options, office, reader, room, channel)


async def joined(reader: Reader, room: str, user: str) -> None:
    """Wait until somebody accepted the invitation."""
    await eventually(
        lambda: (
            room in reader.client.rooms
            and user in reader.client.rooms[room].users
            and user not in reader.client.rooms[room].invited_users
        )
    )


@pytest.fixture
async def at(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(homeserver, tmp_path, encrypted=True) as built:
        yield built


async def test_health_knows_when_the_homeserver_was_last_heard(at: Scene) -> None:
    [matrix] = await at.office.database.run(sources.health)
    assert (matrix.name, matrix.failures) == ("matrix", 0)
    assert matrix.succeeded_at is not None


async def test_a_command_is_answered_where_it_was_asked(at: Scene) -> None:
    asked = await at.rssi.say(at.room, "!alertes du jour")
    [reply] = await at.replies(1)
    assert reply.body == "1 alerte pour Une RSSI <!channel> du jour"
    assert reply.source["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == asked
    await at.rssi.say(at.room, "/alertes")
    await at.replies(2)


async def test_ordinary_talk_is_left_alone(at: Scene) -> None:
    for text in ("bonjour", "!!!", "! alertes", "voir /etc/hosts", "je prends"):
        await at.rssi.say(at.room, text)
    await at.rssi.say(at.room, "!alertes")
    assert len(await at.replies(1)) == 1


async def test_a_stranger_is_refused_politely_and_audited(
    at: Scene, homeserver: Homeserver, tmp_path: Path
) -> None:
    unknown = homeserver.register("inconnu")
    async with reading(homeserver, unknown, tmp_path / "inconnu") as stranger:
        room = await stranger.create_room(at.options.user_id, encrypted=False)
        await joined(stranger, room, at.options.user_id)
        await stranger.say(room, "!alertes")
        assert "Je ne vous connais pas encore" in (await stranger.read(1))[0]
    [entry] = await at.office.recorded("refused.stranger")
    assert entry.actor == f"matrix:{unknown.user_id}"


async def test_a_reaction_to_an_alert_is_an_answer(at: Scene) -> None:
    alert = await at.alert()
    await at.rssi.react(at.room, alert, "✋\ufe0f")
    [reply] = await at.replies(1)
    assert reply.body == f"C'est noté : taken pour {ALERT}"
    assert reply.source["content"]["m.relates_to"]["event_id"] == alert
    await at.rssi.react(at.room, alert, "🎉")
    await at.rssi.say(at.room, "!alertes")
    assert len(await at.replies(2)) == 2
    assert len(await at.office.recorded("answered")) == 1


async def test_words_in_the_thread_of_an_alert_are_an_answer_with_a_note(at: Scene) -> None:
    alert = await at.alert()
    await at.rssi.say(at.room, "on en parle demain", thread=alert)
    await at.rssi.say(at.room, "Pas concerné : retiré en mars", thread=alert)
    [reply] = await at.replies(1)
    assert reply.body == f"C'est noté : not_concerned retiré en mars pour {ALERT}"


async def test_a_form_is_asked_question_by_question_in_the_thread(at: Scene) -> None:
    asked = await at.rssi.say(at.room, "!declare")
    first = (await at.replies(1))[0]
    assert "Que se passe-t-il ?" in first.body
    assert first.source["content"]["m.relates_to"]["event_id"] == asked
    await at.rssi.say(at.room, "Rançongiciel aux urgences", thread=asked)
    assert "1. Oui" in (await at.replies(2))[1].body
    await at.rssi.say(at.room, "peut-être", thread=asked)
    assert "Je n'ai pas compris" in (await at.replies(3))[2].body
    await at.rssi.say(at.room, "on ne sait pas", thread=asked)
    done = (await at.replies(4))[3]
    assert done.body == ("Incident ouvert (contexte gardé) : Rançongiciel aux urgences, unknown")


async def test_a_failure_is_told_and_the_next_command_is_answered(at: Scene) -> None:
    await at.rssi.say(at.room, "!casse")
    assert "Quelque chose n'a pas fonctionné" in (await at.replies(1))[0].body
    await at.rssi.say(at.room, "!alertes")
    await at.replies(2)


async def test_what_was_asked_while_the_bot_was_away_is_answered_once(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    options = MatrixOptions(
        homeserver.url, bot.user_id, tmp_path / "bot", "clef", password=bot.password
    )
    async with (
        opened_office(tmp_path) as office,
        reading(homeserver, rssi, tmp_path / "rssi") as reader,
    ):
        await office.known(Address(ChannelName.MATRIX, rssi.user_id))
        async with listening(options, office):
            room = await reader.create_room(bot.user_id, encrypted=True)
            await joined(reader, room, bot.user_id)
            await reader.say(room, "!alertes avant")
            await reader.read(1)
            synced = tmp_path / "bot" / "synced"
            known = await asyncio.to_thread(synced.read_text)
            await reader.say(room, "bonjour")
            await eventually(lambda: synced.read_text() != known)
        for number in range(30):
            await reader.say(room, f"!alertes absence-{number}")
        async with listening(options, office):
            said = await reader.read(31)
    assert [body.rpartition(" ")[2] for body in said] == [
        "avant",
        *(f"absence-{number}" for number in range(30)),
    ]


async def test_history_before_the_first_start_is_not_answered(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    options = MatrixOptions(
        homeserver.url, bot.user_id, tmp_path / "bot", "clef", password=bot.password
    )
    async with (
        opened_office(tmp_path) as office,
        reading(homeserver, rssi, tmp_path / "rssi") as reader,
    ):
        await office.known(Address(ChannelName.MATRIX, rssi.user_id))
        room = await reader.create_room(bot.user_id, encrypted=False)
        homeserver.call("POST", f"/_matrix/client/v3/join/{room}", {}, token=bot.token)
        await reader.say(room, "!alertes ancien")
        async with listening(options, office) as channel:
            await eventually(lambda: room in channel.session.client.rooms)
            await reader.say(room, "!alertes nouveau")
            assert [body.rpartition(" ")[2] for body in await reader.read(1)] == ["nouveau"]


async def test_an_invitation_from_elsewhere_is_declined(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    bot, stranger = homeserver.register("tocsin"), homeserver.register("inconnu")
    options = MatrixOptions(
        homeserver.url, bot.user_id, tmp_path / "bot", "clef", password=bot.password
    )
    async with (
        opened_office(tmp_path) as office,
        reading(homeserver, stranger, tmp_path / "inconnu") as reader,
        listening(options, office, ("agent.social.tchap.gouv.fr", "@rssi:tocsin.test")),
    ):
        room = await reader.create_room(bot.user_id, encrypted=False)
        await eventually(lambda: room in reader.client.rooms)
        await eventually(
            lambda: any(
                isinstance(event, nio.RoomMemberEvent)
                and (event.state_key, event.membership) == (bot.user_id, "leave")
                for event in reader.events
            )
        )


async def test_a_message_that_cannot_be_decrypted_is_said_to_be_so(at: Scene) -> None:
    await at.rssi.say(at.room, "!alertes")
    await at.replies(1)
    content = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg",
        "device_id": "PERDU",
        "sender_key": "IlRMeOPX2e0MurIyfWEucYBRVOEEUMrOHqn/8mLqMjA",
        "session_id": "X3lUlvLELLYxeTx4yOVu6UDpasGEVO0Jbu+QFnm0cKQ",
    }
    path = f"/_matrix/client/v3/rooms/{at.room}/send/m.room.encrypted"
    token = at.rssi.account.token
    for number in range(2):
        at.homeserver.call("PUT", f"{path}/illisible-{number}", content, token=token)
    await at.rssi.say(at.room, "!alertes fin")
    said = [reply.body for reply in await at.replies(3)]
    assert "pas pu déchiffrer" in said[1]
    assert said[2].endswith("fin")
