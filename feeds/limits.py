"""How much of a foreign document is read, and how long it is waited for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps for one source.

    Args:
        document_bytes: longest document, once decompressed. The longest CERT-FR bulletin
            is 0.2 MB, the MITRE ICS bundle 3.5 MB.
        connect: longest wait for a connection.
        total: longest wait for a whole answer.
        redirects: redirects followed before giving up.
        requests: most documents asked for in one reading; the rest waits for the next.
    """

    document_bytes: int = 32 * MEBIBYTE
    connect: timedelta = timedelta(seconds=10)
    total: timedelta = timedelta(seconds=60)
    redirects: int = 5
    requests: int = 400


DEFAULT_LIMITS = Limits()
