"""Recovery of the bot's identity: its three keys in the account's secret storage, encrypted
under a recovery key that is printed once and kept by people, away from this machine.

Any Matrix client opens it with the same key. Nobody without it can, the homeserver included.

Source: Matrix client-server API v1.11, "Secret storage" (``m.secret_storage.v1.aes-hmac-sha2``)
and "Cryptographic key representation".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nio.client.async_client import AsyncClient

from bot.channels.base import TransientDeliveryError
from bot.channels.matrix.signing import USAGES, Identity, unpadded

ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2"
DEFAULT = "m.secret_storage.default_key"
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"  # base 58
PREFIX = b"\x8b\x01"
KEY_BYTES = 32
GROUP = 4  # characters between two spaces


class RecoveryError(Exception):
    """The identity cannot be recovered; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """Thirty-two random bytes, and how people write them."""

    raw: bytes = field(repr=False)

    @classmethod
    def new(cls) -> RecoveryKey:
        """A fresh one."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @property
    def written(self) -> str:
        """Base 58 in groups of four, as Matrix clients show it."""
        body = PREFIX + self.raw
        text = _base58(body + bytes([_parity(body)]))
        return " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))

    @classmethod
    def read(cls, text: str) -> RecoveryKey:
        """What somebody typed; spaces do not matter.

        Raises:
            RecoveryError: it is not a recovery key, or a character is wrong.
        """
        body = _from_base58("".join(text.split()))
        if len(body) != len(PREFIX) + KEY_BYTES + 1 or body[:2] != PREFIX or _parity(body):
            raise RecoveryError("this is not a recovery key: look for a wrong character")
        return cls(body[2:-1])


@dataclass(frozen=True, slots=True)
class SecretStorage:
    """The secret storage of the client's account."""

    client: AsyncClient

    async def exists(self) -> bool:
        """Whether a recovery key was made for this account, by Tocsin or by a client."""
        return await self._get(DEFAULT) is not None

    async def keep(self, identity: Identity, key: RecoveryKey) -> None:
        """Write the identity under a new key, which becomes the account's default one.

        Raises:
            TransientDeliveryError: the homeserver cannot be reached, or refuses.
        """
        name = secrets.token_urlsafe(24)
        proof = encrypt(key, "", "\0" * KEY_BYTES)
        description = {"algorithm": ALGORITHM, "iv": proof["iv"], "mac": proof["mac"]}
        await self._put(f"m.secret_storage.key.{name}", description)
        for usage, seed in identity.seeds().items():
            kind = f"m.cross_signing.{usage}"
            sealed = encrypt(key, kind, seed.rstrip("="))
            await self._put(kind, {"encrypted": {name: sealed}})
        await self._put(DEFAULT, {"key": name})

    async def identity(self, user_id: str, key: RecoveryKey) -> Identity:
        """The identity that is kept there.

        Raises:
            RecoveryError: nothing is kept, or under another key.
            TransientDeliveryError: the homeserver cannot be reached.
        """
        chosen = await self._get(DEFAULT)
        name = str((chosen or {}).get("key", ""))
        if not name:
            raise RecoveryError("this account has no recovery: restore data_dir/matrix instead")
        seeds = {}
        for usage in USAGES:
            kind = f"m.cross_signing.{usage}"
            kept = await self._get(kind) or {}
            sealed = kept.get("encrypted", {}).get(name)
            if not isinstance(sealed, dict):
                raise RecoveryError(f"the account's recovery lacks {kind}")
            seed = decrypt(key, kind, sealed)
            seeds[usage] = seed + "=" * (-len(seed) % 4)
        return Identity.from_seeds(user_id, seeds)

    async def _get(self, kind: str) -> dict[str, Any] | None:
        status, answer = await self._ask("GET", kind, "")
        if status == 404:
            return None
        if status != 200:
            raise TransientDeliveryError(f"the homeserver answered {status}")
        return answer

    async def _put(self, kind: str, content: Mapping[str, Any]) -> None:
        status, _ = await self._ask("PUT", kind, json.dumps(content))
        if status != 200:
            raise TransientDeliveryError(f"the homeserver answered {status}")

    async def _ask(self, method: str, kind: str, body: str) -> tuple[int, dict[str, Any]]:
        user = quote(str(self.client.user_id), safe="")
        path = f"/_matrix/client/v3/user/{user}/account_data/{quote(kind, safe='')}"
        headers = {
            "Authorization": f"Bearer {self.client.access_token}",
            "Content-Type": "application/json",
        }
        try:
            answer = await self.client.send(method, path, body or None, headers)
            parsed = await answer.json()
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise TransientDeliveryError(f"no connection ({type(error).__name__})") from None
        return answer.status, parsed if isinstance(parsed, dict) else {}


def encrypt(key: RecoveryKey, name: str, text: str) -> dict[str, str]:
    """A secret as the account keeps it; ``name`` is its type."""
    aes, mac = _derived(key, name)
    iv = bytearray(secrets.token_bytes(16))
    iv[8] &= 0x7F  # the specification asks for it: some counters are 64 bits
    cipher = Cipher(algorithms.AES(aes), modes.CTR(bytes(iv))).encryptor()
    sealed = cipher.update(text.encode()) + cipher.finalize()
    return {
        "iv": unpadded(bytes(iv)),
        "ciphertext": unpadded(sealed),
        "mac": unpadded(hmac.digest(mac, sealed, "sha256")),
    }


def decrypt(key: RecoveryKey, name: str, sealed: Mapping[str, Any]) -> str:
    """What :func:`encrypt` was given.

    Raises:
        RecoveryError: another key, or damaged.
    """
    aes, mac = _derived(key, name)
    try:
        iv, body, given = (_bytes(sealed[part]) for part in ("iv", "ciphertext", "mac"))
    except (KeyError, TypeError, binascii.Error) as error:
        raise RecoveryError("the account's recovery is damaged") from error
    if not hmac.compare_digest(hmac.digest(mac, body, "sha256"), given):
        raise RecoveryError("this is not the recovery key of this account")
    cipher = Cipher(algorithms.AES(aes), modes.CTR(iv)).decryptor()
    return (cipher.update(body) + cipher.finalize()).decode()


def _derived(key: RecoveryKey, name: str) -> tuple[bytes, bytes]:
    """The AES and MAC keys of one secret."""
    both = HKDF(SHA256(), 64, salt=b"\0" * hashlib.sha256().digest_size, info=name.encode()).derive(
        key.raw
    )
    return both[:32], both[32:]


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def _parity(body: bytes) -> int:
    found = 0
    for byte in body:
        found ^= byte
    return found


def _base58(body: bytes) -> str:
    """The body begins with a byte that is not zero: no leading zeros to keep."""
    number, text = int.from_bytes(body), ""
    while number:
        number, rest = divmod(number, len(ALPHABET))
        text = ALPHABET[rest] + text
    return text


def _from_base58(text: str) -> bytes:
    number = 0
    for character in text:
        at = ALPHABET.find(character)
        if at < 0:
            return b""
        number = number * len(ALPHABET) + at
    return number.to_bytes(-(-number.bit_length() // 8))
