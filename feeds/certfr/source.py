"""Reading CERT-FR: RSS first, then the JSON of what it announces, of what is due, of holes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from feeds.advisory import Advisory, AdvisoryKind
from feeds.certfr.bulletin import SECTIONS, json_url, kind_of, page_url
from feeds.certfr.parsing import parse, references_in
from feeds.certfr.schedule import Followed, Schedule
from feeds.config import SourceConfig
from feeds.errors import (
    DocumentNotFoundError,
    MalformedDocumentError,
    NumberingGapError,
    SourceUnavailableError,
)
from feeds.fetching import Configured
from feeds.http import Answer, Client
from feeds.rss import Entry, entry_date
from feeds.source import CHECKPOINT, Cursor, Document
from feeds.text import plain

FAILURES = 3  # in a row, after which the site is left alone until the next reading

_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
_CLOSED = re.compile(
    r"cl[oô]tur[ée]{1,2}e?\s+le\s+(\d{1,2})(?:er)?[\s/]+([^\W\d_]+|\d{1,2})[\s/]+(\d{4})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CertFr(Configured):
    """CERT-FR's six kinds of bulletin. ``config.url`` is the site's address."""

    def parse(self, document: Document) -> Iterator[Advisory | MalformedDocumentError]:
        """Read RSS or JSON; see :func:`feeds.certfr.parsing.parse`."""
        return parse(document)

    async def fetch(self, cursor: Cursor) -> AsyncIterator[Document]:
        """Yield the JSON of new, changed and due bulletins, then the RSS documents.

        The RSS documents come last: they give excerpts of what has no JSON, the problems
        met, and the cursor when it moved. A reading that is interrupted starts again.

        Raises:
            SourceUnavailableError: none of the RSS could be read.
        """
        reading = _Reading(self.config, Schedule.load(cursor), self.clock())
        async with Client(self.name, self.config.access) as client:
            await reading.read_feeds(client)
            async for document in reading.read_bulletins(client):
                yield document
        for document in reading.closing_documents():
            if document.cursor != cursor or document.problems:
                yield document


@dataclass(slots=True)
class _Reading:
    """One visit to the site, from the RSS to the cursor to keep."""

    config: SourceConfig
    schedule: Schedule
    now: datetime
    feeds: list[Document] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    validators: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[MalformedDocumentError] = field(default_factory=list)
    complete: bool = True  # every bulletin announced was read, or has no JSON

    async def read_feeds(self, client: Client) -> None:
        """Read the RSS of each kind; one that fails hides no other."""
        failures: list[SourceUnavailableError] = []
        for section in SECTIONS.values():
            url = f"{self.config.url.rstrip('/')}/{section}/feed/"
            try:
                answer = await client.get(url, validators=self.schedule.feeds.get(url))
            except SourceUnavailableError as error:
                failures.append(error)
                continue
            if answer.unchanged:
                continue
            document = self._document(url, answer)
            entries, problems = references_in(document)
            self.feeds.append(document)
            self.entries.update(entries)
            if not problems:  # a feed cut short is asked for again
                self.validators[url] = answer.validators
        if len(failures) == len(SECTIONS):
            raise failures[0]
        for failure in failures:
            self._note("feed", failure.reason)

    async def read_bulletins(self, client: Client) -> AsyncIterator[Document]:
        """Yield the JSON documents worth reading now, within the cap of requests."""
        self.schedule = self.schedule.with_numbers(self.entries, self.now)
        announced = self.schedule.announced(
            {reference: _digest(entry) for reference, entry in self.entries.items()}
        )
        wanted = dict.fromkeys(
            [*announced, *self.schedule.to_search(self.now), *self.schedule.due(self.now)]
        )
        cap = self.config.access.limits.requests
        self.complete = len(announced) <= cap
        failed_in_a_row = 0
        for reference in list(wanted)[:cap]:
            try:
                document = await self._bulletin(client, reference)
            except SourceUnavailableError as error:
                failed_in_a_row += 1
                self.complete = False
                self._note(reference, f"not read: {error.reason}")
                if failed_in_a_row == FAILURES:
                    return
                continue
            failed_in_a_row = 0
            if document:
                yield document

    async def _bulletin(self, client: Client, reference: str) -> Document | None:
        """Read one JSON; ``None`` when it did not change or does not exist."""
        alerte = kind_of(reference) is AdvisoryKind.ALERTE
        known = self.schedule.followed.get(reference)
        url = json_url(reference, self.config.url.rstrip("/"))
        try:
            # the state of an alerte is on its page: its JSON is needed even when unchanged
            validators = known.validators if known and not alerte else None
            answer = await client.get(url, validators=validators)
        except DocumentNotFoundError:
            self._not_found(reference)
            return None
        if answer.unchanged:
            self._follow(reference, answer.validators, full=True)
            return None
        document = self._document(url, answer)
        advisory = next((a for a in parse(document) if isinstance(a, Advisory)), None)
        self._follow(reference, answer.validators, advisory, full=advisory is not None)
        closed = await self._closing_day(client, reference) if alerte else None
        return replace(document, context={"closed_at": closed.isoformat()} if closed else {})

    def _not_found(self, reference: str) -> None:
        """Only avis and alertes are known to have a JSON; others keep their excerpt."""
        if reference in self.schedule.missing:
            self.schedule = self.schedule.searched(reference, self.now)
            return
        if kind_of(reference) in {AdvisoryKind.AVIS, AdvisoryKind.ALERTE}:
            self._note(reference, "announced, but its JSON is not there: only its summary is kept")
        self._follow(reference, {}, full=False)

    def _follow(
        self,
        reference: str,
        validators: Mapping[str, str],
        advisory: Advisory | None = None,
        *,
        full: bool = False,
    ) -> None:
        """Note the reading of a bulletin, followed from the day it was published."""
        entry = self.entries.get(reference)
        known = self.schedule.followed.get(reference)
        published = entry_date(entry, "published") if entry else None
        if advisory:
            published = advisory.published_at
        row = Followed(
            published or (known.published_at if known else self.now),
            self.now,
            _digest(entry) if entry else (known.rss if known else ""),
            full,
            dict(validators),
        )
        self.schedule = self.schedule.with_read(reference, row)

    async def _closing_day(self, client: Client, reference: str) -> datetime | None:
        """The day an alerte was closed: only its page says it."""
        try:
            page = await client.get(page_url(reference, self.config.url.rstrip("/")))
        except SourceUnavailableError as error:
            self._note(reference, f"whether it is closed could not be read: {error.reason}")
            return None
        return closing_day(page.body.decode("utf-8", "replace"))

    def closing_documents(self) -> Iterator[Document]:
        """The RSS documents, then one that carries the problems and the cursor."""
        for name in self.schedule.to_tell(self.now):
            self.problems.append(
                NumberingGapError(
                    self.config.name, name, "this number was never published, or was missed: look"
                )
            )
        schedule = self.schedule.told(self.schedule.to_tell(self.now), self.now)
        if self.complete:
            schedule = replace(schedule, feeds={**schedule.feeds, **self.validators})
        read = [name for name, row in schedule.followed.items() if row.full]
        for document in self.feeds:
            yield replace(document, context={"read": read})
        yield Document(
            self.config.name,
            self.config.url,
            b"",
            self.now,
            CHECKPOINT,
            cursor=schedule.tidied(self.now).dump(),
            problems=tuple(self.problems),
        )

    def _document(self, url: str, answer: Answer) -> Document:
        return Document(self.config.name, url, answer.body, self.now, answer.media_type)

    def _note(self, item: str, reason: str) -> None:
        self.problems.append(MalformedDocumentError(self.config.name, item, reason))


def closing_day(page: str) -> datetime | None:
    """The day written after "Clôturée le" in a page of CERT-FR, or ``None``."""
    match = _CLOSED.search(" ".join(plain(page).split()))
    if match is None:
        return None
    day, month, year = match.groups()
    try:
        number = int(month) if month.isdigit() else _MONTHS.index(month.lower()) + 1
        return datetime(int(year), number, int(day), tzinfo=UTC)
    except ValueError:  # a day or a month that does not exist
        return None


def _digest(entry: Entry) -> str:
    """What the RSS says of a bulletin, in few characters."""
    words = f"{entry.get('title', '')}\n{entry.get('summary', '')}"
    return hashlib.sha256(words.encode()).hexdigest()[:16]
