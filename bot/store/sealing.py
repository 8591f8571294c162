"""What names machines, and what people wrote, sealed in the database under a configured key.

AES-256-GCM under a key derived from the configured one; each value bears the name of its key,
so that several may live together while one replaces another. Without a configured key
nothing is sealed, and nothing is slower.

A connection knows its sealer by its dialect, which belongs to one engine.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import JSON, Dialect, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

ATTRIBUTE = "tocsin_sealer"  # of the dialect
SEALED = re.compile(r"tocsin1:(?P<key>[0-9a-f]{8}):(?P<body>[A-Za-z0-9_-]+={0,2})")
FIELD = "sealed"  # the only one of a sealed JSON value
NONCE = 12  # bytes; NIST SP 800-38D


class SealError(Exception):
    """Something sealed cannot be opened; the message says which key is missing."""


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    cipher: AESGCM = field(repr=False)

    @classmethod
    def of(cls, secret: str) -> _Key:
        raw = hashlib.sha256(b"tocsin inventory\0" + secret.encode()).digest()
        name = hashlib.sha256(b"tocsin key name\0" + raw).hexdigest()[:8]
        return cls(name, AESGCM(raw))


class Sealer:
    """Seals under the current key, opens what any of its keys sealed.

    Args:
        current: the configured secret; empty: what is written from now on is not sealed.
        former: secrets under which something may still be sealed.
    """

    def __init__(self, current: str, former: Sequence[str] = ()) -> None:
        self._current = _Key.of(current) if current else None
        found = [_Key.of(secret) for secret in former]
        self._keys = {key.name: key for key in (*found, *filter(None, [self._current]))}

    @property
    def current(self) -> str:
        """The name of the key in use, empty when nothing is sealed."""
        return self._current.name if self._current else ""

    @property
    def names(self) -> frozenset[str]:
        """The names of every key that can open."""
        return frozenset(self._keys)

    def seal(self, text: str, purpose: str) -> str:
        """``text`` under the current key; an empty text says nothing and stays empty."""
        if self._current is None or not text:
            return text
        nonce = os.urandom(NONCE)
        body = self._current.cipher.encrypt(nonce, text.encode(), purpose.encode())
        return f"tocsin1:{self._current.name}:{base64.urlsafe_b64encode(nonce + body).decode()}"

    def open(self, stored: str, purpose: str) -> str:
        """What was sealed, or the text itself when it was not.

        Raises:
            SealError: its key is not configured, or it was altered.
        """
        found = SEALED.fullmatch(stored)
        if found is None:
            return stored
        key = self._keys.get(found["key"])
        if key is None:
            raise SealError(missing(found["key"]))
        raw = base64.urlsafe_b64decode(found["body"])
        try:
            return key.cipher.decrypt(raw[:NONCE], raw[NONCE:], purpose.encode()).decode()
        except InvalidTag:
            raise SealError(f"a value sealed under key {key.name} was altered") from None

    def is_current(self, stored: str) -> bool:
        """Whether a stored text is as it would be written today."""
        found = SEALED.fullmatch(stored)
        return not stored or (found["key"] if found else "") == self.current


def missing(name: str) -> str:
    """What to do about a key that is not configured."""
    return (
        f"the database holds values sealed under key {name}, which is not configured: set"
        " secrets.inventory_key to it, or add it to secrets.former_keys. Without that key the"
        " names of machines and what people wrote are lost: upload the inventories again into a"
        " new database"
    )


def sealer_of(dialect: Dialect) -> Sealer | None:
    """The sealer of an engine."""
    found: Sealer | None = getattr(dialect, ATTRIBUTE, None)
    return found


class SealedText(TypeDecorator[str]):
    """Text that names a machine, or that people wrote. Without a sealer it costs nothing: it
    has no processor at all."""

    impl = Text
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Seal what is written, where there is a sealer."""
        sealer, purpose = sealer_of(dialect), self.purpose
        if sealer is None:
            return None
        return lambda value: value if value is None else sealer.seal(value, purpose)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Open what is read, where there is a sealer."""
        sealer, purpose = sealer_of(dialect), self.purpose
        if sealer is None:
            return None
        return lambda value: value if value is None else sealer.open(value, purpose)


class SealedJson(TypeDecorator[dict[str, Any]]):
    """A JSON object that may name machines."""

    impl = JSON
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """``JSONB`` on PostgreSQL."""
        return dialect.type_descriptor(
            postgresql.JSONB() if dialect.name == "postgresql" else JSON()
        )

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Seal what is written, where there is a sealer."""
        sealer = sealer_of(dialect)
        return value if sealer is None else sealed_json(sealer, value, self.purpose)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Open what is read, where there is a sealer."""
        sealer = sealer_of(dialect)
        return value if sealer is None else opened_json(sealer, value, self.purpose)


def sealed_json(sealer: Sealer, value: Any, purpose: str) -> Any:
    """A JSON value as it is stored under a sealer."""
    if not sealer.current or value is None:
        return value
    return {FIELD: sealer.seal(json.dumps(value, ensure_ascii=False), purpose)}


def opened_json(sealer: Sealer, stored: Any, purpose: str) -> Any:
    """What :func:`sealed_json` was given.

    Raises:
        SealError: its key is not configured, or it was altered.
    """
    if isinstance(stored, dict) and stored.keys() == {FIELD}:
        return json.loads(sealer.open(stored[FIELD], purpose))
    return stored
