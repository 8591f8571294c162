"""One Matrix device: logged in, synchronised, able to encrypt. Shared by the channel, which
sends, and by the chat, which listens. One process at a time may hold it.

What nio leaves to its user is done here: uploading and querying keys between syncs (without
which a send succeeds and nobody can read it), noticing that the device's keys were lost,
and living on when a sync fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import nio
import structlog
from nio.client.async_client import AsyncClient

from bot.channels.base import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from bot.channels.matrix.client import MatrixOptions, SessionEndedError, answered, make_client
from bot.channels.matrix.keys import deprived, lost_keys
from bot.channels.matrix.signing import CrossSigner, Identity
from bot.channels.matrix.store import Device, DeviceStore, MatrixStoreError

log = structlog.get_logger(__name__)

__all__ = [
    "Ended",
    "Heard",
    "Incoming",
    "Invited",
    "MatrixOptions",
    "MatrixSession",
    "Synced",
]

SIGNING = "signing"  # the secret that holds the account's signing keys
TIMELINE = 100  # events a room in one sync: the most Synapse gives
LONG_POLL = timedelta(seconds=30)
RETRY_FIRST, RETRY_LONGEST = timedelta(seconds=1), timedelta(seconds=60)
FILTER = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {
        "timeline": {"limit": TIMELINE},
        "ephemeral": {"types": []},
        "account_data": {"types": []},
    },
}


@dataclass(frozen=True, slots=True)
class Heard:
    """An event of a room, decrypted where it could be."""

    room: nio.MatrixRoom
    event: nio.Event


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody asks the bot into a room."""

    room_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Synced:
    """Everything heard so far was before this token: give it back once handled."""

    token: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over for good: nothing more will be heard."""

    reason: str


Incoming = Heard | Invited | Synced | Ended


class MatrixSession:
    """A device that stays connected once :meth:`start` was called."""

    def __init__(self, options: MatrixOptions) -> None:
        self.options = options
        self.client = make_client(options)
        self._store = DeviceStore(options.store, options.pickle_key)
        self._incoming: asyncio.Queue[Incoming] | None = None
        self._starting = asyncio.Lock()
        self._keys = asyncio.Lock()
        self._running: asyncio.Task[None] | None = None
        self._ended = ""

    def listen(self) -> asyncio.Queue[Incoming]:
        """Ask to hear what happens. Must come before :meth:`start`, or commands are lost."""
        self._incoming = self._incoming or asyncio.Queue()
        return self._incoming

    def handled(self, mark: Synced) -> None:
        """Remember that everything up to ``mark`` was handled: a restart resumes there."""
        self._store.save_synced(mark.token)

    async def start(self) -> None:
        """Log in or resume, synchronise once, then go on in the background.

        Raises:
            MatrixStoreError: the stored device cannot be used; the text says what to do.
            TransientDeliveryError: the homeserver cannot be reached.
            PermanentDeliveryError: the credentials are refused.
        """
        async with self._starting:
            if self._ended and not self.options.password:
                raise SessionEndedError(self._ended)
            if self._running is None:
                await self._open()
                await self._first_sync()
                await self._sign()
                self._running = asyncio.create_task(self._stay_connected())

    @property
    def identity(self) -> Identity:
        """The account's identity, once the session was started.

        Raises:
            MatrixStoreError: there is none yet.
        """
        seeds = self._store.load_secret(SIGNING)
        if seeds is None:
            raise MatrixStoreError(f"{self.options.store}: no identity yet; start the session")
        return Identity.from_seeds(self.options.user_id, seeds)

    async def take_identity(self, fetch: Callable[[AsyncClient], Awaitable[Identity]]) -> bool:
        """Log in and let the identity that ``fetch`` gives sign the device; whether it did.

        Raises:
            MatrixStoreError: there is no way to log in.
            TransientDeliveryError: the homeserver cannot be reached.
        """
        async with self._starting:
            await self._open()
            identity = await fetch(self.client)
            self._store.save_secret(SIGNING, identity.seeds())
            await self._first_sync()
            return await self._sign()

    async def close(self) -> None:
        """Stop synchronising, close the connection and the database of keys."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
            self._running = None
        await self._disconnect()

    async def room(self, room_id: str) -> nio.MatrixRoom:
        """The room, if the bot is in it.

        Raises:
            PermanentDeliveryError: the bot is not in that room.
            TransientDeliveryError: it just joined and has not heard of it yet.
        """
        known: nio.MatrixRoom | None = self.client.rooms.get(room_id)
        if known is not None:
            return known
        answer = await self.ask(self.client.joined_rooms())
        if room_id in answer.rooms:
            raise TransientDeliveryError("the room was joined a moment ago")
        raise PermanentDeliveryError("the bot is not in this room")

    async def make_readable(self, room: nio.MatrixRoom) -> None:
        """Give the room's devices the key of what will be said, if they lack it.

        nio marks a key as shared even when the request that carries it failed; a device
        it had a session with and that did not get the key is a failure here.
        """
        if not room.encrypted:
            return
        async with self._keys:
            if not room.members_synced:
                await self.ask(self.client.joined_members(room.room_id))
            if self.client.should_query_keys:
                await self.ask(self.client.keys_query())
            olm = self.client.olm
            if olm is None or not olm.should_share_group_session(room.room_id):
                return
            await self.ask(
                self.client.share_group_session(room.room_id, ignore_unverified_devices=True)
            )
            if missed := deprived(self.client, room):
                self.client.invalidate_outbound_session(room.room_id)
                raise TransientDeliveryError(f"{missed} devices could not be given the key")

    async def ask(self, request: Any) -> Any:  # nio's responses share no useful type
        """Await one of nio's requests; see :func:`bot.channels.matrix.client.answered`.

        When the homeserver ended the session and there is a password, the error is
        transient: a new device is on its way.
        """
        try:
            return await answered(request)
        except SessionEndedError as error:
            self._ended = str(error)
            if self.options.password:
                raise TransientDeliveryError(f"{error}: logging in again") from None
            raise

    # -- starting --------------------------------------------------------------------

    async def _open(self) -> None:
        self._store.prepare()
        device = self._store.load() or self._configured_device()
        if device is not None and device.user_id != self.options.user_id:
            raise MatrixStoreError(
                f"{self.options.store} is the store of {device.user_id}, not of"
                f" {self.options.user_id}: configure a folder of its own"
            )
        if device is not None:
            self._restore(device)
            lost = await lost_keys(self.client, device)
            if not lost:
                return
            await self._forget(lost)
        await self._log_in()

    def _configured_device(self) -> Device | None:
        options = self.options
        if not options.access_token:
            return None
        return Device(options.user_id, options.device_id, options.access_token)

    def _restore(self, device: Device) -> None:
        try:
            self.client.restore_login(device.user_id, device.device_id, device.token)
        except ValueError as error:  # vodozemac's PickleException
            raise MatrixStoreError(
                f"{self.options.store}: the keys of device {device.device_id} cannot be opened;"
                " configure the matrix pickle_key they were written under"
            ) from error

    async def _forget(self, why: str) -> None:
        """Leave a device that cannot be used; refuse to when there is no way to a new one."""
        device = self.client.device_id
        if not self.options.password:
            raise MatrixStoreError(
                f"{self.options.store}: device {device} cannot be used any more: {why}."
                " Restore the folder from a backup, or configure matrix.password to log in"
                " as a new device"
            )
        log.warning("matrix_device_replaced", device=device, reason=why)
        await self._disconnect()
        self.client = make_client(self.options)

    async def _disconnect(self) -> None:
        await self.client.close()  # type: ignore[no-untyped-call]
        if self.client.store is not None:
            self.client.store.database.close()

    async def _log_in(self) -> None:
        options = self.options
        if not options.password:
            raise MatrixStoreError(
                "configure matrix.password, or matrix.access_token and matrix.device_id"
            )
        answer = await answered(self.client.login(options.password, options.device_name))
        self._store.save(Device(answer.user_id, answer.device_id, answer.access_token))

    async def _sign(self) -> bool:
        """Have the device vouched for by the account's identity, made at the first start."""
        user = self.options.user_id
        seeds = self._store.load_secret(SIGNING)
        identity = Identity.from_seeds(user, seeds) if seeds else Identity.new(user)
        if seeds is None:
            self._store.save_secret(SIGNING, identity.seeds())
        signer = CrossSigner(self.client, identity, password=self.options.password)
        signed = await signer.vouch()
        log.info("matrix_device", device=self.client.device_id, signed=signed)
        return signed

    async def _first_sync(self) -> None:
        """Learn the rooms. Without a token the past is not replayed; with one it is heard
        from there on, and the rooms' state is asked for in full."""
        since = self._store.synced()
        if since:
            self._subscribe()
        await self._sync(since=since, full_state=True)
        if not since:
            self._subscribe()

    def _subscribe(self) -> None:
        incoming = self._incoming
        if incoming is None:
            return

        async def hear(room: nio.MatrixRoom, event: nio.Event) -> None:
            incoming.put_nowait(Heard(room, event))

        self.client.add_event_callback(hear, nio.Event)

    # -- staying connected -----------------------------------------------------------

    async def _stay_connected(self) -> None:
        """Synchronise for ever; a failure is logged and slept upon. When the session was
        ended, log in again, or say so to whoever listens when there is no password."""
        pause = RETRY_FIRST
        while not self._ended or self.options.password:
            reopening = bool(self._ended)
            work = self._reopen() if reopening else self._sync(poll=LONG_POLL)
            turn = asyncio.create_task(work)
            try:
                await asyncio.wait({turn})
            except asyncio.CancelledError:
                turn.cancel()
                raise
            error = turn.exception()
            if error is None:
                pause = RETRY_FIRST
                continue
            expected = isinstance(error, DeliveryError)
            log.warning("matrix_sync", reason=str(error), exc_info=None if expected else error)
            if reopening or not self._ended:
                await asyncio.sleep(pause.total_seconds())
                pause = min(pause * 2, RETRY_LONGEST)
        log.error("matrix_session_ended", reason=self._ended)
        self._tell(Ended(self._ended))

    async def _reopen(self) -> None:
        """Log in again as a new device and go on from where the sync stopped."""
        await self._disconnect()
        self.client = make_client(self.options)
        await self._open()
        await self._first_sync()
        await self._sign()
        self._ended = ""

    async def _sync(
        self, *, since: str = "", full_state: bool = False, poll: timedelta = timedelta()
    ) -> None:
        response = await self.ask(
            self.client.sync(
                int(poll.total_seconds() * 1000),
                sync_filter=FILTER,
                since=since or None,
                full_state=full_state or None,
            )
        )
        for room_id in response.rooms.invite:
            room = self.client.invited_rooms.get(room_id)
            self._tell(Invited(room_id, (room and room.inviter) or ""))
        self._tell(Synced(response.next_batch))
        await self._exchange_keys()

    def _tell(self, incoming: Incoming) -> None:
        if self._incoming is not None:
            self._incoming.put_nowait(incoming)

    async def _exchange_keys(self) -> None:
        """What nio's own loop does between two syncs."""
        async with self._keys:
            await self.client.send_to_device_messages()
            if self.client.should_upload_keys:
                await self.ask(self.client.keys_upload())
            if self.client.should_query_keys:
                await self.ask(self.client.keys_query())
            if self.client.should_claim_keys:
                await self.ask(self.client.keys_claim(self.client.get_users_for_key_claiming()))
