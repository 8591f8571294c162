"""An answer as somebody gave it, by a button, a form or in words."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.commands.base import Setting
from bot.domain.alert import AnswerKind
from bot.domain.answers import read_day
from bot.domain.lots import Lots
from bot.pipeline.answer import Said
from bot.store import Session, facilities


@dataclass(frozen=True, slots=True)
class Given:
    """What was answered, and to what.

    Args:
        subject: a reference, combined when one message stands for several facilities.
        kind: the word for it.
        note: the rest of what was written: a day, a reason.
        lots: those it is for; empty when none is named.
    """

    subject: str
    kind: AnswerKind
    note: str
    lots: Lots

    def said(self, session: Session, setting: Setting, facility_id: int) -> Said:
        """What it says, a day being one where that facility is.

        Raises:
            BadDayError: the day cannot be meant (31/02).
        """
        if self.kind is not AnswerKind.PLANNED:
            return Said(self.kind, self.note.strip(), None)
        facility = facilities.by_ids(session, [facility_id])[facility_id]
        today = setting.now.astimezone(ZoneInfo(facility.time_zone)).date()
        return Said(self.kind, self.note.strip(), read_day(self.note, today=today))
