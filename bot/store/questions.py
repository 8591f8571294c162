"""Questions put to facilities: one row a product, whoever answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from bot.domain.matching import VerdictKind
from bot.domain.question import Given, Question, ReplyKind, Subject, Undecided, Wants, product_name
from bot.domain.reference import QUESTION, numbered, series
from bot.store.schema import (
    AdvisoryRow,
    AssetRow,
    ProductRow,
    QuestionRow,
    RevisionRow,
    VerdictRow,
)
from bot.store.statements import next_numbers


def undecided(session: Session, facility_id: int) -> list[Undecided]:
    """Every present line of a facility that a current bulletin may concern."""
    rows = session.execute(
        select(
            AssetRow.line_id,
            ProductRow.vendor,
            ProductRow.product,
            ProductRow.version,
            AdvisoryRow.id.label("advisory_id"),
            VerdictRow.reason,
        )
        .join(ProductRow, ProductRow.id == AssetRow.product_id)
        .join(VerdictRow, VerdictRow.product_id == AssetRow.product_id)
        .join(RevisionRow, RevisionRow.id == VerdictRow.revision_id)
        .join(
            AdvisoryRow,
            and_(
                AdvisoryRow.id == RevisionRow.advisory_id,
                AdvisoryRow.number == RevisionRow.number,
            ),
        )
        .where(AssetRow.facility_id == facility_id, AssetRow.removed_at.is_(None))
        .where(VerdictRow.kind == VerdictKind.REVIEW.value)
    )
    return [
        Undecided(
            row.line_id,
            product_name(row.vendor, row.product),
            row.advisory_id,
            row.reason,
            row.version,
        )
        for row in rows
    ]


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
