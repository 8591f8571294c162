"""Advisories and their revisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from bot.store.schema import AdvisoryRow, CveRow, ExploitRow, KnownNameRow, RevisionRow
from bot.store.statements import insert_ignoring
from bot.store.wakeup import Topic, ring
from feeds.advisory import Advisory, Pap, Tlp

READ_AT_ONCE = 500  # bodies held in memory together: about 3 KB each
LONGEST_CVE = 24  # CVE-2024-1234567; longer is a publisher's typing error
LONGEST_NAME = 512  # a whole sentence is not a product name
STORED = (
    RevisionRow.id,
    RevisionRow.advisory_id,
    RevisionRow.number,
    RevisionRow.body,
    RevisionRow.seen_at,
    RevisionRow.trace_id,
    RevisionRow.readable,
)


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """One state of an advisory as stored. ``number`` is 1 for the first."""

    id: int
    advisory_id: int
    number: int
    advisory: Advisory
    seen_at: datetime
    trace_id: str
    readable: bool | None  # None until matched


@dataclass(frozen=True, slots=True)
class Intake:
    """What storing a batch did."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0

    def __add__(self, other: Intake) -> Intake:
        return Intake(
            self.new + other.new, self.revised + other.revised, self.unchanged + other.unchanged
        )


def store(
    session: Session, advisories: Iterable[Advisory], *, trace_id: str, now: datetime
) -> Intake:
    """Keep what is new: another content digest makes another revision, dates do not.

    A feed's excerpt never replaces a text that was read in full.
    """
    latest = {(a.publisher, a.reference): a for a in advisories}
    known = {
        (row.publisher, row.reference): row
        for row in session.scalars(
            select(AdvisoryRow).where(
                tuple_(AdvisoryRow.publisher, AdvisoryRow.reference).in_(list(latest))
            )
        )
    }
    intake = Intake()
    revised: list[tuple[AdvisoryRow, Advisory]] = []
    for identity, advisory in latest.items():
        row = known.get(identity)
        digest = advisory.digest()
        if row is not None and (row.digest == digest or (advisory.excerpt and not row.excerpt)):
            intake += Intake(unchanged=1)
            continue
        if row is None:
            row = AdvisoryRow(publisher=advisory.publisher, reference=advisory.reference, number=0)
            session.add(row)
            intake += Intake(new=1)
        else:
            intake += Intake(revised=1)
        _revise(row, advisory, digest)
        revised.append((row, advisory))
    session.flush()  # gives the new rows their ids, all at once
    session.add_all(
        RevisionRow(
            advisory_id=row.id,
            number=row.number,
            digest=row.digest,
            body=advisory.to_json(),
            seen_at=now,
            trace_id=trace_id,
        )
        for row, advisory in revised
    )
    _name_cves(session, revised)
    if revised:
        ring(session, Topic.MATCH)
    return intake


def unmatched(session: Session, *, limit: int) -> list[StoredRevision]:
    """Current revisions whose verdicts are not written yet, oldest bulletin first."""
    return _read(session, RevisionRow.matched_at.is_(None), limit=limit)


def unmatched_ids(session: Session) -> set[int]:
    """The revisions that wait for their verdicts."""
    return set(session.scalars(select(RevisionRow.id).where(RevisionRow.matched_at.is_(None))))


def unmatched_count(session: Session) -> int:
    """How many revisions wait for their verdicts."""
    return session.scalars(
        select(func.count()).select_from(RevisionRow).where(RevisionRow.matched_at.is_(None))
    ).one()


def mark_matched(session: Session, readable: Mapping[int, bool], *, now: datetime) -> None:
    """Record that the verdicts of these revisions are written.

    ``readable`` tells, by revision id, whether a product could be read in the bulletin.
    """
    if readable:
        session.execute(
            update(RevisionRow),
            [{"id": id_, "readable": said, "matched_at": now} for id_, said in readable.items()],
        )


