"""Answering an alert or a campaign: a button, a reaction, or a word in its thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.commands import actions
from bot.commands.alertes import permitted, written
from bot.commands.base import Command, FieldKind, Form, FormField, Reply, Setting
from bot.commands.campagne import answer_campaign
from bot.commands.declare import proposed
from bot.commands.given import Given
from bot.domain.alert import AnswerKind, LotView
from bot.domain.answers import BadDayError
from bot.domain.facility import AssetCategory
from bot.domain.lots import BY_LOT, CODES, NO_LOT, Lots, read_lots, split_lots
from bot.domain.reference import CAMPAIGN, combine
from bot.pipeline.answer import AnswerDesk, Answered, Said, answerable
from bot.store import Session, lots
from bot.store.alerts import Alert

OFFERED = (
    AnswerKind.TAKEN,
    AnswerKind.PLANNED,
    AnswerKind.FIXED,
    AnswerKind.NOT_CONCERNED,
    AnswerKind.MITIGATED,
    AnswerKind.FORWARDED,
    AnswerKind.UNKNOWN,
)
"""The answers of the form, in which a lot is chosen first."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody answers, to which alerts, and for which lots when they are named."""

    alerts: Sequence[Alert]
    said: Said
    named: Lots


def answering(desk: AnswerDesk) -> Command:
    """The command that records an answer.

    ``args`` is the kind of answer (``taken``), then lots and a note; ``subject`` the
    reference, combined when one message stands for several facilities, narrowed to lots
    when it was told to a team: see :func:`bot.domain.lots.with_lots`.
    """

    def answer(session: Session, setting: Setting) -> Reply:
        if setting.invocation.subject.upper().startswith(CAMPAIGN):
            return answer_campaign(session, setting)
        word, _, note = setting.invocation.args.strip().partition(" ")
        if word == BY_LOT:
            return _by_lot(session, setting, desk, note.strip())
        if word not in set(AnswerKind):
            return setting.reply("unknown_command", word=word, nearest="aide")
        subject, offered = split_lots(setting.invocation.subject)
        named, note = read_lots(note)
        given = Given(subject, AnswerKind(word), note, named or offered)
        if actions.NAMED.fullmatch(subject):
            return actions.answer(session, setting, desk, given)
        return record(session, setting, desk, given)

    return answer


def record(session: Session, setting: Setting, desk: AnswerDesk, given: Given) -> Reply:
    """Record an answer to each alert of its subject that is the person's to answer.

    A day that cannot be meant (31/02) is refused, and nothing is recorded. A compromise
    that was found is recorded, then asked to be declared.
    """
    mine = [a for each in written(given.subject) if (a := permitted(session, setting, each))]
    if not mine:
        return setting.reply("unknown_alert", reference=given.subject)
    try:
        said = given.said(session, setting, mine[0].facility_id)
    except BadDayError as error:
        return setting.reply("bad_day", written=error.written)
    return _record(session, setting, desk, _Asked(mine, said, given.lots))


def _record(session: Session, setting: Setting, desk: AnswerDesk, asked: _Asked) -> Reply:
    chosen: list[tuple[Alert, Lots]] = []
    others: Lots = NO_LOT
    for alert in asked.alerts:
        own, not_theirs = answerable(session, alert, setting.speaker, asked.said.kind, asked.named)
        chosen += [(alert, own)] if own else []
        others |= not_theirs
    if not chosen:
        reference = combine([alert.reference for alert in asked.alerts])
        there = [lot for a in asked.alerts for lot in lots.of_alert(session, a.id)]
        known = tuple(dict.fromkeys(lot.category for lot in there))
        return setting.reply("not_your_lots", reference=reference, lots=sorted(others), known=known)
    done = desk.answer(session, chosen, setting.speaker, asked.said, now=setting.now)
    return _told(session, setting, asked.said, done, others)


def _told(
    session: Session, setting: Setting, said: Said, done: Sequence[Answered], others: Lots
) -> Reply:
    """What was noted, for what, and what still waits."""
    kept = [each for each in done if each.lots]
    refused = [each for each in done if each.refused]
    if not kept:
        return setting.reply(
            "not_forwarded",
            why=refused[0].refused,
            reference=refused[0].alert.reference,
            facility=refused[0].facility.name,
            finess=refused[0].facility.finess,
        )
    references = combine([each.alert.reference for each in kept])
    found = said.kind is AnswerKind.COMPROMISED and not setting.speaker.contact
    if found and (form := proposed(session, setting, references)):
        return replace(setting.reply("compromised", reference=references), form=form)
    return setting.reply(
        "answered",
        reference=references,
        answer=said.kind.value,
        person=setting.speaker.name,
        due=said.due,
        lots=_several(kept),
        waiting=_others(kept[0]) if len(kept) == 1 else [],
        facilities=[each.facility.name for each in kept],
        forwarded=[each.forwarded for each in kept if each.forwarded],
        refused=[each.facility.name for each in refused],
        others=sorted(others),
        disagreements=[each for answered in kept for each in answered.disagreements],
    )


def _others(answered: Answered) -> list[LotView]:
    """What still waits, beside what was just answered."""
    return [p for p in answered.parts if p.waits and p.category not in answered.lots]


def _several(done: Sequence[Answered]) -> list[AssetCategory]:
    """The lots answered, where there is more than one to tell apart."""
    parts: list[LotView] = [part for each in done for part in each.parts]
    if len({part.category for part in parts}) < 2:
        return []
    return sorted({lot for each in done for lot in each.lots})


def _by_lot(session: Session, setting: Setting, desk: AnswerDesk, context: str) -> Reply:
    """Ask for which part of the alert, then record the answer."""
    fields = setting.invocation.fields
    subject, _ = split_lots(context or setting.invocation.subject)
    if fields.get("answer") in set(OFFERED) and fields.get("lot") in CODES:
        named = frozenset({CODES[fields["lot"]]})
        note = fields.get("note", "")
        given = Given(subject, AnswerKind(fields["answer"]), note, named)
        return record(session, setting, desk, given)
    mine = [a for each in written(subject) if (a := permitted(session, setting, each))]
    own = [
        lot
        for alert in mine
        for lot in sorted(answerable(session, alert, setting.speaker, AnswerKind.TAKEN, NO_LOT)[0])
    ]
    if not own:
        return setting.reply("unknown_alert", reference=subject)
    return replace(Reply(""), form=_form(setting, subject, list(dict.fromkeys(own))))


def _form(setting: Setting, subject: str, own: Sequence[AssetCategory]) -> Form:
    words = setting.renderer.words(setting.invocation.language)
    asked = words.forms["by_lot"]
    return Form(
        command="répondre",
        title=asked["title"],
        submit=asked["submit"],
        context=f"{BY_LOT} {subject}",
        fields=(
            FormField(
                "lot",
                asked["lot"],
                FieldKind.CHOICE,
                options=tuple((lot.name.lower(), words.categories[lot][1]) for lot in own),
            ),
            FormField(
                "answer",
                asked["answer"],
                FieldKind.CHOICE,
                options=tuple((kind.value, words.answers[kind]["label"]) for kind in OFFERED),
            ),
            FormField("note", asked["note"], FieldKind.TEXT, optional=True),
        ),
    )
