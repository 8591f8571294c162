"""Questions, their answers, and what the answers teach."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.decision import OpenQuestion
from bot.domain.people import Person, Role
from bot.domain.question import (
    Given,
    Lesson,
    Question,
    Reach,
    ReplyKind,
    Subject,
    Undecided,
    Wants,
    product_key,
    product_name,
    restored,
    subjects,
    taught,
)
from bot.store import Session, audit, inventory, lessons, questions, recognition

UNKNOWN_NAMES = 20  # asked about at a time: more are not answered
SHAREABLE = frozenset({ReplyKind.OTHER_PRODUCT, ReplyKind.NOT_CONCERNED})


class LessonError(ValueError):
    """What was asked of a lesson cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What an answer did: the lesson, and how many lines of the inventory it completed."""

    lesson: Lesson
    lines: int


def waiting(
    session: Session, facility_id: int, *, now: datetime, names: Collection[str] | None = None
) -> list[Question]:
    """The questions of a facility, those that settle the most first; each once a product.

    Args:
        names: only about these products, as :func:`product_name` writes them.
    """
    answered = [each for each in lessons.of_facility(session, facility_id) if _silences(each)]
    keys = None if names is None else {product_key(name) for name in names}
    open_ = [
        left
        for each in questions.undecided(session, facility_id, keys=keys)
        if (left := _unanswered(facility_id, each, answered)).line_ids
    ]
    found = subjects(open_)
    if names is None:
        known = {each.key for each in found} | {lesson.key for lesson in answered}
        found += [each for each in _unknown(session, facility_id) if each.key not in known]
    return questions.ask(session, facility_id, found, now=now)


def _unanswered(facility_id: int, open_: Undecided, answered: Collection[Lesson]) -> Undecided:
    """What is open without the lines that lessons speak of."""
    key = product_key(open_.name)
    known = [each for each in answered if each.key == key]
    if not known:
        return open_
    left = (
        line_id
        for line_id in open_.line_ids
        if not any(each.speaks_of(facility_id, line_id, key) for each in known)
    )
    return replace(open_, line_ids=tuple(left))


def _unknown(session: Session, facility_id: int) -> list[Subject]:
    """The names that Tocsin does not know, the most frequent first, each once."""
    names: dict[str, tuple[str, int]] = {}
    for product, lines in recognition.unrecognised(session, facility_id, limit=UNKNOWN_NAMES):
        if name := product_name(product.vendor, product.product):
            names[product_key(name)] = (name, lines + names.get(product_key(name), ("", 0))[1])
    return [Subject(name, Wants.PRODUCT, 0, lines) for name, lines in names.values()]


def _silences(lesson: Lesson) -> bool:
    """Whether a lesson answers for some lines without answering the whole question."""
    everybody = lesson.reach is Reach.EVERYBODY and lesson.kind is ReplyKind.NOT_CONCERNED
    return everybody or bool(lesson.line_id)


def shown(
    session: Session,
    facility_id: int,
    *,
    names: Collection[str],
    limit: int,
    now: datetime,
) -> tuple[OpenQuestion, ...]:
    """The questions on these products as a message shows them."""
    found = waiting(session, facility_id, now=now, names=names) if names else []
    return tuple(
        OpenQuestion(each.reference, each.name, each.settles, each.wants.value)
        for each in found[:limit]
    )


def answer(
    session: Session,
    question: Question,
    given: Given,
    *,
    by: str,
    now: datetime,
    line_id: str = "",
) -> Settled:
    """Record an answer, complete the inventory by it, and have the facility judged again.

    Args:
        line_id: the answer is about this line only; the question stays open for the others.
        by: a person's id, or ``operator``.
    """
    lesson = lessons.add(
        session,
        question,
        given,
        reach=Reach.LINE if line_id else Reach.FACILITY,
        line_id=line_id,
        by=by,
        now=now,
    )
    current = inventory.current(session, question.facility_id).values()
    pairs = [(line, taught(question.facility_id, line, [lesson])) for line in current]
    changed = [(before, after) for before, after in pairs if before != after]
    inventory.write_lines(
        session,
        question.facility_id,
        added=[],
        changed=[after for _, after in changed],
        removed=[],
        now=now,
    )
    lesson = lessons.note_lines(session, lesson, [before for before, _ in changed])
    if not line_id:
        questions.mark_answered(session, question, given, by=by, now=now)
    audit.note(session, by, "question.answered", question.reference, now=now, kind=given.kind.value)
    return Settled(lesson, len(changed))


def undo(session: Session, lesson: Lesson, *, by: str, now: datetime) -> int:
    """Take a lesson back, and what it wrote in the inventory; return how many lines.

    Raises:
        LessonError: it ended already.
    """
    if lesson.ended_at is not None:
        raise LessonError(f"lesson {lesson.id} ended already, on {lesson.ended_at:%Y-%m-%d}")
    current = inventory.current(session, lesson.facility_id).values()
    pairs = [(line, restored(line, lesson)) for line in current]
    changed = [after for before, after in pairs if before != after]
    inventory.write_lines(
        session, lesson.facility_id, added=[], changed=changed, removed=[], now=now
    )
    lessons.end(session, lesson, by, now=now)
    audit.note(session, by, "lesson.undone", lesson.question, now=now, lesson=lesson.id)
    return len(changed)


def confirm(session: Session, lesson: Lesson, person: Person, *, now: datetime) -> None:
    """Extend to everybody what one facility taught.

    Raises:
        LessonError: the person has no role cert, or the lesson is one facility's affair.
    """
    if not any(grant.role is Role.CERT for grant in person.grants):
        raise LessonError("only a person with role cert confirms for everybody")
    if lesson.ended_at is not None or lesson.kind not in SHAREABLE or lesson.line_id:
        raise LessonError(
            f"lesson {lesson.id} cannot be everybody's: only another name of a product,"
            " or « non concerné » for a whole product, that still applies"
        )
    lessons.confirm(session, lesson, by=str(person.id), now=now)
    audit.note(
        session, str(person.id), "lesson.confirmed", lesson.question, now=now, lesson=lesson.id
    )
