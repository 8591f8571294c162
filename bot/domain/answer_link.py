"""The link by which a mail's reader answers on a page: signed, and stored nowhere. Pure.

Its token holds the key of the delivery, which stands for one message, one mailbox and the
answers that were offered there, and a code made with a secret. A mail's Message-ID holds
the same key under another code: what relays log does not open the page.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from bot.domain.message import Message

PATH = "/r/"  # of the page, before the token: short, because people read addresses
KEY_BYTES, CODE_BYTES = 32, 16  # 128 bits are not guessed
TOKEN = re.compile(r"[A-Za-z0-9_-]{64}")
KEY = re.compile(r"[0-9a-f]{64}")
FORM_LIFE = timedelta(hours=12)  # a page left open over a working day still answers


def token(secret: bytes, key: str) -> str:
    """The token of a delivery's key (SHA-256, hex): 64 characters of a URL.

    Raises:
        ValueError: ``key`` is not that of a delivery.
    """
    if not KEY.fullmatch(key):
        raise ValueError("not the key of a delivery")
    raw = bytes.fromhex(key)
    return base64.urlsafe_b64encode(raw + _code(secret, b"answer link", raw)).decode()


def opened(secret: bytes, text: str) -> str | None:
    """The key in a token; None when it is not ours, whatever is wrong with it."""
    if not TOKEN.fullmatch(text):
        return None
    try:
        raw = base64.urlsafe_b64decode(text)
    except binascii.Error:
        return None
    key, given = raw[:KEY_BYTES], raw[KEY_BYTES:]
    return key.hex() if hmac.compare_digest(_code(secret, b"answer link", key), given) else None


def form_token(secret: bytes, key: str, *, now: datetime) -> str:
    """What a form must give back: only who has seen the page has it."""
    shown_at = str(int(now.timestamp()))
    return f"{shown_at}.{_form_code(secret, key, shown_at)}"


def form_holds(secret: bytes, key: str, text: str, *, now: datetime) -> bool:
    """Whether a form was shown by us, for this link, less than :data:`FORM_LIFE` ago."""
    shown_at, _, given = text.partition(".")
    if not (shown_at.isascii() and shown_at.isdigit() and len(shown_at) <= 12 and given.isascii()):
        return False
    if not hmac.compare_digest(_form_code(secret, key, shown_at), given):
        return False
    return now - datetime.fromtimestamp(int(shown_at), UTC) <= FORM_LIFE


def filled(message: Message, secret: bytes, key: str) -> Message:
    """The message with its link complete. Until it is sent it holds a mere place for it: who
    reads the outbox, or a backup of it, cannot answer in people's name."""
    if not message.link:
        return message
    given = token(secret, key)
    return dataclasses.replace(
        message,
        text=message.text.replace(message.link, given),
        html=message.html.replace(message.link, given),
        link="",
    )


def _code(secret: bytes, purpose: bytes, raw: bytes) -> bytes:
    return hmac.new(secret, purpose + b"\0" + raw, hashlib.sha256).digest()[:CODE_BYTES]


def _form_code(secret: bytes, key: str, shown_at: str) -> str:
    return _code(secret, b"answer form", f"{key}\0{shown_at}".encode()).hex()
