"""The lots of alerts, what people answered for each, and when each is reminded."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.domain.alert import CLOSED_LOT, LOT_CLEARED, LOT_OPEN, AlertState, AnswerKind, Urgency
from bot.domain.escalation import LADDER
from bot.domain.facility import AssetCategory
from bot.domain.lots import LotAnswer, contradicts, state_after
from bot.domain.reason import Reason
from bot.store import action_answers
from bot.store.schema import AlertRow, AnswerRow, FacilityRow, LotRow, PersonRow
from bot.store.statements import batches, insert_ignoring

LIVING = (AlertState.OPEN, AlertState.TAKEN, AlertState.DONE, AlertState.SUPERSEDED)
ORDER = tuple(AssetCategory)
TICK = timedelta(microseconds=1)  # between two answers to one alert: their order is their date


@dataclass(frozen=True, slots=True)
class Lot:
    """The part of an alert one team answers for; ``state`` is ``open``, ``cleared`` or an
    answer. ``reminder_step`` counts the rungs of the ladder that were told, from 0."""

    category: AssetCategory
    state: str
    answered_at: datetime | None
    reminder_step: int = 0
    reminder_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether something remains to be done for it."""
        return self.state not in CLOSED_LOT

    def is_due(self, now: datetime) -> bool:
        """Whether nobody answered, and it is time to say so."""
        return self.state == LOT_OPEN and (self.reminder_at or now + TICK) <= now


@dataclass(frozen=True, slots=True)
class NewLot:
    """A lot that waits for an answer from now on, and when its silence is reminded."""

    alert_id: uuid.UUID
    category: AssetCategory
    reminder_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered for a lot, and when.

    ``person`` is a name; ``contact`` the mailbox of somebody who is a contact only.
    """

    category: AssetCategory
    person: str
    kind: AnswerKind
    note: str
    due: date | None
    at: datetime
    person_id: uuid.UUID | None = None
    contact: str = ""

    @property
    def said(self) -> LotAnswer:
        """The same as rules compare it."""
        return LotAnswer(str(self.person_id or self.contact), self.kind, self.at)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two people answered the same lot, each without having read the other."""

    category: AssetCategory
    earlier: Answer
    later: AnswerKind
    state: str  # what the lot is taken to be


@dataclass(frozen=True, slots=True)
class SilentLot:
    """A lot nobody answered for, though everybody to be told was told."""

    alert_id: uuid.UUID
    reference: str
    facility_id: int
    authority: str
    category: AssetCategory
    reasons: tuple[Reason, ...]  # of the alert's urgency
    opened_at: datetime


def of_alerts(session: Session, alert_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Lot]]:
    """The lots of these alerts, in the order of the categories."""
    found: dict[uuid.UUID, list[Lot]] = {alert_id: [] for alert_id in alert_ids}
    for row in session.scalars(select(LotRow).where(LotRow.alert_id.in_(alert_ids))):
        found[row.alert_id].append(_lot(row))
    for parts in found.values():
        parts.sort(key=lambda lot: ORDER.index(lot.category))
    return found


def of_alert(session: Session, alert_id: uuid.UUID) -> list[Lot]:
    """The lots of an alert."""
    return of_alerts(session, [alert_id])[alert_id]


def add(session: Session, new: Iterable[NewLot]) -> None:
    """Open lots that are not there yet."""
    rows = [
        {
            "alert_id": lot.alert_id,
            "category": lot.category.value,
            "state": LOT_OPEN,
            "answered_at": None,
            "reminder_step": 0,
            "reminder_at": lot.reminder_at,
        }
        for lot in new
    ]
    insert_ignoring(session, LotRow, rows, conflict=["alert_id", "category"])


def reopen(session: Session, again: Sequence[NewLot]) -> None:
    """Let lots wait for an answer again: what they answered was about something else."""
    rows = [
        {
            "alert_id": lot.alert_id,
            "category": lot.category.value,
            "state": LOT_OPEN,
            "reminder_step": 0,
            "reminder_at": lot.reminder_at,
        }
        for lot in again
    ]
    if rows:
        session.execute(update(LotRow), rows)


