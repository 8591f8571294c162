"""Foreign text is hostile: what becomes of it in plain text, HTML, Slack and Markdown.

Whatever a publisher, an inventory or a person wrote passes through one of the four
``safe_*`` functions before it reaches a template's output. Each returns ``Markup``, the
sign by which the environment knows that a value needs nothing more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

from markupsafe import Markup, escape

WEB_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9.-]{1,253}(:\d{1,5})?([/?#][A-Za-z0-9%&()+,./:;=?_~!$#-]*)?"
)
MAX_ADDRESS = 300  # a longer one says nothing to a reader
KEPT = "\n\u00a0\u202f"  # what is neither printable nor unwanted
SPACES = re.compile("[ \n]{2,}|\n")
MENTION = re.compile("@(?=room|channel|here|everyone)", re.IGNORECASE)
SCHEME = re.compile(r":(?=//)|(?<=\bmailto):|(?<=\bwww)\.", re.IGNORECASE)
BARE_ADDRESS = re.compile(r"(?<=[\w-])\.(?=[a-z]{2,24}/)", re.IGNORECASE)
SLACK_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
SLACK_UNDERSCORE = re.compile(r"(?<!\w)_|_(?!\w)")
SLACK_EMOJI = re.compile(r":(?=[a-z0-9_+'-]+:)", re.IGNORECASE)
WORD_JOINER = "\u2060"
MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>&#~|!])")
MARKDOWN_OPENING = re.compile(r"^(\d*)([-+.)=])")


REMEMBERED = 2_048  # texts; a bulletin's words come back for each facility


class Syntax(StrEnum):
    """What a template's output is written in."""

    TEXT = "text"
    HTML = "html"
    SLACK = "slack"
    MARKDOWN = "markdown"


def trusted(text: str) -> Markup:
    """Mark text that is ours, or that has been made safe: nothing more is done to it."""
    return Markup(text)  # noqa: S704 - the one place where text is declared safe


def visible(text: str) -> str:
    """Text without invisible characters and without mentions; line feeds are kept.

    Control, bidirectional and zero-width characters, lone surrogates and private-use
    characters go; other white space becomes spaces; ``@room`` becomes ``@ room``.
    """
    if not text.isprintable():
        text = "".join(map(_shown, text.replace("\t", "    ")))
    return without_mentions(text)


def without_mentions(text: str) -> str:
    """Break the words that would wake a whole room or channel."""
    return MENTION.sub("@ ", text) if "@" in text else text


def _shown(character: str) -> str:
    """What is left of a character: itself, a space, or nothing."""
    if character in KEPT or unicodedata.category(character)[0] not in "CZ":
        return character
    return " " if character.isspace() else ""


@lru_cache(REMEMBERED)
def one_line(text: str) -> str:
    """Visible text on one line, with no web address that a client makes clickable.

    White space becomes single spaces (no-break ones are kept), and ``https://`` is written
    ``https[:]//``.
    """
    text = SPACES.sub(" ", visible(text)).strip(" ")
    if ":" in text or "." in text:
        text = BARE_ADDRESS.sub("[.]", SCHEME.sub(lambda found: f"[{found[0]}]", text))
    return text


def escape_slack(text: str) -> str:
    """Escape visible text for mrkdwn: no mention, no link, no formatting, no emoji.

    ``&<>`` are escaped as Slack asks; the characters of formatting have no escape, so
    look-alikes stand for them.

    Source: Slack, "Formatting text for app surfaces".
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = SLACK_UNDERSCORE.sub("＿", text.translate(SLACK_LOOKALIKES))
    return SLACK_EMOJI.sub(":" + WORD_JOINER, text) if text.count(":") > 1 else text


def unescape_slack(text: str) -> str:
    """Undo the escapes of ``&<>``, for Slack's ``plain_text``, which is shown as it is."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def safe_text(text: str) -> Markup:
    """Foreign text for a plain-text message."""
    return trusted(one_line(text))


def safe_html(text: str) -> Markup:
    """Foreign text inside an HTML element or a quoted attribute."""
    return escape(one_line(text))


def safe_slack(text: str) -> Markup:
    """Foreign text inside Slack's mrkdwn."""
    return trusted(escape_slack(one_line(text)))


def safe_markdown(text: str) -> Markup:
    """Foreign text inside a Markdown template: every special character is escaped."""
    text = MARKDOWN_SPECIAL.sub(r"\\\1", one_line(text))
    return trusted(MARKDOWN_OPENING.sub(r"\1\\\2", text))


SAFE: dict[Syntax, Callable[[str], Markup]] = {
    Syntax.TEXT: safe_text,
    Syntax.HTML: safe_html,
    Syntax.SLACK: safe_slack,
    Syntax.MARKDOWN: safe_markdown,
}


def web_address(text: str) -> str:
    """A publisher's own address, shown whole so that one sees where it leads.

    Anything but plain ``http(s)`` with a name and ASCII characters gives an empty text: no
    user name, no quote, no angle bracket, no bar.
    """
    fits = len(text) <= MAX_ADDRESS and WEB_ADDRESS.fullmatch(text)
    return text if fits else ""


def _slack_address(text: str) -> Markup:
    address = web_address(text).replace("&", "&amp;")
    return trusted(f"<{address}>" if address else "")


ADDRESS: dict[Syntax, Callable[[str], Markup]] = {
    Syntax.TEXT: lambda text: trusted(web_address(text)),
    Syntax.HTML: lambda text: escape(web_address(text)),
    Syntax.SLACK: _slack_address,
    Syntax.MARKDOWN: lambda text: trusted(web_address(text)),
}
