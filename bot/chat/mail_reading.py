"""What a mail that comes in says: who wrote it, to which of ours, and whether a machine did.

Pure. Written for what Outlook, Exchange, Thunderbird, Gmail, Zimbra and telephones send.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.utils import getaddresses
from pathlib import PurePath

from bot.chat.mail_text import answer_text, html_text
from bot.domain.wording import fold
from bot.pipeline.mailed import MailedFile

MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>\s]+>")
AUTOMATIC_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply"})
AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-AutoReply-From", "List-Id")
ABSENT = re.compile(
    r"(?:(?:re|tr|fw|fwd) ?: ?)*(?:reponse automatique|automatic reply|auto(?:matic)?[ -]?reply"
    r"|out of (?:the )?office|absence du bureau|message d'absence|absent(?:e|\(e\))? du bureau"
    r"|(?:je suis |actuellement )?absente?\b|absence ?:|en conges?\b|abwesenheit)"
)
RECEIPT = re.compile(r"(?:lu|read|non lu|not read|accuse de lecture) ?:")
INVENTORIES = (".csv", ".tsv", ".xlsx", ".json", ".xml", ".ocs", ".zip")
LONGEST_NAME = 120  # characters of a file's name that are kept
LONGEST_TEXT = 256 * 1024  # characters of a part that are read: words come first
STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a relay says of a mail it could not deliver (RFC 3464).

    Args:
        failed: given up; otherwise only late.
        returned: Message-IDs found in what came back of our mail.
        status: ``5.1.1``, or empty; the relay's words may quote a body and are not kept.
    """

    failed: bool
    status: str
    returned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail.

    Args:
        sender: address of From, lower case; empty when there is not exactly one.
        message_id: its own, or empty.
        answers: Message-IDs it replies to, the nearest first.
        text: what its author wrote, without quotations and signature.
        automatic: why it is a machine's, in a few words; empty for a person's.
        files: what is attached to it, by name; not what a signature or a calendar attaches.
    """

    sender: str
    message_id: str
    subject: str
    answers: tuple[str, ...]
    text: str
    automatic: str = ""
    bounce: Bounce | None = None
    files: tuple[MailedFile, ...] = ()


def read_mail(raw: bytes) -> Incoming:
    """Read a mail, whole or cut short; what cannot be decoded is left out, nothing raises."""
    mail = message_from_bytes(raw)
    senders = [spec.casefold() for _, spec in getaddresses([_header(mail, "From")]) if "@" in spec]
    own = _ids(_header(mail, "Message-ID"))
    return Incoming(
        sender=senders[0] if len(senders) == 1 else "",
        message_id=own[0] if own else "",
        subject=_header(mail, "Subject"),
        answers=(*_ids(_header(mail, "In-Reply-To")), *reversed(_ids(_header(mail, "References")))),
        text=_answer(mail),
        automatic=_automatic(mail),
        bounce=_bounce(mail),
        files=tuple(_files(mail)),
    )


def _header(mail: Mail, name: str) -> str:
    """A header on one line, its encoded words decoded where they can be."""
    return _words(str(mail.get(name, "")))


def _words(value: str) -> str:
    try:
        text = str(make_header(decode_header(value)))
    except (LookupError, UnicodeError, ValueError):  # unknown charset, or bad encoded words
        text = value
    return " ".join(_storable(text).split())


def _ids(header: str) -> tuple[str, ...]:
    """The Message-IDs in a header; long ones may have been folded in their middle."""
    return tuple(MESSAGE_ID.findall("".join(header.split())))


def _automatic(mail: Mail) -> str:
    """Why a machine wrote this, or nothing (RFC 3834, and what came before it)."""
    submitted = _header(mail, "Auto-Submitted").casefold()
    precedence = _header(mail, "Precedence").casefold()
    subject = fold(_header(mail, "Subject"))
    if submitted and not submitted.startswith("no"):
        return f"Auto-Submitted: {submitted.partition(';')[0]}"
    if precedence in AUTOMATIC_PRECEDENCE:
        return f"Precedence: {precedence}"
    for name in AUTOMATIC_HEADERS:
        if name in mail:
            return f"header {name}"
    if _header(mail, "Return-Path").replace(" ", "") == "<>":
        return "empty return path"
    if mail.get_content_type() == "multipart/report":
        return "report"
    if ABSENT.match(subject):
        return "absence subject"
    if RECEIPT.match(subject):
        return "read receipt"
    return ""


def _answer(mail: Mail) -> str:
    """The author's own words, from the plain text, else from the HTML."""
    plain, html = (_first(mail, kind) for kind in ("text/plain", "text/html"))
    return answer_text(plain) if plain.strip() else answer_text(html_text(html))


def _first(mail: Mail, content_type: str) -> str:
    """The first part of a type that is not an attachment, nor inside a returned mail."""
    for part in _parts(mail):
        if part.get_content_type() == content_type and part.get_filename() is None:
            return _decoded(part)
    return ""


def _parts(mail: Mail) -> Iterator[Mail]:
    """The mail and its parts, without those of mails attached to it."""
    yield mail
    if mail.is_multipart() and mail.get_content_maintype() == "multipart":
        for part in mail.get_payload():
            if isinstance(part, Mail):
                yield from _parts(part)


def _files(mail: Mail) -> Iterator[MailedFile]:
    """The attached files that may be inventories."""
    for part in _parts(mail):
        name = PurePath(_words(part.get_filename() or "").replace("\\", "/")).name
        body = part.get_payload(decode=True)
        if name.casefold().endswith(INVENTORIES) and isinstance(body, bytes):
            yield MailedFile(name[:LONGEST_NAME], body)


def _decoded(part: Mail) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    payload = payload[:LONGEST_TEXT]
    charset = part.get_content_charset() or "utf-8"
    try:
        return _storable(payload.decode(charset, "replace"))
    except (LookupError, UnicodeError):  # a charset nobody knows, or that replaces nothing
        return _storable(payload.decode("utf-8", "replace"))


def _storable(text: str) -> str:
    """Without what PostgreSQL or UTF-8 refuse: NUL, and the halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _bounce(mail: Mail) -> Bounce | None:
    """What a delivery status notification says, or None for any other mail."""
    parts = list(_parts(mail))
    status = next((p for p in parts if p.get_content_type() == "message/delivery-status"), None)
    if mail.get_content_type() != "multipart/report" or status is None:
        return None
    groups = [group for group in status.get_payload() if isinstance(group, Mail)]
    said = next((group for group in groups if "Action" in group), Mail())
    diagnostic = _header(said, "Diagnostic-Code").partition(";")[2].strip()
    code = STATUS.search(f"{_header(said, 'Status')} {diagnostic}")
    return Bounce(
        failed=_header(said, "Action").casefold() == "failed",
        status=code[1] if code else "",
        returned=tuple(found for part in parts for found in _returned_ids(part)),
    )


def _returned_ids(part: Mail) -> tuple[str, ...]:
    """The Message-ID of the mail that a part gives back, whole or by its headers."""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        mails = [mail for mail in inner if isinstance(mail, Mail)] if part.is_multipart() else []
    elif part.get_content_type() in {"text/rfc822-headers", "message/rfc822-headers"}:
        mails = [message_from_bytes(_decoded(part).encode("utf-8", "replace"))]
    else:
        return ()
    return tuple(found for mail in mails for found in _ids(_header(mail, "Message-ID")))
