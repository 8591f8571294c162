"""CERT-FR (ANSSI): the RSS says that something changed, the JSON says what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from feeds.advisory import Advisory
from feeds.certfr.bulletin import (
    PUBLISHER,
    REFERENCE,
    kind_of,
    page_url,
    read_json,
)
from feeds.errors import MalformedDocumentError
from feeds.rss import Entry, entry_date, read_feed
from feeds.source import CHECKPOINT, Document
from feeds.text import cves_in, one_line, plain

JSON_LINES = "application/x-ndjson"

_UPDATE_MARK = re.compile(r"^\s*\[M[àÀaA]J\]\s*", re.IGNORECASE)
_DAY_IN_TITLE = re.compile(r"\s*\(\d{1,2}(?:er)? \w+ \d{4}\)\s*$")
_ESCAPES = re.compile(r"\\([\[\]*_\\])")


def parse(document: Document) -> Iterator[Advisory | MalformedDocumentError]:
    """Read CERT-FR's JSON (one bulletin or a list), JSON lines, or RSS.

    Items are named by reference where one was read, else by line or position.
    """
    yield from document.problems
    body = document.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if document.media_type == CHECKPOINT:
        return
    if document.media_type == JSON_LINES:
        yield from _parse_lines(document)
    elif body.startswith(b"<"):
        yield from _parse_feed(document)
    else:
        for result in read_json(document.source, "document", body):
            yield _closed(result, document) if isinstance(result, Advisory) else result


def _parse_lines(document: Document) -> Iterator[Advisory | MalformedDocumentError]:
    first: int = document.context.get("first_line", 1)
    for number, line in enumerate(document.body.split(b"\n"), start=first):
        if line.strip():
            yield from read_json(document.source, f"line {number}", line)


def _closed(advisory: Advisory, document: Document) -> Advisory:
    """The closing day of an alerte, which fetching reads in its page."""
    day = document.context.get("closed_at")
    if day is None or advisory.closed_at is not None:
        return advisory
    return replace(advisory, closed_at=datetime.fromisoformat(day))


def references_in(document: Document) -> tuple[dict[str, Entry], list[MalformedDocumentError]]:
    """The entries of the RSS by reference, and what could not be read of it."""
    feed, problems = read_feed(document)
    entries: dict[str, Entry] = {}
    for position, entry in enumerate(feed.entries, start=1):
        match = REFERENCE.search(entry.get("link") or entry.get("id") or "")
        if match is None:
            problems.append(
                MalformedDocumentError(
                    document.source, f"item {position}", "no CERT-FR reference in its link"
                )
            )
        else:
            entries[match.group()] = entry
    return entries, problems


def _parse_feed(document: Document) -> Iterator[Advisory | MalformedDocumentError]:
    """Yield the entries whose JSON was not read (``context["read"]``), as excerpts."""
    entries, problems = references_in(document)
    yield from problems
    read = set(document.context.get("read", ()))
    for reference, entry in entries.items():
        if reference in read:
            continue
        try:
            yield _excerpt(reference, entry)
        except ValueError as error:
            yield MalformedDocumentError(document.source, reference, str(error))


def _excerpt(reference: str, entry: Entry) -> Advisory:
    """What the RSS alone says: its ``pubDate`` is the first version's, at midnight."""
    published = entry_date(entry, "published", "updated")
    title = _DAY_IN_TITLE.sub("", _UPDATE_MARK.sub("", one_line(entry.get("title", ""))))
    if published is None or not title:
        raise ValueError("no title, or no readable pubDate")
    summary = _ESCAPES.sub(r"\1", plain(entry.get("summary", "")))
    return Advisory(
        publisher=PUBLISHER,
        reference=reference,
        kind=kind_of(reference),
        title=title,
        published_at=published,
        revised_at=published,
        url=page_url(reference),
        summary=summary,
        cves=cves_in(title, summary),
        excerpt=True,
    )
