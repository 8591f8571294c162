"""CERT Santé: an RSS whose shape nobody promised, read with tolerance.

Its site gives bulletins at ``/alertes/<produit>-cve-…-YYYY-MM-DD`` and news at
``/actualites/…``. Dates may be written in French, links be relative, summaries be pieces of
a web page; the address of an item is then what tells the most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from feeds.advisory import Advisory, AdvisoryKind, Tlp
from feeds.errors import MalformedDocumentError
from feeds.fetching import Configured
from feeds.rss import Entry, entry_date, read_feed
from feeds.source import CHECKPOINT, Document
from feeds.text import cves_in, one_line, plain

PUBLISHER = "CERT Santé"
SITE = "https://cyberveille.esante.gouv.fr"

_DAY_IN_ADDRESS = re.compile(r"(\d{4})-(\d{2})-(\d{2})$")
_FRENCH_DAY = re.compile(r"\b(\d{2})/(\d{2})/(\d{4})\b")
_CVSS = re.compile(r"\bCVSS\b[^0-9]{0,12}(?:v?[234](?:\.[01])?\s*[:=]\s*)?(10(?:[.,]0)?|\d[.,]\d)")


@dataclass(frozen=True, slots=True)
class CertSante(Configured):
    """The RSS at ``config.url``."""

    def parse(self, document: Document) -> Iterator[Advisory | MalformedDocumentError]:
        """Read each item; see :func:`parse`."""
        return parse(document, tlp=self.config.tlp)


def parse(
    document: Document, *, tlp: Tlp = Tlp.CLEAR
) -> Iterator[Advisory | MalformedDocumentError]:
    """Yield an advisory for each item that has an address; its last part is the reference."""
    yield from document.problems
    if document.media_type == CHECKPOINT:
        return
    feed, problems = read_feed(document)
    yield from problems
    for position, entry in enumerate(feed.entries, start=1):
        try:
            yield _advisory(entry, document.fetched_at, tlp)
        except (KeyError, TypeError, ValueError) as error:
            yield MalformedDocumentError(document.source, f"item {position}", str(error))


def _advisory(entry: Entry, fetched_at: datetime, tlp: Tlp) -> Advisory:
    url = urljoin(f"{SITE}/", entry.get("link") or entry.get("id") or "")
    path = urlsplit(url).path.strip("/")
    slug = path.rpartition("/")[2]
    if not slug:
        raise ValueError("no address, so nothing to name it by")
    title = one_line(entry.get("title", "")) or slug.replace("-", " ")
    summary = plain(entry.get("summary", ""))
    published = _published(entry, slug) or fetched_at
    return Advisory(
        publisher=PUBLISHER,
        reference=slug,
        kind=AdvisoryKind.ACTUALITE if path.startswith("actualites") else AdvisoryKind.BULLETIN,
        title=title,
        published_at=published,
        revised_at=max(entry_date(entry, "updated") or published, published),
        url=url,
        summary=summary,
        cves=cves_in(title, summary, slug),
        tlp=tlp,
        cvss=_cvss(summary),
    )


def _published(entry: Entry, slug: str) -> datetime | None:
    """The date of an item: feedparser's, else one in French, else that of the address."""
    date = entry_date(entry, "published", "updated")
    if date is not None:
        return date
    if french := _FRENCH_DAY.search(entry.get("published", "")):
        day, month, year = french.groups()
    elif written := _DAY_IN_ADDRESS.search(slug):
        year, month, day = written.groups()
    else:
        return None
    return datetime(int(year), int(month), int(day), tzinfo=UTC)


def _cvss(text: str) -> float | None:
    scores = [float(score.replace(",", ".")) for score in _CVSS.findall(text)]
    return max(scores, default=None)