def skip_superseded(session: Session, *, now: datetime) -> None:
    """Mark as matched the revisions that a later one replaced before they were matched."""
    current = select(AdvisoryRow.id).where(
        AdvisoryRow.id == RevisionRow.advisory_id, AdvisoryRow.number == RevisionRow.number
    )
    session.execute(
        update(RevisionRow)
        .where(RevisionRow.matched_at.is_(None), ~current.exists())
        .values(matched_at=now)
    )


def current(session: Session, *, after_id: int = 0) -> Iterator[StoredRevision]:
    """Every current revision whose id is above ``after_id``, by id, a batch at a time."""
    while batch := _read(session, RevisionRow.id > after_id, limit=READ_AT_ONCE, by_id=True):
        yield from batch
        after_id = batch[-1].id


def by_reference(session: Session, reference: str) -> StoredRevision | None:
    """The current revision of an advisory, by its publisher's reference."""
    found = _read(session, func.upper(AdvisoryRow.reference) == reference.upper(), limit=1)
    return found[0] if found else None


def by_ids(session: Session, revision_ids: Sequence[int]) -> list[StoredRevision]:
    """These revisions, current or not."""
    rows = session.execute(
        select(*STORED).where(RevisionRow.id.in_(revision_ids)).order_by(RevisionRow.id)
    )
    return [stored(row) for row in rows]


def latest(session: Session, advisory_ids: Sequence[int]) -> list[StoredRevision]:
    """The current revisions of these advisories."""
    return _read(session, RevisionRow.advisory_id.in_(advisory_ids), limit=None)


def former(session: Session, revisions: Sequence[StoredRevision]) -> list[StoredRevision]:
    """The revision before each of these, where there is one."""
    wanted = [(revision.advisory_id, revision.number - 1) for revision in revisions]
    rows = session.execute(
        select(*STORED).where(tuple_(RevisionRow.advisory_id, RevisionRow.number).in_(wanted))
    )
    return [stored(row) for row in rows]


def published_between(session: Session, start: datetime, end: datetime) -> list[StoredRevision]:
    """Current revisions of the advisories first published in ``[start, end)``, in order."""
    period = and_(AdvisoryRow.published_at >= start, AdvisoryRow.published_at < end)
    return _read(session, period, limit=None)


def references(session: Session, publisher: str) -> list[str]:
    """Every reference known from a publisher, sorted."""
    return list(
        session.scalars(
            select(AdvisoryRow.reference)
            .where(AdvisoryRow.publisher == publisher)
            .order_by(AdvisoryRow.reference)
        )
    )


def count(session: Session) -> int:
    """How many advisories are stored."""
    return session.scalars(select(func.count()).select_from(AdvisoryRow)).one()


def exploited(session: Session, advisory_ids: Sequence[int]) -> set[int]:
    """Which of these advisories name a vulnerability that is known to be exploited."""
    found: set[int] = set()
    for start in range(0, len(advisory_ids), READ_AT_ONCE):
        found.update(
            session.scalars(
                select(CveRow.advisory_id)
                .join(ExploitRow, ExploitRow.cve == CveRow.cve)
                .where(ExploitRow.exploited_on.is_not(None))
                .where(CveRow.advisory_id.in_(advisory_ids[start : start + READ_AT_ONCE]))
                .distinct()
            )
        )
    return found


def highest_marking(session: Session, advisory_ids: Sequence[int]) -> tuple[Tlp, Pap]:
    """The highest TLP and PAP of the current texts of these advisories; the lowest of none."""
    found = [(Tlp.CLEAR, Pap.CLEAR)]
    for start in range(0, len(advisory_ids), READ_AT_ONCE):
        tlp, pap = session.execute(
            select(
                func.max(RevisionRow.body["tlp"].as_integer()),
                func.max(RevisionRow.body["pap"].as_integer()),
            )
            .join(AdvisoryRow, AdvisoryRow.id == RevisionRow.advisory_id)
            .where(AdvisoryRow.number == RevisionRow.number)
            .where(AdvisoryRow.id.in_(advisory_ids[start : start + READ_AT_ONCE]))
        ).one()
        found.append((Tlp(tlp or Tlp.CLEAR), Pap(pap or Pap.CLEAR)))
    return max(tlp for tlp, _ in found), max(pap for _, pap in found)


