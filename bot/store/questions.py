"""Questions put to facilities: one row a product, whoever answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from bot.domain.matching import VerdictKind
from bot.domain.question import (
    Given,
    Question,
    ReplyKind,
    Subject,
    Undecided,
    Wants,
    product_key,
    product_name,
)
from bot.domain.reference import QUESTION, numbered, series
from bot.store.schema import (
    AdvisoryRow,
    AssetRow,
    ProductRow,
    QuestionRow,
    RevisionRow,
    VerdictRow,
)
from bot.store.statements import batches, next_numbers


def undecided(
    session: Session, facility_id: int, *, keys: Collection[str] | None = None
) -> list[Undecided]:
    """What current bulletins leave open of a facility's present products.

    Args:
        keys: of these products only, as :func:`product_key` writes them.
    """
    lines: dict[int, list[str]] = {}
    typed: dict[int, tuple[str, str]] = {}  # name and version
    for line_id, product_id, vendor, product, version in session.execute(
        select(
            AssetRow.line_id,
            ProductRow.id,
            ProductRow.vendor,
            ProductRow.product,
            ProductRow.version,
        )
        .join(ProductRow, ProductRow.id == AssetRow.product_id)
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
    ):
        if product_id not in typed:
            typed[product_id] = product_name(vendor, product), version
        lines.setdefault(product_id, []).append(line_id)
    wanted = [id_ for id_, (name, _) in typed.items() if keys is None or product_key(name) in keys]
    shared = {id_: tuple(lines[id_]) for id_ in wanted}
    return [
        Undecided(
            shared[product_id], typed[product_id][0], advisory_id, reason, typed[product_id][1]
        )
        for product_id, advisory_id, reason in _reviews(session, wanted)
    ]


def _reviews(session: Session, product_ids: Sequence[int]) -> Iterator[tuple[int, int, str]]:
    """Products, the current bulletins that may concern them, and why nobody can tell."""
    for part in batches(product_ids):
        yield from session.execute(
            select(VerdictRow.product_id, AdvisoryRow.id, VerdictRow.reason)
            .join(RevisionRow, RevisionRow.id == VerdictRow.revision_id)
            .join(
                AdvisoryRow,
                and_(
                    AdvisoryRow.id == RevisionRow.advisory_id,
                    AdvisoryRow.number == RevisionRow.number,
                ),
            )
            .where(VerdictRow.product_id.in_(part))
            .where(VerdictRow.kind == VerdictKind.REVIEW.value)
        )


def ask(
    session: Session, facility_id: int, subjects: Sequence[Subject], *, now: datetime
) -> list[Question]:
    """The questions on these subjects that wait for an answer, in the order given.

    A product never asked about gets its reference here; one already asked about keeps its
    own, and what it settles is brought up to date.
    """
    rows = {
        row.key: row
        for row in session.scalars(
            select(QuestionRow).where(QuestionRow.facility_id == facility_id)
        )
    }
    fresh = [each for each in subjects if each.key not in rows]
    name = series(QUESTION, now.year)
    numbers = next_numbers(session, name, len(fresh)) if fresh else range(0)
    for each, number in zip(fresh, numbers, strict=True):
        rows[each.key] = QuestionRow(
            reference=numbered(name, number),
            facility_id=facility_id,
            key=each.key,
            name=each.name,
            wants=each.wants.value,
            settles=each.settles,
            machines=each.machines,
            asked_at=now,
            answer="",
            answered_by="",
        )
        session.add(rows[each.key])
    waiting: list[QuestionRow] = []
    for each in subjects:
        row = rows[each.key]
        row.wants, row.settles, row.machines = each.wants.value, each.settles, each.machines
        if row.answered_at is None:
            waiting.append(row)
    session.flush()
    return [_question(row) for row in waiting]


def by_reference(session: Session, reference: str) -> Question | None:
    """The question of this reference, answered or not."""
    row = _row(session, reference)
    return _question(row) if row else None


def mark_answered(
    session: Session, question: Question, given: Given, *, by: str, now: datetime
) -> None:
    """Record who answered what: the question is not asked again."""
    row = _row(session, question.reference)
    if row is not None:
        row.answer, row.answered_at, row.answered_by = given.kind.value, now, by
        session.flush()


def _row(session: Session, reference: str) -> QuestionRow | None:
    return session.scalars(
        select(QuestionRow).where(QuestionRow.reference == reference.strip().upper())
    ).one_or_none()


def _question(row: QuestionRow) -> Question:
    return Question(
        reference=row.reference,
        facility_id=row.facility_id,
        name=row.name,
        wants=Wants(row.wants),
        settles=row.settles,
        machines=row.machines,
        asked_at=row.asked_at,
        answer=ReplyKind(row.answer) if row.answer else None,
        answered_at=row.answered_at,
        answered_by=row.answered_by or "",
    )
