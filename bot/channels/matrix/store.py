"""What a Matrix device must not lose: its name, its token, the account's signing keys, and
where its sync stopped.

The device's keys are in nio's own database beside these files, encrypted under the same
configured key. Back the whole folder up together: a device restored without its keys
sends messages that nobody can read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

DEVICE, SYNCED = "device.json", "synced"


class MatrixStoreError(Exception):
    """The stored device cannot be used. The text says what to do; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Device:
    """A login: one of the bot's devices."""

    user_id: str
    device_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeviceStore:
    """The files of one account, in a folder of their own."""

    folder: Path
    key: str = field(repr=False)

    def load(self) -> Device | None:
        """The stored device, or None before the first login.

        Raises:
            MatrixStoreError: the file is not readable under the configured key.
        """
        path = self.folder / DEVICE
        if not path.exists():
            return None
        try:
            stored = json.loads(path.read_text())
            token = self._cipher().decrypt(stored["token"].encode()).decode()
            return Device(stored["user_id"], stored["device_id"], token)
        except InvalidToken:
            raise MatrixStoreError(
                f"{path}: written under another key; configure the matrix pickle_key it had"
            ) from None
        except (ValueError, KeyError, AttributeError) as error:
            raise MatrixStoreError(
                f"{path}: damaged ({type(error).__name__}); restore the folder from a backup,"
                " or move it away to log in as a new device"
            ) from error

    def save(self, device: Device) -> None:
        """Keep the device, its token encrypted, for this user's eyes only."""
        token = self._cipher().encrypt(device.token.encode()).decode()
        stored = {"user_id": device.user_id, "device_id": device.device_id, "token": token}
        self._write(DEVICE, json.dumps(stored))

    def load_secret(self, name: str) -> dict[str, str] | None:
        """A mapping kept encrypted under ``name``, or None.

        Raises:
            MatrixStoreError: it is not readable under the configured key.
        """
        path = self.folder / f"{name}.secret"
        if not path.exists():
            return None
        try:
            opened = json.loads(self._cipher().decrypt(path.read_bytes()))
        except InvalidToken:
            raise MatrixStoreError(
                f"{path}: written under another key; configure the matrix pickle_key it had"
            ) from None
        return {str(key): str(value) for key, value in opened.items()}

    def save_secret(self, name: str, secret: Mapping[str, str]) -> None:
        """Keep a mapping encrypted."""
        self._write(
            f"{name}.secret", self._cipher().encrypt(json.dumps(dict(secret)).encode()).decode()
        )

    def synced(self) -> str:
        """The sync token up to which everything was handled; empty before the first."""
        path = self.folder / SYNCED
        return path.read_text().strip() if path.exists() else ""

    def save_synced(self, token: str) -> None:
        """Move the point up to which everything was handled."""
        self._write(SYNCED, token)

    def prepare(self) -> None:
        """Make the folder, readable by its owner alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _cipher(self) -> Fernet:
        key = hashlib.sha256(b"tocsin matrix device\0" + self.key.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(key))

    def _write(self, name: str, text: str) -> None:
        """Replace a file whole: a crash leaves the old one or the new one."""
        self.prepare()
        temporary = self.folder / f"{name}.new"
        temporary.touch(mode=0o600)
        with temporary.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.folder / name)
