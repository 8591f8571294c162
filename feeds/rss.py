"""Any RSS or Atom feed, and what every feed goes through before it is believed."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import feedparser

from feeds.advisory import Advisory, AdvisoryKind, Tlp
from feeds.errors import MalformedDocumentError
from feeds.fetching import Configured
from feeds.limits import MEBIBYTE
from feeds.source import CHECKPOINT, Document
from feeds.text import cves_in, one_line, plain

MOST_BYTES = 4 * MEBIBYTE  # feedparser reads about a megabyte a second; a feed has 0.1

Entry = Any
"""A ``feedparser`` entry: a dictionary whose keys are those of RSS and Atom, merged."""


def looks_like_html(body: bytes) -> bool:
    """Whether these bytes start like a web page: a maintenance page, a proxy's refusal."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    return start.startswith((b"<!doctype html", b"<html"))


def declares_entities(body: bytes) -> bool:
    """Whether an XML text declares entities of its own: a bomb, or a way to read files.

    No publisher's feed needs one. UTF-16 and UTF-32 are seen through by dropping zeros.
    """
    return b"<!entity" in body.replace(b"\0", b"").lower()


def read_feed(document: Document) -> tuple[Any, list[MalformedDocumentError]]:
    """Parse a feed; return what was read of it and what is wrong with it.

    A truncated feed keeps its whole entries and is a failure all the same. A web page
    parses without complaint and has no version: it is refused.
    """
    if refusal := _refusal(document.body):
        return feedparser.FeedParserDict(entries=[], feed={}), [_problem(document, refusal)]
    feed = feedparser.parse(document.body)  # bytes: a text could be taken for a local path
    problems = []
    if not feed.get("version"):
        problems.append(_problem(document, "neither RSS nor Atom"))
    elif isinstance(feed.get("bozo_exception"), feedparser.CharacterEncodingOverride):
        problems.append(_problem(document, f"wrong encoding: {feed.bozo_exception}; text kept"))
    elif feed.bozo:
        feed.entries = feed.entries[: _closed_items(document.body)]
        kept = f"{len(feed.entries)} items were kept"
        problems.append(_problem(document, f"cut short or broken: {feed.bozo_exception}; {kept}"))
    return feed, problems


def _refusal(body: bytes) -> str:
    """Why these bytes are not even given to the parser; empty when they are."""
    if looks_like_html(body):
        return "a web page, not a feed: a maintenance page or a proxy's answer?"
    if len(body) > MOST_BYTES:
        return f"a feed of more than {MOST_BYTES // MEBIBYTE} MiB: refused"
    if declares_entities(body):
        return "declares XML entities: refused, a feed has no use for them"
    return ""


def _closed_items(body: bytes) -> int:
    """How many items reach their end; a last one that does not may lack half its address."""
    text = body.replace(b"\0", b"").lower()
    return text.count(b"</item>") + text.count(b"</entry>")


def entry_date(entry: Entry, *names: str) -> datetime | None:
    """The first date among ``names`` (``published``, ``updated``) that feedparser could read."""
    for name in names:
        parsed: time.struct_time | None = entry.get(f"{name}_parsed")
        if parsed is not None:
            return datetime.fromtimestamp(calendar.timegm(parsed), tz=UTC)
    return None


def parse_feed(
    document: Document, publisher: str = "", *, tlp: Tlp
) -> Iterator[Advisory | MalformedDocumentError]:
    """Yield an advisory per entry, identified by its ``guid`` or its link.

    Args:
        document: the feed.
        publisher: who speaks; empty means the feed's own title.
        tlp: marking of a publisher that writes none.
    """
    yield from document.problems
    if document.media_type == CHECKPOINT:
        return
    feed, problems = read_feed(document)
    yield from problems
    title = one_line(feed.feed.get("title", ""))
    said = _Channel(
        publisher or title or urlsplit(document.uri).netloc or document.source,
        document.fetched_at,
        tlp,
        (feed.feed.get("language") or "fr")[:2].lower(),
    )
    for position, entry in enumerate(feed.entries, start=1):
        try:
            yield _advisory(entry, said)
        except (KeyError, TypeError, ValueError) as error:
            yield MalformedDocumentError(document.source, f"item {position}", str(error))


@dataclass(frozen=True, slots=True)
class _Channel:
    """What a feed says once for all its entries."""

    publisher: str
    fetched_at: datetime
    tlp: Tlp
    language: str


def _advisory(entry: Entry, channel: _Channel) -> Advisory:
    reference = entry.get("id") or entry.get("link")
    title = one_line(entry.get("title", ""))
    if not reference or not title:
        raise ValueError("no title, or neither guid nor link")
    summary = plain(entry.get("summary", ""))
    content = "\n\n".join(plain(part.get("value", "")) for part in entry.get("content", ()))
    published = entry_date(entry, "published", "updated", "created") or channel.fetched_at
    return Advisory(
        publisher=channel.publisher,
        reference=reference,
        kind=AdvisoryKind.BULLETIN,
        title=title,
        published_at=published,
        revised_at=max(entry_date(entry, "updated") or published, published),
        url=entry.get("link", ""),
        summary=summary,
        content=content if content != summary else "",
        cves=cves_in(title, summary, content),
        tlp=channel.tlp,
        language=channel.language,
    )


@dataclass(frozen=True, slots=True)
class Feed(Configured):
    """Any RSS or Atom feed, read from its address."""

    def parse(self, document: Document) -> Iterator[Advisory | MalformedDocumentError]:
        """Read each entry; see :func:`parse_feed`."""
        return parse_feed(document, self.config.publisher, tlp=self.config.tlp)


def _problem(document: Document, reason: str) -> MalformedDocumentError:
    return MalformedDocumentError(document.source, "document", reason)
