"""Which format is this? Recognise a document by its bytes, and read it with the right parser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from feeds import certfr, certsante
from feeds.advisory import Advisory, Tlp
from feeds.certfr.bulletin import SITE, is_bulletin, read_bulletins
from feeds.csaf import is_csaf, read_csaf
from feeds.errors import MalformedDocumentError
from feeds.rss import looks_like_html, parse_feed
from feeds.source import CHECKPOINT, Document
from feeds.stix import is_stix, read_stix
from feeds.text import load_json

Parsed = Iterator[Advisory | MalformedDocumentError]

_BEFORE_TEXT = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # byte order marks, zeros of UTF-16, blanks


def parse_any(document: Document, *, tlp: Tlp, publisher: str = "") -> Parsed:
    """Read a document of any known format.

    Args:
        document: CERT-FR JSON, JSON lines or RSS; STIX 2.1; CSAF 2.0; any RSS or Atom.
        tlp: marking of a bulletin that carries none; CERT-FR's are always public.
        publisher: who speaks, when the document does not say.
    """
    author = _Author(publisher, tlp)
    yield from document.problems
    if document.media_type == CHECKPOINT:
        return
    document = replace(document, problems=())
    body = document.body.lstrip(_BEFORE_TEXT)
    if not body:
        yield _unknown(document, "the document is empty")
    elif looks_like_html(body):
        yield _unknown(document, "a web page (HTML), not a bulletin: was the right address saved?")
    elif document.media_type == certfr.JSON_LINES:
        yield from certfr.parse(document)
    elif body.startswith(b"<"):
        yield from _parse_xml(document, author)
    else:
        yield from _parse_json(document, author)


@dataclass(frozen=True, slots=True)
class _Author:
    """What is assumed of documents that do not say."""

    publisher: str
    tlp: Tlp


def _parse_xml(document: Document, author: _Author) -> Parsed:
    start = document.body[:4096]
    if SITE.encode() in start:
        yield from certfr.parse(document)
    elif certsante.SITE.encode() in start:
        yield from certsante.parse(document)
    else:
        yield from parse_feed(document, author.publisher, tlp=author.tlp)


def _parse_json(document: Document, author: _Author) -> Parsed:
    try:
        values = load_json(document.body)
    except ValueError as error:
        meant = document.body.lstrip(_BEFORE_TEXT).startswith((b"{", b"["))
        yield _unknown(document, str(error) if meant else f"neither XML nor JSON: {error}")
    else:
        yield from _reader_of(values)(document, values, author)


def _reader_of(values: Any) -> Callable[[Document, Any, _Author], Parsed]:
    first = values[0] if isinstance(values, list) and values else values
    if is_bulletin(first):
        return _read_certfr
    if is_stix(values):
        return _read_stix
    if is_csaf(values):
        return _read_csaf
    return _read_nothing


def _read_certfr(document: Document, values: Any, _: _Author) -> Parsed:
    yield from read_bulletins(document.source, values)


def _read_stix(document: Document, values: Any, author: _Author) -> Parsed:
    yield from read_stix(document.source, values, publisher=author.publisher, tlp=author.tlp)


def _read_csaf(document: Document, values: Any, author: _Author) -> Parsed:
    yield from read_csaf(document.source, values, tlp=author.tlp)


def _read_nothing(document: Document, values: Any, _: _Author) -> Parsed:
    keys = ", ".join(sorted(map(str, values))[:5]) if isinstance(values, Mapping) else "a list"
    yield _unknown(document, f"JSON of no known format (CERT-FR, STIX, CSAF); it holds {keys}")


def _unknown(document: Document, reason: str) -> MalformedDocumentError:
    return MalformedDocumentError(document.source, "document", reason)
