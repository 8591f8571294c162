"""Matrix with a real homeserver, read by a second real client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import nio
import pytest

from bot.channels.base import (
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from bot.channels.matrix.channel import MatrixChannel
from bot.channels.matrix.client import MatrixOptions
from bot.channels.matrix.session import Ended, MatrixSession
from bot.channels.matrix.store import MatrixStoreError
from bot.domain.message import Choice, Message
from tests.servers.matrix import Reader, reading
from tests.servers.synapse import Account, Homeserver
from tests.servers.waiting import eventually

pytestmark = pytest.mark.synapse

MESSAGE = Message(
    "Citrix NetScaler",
    "À faire : passer en 13.1-49.13. @room",
    html="<p><strong>À faire :</strong> passer en 13.1-49.13</p>",
)


@dataclass(slots=True)
class Scene:
    """A bot and an RSSI in one room."""

    homeserver: Homeserver
    bot: Account
    options: MatrixOptions
    channel: MatrixChannel
    rssi: Reader
    room: str


@asynccontextmanager
async def connected(options: MatrixOptions) -> AsyncIterator[MatrixChannel]:
    channel = MatrixChannel(MatrixSession(options))
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def scene(homeserver: Homeserver, folder: Path, *, encrypted: bool) -> AsyncIterator[Scene]:
    bot, rssi = homeserver.register("tocsin"), homeserver.register("rssi")
    folder = folder / f"encrypted-{encrypted}"
    options = MatrixOptions(
        homeserver=homeserver.url,
        user_id=bot.user_id,
        store=folder / "bot",
        pickle_key="clef du coffre",
        password=bot.password,
    )
    async with reading(homeserver, rssi, folder / "rssi") as reader:
        room = await reader.create_room(bot.user_id, encrypted=encrypted)
        homeserver.call("POST", f"/_matrix/client/v3/join/{room}", {}, token=bot.token)
        async with connected(options) as channel:
            yield Scene(homeserver, bot, options, channel, reader, room)


@pytest.fixture
async def encrypted(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(homeserver, tmp_path, encrypted=True) as set_up:
        yield set_up


@pytest.fixture
async def plain(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(homeserver, tmp_path, encrypted=False) as set_up:
        yield set_up


async def test_an_encrypted_room_reads_it_and_the_server_does_not(encrypted: Scene) -> None:
    event_id = await encrypted.channel.send(encrypted.room, MESSAGE, key="k1")
    assert await encrypted.rssi.read(1) == [MESSAGE.text]
    [message] = encrypted.rssi.from_others
    assert message.event_id == event_id
    assert message.formatted_body == MESSAGE.html
    assert message.source["content"]["m.mentions"] == {}
    stored = encrypted.homeserver.events(encrypted.room, token=encrypted.bot.token)
    kinds = [event["type"] for event in stored if event["event_id"] == event_id]
    assert kinds == ["m.room.encrypted"]
    assert "NetScaler" not in json.dumps(stored)
    assert "49.13" not in json.dumps(stored)


@pytest.mark.parametrize("encrypted", [True, False])
async def test_the_same_key_posts_one_event(
    homeserver: Homeserver, tmp_path: Path, encrypted: bool
) -> None:
    async with scene(homeserver, tmp_path, encrypted=encrypted) as at:
        await posts_one_event(at)


async def posts_one_event(at: Scene) -> None:
    first = await at.channel.send(at.room, MESSAGE, key="k1")
    assert await at.channel.send(at.room, MESSAGE, key="k1") == first
    await at.channel.send(at.room, replace(MESSAGE, text="fin"), key="k2")
    assert await at.rssi.read(2) == [MESSAGE.text, "fin"]


async def test_a_message_is_found_by_its_key_among_many(encrypted: Scene) -> None:
    sought = await encrypted.channel.send(encrypted.room, MESSAGE, key="k-sought")
    for number in range(120):
        path = f"/_matrix/client/v3/rooms/{encrypted.room}/send/m.room.message/{number}"
        content = {"msgtype": "m.text", "body": "autre chose", "fr.tocsin.key": "k-usurped"}
        encrypted.homeserver.call("PUT", path, content, token=encrypted.rssi.account.token)
    assert await encrypted.channel.find(encrypted.room, key="k-sought") == sought
    assert await encrypted.channel.find(encrypted.room, key="k-usurped") is None
    assert await encrypted.channel.find(encrypted.room, key="k-never") is None


async def test_a_restarted_bot_is_the_same_device_and_still_read(encrypted: Scene) -> None:
    first = await encrypted.channel.send(encrypted.room, MESSAGE, key="k1")
    await encrypted.channel.close()
    async with connected(encrypted.options) as restarted:
        again = await restarted.send(encrypted.room, MESSAGE, key="k1")
        await restarted.send(encrypted.room, replace(MESSAGE, text="après"), key="k2")
    assert again == first
    assert await encrypted.rssi.read(2) == [MESSAGE.text, "après"]
    assert not encrypted.rssi.unreadable


async def test_a_device_logged_in_later_reads_what_comes_after(
    encrypted: Scene, tmp_path: Path
) -> None:
    await encrypted.channel.send(encrypted.room, MESSAGE, key="k1")
    login = encrypted.homeserver.call(
        "POST",
        "/_matrix/client/v3/login",
        {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": encrypted.rssi.account.user_id},
            "password": encrypted.rssi.account.password,
        },
    )
    phone = replace(
        encrypted.rssi.account, device_id=login["device_id"], token=login["access_token"]
    )
    async with reading(encrypted.homeserver, phone, tmp_path / "phone") as second:
        known = encrypted.channel.session.client.device_store[phone.user_id]
        await eventually(lambda: phone.device_id in known)
        await encrypted.channel.send(encrypted.room, replace(MESSAGE, text="après"), key="k2")
        await eventually(lambda: "après" in [event.body for event in second.messages])


async def test_a_later_message_joins_the_thread(plain: Scene) -> None:
    first = await plain.channel.send(plain.room, MESSAGE, key="k1")
    await plain.channel.send(plain.room, replace(MESSAGE, text="rappel", thread=first), key="k2")
    await plain.rssi.read(2)
    relation = plain.rssi.from_others[1].source["content"]["m.relates_to"]
    assert relation["rel_type"] == "m.thread"
    assert relation["event_id"] == first


async def test_answers_are_offered_as_reactions(encrypted: Scene) -> None:
    choices = (Choice("oui", "Je m'en occupe", "ALR:taken", "✋"), Choice("non", "Non", "ALR:x"))
    event_id = await encrypted.channel.send(
        encrypted.room, replace(MESSAGE, choices=choices), key="k1"
    )
    rssi = encrypted.rssi
    await eventually(lambda: any(isinstance(event, nio.ReactionEvent) for event in rssi.events))
    reactions = [event for event in rssi.events if isinstance(event, nio.ReactionEvent)]
    assert [(event.reacts_to, event.key) for event in reactions] == [(event_id, "✋")]


async def test_too_large_is_refused_before_it_is_sent(plain: Scene, encrypted: Scene) -> None:
    with pytest.raises(PermanentDeliveryError, match="65536"):
        await plain.channel.send(plain.room, Message("s", "a" * 65_000), key="k1")
    with pytest.raises(PermanentDeliveryError, match="65536"):
        await encrypted.channel.send(encrypted.room, Message("s", "é" * 8_200), key="k1")


async def test_what_is_just_under_the_limit_is_posted(plain: Scene, encrypted: Scene) -> None:
    await plain.channel.send(plain.room, Message("s", "a" * 63_000), key="k1")
    await encrypted.channel.send(encrypted.room, Message("s", "é" * 7_800), key="k1")
    assert await encrypted.rssi.read(1) == ["é" * 7_800]


async def test_a_room_the_bot_is_not_in_is_permanent(plain: Scene) -> None:
    elsewhere = await plain.rssi.create_room(encrypted=False)
    with pytest.raises(PermanentDeliveryError, match="not in this room"):
        await plain.channel.send(elsewhere, MESSAGE, key="k1")


async def test_a_room_the_bot_was_thrown_out_of_is_permanent(plain: Scene) -> None:
    await plain.channel.send(plain.room, MESSAGE, key="k1")
    await plain.rssi.client.room_kick(plain.room, plain.bot.user_id)
    with pytest.raises(PermanentDeliveryError, match=r"M_FORBIDDEN|not in this room"):
        await plain.channel.send(plain.room, MESSAGE, key="k2")


async def test_the_homeserver_says_how_long_to_wait(plain: Scene) -> None:
    admin = plain.homeserver.register("admin", admin=True)
    await plain.channel.send(plain.room, MESSAGE, key="k0")
    plain.homeserver.call(
        "POST",
        f"/_synapse/admin/v1/users/{plain.bot.user_id}/override_ratelimit",
        {"messages_per_second": 1, "burst_count": 1},
        token=admin.token,
    )

    async def flood() -> None:
        for number in range(10):
            await plain.channel.send(plain.room, MESSAGE, key=f"k-{number}")

    with pytest.raises(TransientDeliveryError) as limited:
        await flood()
    assert limited.value.retry_after is not None


def revoke(at: Scene) -> str:
    """End the bot's session, as an administrator would; returns the dead token."""
    token = at.channel.session.client.access_token
    at.homeserver.call("POST", "/_matrix/client/v3/logout", {}, token=token)
    return str(token)


