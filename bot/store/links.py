"""What the links of mails were used for: each answers once for a lot."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.store.schema import AnswerLinkRow
from bot.store.statements import insert_ignoring


@dataclass(frozen=True, slots=True)
class LinkUse:
    """An answer given by the link of a delivery; ``lot`` is empty for all of them.

    ``code`` is the kind of an alert's answer, or the code of a campaign's; ``due`` the day
    that was promised.
    """

    lot: str
    code: str
    due: date | None
    used_at: datetime


def take(
    session: Session, delivery_id: uuid.UUID, lots: Iterable[str], answer: str, *, now: datetime
) -> list[str]:
    """Use a link for these lots; return those it had not been used for.

    ``answer`` is a code, and perhaps the day that was promised: ``planned 2026-03-20``.
    Who comes second waits for the first, then finds the link used.
    """
    taken = []
    for lot in sorted(lots):  # in one order: two who come at once cannot wait for each other
        row = {"delivery_id": delivery_id, "lot": lot, "answer": answer, "used_at": now}
        if insert_ignoring(session, AnswerLinkRow, [row], conflict=["delivery_id", "lot"]):
            taken.append(lot)
    return taken


def give_back(session: Session, delivery_id: uuid.UUID, lots: Iterable[str]) -> None:
    """Undo :func:`take` in the same transaction: nothing was answered after all."""
    session.execute(
        delete(AnswerLinkRow).where(
            AnswerLinkRow.delivery_id == delivery_id, AnswerLinkRow.lot.in_(list(lots))
        )
    )


def uses(session: Session, delivery_id: uuid.UUID) -> list[LinkUse]:
    """What a link was used for, in order."""
    rows = session.scalars(
        select(AnswerLinkRow)
        .where(AnswerLinkRow.delivery_id == delivery_id)
        .order_by(AnswerLinkRow.used_at, AnswerLinkRow.lot)
    )
    return [_use(row) for row in rows]


def _use(row: AnswerLinkRow) -> LinkUse:
    code, _, day = row.answer.partition(" ")
    return LinkUse(row.lot, code, date.fromisoformat(day) if day else None, row.used_at)
