"""The signed Message-ID: a reply that carries it comes from somebody who had the mail. Pure.

A sender's address can be forged; the Message-ID of a mail, which every client copies into
``In-Reply-To`` and ``References``, cannot be guessed once it holds a code made with a secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

CODE_LENGTH = 20  # base-32 characters: 100 bits
SIGNED = re.compile(
    rf"<(?P<key>[A-Za-z0-9_-]{{8,128}})\.(?P<code>[a-z2-7]{{{CODE_LENGTH}}})@[^<>@]+>"
)


def code(secret: bytes, key: str) -> str:
    """The code of a delivery's key: HMAC-SHA-256, cut to 100 bits, in lower-case base 32."""
    digest = hmac.new(secret, key.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:CODE_LENGTH]


def signed_key(secret: bytes, message_id: str) -> str | None:
    """The key in ``<key.code@domain>``; None when the code is missing or is not ours.

    The domain is not looked at: relays may rewrite it.
    """
    found = SIGNED.fullmatch(message_id)
    if found is None or not hmac.compare_digest(code(secret, found["key"]), found["code"]):
        return None
    return found["key"]
