"""``!questions`` and ``!question RÉFÉRENCE réponse``: what Tocsin needs to know."""

from __future__ import annotations

import re

from bot.commands.base import Reply, Setting
from bot.domain.decision import OpenQuestion
from bot.domain.marking import MACHINES_FLOOR
from bot.domain.question import Question, read_answer
from bot.domain.reference import QUESTION
from bot.pipeline import questions as pipeline
from bot.store import Session, questions

NAMED = re.compile(rf"{QUESTION}-\d{{4}}-\d{{4,}}\b", re.IGNORECASE)
LISTED = 20  # what the template shows; the rest is counted


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
    shown = [_shown(each) for each in ranked if each.facility_id in readable][:LISTED]
    if found and not shown:
        return setting.reply("questions_elsewhere", total=len(found))
    return setting.reply(
        "questions", questions=shown, total=len(found), prefix=setting.invocation.prefix
    )


def answer_question(session: Session, setting: Setting) -> Reply:
    """Record an answer; without one, or when it cannot be read, say how to answer."""
    reference, _, text = " ".join(setting.invocation.args.split()).partition(" ")
    reference = reference.rstrip(":,.")
    if not reference:
        return list_questions(session, setting)
    prefix = setting.invocation.prefix
    question = questions.by_reference(session, reference)
    if question is None or question.facility_id not in setting.person.facilities():
        return setting.reply("unknown_question", reference=reference, prefix=prefix)
    readable = setting.ceiling(session, question.facility_id) >= MACHINES_FLOOR
    given = read_answer(text)
    if given is None and not readable:
        return setting.reply("questions_elsewhere", total=1)
    if given is None:
        return setting.reply("question_usage", question=_shown(question), prefix=prefix)
    settled = pipeline.answer(session, question, given, by=str(setting.person.id), now=setting.now)
    return setting.reply(
        "question_answered",
        product=question.name if readable else question.reference,
        kind=given.kind.value,
        value=given.value,
        lines=settled.lines,
    )


def named(text: str) -> bool:
    """Whether a text begins with the reference of a question."""
    return NAMED.match(text) is not None


def _shown(question: Question) -> OpenQuestion:
    return OpenQuestion(question.reference, question.name, question.settles, question.wants.value)
