"""``!actions``, ``!action REF``, and answering one: an upgrade that closes several alerts."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
from feeds.advisory import Pap, Tlp

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
    ranked = _readable(session, setting, weighed(session, found, today=setting.now.date()))
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
    if not _readable(session, setting, [shown]):
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


def _readable(session: Session, setting: Setting, found: Sequence[Weighed]) -> list[Weighed]:
    """Those of which the place may read what a facility runs, and the bulletins it is about.

    The questions asked of the database are as many as facilities, however many actions.
    """
    closed = [bulletin.revision_id for each in found for bulletin in each.bulletins]
    markings = advisories.markings_of_revisions(session, closed)
    owners = {each.action.facility_id for each in found}
    ceilings = {owner: setting.ceiling(session, owner) for owner in owners}
    highest = setting.pap(session)
    kept = []
    for each in found:
        marks = [markings[bulletin.revision_id] for bulletin in each.bulletins]
        tlp = max((tlp for tlp, _ in marks), default=Tlp.CLEAR)
        pap = max((pap for _, pap in marks), default=Pap.CLEAR)
        if ceilings[each.action.facility_id] >= max(tlp, MACHINES_FLOOR) and highest >= pap:
            kept.append(each)
    return kept


def _permitted(session: Session, setting: Setting, wanted: str) -> list[Action]:
    """The actions named that are of facilities this person answers for."""
    try:
        written = split(wanted)
    except UnreadableReferenceError:
        return []
    found = [each for name in written if (each := actions.by_reference(session, name))]
    return [each for each in found if each.facility_id in setting.speaker.facilities]
