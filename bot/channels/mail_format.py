"""What a mail looks like: headers, alternatives, attachments. No network."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, MessageIDHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

from bot.domain.answer_link import filled
from bot.domain.mail_token import code
from bot.domain.message import Attachment, Message

SAFE_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}")
MAILBOX = re.compile(r"[^@\s<>,;:\"()]+@[A-Za-z0-9.-]+")
MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")  # visible ASCII, no bracket inside
MAX_SUBJECT = 400  # characters; longer ones are cut by mail clients and refused by some


def _headers() -> HeaderRegistry:
    """Keep message ids whole: the default folds a long one into an encoded word."""
    registry = HeaderRegistry()
    for name in ("in-reply-to", "references"):
        # the stubs want a BaseHeader; the registry itself mixes it in
        registry.map_to_type(name, MessageIDHeader)  # type: ignore[arg-type]
    return registry


POLICY = SMTP.clone(header_factory=_headers())  # CRLF, 78 columns, RFC 2047 words


class BadAddressError(ValueError):
    """The text is not one mailbox that a mail can be sent to."""


def parse_mailbox(text: str) -> Address:
    """Read ``Name <local@domain>`` or ``local@domain``.

    Raises:
        BadAddressError: control characters, several mailboxes, or a non-ASCII address
            (few relays offer SMTPUTF8).
    """
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise BadAddressError("the mailbox holds a control character")
    parsed = getaddresses([text])
    name, spec = parsed[0] if len(parsed) == 1 else ("", "")
    if not spec.isascii() or not MAILBOX.fullmatch(spec):
        raise BadAddressError(f"{text!r} is not one mailbox such as ssi@ch-exemple.example")
    return Address(name, addr_spec=spec)


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
) -> EmailMessage:
    """Write ``message`` as a mail from ``sender`` to ``address``.

    Text and HTML are alternatives, quoted-printable with CRLF so that no relay needs to
    touch them (a signature made later still holds). ``as_bytes()`` gives what an ``.eml``
    file or DATA holds. Without ``sent_at`` (aware) there is no Date; without ``secret`` the
    Message-ID is not signed; without ``link_secret`` an answer link leads nowhere.

    Raises:
        BadAddressError: sender, address or reply_to is not one mailbox.

    Source: RFC 5322; RFC 3834 (Auto-Submitted); RFC 2369 (List-Unsubscribe).
    """
    author = parse_mailbox(sender)
    message = filled(message, link_secret, key) if link_secret else message
    mail = EmailMessage(policy=POLICY)
    mail["From"] = author
    mail["To"] = parse_mailbox(address)
    if reply_to:
        mail["Reply-To"] = parse_mailbox(reply_to)
    mail["Subject"] = header_text(message.subject)
    if sent_at is not None:
        mail["Date"] = format_datetime(sent_at)
    mail["Message-ID"] = message_id(key, domain or author.domain, secret=secret)
    if MESSAGE_ID.fullmatch(message.thread):
        mail["In-Reply-To"] = message.thread
        mail["References"] = message.thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"  # Exchange: no out-of-office answer
    mail["Content-Language"] = header_text(message.language)
    if message.awareness and unsubscribe:
        mail["List-Unsubscribe"] = f"<{header_text(unsubscribe)}>"
    mail.set_content(_encodable(message.text), cte="quoted-printable")
    if message.html:
        html = _document(_encodable(message.html), message.language)
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
    for attachment in message.attachments:
        _attach(mail, attachment)
    return mail


def _encodable(text: str) -> str:
    """Replace lone surrogates, which no encoding can carry."""
    return text.encode("utf-8", "replace").decode()


def _document(html: str, language: str) -> str:
    """Make a whole document of a fragment; a whole document is left as it is."""
    if html.lstrip()[:5].lower() in {"<!doc", "<html"}:
        return html
    lang = re.sub(r"[^A-Za-z-]", "", language)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head><meta charset="utf-8"></head>\n'
        f"<body>\n{html}\n</body>\n</html>\n"
    )


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    """Add a file. Its name keeps no path and no control character."""
    name = header_text(attachment.name).replace("\\", "/").rsplit("/", 1)[-1] or "piece-jointe.txt"
    maintype, _, subtype = attachment.media_type.partition("/")
    if maintype == "text":
        mail.add_attachment(
            _encodable(attachment.content),
            subtype=subtype or "plain",
            filename=name,
            cte="quoted-printable",
        )
    else:
        mail.add_attachment(
            _encodable(attachment.content).encode(),
            maintype=maintype,
            subtype=subtype or "octet-stream",
            filename=name,
        )
