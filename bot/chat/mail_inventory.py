"""Inventories in mails: which mail brings one, and which answers what is asked of it. Pure."""

from __future__ import annotations

import re

from bot.chat.mail_reading import Incoming
from bot.domain.reference import INVENTORY
from bot.domain.wording import fold
from bot.pipeline.mailed import PASTED, MailedFile

NAMED = re.compile(rf"{INVENTORY}-\d{{4}}-\d{{4,}}")
OTHER = re.compile(rf"\b(?!{INVENTORY})[A-Z]{{3}}-\d{{4}}-\d+", re.IGNORECASE)
OPENING = re.compile(r"[!/]?(?:inventaire|inventory)\b[^\n]*")  # the first line of a pasted list
SUBJECT = re.compile(r"\b(?:inventaire|inventory)\b")
YES, NO = frozenset({"oui", "yes"}), frozenset({"non", "no"})
BULLET = re.compile(r"\A[-•*·–]\s+")
LEAST = 2  # lines of a pasted list


def attached(mail: Incoming, *, answers: bool) -> tuple[MailedFile, ...]:
    """The files of a mail, or else the list written in it; none when it brings no inventory.

    Args:
        answers: it is a reply to one of ours: a list must then be announced on its first line.
    """
    if mail.files:
        return mail.files
    first, _, rest = mail.text.partition("\n")
    if OPENING.fullmatch(fold(first).strip()):
        return _pasted(rest)
    if not answers and SUBJECT.search(fold(mail.subject)):
        return _pasted(mail.text)
    return ()


def _pasted(text: str) -> tuple[MailedFile, ...]:
    lines = [BULLET.sub("", line.strip()) for line in text.splitlines() if line.strip()]
    if len(lines) < LEAST:
        return ()
    return (MailedFile(PASTED, "\n".join([*lines, ""]).encode()),)


def consent(text: str) -> bool | None:
    """Whether the first word confirms or refuses; None when it does neither, or when the text
    names something else: « oui ACT-2026-0031 »."""
    if OTHER.search(text):
        return None
    word = re.split(r"[\s.,;:!]", fold(text).strip(), maxsplit=1)[0]
    if word in YES:
        return True
    return False if word in NO else None