def clear(session: Session, kept: Mapping[uuid.UUID, Collection[AssetCategory]]) -> None:
    """Clear the lots of these alerts that wait, and whose machines are gone: not those kept."""
    gone = [
        row
        for row in session.scalars(
            select(LotRow).where(LotRow.alert_id.in_(list(kept)), LotRow.state == LOT_OPEN)
        )
        if AssetCategory(row.category) not in kept[row.alert_id]
    ]
    for row in gone:
        row.state, row.reminder_at = LOT_CLEARED, None
    session.flush()
    follow(session, {row.alert_id for row in gone})


def silence(session: Session, alert_ids: Sequence[uuid.UUID]) -> None:
    """Remind nobody of these alerts any more: there is nothing left to do."""
    session.execute(
        update(LotRow)
        .where(LotRow.alert_id.in_(alert_ids), LotRow.reminder_at.is_not(None))
        .values(reminder_at=None)
    )


def fixed(
    session: Session, alert_ids: Sequence[uuid.UUID], *, before: datetime
) -> dict[uuid.UUID, dict[AssetCategory, datetime]]:
    """The lots of these alerts answered *corrigé* before then, and when."""
    found: dict[uuid.UUID, dict[AssetCategory, datetime]] = {}
    rows = session.execute(
        select(LotRow.alert_id, LotRow.category, LotRow.answered_at)
        .where(LotRow.alert_id.in_(alert_ids), LotRow.state == AnswerKind.FIXED.value)
        .where(LotRow.answered_at < before)
    )
    for alert_id, category, answered_at in rows:
        if answered_at is not None:
            found.setdefault(alert_id, {})[AssetCategory(category)] = answered_at
    return found


def due_alerts(session: Session, *, now: datetime, limit: int) -> list[uuid.UUID]:
    """Open alerts a lot of which is to be reminded of, the longest due first."""
    first = func.min(LotRow.reminder_at)
    return list(
        session.scalars(
            select(LotRow.alert_id)
            .join(AlertRow, AlertRow.id == LotRow.alert_id)
            .where(LotRow.reminder_at <= now, LotRow.state == LOT_OPEN)
            .where(AlertRow.state == AlertState.OPEN.value, AlertRow.muted_until.is_(None))
            .group_by(LotRow.alert_id)
            .order_by(first)
            .limit(limit)
        )
    )


def set_reminder(
    session: Session,
    alert_id: uuid.UUID,
    category: AssetCategory,
    *,
    step: int,
    at: datetime | None,
) -> None:
    """Say when a lot is next reminded, and at which step of the ladder; None: no more."""
    session.execute(
        update(LotRow)
        .where(LotRow.alert_id == alert_id, LotRow.category == category.value)
        .values(reminder_step=step, reminder_at=at)
    )


def silent(session: Session, *, limit: int = 10_000) -> list[SilentLot]:
    """Lots that nobody answered for once the whole ladder was told, the oldest alert first.

    Only what was told at once has a ladder; what waits for a digest is never here.
    """
    rows = session.execute(
        select(AlertRow, LotRow.category, FacilityRow.authority)
        .join(LotRow, LotRow.alert_id == AlertRow.id)
        .join(FacilityRow, FacilityRow.id == AlertRow.facility_id)
        .where(LotRow.state == LOT_OPEN, LotRow.reminder_at.is_(None))
        .where(LotRow.reminder_step >= len(LADDER))
        .where(AlertRow.state == AlertState.OPEN.value, AlertRow.muted_until.is_(None))
        .where(AlertRow.urgency == Urgency.IMMEDIATE.value)
        .order_by(AlertRow.opened_at, AlertRow.id, LotRow.category)
        .limit(limit)
    )
    return [
        SilentLot(
            alert_id=row.id,
            reference=row.reference,
            facility_id=row.facility_id,
            authority=authority,
            category=AssetCategory(category),
            reasons=tuple(Reason.read(reason) for reason in row.reasons),
            opened_at=row.opened_at,
        )
        for row, category, authority in rows
    ]


