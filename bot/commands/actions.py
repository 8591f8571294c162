"""``!actions``, ``!action REF``, and answering one: an upgrade that closes several alerts."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from bot.commands.base import Reply, Setting
from bot.commands.given import Given
from bot.domain.action import Action, ActionState
from bot.domain.answers import BadDayError
from bot.domain.marking import MACHINES_FLOOR
from bot.domain.reference import ACTION, UnreadableReferenceError, combine, split
from bot.pipeline.actions.answering import answer_action
from bot.pipeline.actions.decisions import Weighed, weighed
from bot.pipeline.answer import AnswerDesk
from bot.store import Session, action_answers, action_lists, actions, advisories, facilities

NAMED = re.compile(rf"\b{ACTION}-\d{{4}}-\d{{1,9}}(?:\+\d{{1,9}})*", re.IGNORECASE)
LISTED = 20  # what the template shows; the rest is counted
MACHINES = 30


def list_actions(session: Session, setting: Setting) -> Reply:
    """The open actions of this place's facilities, the most useful first; then what seems done.

    A place that may not read what a facility runs is told how many there are.
    """
    if not setting.facility_ids:
        return setting.reply("not_allowed")
    found = actions.listed(session, facility_ids=setting.facility_ids)
    found += actions.listed(
        session, facility_ids=setting.facility_ids, states=[ActionState.PROPOSED]
    )
    ranked = [
        each
        for each in weighed(session, found, today=setting.now.date())
        if _may_read(session, setting, each)
    ]
    if found and not ranked:
        return setting.reply("actions_elsewhere", total=len(found))
    proposed = [each for each in ranked if each.action.state is ActionState.PROPOSED]
    waiting = [each for each in ranked if each.action.state is not ActionState.PROPOSED]
    return setting.reply(
        "actions",
        actions=[each.decision for each in waiting[:LISTED]],
        total=len(waiting),
        proposed=[each.decision for each in proposed[:LISTED]],
    )


def show_action(session: Session, setting: Setting) -> Reply:
    """One action: what it closes, its machines, how each team stands, what was answered."""
    wanted = setting.invocation.args.strip() or setting.invocation.subject
    found = _permitted(session, setting, wanted)
    if not found:
        return setting.reply("unknown_action", reference=wanted)
    action = found[0]
    owner = facilities.by_ids(session, [action.facility_id])[action.facility_id]
    today = setting.now.astimezone(ZoneInfo(owner.time_zone)).date()
    (shown,) = weighed(session, [action], today=today)
    if not _may_read(session, setting, shown):
        return setting.reply("actions_elsewhere", total=1)
    answered = {lot.category: lot for lot in shown.lots}
    later = actions.by_ids(session, [action.superseded_by] if action.superseded_by else [])
    return setting.reply(
        "action",
        facility=owner.name,
        state=action.state.value,
        decision=shown.decision,
        outcome=action.outcome,
        replaced_by="".join(each.reference for each in later.values()),
        lots=[
            (category, count, answered.get(category)) for category, count in action.counts.items()
        ],
        machines=action_lists.machines(session, action, limit=MACHINES),
        bulletins=shown.bulletins,
        answers=action_answers.answers(session, action.id),
    )


def answer(session: Session, setting: Setting, desk: AnswerDesk, given: Given) -> Reply:
    """Record an answer to each action of its subject that is the person's to answer."""
    mine = _permitted(session, setting, given.subject)
    if not mine:
        return setting.reply("unknown_action", reference=given.subject)
    try:
        said = given.said(session, setting, mine[0].facility_id)
    except BadDayError as error:
        return setting.reply("bad_day", written=error.written)
    named = given.lots
    done = [
        answer_action(session, desk, each, setting.speaker, said, named=named, now=setting.now)
        for each in mine
    ]
    kept = [each for each in done if each.lots]
    if not kept:
        known = tuple(dict.fromkeys(category for each in mine for category in each.counts))
        reference = combine([each.reference for each in mine])
        return setting.reply("not_your_lots", reference=reference, lots=sorted(named), known=known)
    return setting.reply(
        "action_answered",
        reference=combine([each.action.reference for each in kept]),
        answer=said.kind.value,
        person=setting.speaker.name,
        due=said.due,
        lots=sorted({lot for each in kept for lot in each.lots}),
        everything=all(set(each.lots) >= set(each.action.counts) for each in kept),
        alerts=[reference for each in kept for reference in each.alerts],
        shared=[reference for each in kept for reference in each.shared],
    )


def _may_read(session: Session, setting: Setting, shown: Weighed) -> bool:
    """Whether the place may read what a facility runs, and of the bulletins it is about."""
    tlp, pap = advisories.marking_of_revisions(
        session, [bulletin.revision_id for bulletin in shown.bulletins]
    )
    ceiling = setting.ceiling(session, shown.action.facility_id)
    return ceiling >= max(tlp, MACHINES_FLOOR) and setting.pap(session) >= pap


def _permitted(session: Session, setting: Setting, wanted: str) -> list[Action]:
    """The actions named that are of facilities this person answers for."""
    try:
        written = split(wanted)
    except UnreadableReferenceError:
        return []
    found = [each for name in written if (each := actions.by_reference(session, name))]
    return [each for each in found if each.facility_id in setting.speaker.facilities]
