"""Answering an action: one word for every alert that it closes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.action import WAITING, Action, ActionState, Member, lot_state
from bot.domain.alert import LOT_OPEN, AnswerKind
from bot.domain.facility import AssetCategory
from bot.domain.lots import NO_LOT, Lots
from bot.domain.speaker import Speaker
from bot.pipeline.answer import AnswerDesk, Said
from bot.store import Session, action_answers, actions, alerts, audit, lots
from bot.store.alerts import Alert


@dataclass(frozen=True, slots=True)
class ActionAnswered:
    """What an answer to an action did.

    Args:
        action: as it stands afterwards.
        lots: those answered for; none when none is the speaker's.
        alerts: references of the alerts that this answers.
        shared: references of the other actions that some alerts still wait for.
    """

    action: Action
    lots: tuple[AssetCategory, ...]
    alerts: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


def answer_action(
    session: Session,
    desk: AnswerDesk,
    action: Action,
    speaker: Speaker,
    said: Said,
    *,
    named: Lots = NO_LOT,
    now: datetime,
) -> ActionAnswered:
    """Record an answer for the speaker's lots of an action, and of every alert it closes.

    An alert that is about another product too, of the same team, is answered once that
    other action is: until then its reminders go on. The prestataire is written to once.
    """
    chosen = _chosen(session, action, speaker, named)
    if not chosen or speaker.person_id is None:
        return ActionAnswered(action, ())
    (own,) = actions.members(session, [action.id]).values()
    alerts.hold(session, [member.alert_id for member in own.values() if member.alert_id])
    (action,) = actions.held(session, [action.id])
    settled = action_answers.record_answer(
        session,
        action,
        sorted(chosen),
        person_id=speaker.person_id,
        kind=said.kind,
        note=said.note,
        due=said.due,
        now=now,
    )
    note = {"lots": [lot.value for lot in sorted(chosen)], "note": said.note}
    audit.note(
        session, speaker.actor, f"answer.{said.kind.value}", action.reference, now=now, **note
    )
    ready, shared = _ready(session, action, chosen)
    known = {alert.id: alert for alert in alerts.by_ids(session, list(ready))}
    answered: list[str] = []
    for id_ in sorted(known):
        for kind, categories in ready[id_].items():
            words = replace(said, kind=_kind(kind, said.kind))
            _answer(
                session, desk, known[id_], categories, speaker, words, first=not answered, now=now
            )
        answered.append(known[id_].reference)
    return ActionAnswered(settled, tuple(sorted(chosen)), tuple(answered), shared)


def _chosen(session: Session, action: Action, speaker: Speaker, named: Lots) -> Lots:
    """The lots answered for: those named, or the speaker's that wait, or all of theirs."""
    own, may = speaker.lots_of(action.facility_id, frozenset(action.counts), NO_LOT)
    if named:
        return may & named
    known = {
        lot.category: lot.state
        for lot in action_answers.lots(session, [action.id]).get(action.id, ())
    }
    waiting = own & {each for each in own if known.get(each, LOT_OPEN) == LOT_OPEN}
    return waiting or own


def _ready(
    session: Session, action: Action, chosen: Lots
) -> tuple[dict[uuid.UUID, dict[str, list[AssetCategory]]], tuple[str, ...]]:
    """The lots of alerts that this answer settles, by alert then by the state it gives them.

    Those that another waiting action is about too are left, unless that one is answered.
    """
    own = actions.members(session, [action.id])[action.id].values()
    told = [member.alert_id for member in own if member.alert_id]
    others = [
        each
        for each in actions.of_alerts(session, told)
        if each.id != action.id and each.state in (*WAITING, ActionState.DONE)
    ]
    held = actions.members(session, [each.id for each in others])
    answered = action_answers.lots(session, [action.id, *(each.id for each in others)])
    states = {(id_, lot.category): lot.state for id_, found in answered.items() for lot in found}
    ready: dict[uuid.UUID, dict[str, list[AssetCategory]]] = {}
    shared: dict[str, None] = {}
    for member in own:
        if member.alert_id is None:
            continue
        for category in sorted(_categories(member) & chosen):
            also = [each for each in others if _about(held[each.id], member, category)]
            left = [each for each in also if states.get((each.id, category), LOT_OPEN) == LOT_OPEN]
            if left:
                shared |= dict.fromkeys(each.reference for each in left)
                continue
            found = [
                states.get((id_, category), LOT_OPEN) for id_ in (action.id, *(e.id for e in also))
            ]
            by_state = ready.setdefault(member.alert_id, {})
            by_state.setdefault(lot_state(found), []).append(category)
    return ready, tuple(shared)


def _categories(member: Member) -> frozenset[AssetCategory]:
    return frozenset(demand.category for demand in member.demands)


def _about(held: Mapping[int, Member], member: Member, category: AssetCategory) -> bool:
    other = held.get(member.advisory_id)
    return other is not None and category in _categories(other)


def _kind(state: str, said: AnswerKind) -> AnswerKind:
    """The answer that a lot gets when several actions answer for it: the least advanced."""
    return said if state == LOT_OPEN else AnswerKind(state)


def _answer(
    session: Session,
    desk: AnswerDesk,
    alert: Alert,
    categories: Sequence[AssetCategory],
    speaker: Speaker,
    said: Said,
    *,
    first: bool,
    now: datetime,
) -> None:
    """Record it on one alert; only the first of an action writes to the prestataire."""
    if first or said.kind is not AnswerKind.FORWARDED:
        desk.answer(session, [(alert, frozenset(categories))], speaker, said, now=now)
        return
    lots.record_answer(
        session,
        alert.id,
        categories,
        person_id=speaker.person_id,
        kind=said.kind,
        note=said.note,
        due=said.due,
        now=now,
    )
