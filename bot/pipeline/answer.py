"""Answering lots of alerts: what every way of talking comes to.

An answer is recorded, audited, and stops the reminders of its lots, in one transaction with
what it causes: the paragraph to the prestataire, or the word to two people who disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.alert import AnswerKind, LotView
from bot.domain.escalation import HoursOf, next_morning
from bot.domain.facility import AssetCategory, Facility
from bot.domain.lots import Lots
from bot.domain.speaker import Speaker
from bot.pipeline.disagree import tell_disagreement
from bot.pipeline.forward import Forwarded, Refused, forward
from bot.pipeline.view import lot_views
from bot.render import Renderer
from bot.store import Session, alerts, audit, facilities, lots
from bot.store.alerts import Alert
from bot.store.lots import Disagreement

ABOUT_THE_WHOLE = frozenset({AnswerKind.SEARCHED_CLEAN, AnswerKind.COMPROMISED})
LATER = timedelta(days=1)  # when working hours are not known


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody answers: ``note`` in their words, ``due`` the day they promise."""

    kind: AnswerKind
    note: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer did to one alert.

    Args:
        lots: those answered for; none when it was refused.
        parts: how each lot stands afterwards.
        refused: why nothing was recorded.
    """

    alert: Alert
    facility: Facility
    lots: tuple[AssetCategory, ...]
    parts: tuple[LotView, ...]
    forwarded: Forwarded | None = None
    refused: Refused | None = None
    disagreements: tuple[Disagreement, ...] = ()


class AnswerDesk:
    """Takes answers. ``hours`` say when what is opened again is reminded."""

    def __init__(self, renderer: Renderer, hours: HoursOf | None = None) -> None:
        self.renderer = renderer
        self._hours = hours

    def answer(
        self,
        session: Session,
        answered: Sequence[tuple[Alert, Lots]],
        speaker: Speaker,
        said: Said,
        *,
        now: datetime,
    ) -> list[Answered]:
        """Record one answer for these lots of these alerts; whether it may be is decided before.

        Alerts are taken in one order, so that two people who answer the same ones at the
        same time never wait for each other.
        """
        owners = facilities.by_ids(session, {alert.facility_id for alert, _ in answered})
        return [
            self._answer(session, alert, owners[alert.facility_id], wanted, speaker, said, now)
            for alert, wanted in sorted(answered, key=lambda each: each[0].id)
        ]

    def _answer(
        self,
        session: Session,
        alert: Alert,
        facility: Facility,
        wanted: Lots,
        speaker: Speaker,
        said: Said,
        now: datetime,
    ) -> Answered:
        sent: Forwarded | Refused | None = None
        if said.kind is AnswerKind.FORWARDED and not speaker.contact:
            sent = forward(session, self.renderer, alert, facility, wanted, said.note, now=now)
        chosen = tuple(sorted(wanted))
        person_id, mailbox = speaker.author
        if isinstance(sent, Refused):
            parts = lot_views(session, alert.id, facility.time_zone)
            return Answered(alert, facility, (), parts, refused=sent)
        disagreements = lots.record_answer(
            session,
            alert.id,
            chosen,
            person_id=person_id,
            contact=mailbox,
            kind=said.kind,
            note=said.note,
            due=said.due,
            now=now,
            remind_at=self._reminder(facility, now),
        )
        self._audit(session, alert, speaker, said, chosen, now)
        if disagreements:
            tell_disagreement(
                session, self.renderer, alert, facility, speaker, disagreements, now=now
            )
        return Answered(
            alert=alert,
            facility=facility,
            lots=chosen,
            parts=lot_views(session, alert.id, facility.time_zone),
            forwarded=sent,
            disagreements=tuple(disagreements),
        )

    def _reminder(self, facility: Facility, now: datetime) -> datetime:
        return next_morning(now, self._hours(facility)) if self._hours else now + LATER

    @staticmethod
    def _audit(
        session: Session,
        alert: Alert,
        speaker: Speaker,
        said: Said,
        chosen: Sequence[AssetCategory],
        now: datetime,
    ) -> None:
        audit.note(
            session,
            speaker.actor,
            f"answer.{said.kind.value}",
            alert.reference,
            now=now,
            note=said.note,
            lots=[lot.value for lot in chosen],
        )


def answerable(
    session: Session, alert: Alert, speaker: Speaker, said: AnswerKind, named: Lots
) -> tuple[Lots, Lots]:
    """The lots of an alert that an answer is for, and those named that are not the speaker's.

    Without a lot named it is for those of theirs that still wait; when none waits any more,
    it corrects what was answered for all of theirs. The search for a compromise is always
    about all of them.
    """
    parts = lots.of_alert(session, alert.id)
    there = frozenset(lot.category for lot in parts)
    forwarded = lots.forwarded(session, alert.id)
    own, may = speaker.lots_of(alert.facility_id, there, forwarded)
    if named:
        return may & named, there & named - may
    waiting = own & frozenset(lot.category for lot in parts if lot.waits)
    return (own if said in ABOUT_THE_WHOLE else waiting or own), frozenset()


def of_advisory(session: Session, advisory_id: int, facility_ids: Collection[int]) -> list[Alert]:
    """The alerts that a bulletin raised at these facilities, by reference."""
    found = alerts.of_advisories(session, [advisory_id], facility_ids=sorted(facility_ids))
    return sorted(found.values(), key=lambda alert: alert.reference)