async def test_a_revoked_token_is_permanent_without_a_password(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    bot = homeserver.register("tocsin")
    options = MatrixOptions(
        homeserver.url,
        bot.user_id,
        tmp_path,
        "clef",
        access_token=bot.token,
        device_id=bot.device_id,
    )
    async with connected(options) as channel:
        heard = channel.session.listen()
        await channel.session.start()
        homeserver.call("POST", "/_matrix/client/v3/logout", {}, token=bot.token)
        with pytest.raises(PermanentDeliveryError, match="M_UNKNOWN_TOKEN") as refused:
            await channel.send("!r:tocsin.test", MESSAGE, key="k1")
        async with asyncio.timeout(10):
            while not isinstance(await heard.get(), Ended):
                pass
    assert bot.token not in str(refused.value)


async def test_a_revoked_token_is_followed_by_a_new_device_when_there_is_a_password(
    encrypted: Scene,
) -> None:
    await encrypted.channel.send(encrypted.room, MESSAGE, key="k1")
    dead = revoke(encrypted)
    with pytest.raises(TransientDeliveryError, match="logging in again"):
        await encrypted.channel.send(encrypted.room, MESSAGE, key="k2")
    client = encrypted.channel.session
    await eventually(lambda: client.client.access_token not in ("", dead) and client.client.rooms)
    after = replace(MESSAGE, text="après")
    for _ in range(20):
        with suppress(TransientDeliveryError):
            await encrypted.channel.send(encrypted.room, after, key="k2")
            break
    assert await encrypted.rssi.read(2) == [MESSAGE.text, "après"]
    assert not encrypted.rssi.unreadable


async def test_a_lost_store_is_noticed_and_replaced_by_a_new_device(encrypted: Scene) -> None:
    await encrypted.channel.send(encrypted.room, MESSAGE, key="k1")
    lost = encrypted.channel.session.client.device_id
    await encrypted.channel.close()
    for database in encrypted.options.store.glob("*.db"):
        database.unlink()
    stored = encrypted.options.store / "device.json"
    kept = stored.read_text()
    with pytest.raises(MatrixStoreError, match="its keys are not in the store"):
        await MatrixSession(replace(encrypted.options, password="")).start()
    for database in encrypted.options.store.glob("*.db"):
        database.unlink()
    assert stored.read_text() == kept
    async with connected(encrypted.options) as anew:
        await anew.send(encrypted.room, replace(MESSAGE, text="après"), key="k2")
        assert anew.session.client.device_id != lost
    assert await encrypted.rssi.read(2) == [MESSAGE.text, "après"]


async def test_another_pickle_key_is_said_and_changes_nothing(encrypted: Scene) -> None:
    await encrypted.channel.send(encrypted.room, MESSAGE, key="k1")
    await encrypted.channel.close()
    wrong = MatrixSession(replace(encrypted.options, pickle_key="une autre"))
    with pytest.raises(MatrixStoreError, match="pickle_key"):
        await wrong.start()
    await wrong.close()
    async with connected(encrypted.options) as restarted:
        await restarted.send(encrypted.room, replace(MESSAGE, text="après"), key="k2")
    token = restarted.session.client.access_token
    assert token not in (encrypted.options.store / "device.json").read_text()
    assert "clef du coffre" not in repr(encrypted.options)


async def test_a_homeserver_that_is_down_is_transient(tmp_path: Path, unused_tcp_port: int) -> None:
    options = MatrixOptions(
        homeserver=f"http://127.0.0.1:{unused_tcp_port}",
        user_id="@tocsin:tocsin.test",
        store=tmp_path,
        pickle_key="clef",
        password="p4ssw0rd",
    )
    async with connected(options) as channel:
        with pytest.raises((TransientDeliveryError, UncertainDeliveryError)):
            await channel.send("!r:tocsin.test", MESSAGE, key="k1")


async def test_refused_credentials_are_permanent_and_not_quoted(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    bot = homeserver.register("tocsin")
    options = MatrixOptions(homeserver.url, bot.user_id, tmp_path, "clef", password="m4uvais")
    async with connected(options) as channel:
        with pytest.raises(PermanentDeliveryError, match="M_FORBIDDEN") as refused:
            await channel.send("!r:tocsin.test", MESSAGE, key="k1")
    assert "m4uvais" not in str(refused.value) + repr(options)