def marking_of_revisions(session: Session, revision_ids: Iterable[int]) -> tuple[Tlp, Pap]:
    """The highest TLP and PAP of these revisions' advisories, as they are now."""
    query = select(RevisionRow.advisory_id).where(RevisionRow.id.in_(sorted(set(revision_ids))))
    return highest_marking(session, list(session.scalars(query.distinct())))


def markings_of_revisions(
    session: Session, revision_ids: Iterable[int]
) -> dict[int, tuple[Tlp, Pap]]:
    """The TLP and PAP of each of these revisions' advisories, as they are now."""
    wanted, named = sorted(set(revision_ids)), aliased(RevisionRow)
    found: dict[int, tuple[Tlp, Pap]] = {}
    for start in range(0, len(wanted), READ_AT_ONCE):
        rows = session.execute(
            select(
                named.id,
                RevisionRow.body["tlp"].as_integer(),
                RevisionRow.body["pap"].as_integer(),
            )
            .join(AdvisoryRow, AdvisoryRow.id == RevisionRow.advisory_id)
            .join(named, named.advisory_id == AdvisoryRow.id)
            .where(AdvisoryRow.number == RevisionRow.number)
            .where(named.id.in_(wanted[start : start + READ_AT_ONCE]))
        )
        for id_, tlp, pap in rows:
            found[id_] = (Tlp(tlp or Tlp.CLEAR), Pap(pap or Pap.CLEAR))
    return found


def known_names(session: Session) -> list[frozenset[str]]:
    """The words of every product name that a matched bulletin has used."""
    return [frozenset(words.split()) for words in session.scalars(select(KnownNameRow.words))]


def learn_names(session: Session, names: Iterable[frozenset[str]]) -> int:
    """Keep the product names that bulletins use; return how many were new."""
    written = {" ".join(sorted(words)) for words in names if words}
    rows = [{"words": words} for words in sorted(written) if len(words) <= LONGEST_NAME]
    return insert_ignoring(session, KnownNameRow, rows, conflict=["words"])


def _name_cves(session: Session, revised: Sequence[tuple[AdvisoryRow, Advisory]]) -> None:
    """Replace the vulnerabilities these advisories name."""
    ids = [row.id for row, _ in revised]
    session.execute(delete(CveRow).where(CveRow.advisory_id.in_(ids)))
    rows = [
        {"cve": cve, "advisory_id": row.id}
        for row, advisory in revised
        for cve in dict.fromkeys(advisory.cves)
        if len(cve) <= LONGEST_CVE
    ]
    if rows:
        session.execute(insert(CveRow), rows)


def _revise(row: AdvisoryRow, advisory: Advisory, digest: str) -> None:
    row.kind = advisory.kind.value
    row.title = advisory.title
    row.published_at = advisory.published_at
    row.revised_at = advisory.revised_at
    row.excerpt = advisory.excerpt
    row.number += 1
    row.digest = digest


def _read(
    session: Session, condition: ColumnElement[bool], *, limit: int | None, by_id: bool = False
) -> list[StoredRevision]:
    order = (RevisionRow.id,) if by_id else (AdvisoryRow.published_at, RevisionRow.id)
    rows = session.execute(
        select(*STORED)
        .join(AdvisoryRow, AdvisoryRow.id == RevisionRow.advisory_id)
        .where(AdvisoryRow.number == RevisionRow.number)
        .where(condition)
        .order_by(*order)
        .limit(limit)
    )
    return [stored(row) for row in rows]


def stored(row: Row[Any]) -> StoredRevision:
    """A revision from the columns of ``STORED``."""
    return StoredRevision(
        id=row.id,
        advisory_id=row.advisory_id,
        number=row.number,
        advisory=Advisory.from_json(row.body),
        seen_at=row.seen_at,
        trace_id=row.trace_id,
        readable=row.readable,
    )
