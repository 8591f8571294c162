"""A folder of a mailbox over IMAP: what is new in it, and marking it as read. Blocking.

The standard library's client is enough for four commands. Nothing is ever deleted or moved.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

LARGEST = 16 * 1024 * 1024  # bytes read of one mail: an inventory of 10 MiB in base64
TIMEOUT = timedelta(seconds=30)


class MailboxError(Exception):
    """The mailbox cannot be read for now; the text holds no password and no mail."""


@dataclass(frozen=True, slots=True)
class ImapOptions:
    """How to reach the mailbox.

    Args:
        folder: as the server spells it, ASCII.
        ca_file: PEM file of an internal authority, trusted beside the system's.
    """

    host: str
    port: int
    security: Literal["plain", "starttls", "tls"]
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """How far a folder was read: ``uid`` grows, and means nothing under another validity."""

    validity: int
    uid: int

    @classmethod
    def of_cursor(cls, cursor: Mapping[str, int]) -> Point | None:
        """What was kept of it; None the first time."""
        return cls(cursor["validity"], cursor["uid"]) if cursor else None


class ImapFolder:
    """An open folder. Use :meth:`open`, then :meth:`close`; one thread at a time.

    Raises:
        MailboxError: from every method: refused, unreachable, or gone.
    """

    def __init__(self, client: imaplib.IMAP4, validity: int) -> None:
        self._client = client
        self.validity = validity

    @classmethod
    def open(cls, options: ImapOptions) -> ImapFolder:
        """Log in and open the folder.

        Source: RFC 9051 (6.2 for the dialogue, 2.3.1.1 for identifiers and their validity).
        """
        try:
            client = _connected(options)
        except (imaplib.IMAP4.error, OSError) as error:
            reason = f"{options.host}:{options.port} cannot be used ({type(error).__name__})"
            raise MailboxError(f"mailbox {reason}") from None
        try:
            _log_in(client, options)
        except (imaplib.IMAP4.error, OSError):
            _leave(client)
            raise MailboxError(
                f"mailbox {options.host} refused {options.username}: check mailbox.password"
            ) from None
        try:
            folder = options.folder.replace("\\", "\\\\").replace('"', '\\"')
            _checked(client.select(f'"{folder}"'))
            return cls(client, int(client.response("UIDVALIDITY")[1][0]))
        except (imaplib.IMAP4.error, OSError, TypeError, UnicodeError):
            _leave(client)
            raise MailboxError(f"mailbox {options.host} has no folder {options.folder}") from None

    def waiting(self, point: Point | None) -> list[int]:
        """The mails after ``point``; the unread ones where that says nothing, oldest first."""
        known = point is not None and point.validity == self.validity
        since = point.uid if point and known else 0
        criterion = f"UID {since + 1}:*" if known else "UNSEEN"
        data = self._command("SEARCH", criterion)
        uids = sorted(int(uid) for line in data if line for uid in line.split())
        return [uid for uid in uids if uid > since]  # « 8:* » gives 7 when it is the last

    def fetch(self, uid: int) -> bytes:
        """The first :data:`LARGEST` bytes of a mail; empty when it is gone."""
        data = self._command("FETCH", str(uid), f"(BODY.PEEK[]<0.{LARGEST}>)")
        return next((part[1] for part in data if isinstance(part, tuple)), b"")

    def mark_read(self, uid: int) -> None:
        """Flag a mail as read, for the people who look at the mailbox."""
        self._command("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Say goodbye."""
        _leave(self._client)

    def _command(self, name: str, *arguments: str) -> list[Any]:
        try:
            return _checked(self._client.uid(name, *arguments))
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError(f"the mailbox went away ({type(error).__name__})") from None


def _connected(options: ImapOptions) -> imaplib.IMAP4:
    seconds = TIMEOUT.total_seconds()
    if options.security == "plain":
        return imaplib.IMAP4(options.host, options.port, timeout=seconds)
    context = ssl.create_default_context()
    if options.ca_file is not None:
        context.load_verify_locations(cafile=options.ca_file)
    if options.security == "tls":
        return imaplib.IMAP4_SSL(options.host, options.port, ssl_context=context, timeout=seconds)
    client = imaplib.IMAP4(options.host, options.port, timeout=seconds)
    client.starttls(context)
    return client


def _log_in(client: imaplib.IMAP4, options: ImapOptions) -> None:
    """LOGIN, which carries ASCII alone; AUTHENTICATE PLAIN for a password with accents."""
    if f"{options.username}{options.password}".isascii():
        client.login(options.username, options.password)
    else:
        credentials = f"\0{options.username}\0{options.password}".encode()
        client.authenticate("PLAIN", lambda _: credentials)


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error("refused")
    return data


def _leave(client: imaplib.IMAP4) -> None:
    with suppress(imaplib.IMAP4.error, OSError):
        client.logout()
