"""What a mail looks like: headers, alternatives, attachments. No network."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, getaddresses
from functools import lru_cache

from bot.channels.mail import mime
from bot.channels.mail.mime import Mail
from bot.domain.answer_link import filled
from bot.domain.mail_token import code
from bot.domain.message import Attachment, Message

SAFE_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}")
MAILBOX = re.compile(r"[^@\s<>,;:\"()]+@[A-Za-z0-9.-]+")
MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*/[A-Za-z0-9][A-Za-z0-9.+-]*")
MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")  # visible ASCII, no bracket inside
MAX_SUBJECT = 400  # characters; longer ones are cut by mail clients and refused by some


class BadAddressError(ValueError):
    """The text is not one mailbox that a mail can be sent to."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address, perhaps with a name before it."""

    display_name: str
    addr_spec: str

    @property
    def domain(self) -> str:
        """The right-hand side."""
        return self.addr_spec.rpartition("@")[2]


@lru_cache(maxsize=256)
def parse_mailbox(text: str) -> Mailbox:
    """Read ``Name <local@domain>`` or ``local@domain``.

    Raises:
        BadAddressError: control characters, several mailboxes, or a non-ASCII address
            (few relays offer SMTPUTF8).
    """
    if text.isascii() and MAILBOX.fullmatch(text):
        return Mailbox("", text)
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise BadAddressError("the mailbox holds a control character")
    parsed = getaddresses([text])
    name, spec = parsed[0] if len(parsed) == 1 else ("", "")
    if not spec.isascii() or not MAILBOX.fullmatch(spec):
        raise BadAddressError(f"{text!r} is not one mailbox such as ssi@ch-exemple.example")
    return Mailbox(name, spec)


def message_id(key: str, domain: str, *, secret: bytes = b"") -> str:
    """The Message-ID of ``key``: the same key always gives the same one.

    With a secret it also holds the code by which a reply is believed.
    """
    local = key if SAFE_KEY.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()
    signature = f".{code(secret, local)}" if secret else ""
    return f"<{local}{signature}@{domain}>"


def header_text(text: str) -> str:
    """One line, without control characters: a header cannot be added from inside a value."""
    one_line = " ".join(text.split())
    clean = one_line
    if not one_line.isprintable():
        kept = (c for c in one_line if unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"})
        clean = "".join(kept)
    return clean if len(clean) <= MAX_SUBJECT else clean[: MAX_SUBJECT - 1] + "…"


def compose(
    message: Message,
    *,
    sender: str,
    address: str,
    key: str,
    domain: str = "",
    reply_to: str = "",
    unsubscribe: str = "",
    secret: bytes = b"",
    link_secret: bytes = b"",
    sent_at: datetime | None = None,
) -> Mail:
    """Write ``message`` as a mail from ``sender`` to ``address``.

    Text and HTML are alternatives, quoted-printable with CRLF so that no relay needs to
    touch them (a signature made later still holds). Without ``sent_at`` (aware) there is no
    Date; without ``secret`` the Message-ID is not signed; without ``link_secret`` an answer
    link leads nowhere.

    Raises:
        BadAddressError: sender, address or reply_to is not one mailbox.

    Source: RFC 5322; RFC 3834 (Auto-Submitted); RFC 2369 (List-Unsubscribe).
    """
    author, to = parse_mailbox(sender), parse_mailbox(address)
    message = filled(message, link_secret, key) if link_secret else message
    identity = message_id(key, domain or author.domain, secret=secret)
    lines = [
        mime.mailbox("From", author.display_name, author.addr_spec),
        mime.mailbox("To", to.display_name, to.addr_spec),
    ]
    if reply_to:
        answered = parse_mailbox(reply_to)
        lines.append(mime.mailbox("Reply-To", answered.display_name, answered.addr_spec))
    lines.append(mime.header("Subject", header_text(message.subject)))
    if sent_at is not None:
        lines.append(mime.verbatim("Date", _date(sent_at.replace(microsecond=0))))
    lines.append(mime.verbatim("Message-ID", identity))
    if MESSAGE_ID.fullmatch(message.thread):
        lines.append(mime.verbatim("In-Reply-To", message.thread))
        lines.append(mime.verbatim("References", message.thread))
    lines.append(mime.verbatim("Auto-Submitted", "auto-generated"))
    # Exchange: no out-of-office answer
    lines.append(mime.verbatim("X-Auto-Response-Suppress", "All"))
    lines.append(mime.header("Content-Language", header_text(message.language)))
    if message.awareness and unsubscribe:
        lines.append(mime.header("List-Unsubscribe", f"<{header_text(unsubscribe)}>"))
    lines.append(mime.verbatim("MIME-Version", "1.0"))
    return Mail(identity, "".join(lines).encode(), _content(message))


@lru_cache(maxsize=4)
def _date(sent_at: datetime) -> str:
    """The Date of mails that go in the same second."""
    return format_datetime(sent_at)


@lru_cache(maxsize=8)
def _said(text: str, subtype: str) -> bytes:
    """A text as a part: a broadcast says one thing to thousands."""
    return mime.text_part(text, subtype)


def _content(message: Message) -> bytes:
    content = _said(message.text, "plain")
    if message.html:
        html = _said(_document(message.html, message.language), "html")
        content = mime.multipart("alternative", [content, html])
    if message.attachments:
        content = mime.multipart("mixed", [content, *map(_attached, message.attachments)])
    return content


def _document(html: str, language: str) -> str:
    """Make a whole document of a fragment; a whole document is left as it is."""
    if html.lstrip()[:5].lower() in {"<!doc", "<html"}:
        return html
    lang = re.sub(r"[^A-Za-z-]", "", language)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head><meta charset="utf-8"></head>\n'
        f"<body>\n{html}\n</body>\n</html>\n"
    )


def _attached(attachment: Attachment) -> bytes:
    """A file. Its name keeps no path and no control character."""
    name = header_text(attachment.name).replace("\\", "/").rsplit("/", 1)[-1] or "piece-jointe.txt"
    known = attachment.media_type if MEDIA_TYPE.fullmatch(attachment.media_type) else "text/plain"
    maintype, _, subtype = known.partition("/")
    if maintype == "text":
        return mime.text_part(attachment.content, subtype, filename=name)
    data = attachment.content.encode("utf-8", "replace")
    return mime.data_part(data, known, filename=name)
