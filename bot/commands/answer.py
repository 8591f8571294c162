"""Answering an alert: a button, a reaction, or a word in its thread."""

from __future__ import annotations

from bot.commands.alertes import permitted, written
from bot.commands.base import Reply, Setting
from bot.domain.alert import AnswerKind
from bot.domain.reference import combine
from bot.store import Session, alerts, audit
from bot.store.alerts import Alert


def answer(session: Session, setting: Setting) -> Reply:
    """Record an answer for every lot of the alerts named.

    ``args`` is the kind of answer (``taken``), then a note; ``subject`` the reference,
    combined when one message stands for several facilities: each that the person answers
    for is answered.
    """
    word, _, note = setting.invocation.args.strip().partition(" ")
    subject = setting.invocation.subject
    if word not in set(AnswerKind):
        return setting.reply("unknown_command", word=word, nearest="aide")
    mine = [a for each in written(subject) if (a := permitted(session, setting, each))]
    if not mine:
        return setting.reply("unknown_alert", reference=subject)
    for alert in mine:
        _record(session, setting, alert, AnswerKind(word), note.strip())
    references = combine([alert.reference for alert in mine])
    return setting.reply("answered", reference=references, answer=word, person=setting.person.name)


def _record(session: Session, setting: Setting, alert: Alert, kind: AnswerKind, note: str) -> None:
    categories = [lot.category for lot in alerts.lots(session, alert.id)]
    alerts.record_answer(
        session,
        alert.id,
        categories,
        person_id=setting.person.id,
        kind=kind,
        note=note,
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