def unanswered(session: Session, alert_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these alerts that wait though everybody to be told of one of their lots was."""
    return set(
        session.scalars(
            select(LotRow.alert_id)
            .join(AlertRow, AlertRow.id == LotRow.alert_id)
            .where(LotRow.alert_id.in_(alert_ids), LotRow.state == LOT_OPEN)
            .where(LotRow.reminder_at.is_(None), LotRow.reminder_step >= len(LADDER))
            .where(AlertRow.state == AlertState.OPEN.value)
        )
    )


def answers(session: Session, alert_id: uuid.UUID) -> list[Answer]:
    """What was answered to an alert, in order."""
    return every_answer(session, [alert_id]).get(alert_id, [])


def every_answer(session: Session, alert_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Answer]]:
    """The same of several alerts; those that nobody answered are left out."""
    found: dict[uuid.UUID, list[Answer]] = {}
    for batch in batches(alert_ids):
        rows = session.execute(
            select(AnswerRow, PersonRow.name)
            .outerjoin(PersonRow, PersonRow.id == AnswerRow.person_id)
            .where(AnswerRow.alert_id.in_(batch))
            .order_by(AnswerRow.at, AnswerRow.id)
        )
        for row, name in rows:
            answer = Answer(
                category=AssetCategory(row.category),
                person=name or row.contact,
                kind=AnswerKind(row.kind),
                note=row.note,
                due=row.due,
                at=row.at,
                person_id=row.person_id,
                contact=row.contact,
            )
            found.setdefault(row.alert_id, []).append(answer)
    return found


def forwarded(session: Session, alert_id: uuid.UUID) -> frozenset[AssetCategory]:
    """The lots of an alert that were ever forwarded to the prestataire."""
    query = select(AnswerRow.category).where(
        AnswerRow.alert_id == alert_id, AnswerRow.kind == AnswerKind.FORWARDED.value
    )
    return frozenset(AssetCategory(category) for category in session.scalars(query))


def record_answer(
    session: Session,
    alert_id: uuid.UUID,
    categories: Collection[AssetCategory],
    *,
    person_id: uuid.UUID | None,
    contact: str = "",
    kind: AnswerKind,
    note: str = "",
    due: date | None = None,
    now: datetime,
    remind_at: datetime | None = None,
) -> list[Disagreement]:
    """Append an answer for these lots; their state, then the alert's, follows.

    Reminders of these lots stop at once, those of the others go on. Two people who answer
    at the same moment are put one after the other: each sees what the other said.

    Args:
        contact: mailbox of a contact who is nobody registered; then ``person_id`` is None.
        remind_at: when a lot that is open again is reminded (``AnswerKind.REOPENED``).

    Returns:
        The lots on which somebody else has just said the contrary.
    """
    locked = select(AlertRow.id).where(AlertRow.id == alert_id).with_for_update(key_share=True)
    session.execute(locked)
    before = answers(session, alert_id)
    at = max([now, *(each.at + TICK for each in before)])
    said = LotAnswer(str(person_id or contact), kind, now)
    disagreements = []
    rows = session.scalars(
        select(LotRow)
        .where(LotRow.alert_id == alert_id)
        .where(LotRow.category.in_([category.value for category in categories]))
        .order_by(LotRow.category)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        earlier = [each for each in before if each.category.value == row.category]
        session.add(
            AnswerRow(
                alert_id=alert_id,
                category=row.category,
                person_id=person_id,
                contact=contact,
                kind=kind.value,
                note=note,
                due=due,
                at=at,
            )
        )
        row.state = state_after(row.state, [each.said for each in earlier], said)
        row.answered_at, row.reminder_at = at, None
        if kind is AnswerKind.REOPENED:
            row.reminder_step, row.reminder_at = 0, remind_at
        if contrary := [each for each in earlier if contradicts(each.said, said)]:
            disagreements.append(
                Disagreement(AssetCategory(row.category), contrary[-1], kind, row.state)
            )
    session.flush()
    follow(session, [alert_id])
    action_answers.heard(session, alert_id, categories, now=now)
    return disagreements


def follow(session: Session, alert_ids: Collection[uuid.UUID]) -> None:
    """Let the state of alerts be that of their lots, unless their bulletin has ended."""
    states: dict[uuid.UUID, list[str]] = {}
    for row in session.scalars(select(LotRow).where(LotRow.alert_id.in_(alert_ids))):
        states.setdefault(row.alert_id, []).append(row.state)
    for alert_id, each in states.items():
        session.execute(
            update(AlertRow)
            .where(AlertRow.id == alert_id)
            .where(AlertRow.state.in_([state.value for state in LIVING]))
            .values(state=AlertState.of_lots(each).value)
        )


def _lot(row: LotRow) -> Lot:
    return Lot(
        AssetCategory(row.category),
        row.state,
        row.answered_at,
        row.reminder_step,
        row.reminder_at,
    )
