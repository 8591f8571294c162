"""What answers taught, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.facility import InventoryLine
from bot.domain.question import (
    LIFE,
    Given,
    Lesson,
    Question,
    Reach,
    ReplyKind,
    former,
    product_key,
    product_name,
)
from bot.store.schema import AssetRow, FacilityRow, LessonRow, ProductRow, QuestionRow, VerdictRow
from bot.store.statements import batches

EXPIRED = "expired"


def add(
    session: Session,
    question: Question,
    given: Given,
    *,
    reach: Reach,
    line_id: str,
    by: str,
    now: datetime,
) -> Lesson:
    """Keep what an answer taught."""
    life = LIFE[given.kind]
    row = LessonRow(
        question_id=_question_id(session, question.reference),
        facility_id=question.facility_id,
        kind=given.kind.value,
        reach=reach.value,
        line_id=line_id,
        name=question.name,
        value=given.value,
        reason=given.reason,
        taught_at=now,
        taught_by=by,
        expires_at=now + life if life else None,
        before={},
    )
    session.add(row)
    session.flush()
    return _lesson(row, question.reference)


def by_id(session: Session, lesson_id: int) -> Lesson | None:
    """A lesson, ended or not."""
    found = _read(session, LessonRow.id == lesson_id)
    return found[0] if found else None


def of_facility(session: Session, facility_id: int) -> list[Lesson]:
    """What applies to the inventory of a facility, the latest first."""
    return _read(
        session,
        LessonRow.ended_at.is_(None),
        or_(LessonRow.facility_id == facility_id, LessonRow.reach == Reach.EVERYBODY.value),
    )


def listed(session: Session, *, facility_id: int | None, ended: bool = False) -> list[Lesson]:
    """What was learned, the latest first; what ended only when it is asked for."""
    conditions: list[ColumnElement[bool]] = [] if ended else [LessonRow.ended_at.is_(None)]
    if facility_id is not None:
        conditions.append(LessonRow.facility_id == facility_id)
    return _read(session, *conditions)


def judging(session: Session) -> dict[str, list[Lesson]]:
    """Answers « concerné » and « non concerné » that apply, by product key."""
    kinds = (ReplyKind.CONCERNED.value, ReplyKind.NOT_CONCERNED.value)
    found: dict[str, list[Lesson]] = {}
    for lesson in _read(session, LessonRow.ended_at.is_(None), LessonRow.kind.in_(kinds)):
        found.setdefault(lesson.key, []).append(lesson)
    return found


def aliases(session: Session) -> list[tuple[str, str]]:
    """Names that everybody's catalogue learns: ``(what is typed, what it means)``."""
    found = _read(
        session,
        LessonRow.ended_at.is_(None),
        LessonRow.kind == ReplyKind.OTHER_PRODUCT.value,
        LessonRow.reach == Reach.EVERYBODY.value,
    )
    return sorted({(lesson.key, lesson.value) for lesson in found})


def note_lines(session: Session, lesson: Lesson, changed: Iterable[InventoryLine]) -> Lesson:
    """Remember lines as they were before the lesson, so that undoing it gives them back."""
    row = session.get_one(LessonRow, lesson.id)
    row.before = {**former(changed), **row.before}
    return _lesson(row, lesson.question)


def confirm(session: Session, lesson: Lesson, *, by: str, now: datetime) -> None:
    """Extend a lesson to everybody. The products of that name are to be judged again."""
    row = session.get_one(LessonRow, lesson.id)
    row.reach = Reach.EVERYBODY.value
    row.confirmed_by = by
    session.flush()
    _judge_again(session, lesson.key, now=now)


def end(session: Session, lesson: Lesson, why: str, *, now: datetime) -> None:
    """Stop a lesson, ask its question again, and judge what it touched again."""
    row = session.get_one(LessonRow, lesson.id)
    row.ended_at, row.ended = now, why
    session.execute(
        update(QuestionRow)
        .where(QuestionRow.id == row.question_id)
        .values(answer="", answered_at=None, answered_by="")
    )
    session.execute(
        update(FacilityRow).where(FacilityRow.id == row.facility_id).values(changed_at=now)
    )
    if lesson.reach is Reach.EVERYBODY:
        _judge_again(session, lesson.key, now=now)


def end_expired(session: Session, *, now: datetime) -> int:
    """End the lessons whose time is over; return how many."""
    over = _read(session, LessonRow.ended_at.is_(None), LessonRow.expires_at <= now)
    for lesson in over:
        end(session, lesson, EXPIRED, now=now)
    return len(over)


def _judge_again(session: Session, key: str, *, now: datetime) -> None:
    """Forget what was concluded of the products of this name, whoever has them."""
    rows = session.execute(select(ProductRow.id, ProductRow.vendor, ProductRow.product))
    ids = [row.id for row in rows if product_key(product_name(row.vendor, row.product)) == key]
    for batch in batches(ids):
        session.execute(delete(VerdictRow).where(VerdictRow.product_id.in_(batch)))
        session.execute(
            update(ProductRow)
            .where(ProductRow.id.in_(batch))
            .values(matched_at=None, recognised=None, versioned=None)
        )
        owners = select(AssetRow.facility_id).where(AssetRow.product_id.in_(batch))
        session.execute(
            update(FacilityRow).where(FacilityRow.id.in_(owners)).values(changed_at=now)
        )


def _question_id(session: Session, reference: str) -> int:
    return session.scalars(select(QuestionRow.id).where(QuestionRow.reference == reference)).one()


def _read(session: Session, *conditions: ColumnElement[bool]) -> list[Lesson]:
    rows = session.execute(
        select(LessonRow, QuestionRow.reference)
        .join(QuestionRow, QuestionRow.id == LessonRow.question_id)
        .where(*conditions)
        .order_by(LessonRow.id.desc())
    )
    return [_lesson(*row) for row in rows]


def _lesson(row: LessonRow, reference: str) -> Lesson:
    before: Mapping[str, Sequence[str]] = row.before
    return Lesson(
        id=row.id,
        question=reference,
        kind=ReplyKind(row.kind),
        reach=Reach(row.reach),
        facility_id=row.facility_id,
        line_id=row.line_id,
        name=row.name,
        value=row.value,
        reason=row.reason,
        taught_at=row.taught_at,
        taught_by=row.taught_by,
        expires_at=row.expires_at,
        confirmed_by=row.confirmed_by or "",
        ended_at=row.ended_at,
        ended=row.ended or "",
        before=before,
    )
