"""``!questions`` and ``!question RÉFÉRENCE réponse``: what Tocsin needs to know."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.commands.base import FieldKind, Form, FormField, Invocation, Reply, Setting
from bot.domain.decision import OpenQuestion
from bot.domain.marking import MACHINES_FLOOR
from bot.domain.question import (
    LONGEST_REASON,
    LONGEST_VALUE,
    Given,
    Question,
    ReplyKind,
    read_answer,
)
from bot.domain.reference import QUESTION
from bot.pipeline import questions as pipeline
from bot.store import Session, facilities, questions

NAMED = re.compile(rf"{QUESTION}-\d{{4}}-\d{{4,}}\b", re.IGNORECASE)
LISTED = 20  # what the template shows; the rest is counted
IN_WORDS = (ReplyKind.VERSION, ReplyKind.OTHER_PRODUCT, ReplyKind.NOT_CONCERNED)
VALUE = "value"  # the field of the form


def list_questions(session: Session, setting: Setting) -> Reply:
    """The open questions of this place's facilities, those that settle the most first.

    A place that may not read what a facility runs is told how many there are.
    """
    if not setting.facility_ids:
        return setting.reply("not_allowed")
    found = [
        question
        for facility_id in setting.facility_ids
        for question in pipeline.waiting(session, facility_id, now=setting.now)
    ]
    readable = {
        facility_id
        for facility_id in setting.facility_ids
        if setting.ceiling(session, facility_id) >= MACHINES_FLOOR
    }
    ranked = sorted(found, key=lambda each: (-each.settles, each.reference))
    several = len({each.facility_id for each in found}) > 1
    owners = facilities.by_ids(session, readable) if several else {}
    names = {id_: owner.name for id_, owner in owners.items()}
    shown = tuple(
        replace(_shown(each), facility=names.get(each.facility_id, ""))
        for each in ranked
        if each.facility_id in readable
    )[:LISTED]
    if found and not shown:
        return setting.reply("questions_elsewhere", total=len(found))
    said = setting.reply(
        "questions", questions=shown, total=len(found), prefix=setting.invocation.prefix
    )
    return replace(said, asked=shown)


def answer_question(session: Session, setting: Setting) -> Reply:
    """Record an answer; without one, or when it cannot be read, say how to answer.

    A kind of answer alone (``version``), as a button says it, asks for the rest by a form.
    """
    reference, _, text = " ".join(setting.invocation.args.split()).partition(" ")
    reference = reference.rstrip(":,.")
    if not reference:
        return list_questions(session, setting)
    prefix = setting.invocation.prefix
    question = questions.by_reference(session, reference)
    theirs = setting.person.facilities() | setting.speaker.facilities
    if question is None or question.facility_id not in theirs:
        refused = setting.reply("unknown_question", reference=reference, prefix=prefix)
        return replace(refused, private=True)
    readable = setting.ceiling(session, question.facility_id) >= MACHINES_FLOOR
    if text in IN_WORDS and VALUE not in setting.invocation.fields:
        return replace(Reply(""), form=_form(setting, question, ReplyKind(text)))
    given = _given(setting.invocation, text)
    if given is None and not readable:
        return setting.reply("questions_elsewhere", total=1)
    if given is None:
        return setting.reply("question_usage", question=_shown(question), prefix=prefix)
    settled = pipeline.answer(session, question, given, by=str(setting.person.id), now=setting.now)
    said = setting.reply(
        "question_answered",
        product=question.name if readable else question.reference,
        kind=given.kind.value,
        value=given.value,
        lines=settled.lines,
    )
    return replace(said, answered=question.reference)


def _given(invocation: Invocation, text: str) -> Given | None:
    """What was answered: in the form, when there is one, or in words."""
    value = " ".join(invocation.fields.get(VALUE, "").split())
    if VALUE not in invocation.fields or text not in IN_WORDS:
        return read_answer(text)
    if text == ReplyKind.NOT_CONCERNED:
        return Given(ReplyKind.NOT_CONCERNED, reason=value[:LONGEST_REASON])
    if text == ReplyKind.VERSION:
        read = read_answer(f"version {value}")
        return read if read and read.kind is ReplyKind.VERSION else None
    return Given(ReplyKind.OTHER_PRODUCT, value[:LONGEST_VALUE]) if value else None


def _form(setting: Setting, question: Question, kind: ReplyKind) -> Form:
    words = setting.renderer.words(setting.invocation.language).forms["question"]
    optional = kind is ReplyKind.NOT_CONCERNED
    return Form(
        command="question",
        title=words["title"],
        submit=words["submit"],
        context=f"{question.reference} {kind}",
        fields=(FormField(VALUE, words[kind], FieldKind.TEXT, optional=optional),),
    )


def named(text: str) -> bool:
    """Whether a text begins with the reference of a question."""
    return NAMED.match(text) is not None


def _shown(question: Question) -> OpenQuestion:
    return OpenQuestion(question.reference, question.name, question.settles, question.wants.value)
