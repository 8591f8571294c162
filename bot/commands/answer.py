"""Answering an alert or a campaign: a button, a reaction, or a word in its thread."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from bot.commands.alertes import permitted, written
from bot.commands.base import Reply, Setting
from bot.commands.campagne import answer_campaign
from bot.commands.declare import proposed
from bot.domain.alert import AnswerKind
from bot.domain.answers import BadDayError, read_day
from bot.domain.reference import CAMPAIGN, combine
from bot.store import Session, audit, facilities, lots
from bot.store.alerts import Alert


def answer(session: Session, setting: Setting) -> Reply:
    """Record an answer for every lot of the alerts named, or to a campaign.

    ``args`` is the kind of answer (``taken``), then a note; ``subject`` the reference,
    combined when one message stands for several facilities: each that the person answers
    for is answered. A day that cannot be meant (31/02) is refused, and nothing is recorded.
    A compromise that was found is recorded, then asked to be declared.
    """
    if setting.invocation.subject.upper().startswith(CAMPAIGN):
        return answer_campaign(session, setting)
    word, _, note = setting.invocation.args.strip().partition(" ")
    subject = setting.invocation.subject
    if word not in set(AnswerKind):
        return setting.reply("unknown_command", word=word, nearest="aide")
    mine = [a for each in written(subject) if (a := permitted(session, setting, each))]
    if not mine:
        return setting.reply("unknown_alert", reference=subject)
    try:
        due = _due(session, setting, mine[0], note) if word == AnswerKind.PLANNED else None
    except BadDayError as error:
        return setting.reply("bad_day", written=error.written)
    for alert in mine:
        _record(session, setting, alert, AnswerKind(word), note.strip(), due)
    references = combine([alert.reference for alert in mine])
    if word == AnswerKind.COMPROMISED and (form := proposed(session, setting, references)):
        return replace(setting.reply("compromised", reference=references), form=form)
    return setting.reply(
        "answered", reference=references, answer=word, person=setting.person.name, due=due
    )


def _due(session: Session, setting: Setting, alert: Alert, note: str) -> date | None:
    """The day that a note names, where the facility is; None when it names none."""
    facility = facilities.by_ids(session, [alert.facility_id])[alert.facility_id]
    return read_day(note, today=setting.now.astimezone(ZoneInfo(facility.time_zone)).date())


def _record(
    session: Session,
    setting: Setting,
    alert: Alert,
    kind: AnswerKind,
    note: str,
    due: date | None,
) -> None:
    categories = [lot.category for lot in lots.of_alert(session, alert.id)]
    lots.record_answer(
        session,
        alert.id,
        categories,
        person_id=setting.person.id,
        kind=kind,
        note=note,
        due=due,
        now=setting.now,
    )
    audit.note(
        session,
        str(setting.person.id),
        f"answer.{kind.value}",
        alert.reference,
        now=setting.now,
        note=note,
    )
