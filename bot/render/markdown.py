"""Markdown read by people: to HTML, to plain text, to Slack's mrkdwn.

Raw HTML is off, images are dropped and a link becomes its text followed by its address:
a reader sees where it leads and nothing is clickable by our doing. Mentions are looked for
again in what is written: ``@**room**`` hides one until its marks are gone.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.render.foreign import Syntax, escape_slack, visible, without_mentions

TAGS = {
    "p", "br", "hr", "strong", "em", "code", "pre", "blockquote",
    "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
LIST_INDENT = "   "


@dataclass(frozen=True, slots=True)
class Pen:
    """How a flat syntax writes emphasis; empty marks write none."""

    strong: str
    emphasis: str
    code: str
    escape: Callable[[str], str]


TEXT_PEN = Pen("", "", "`", str)
PROSE_PEN = Pen("", "*", "", str)  # one star is rather a version's ("2.*.*") than emphasis
SLACK_PEN = Pen("*", "_", "`", escape_slack)


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])


PARSER = _parser()


def to_html(source: str) -> str:
    """Render Markdown to HTML of a few harmless tags."""
    tokens = PARSER.parse(visible(source))
    for token in tokens:
        if token.children:
            token.children = list(_without_links(token.children))
    rendered: str = PARSER.renderer.render(tokens, PARSER.options, {})
    clean = nh3.clean(rendered, tags=TAGS, attributes={"ol": {"start"}})
    return without_mentions(clean).strip()


def to_text(source: str) -> str:
    """Render Markdown to plain text: lists keep their marks, emphasis goes."""
    return without_mentions(_flat(source, TEXT_PEN))


def to_slack(source: str) -> str:
    """Render Markdown to mrkdwn, everything the author typed being escaped."""
    return without_mentions(_flat(source, SLACK_PEN))


@lru_cache(256)  # a bulletin's summary comes back for each facility
def prose(source: str) -> str:
    """A publisher's mixture of Markdown and HTML as plain words: a third of CERT-FR's
    summaries hold ``<span class="textit">``, ``<br/>`` or a link. Foreign text still."""
    words = html.unescape(nh3.clean(visible(source), tags=set()))
    tokens = PARSER.parse(visible(words))
    written = [_inline(_link_texts(token.children or ()), PROSE_PEN) for token in tokens]
    return " ".join(text for text in written if text)


def _link_texts(children: Iterable[Token]) -> list[Token]:
    return [token for token in children if token.type not in {"link_open", "link_close"}]


MARKDOWN: dict[Syntax, Callable[[str], str]] = {
    Syntax.TEXT: to_text,
    Syntax.HTML: to_html,
    Syntax.SLACK: to_slack,
    Syntax.MARKDOWN: to_text,
}


def cut_markdown(source: str, limit: int) -> str:
    """The beginning of ``source``, whole paragraphs, at most ``limit`` characters."""
    if len(source) <= limit:
        return source
    kept = source[:limit]
    for boundary in ("\n\n", "\n", " "):
        place = kept.rfind(boundary)
        if place > limit // 2:
            return kept[:place]
    return kept


def paragraphs(text: str, limit: int = 2_500) -> list[str]:
    """``text`` in pieces of whole paragraphs, each of ``limit`` characters where it can."""
    pieces: list[str] = []
    for paragraph in text.split("\n\n"):
        if pieces and len(pieces[-1]) + len(paragraph) + 2 <= limit:
            pieces[-1] += "\n\n" + paragraph
        else:
            pieces.append(paragraph)
    return pieces


def _without_links(children: Iterable[Token]) -> Iterable[Token]:
    """The same inline tokens, a link replaced by its text and its address."""
    addresses: list[str] = []
    last = ""
    for token in children:
        if token.type == "link_open":
            addresses.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            address = addresses.pop()
            if address != last:
                yield Token("text", "", 0, content=f" ({address})")
        else:
            last = token.content
            yield token


def _flat(source: str, pen: Pen) -> str:
    """Write the blocks one after the other; items of a list stand on consecutive lines."""
    written = ""
    lists: list[int | None] = []  # next number of each open list, None when unordered
    mark, was_item = "", False
    for token in PARSER.parse(visible(source)):
        if token.type == "ordered_list_open":
            lists.append(int(token.attrGet("start") or 1))
        elif token.type == "bullet_list_open":
            lists.append(None)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            lists.pop()
        elif token.type == "list_item_open":
            mark = _item_mark(lists)
        elif token.type in {"inline", "fence", "code_block"}:
            block = _block(token, pen)
            between = "\n" if lists and was_item else "\n\n"
            written += (between if written else "") + mark + block
            mark, was_item = LIST_INDENT * len(lists), bool(lists)
        if not lists:
            mark = ""
    return written


def _item_mark(lists: list[int | None]) -> str:
    """The mark of the next item of the innermost list, which is counted."""
    indent, number = LIST_INDENT * (len(lists) - 1), lists[-1]
    if number is None:
        return indent + "• "
    lists[-1] = number + 1
    return f"{indent}{number}. "


def _block(token: Token, pen: Pen) -> str:
    if token.type != "inline":
        return pen.escape(token.content.rstrip("\n"))
    return _inline(list(_without_links(token.children or ())), pen)


def _inline(children: Sequence[Token], pen: Pen) -> str:
    """Write one paragraph; a soft break is a space, a hard one a line."""
    marks = {"strong_open": pen.strong, "strong_close": pen.strong}
    marks |= {"em_open": pen.emphasis, "em_close": pen.emphasis}
    written = []
    for token in children:
        if token.type == "code_inline":
            written.append(f"{pen.code}{pen.escape(token.content)}{pen.code}")
        elif token.type == "softbreak":
            written.append(" ")
        elif token.type == "hardbreak":
            written.append("\n")
        elif token.type in marks:
            written.append(marks[token.type])
        else:
            written.append(pen.escape(token.content))
    return "".join(written)
