"""Cross-signing: the bot's own identity, which vouches for its devices.

Without it clients show a shield beside every message of the bot, and a client that excludes
unverified devices does not read it at all. nio knows nothing of it: three Ed25519 keys are
made once, published, and kept in the store; each new device is signed with them.

Source: Matrix client-server API v1.11, "Cross-signing"; MSC3967 (no authentication for the
first upload).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nio.client.async_client import AsyncClient

from bot.channels.base import TransientDeliveryError

log = structlog.get_logger(__name__)

API = "/_matrix/client/v3/keys"
USAGES = ("master", "self_signing", "user_signing")


@dataclass(frozen=True, slots=True)
class Identity:
    """The account's three private keys."""

    user_id: str
    master: Ed25519PrivateKey
    self_signing: Ed25519PrivateKey
    user_signing: Ed25519PrivateKey

    @classmethod
    def new(cls, user_id: str) -> Identity:
        """Make three keys."""
        return cls(user_id, *(Ed25519PrivateKey.generate() for _ in USAGES))

    @classmethod
    def from_seeds(cls, user_id: str, seeds: Mapping[str, str]) -> Identity:
        """Read what :meth:`seeds` gave.

        Raises:
            KeyError, ValueError: it is something else.
        """
        keys = (base64.b64decode(seeds[usage]) for usage in USAGES)
        return cls(user_id, *(Ed25519PrivateKey.from_private_bytes(key) for key in keys))

    def seeds(self) -> dict[str, str]:
        """The private keys, to be kept encrypted."""
        return {
            usage: base64.b64encode(self.key(usage).private_bytes_raw()).decode()
            for usage in USAGES
        }

    def key(self, usage: str) -> Ed25519PrivateKey:
        """One of the three keys."""
        keys = {
            "master": self.master,
            "self_signing": self.self_signing,
            "user_signing": self.user_signing,
        }
        return keys[usage]

    def published(self, usage: str) -> dict[str, Any]:
        """A public key as it is uploaded: the master key signs the two others."""
        public = public_key(self.key(usage))
        made = {"user_id": self.user_id, "usage": [usage], "keys": {f"ed25519:{public}": public}}
        return made if usage == "master" else self.signed(made, self.master)

    def signed(self, made: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
        """An object with our signature, in place of any it had."""
        bare = {k: v for k, v in made.items() if k not in {"signatures", "unsigned"}}
        signature = unpadded(key.sign(canonical(bare)))
        return {
            **bare,
            "signatures": {self.user_id: {f"ed25519:{public_key(key)}": signature}},
        }


class CrossSigner:
    """Publishes an identity and signs the client's device with it. Doing it again changes
    nothing."""

    def __init__(self, client: AsyncClient, identity: Identity, *, password: str) -> None:
        self._client = client
        self._identity = identity
        self._password = password

    async def vouch(self) -> bool:
        """Have the device vouched for; False, with a line in the log, when it cannot be.

        Raises:
            TransientDeliveryError: the homeserver cannot be reached.
        """
        user, device_id = self._identity.user_id, str(self._client.device_id)
        known = await self._post("query", {"device_keys": {user: []}})
        master = public_key(self._identity.master)
        published = known.get("master_keys", {}).get(user, {}).get("keys", {})
        if f"ed25519:{master}" not in published and not await self._publish():
            return False
        device = known.get("device_keys", {}).get(user, {}).get(device_id)
        if device is None:
            log.warning("matrix_not_signed", reason="the device's keys are not published yet")
            return False
        signer = f"ed25519:{public_key(self._identity.self_signing)}"
        if signer in device.get("signatures", {}).get(user, {}):
            return True
        signed = self._identity.signed(device, self._identity.self_signing)
        answer = await self._post("signatures/upload", {user: {device_id: signed}})
        if failures := answer.get("failures"):
            log.warning("matrix_not_signed", reason=str(sorted(failures)))
            return False
        return "errcode" not in answer

    async def _publish(self) -> bool:
        """Upload the three public keys; a second identity needs the password."""
        keys = {f"{usage}_key": self._identity.published(usage) for usage in USAGES}
        answer = await self._post("device_signing/upload", keys)
        if "flows" in answer and self._password:
            log.warning("matrix_identity_replaced", user=self._identity.user_id)
            proof = {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": self._identity.user_id},
                "password": self._password,
                "session": answer.get("session", ""),
            }
            answer = await self._post("device_signing/upload", {**keys, "auth": proof})
        if answer:
            log.warning("matrix_not_signed", reason=answer.get("errcode", "password needed"))
        return not answer

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {self._client.access_token}",
            "Content-Type": "application/json",
        }
        try:
            answer = await self._client.send("POST", f"{API}/{path}", json.dumps(body), headers)
            parsed = await answer.json()
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise TransientDeliveryError(f"no connection ({type(error).__name__})") from None
        return parsed if isinstance(parsed, dict) else {}


def canonical(made: Mapping[str, Any]) -> bytes:
    """Canonical JSON: what is signed."""
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def public_key(key: Ed25519PrivateKey) -> str:
    """The public half, in unpadded base64: also the key's name."""
    return unpadded(key.public_key().public_bytes_raw())


def unpadded(raw: bytes) -> str:
    """Base64 as Matrix writes it."""
    return base64.b64encode(raw).decode().rstrip("=")
