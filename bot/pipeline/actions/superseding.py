"""Alerts that a later one stands for, all the actions of a facility taken together."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.action import WAITING, Action, Member, Outlives, Plan, Standing, Waiting, superseded
from bot.domain.alert import LOT_OPEN, AlertState, Urgency
from bot.pipeline.concern import Concern
from bot.store import Session, actions, advisories, alerts, lots
from bot.store.alerts import OPEN_STATES, Alert

LIVE = (*OPEN_STATES, AlertState.SUPERSEDED)


@dataclass
class Facts:
    """What is known of the alerts that actions close, those of this call first."""

    session: Session
    concerned: Sequence[tuple[Concern, Alert]]
    held: Mapping[uuid.UUID, Mapping[int, Member]]
    outlives: Outlives
    alerts: dict[uuid.UUID, Alert] = field(init=False)
    exploited: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.alerts = {alert.id: alert for _, alert in self.concerned}
        self.exploited = {c.revision.advisory_id for c, _ in self.concerned if c.exploited}
        self.learn(member for found in self.held.values() for member in found.values())

    def learn(self, members: Iterable[Member]) -> None:
        """Look up what members are about that this call does not say."""
        others = [m for m in members if m.alert_id not in self.alerts]
        ids = [m.alert_id for m in others if m.alert_id is not None]
        self.alerts |= {alert.id: alert for alert in alerts.by_ids(self.session, ids)}
        told = {c.revision.advisory_id for c, _ in self.concerned}
        older = sorted({m.advisory_id for m in others} - told)
        self.exploited |= advisories.exploited(self.session, older)

    def urgency(self, alert_id: uuid.UUID | None) -> Urgency:
        """That of the alert; what has no alert, or an answered one, can wait."""
        alert = self.alerts.get(alert_id) if alert_id else None
        return alert.urgency if alert and alert.state in LIVE else Urgency.DIGEST

    @property
    def unanswered(self) -> set[uuid.UUID]:
        """The alerts that may be superseded, or are. A mute stands for nothing."""
        return {
            id_
            for id_, alert in self.alerts.items()
            if alert.state in (AlertState.OPEN, AlertState.SUPERSEDED) and alert.muted_until is None
        }

    def standings(self, members: Iterable[Member]) -> dict[uuid.UUID, Standing]:
        """How the alerts of these members stand, those that nobody answered.

        Only what was told at once has a ladder.
        """
        told = {member.alert_id for member in members} & self.unanswered
        urgent = [id_ for id_ in told if id_ and self.alerts[id_].urgency is Urgency.IMMEDIATE]
        waiting = {
            id_: tuple(
                Waiting(lot.category, lot.reminder_step, lot.reminder_at)
                for lot in found
                if lot.state == LOT_OPEN
            )
            for id_, found in lots.of_alerts(self.session, urgent).items()
        }
        return {
            id_: Standing(
                id_,
                self.alerts[id_].urgency,
                self.alerts[id_].assets_affected,
                self.alerts[id_].assets_to_check,
                waiting.get(id_, ()),
            )
            for id_ in told
            if id_
        }


def supersede(
    session: Session, plans: Mapping[int, list[Plan]], held: set[uuid.UUID], facts: Facts
) -> None:
    """Mark the alerts that a later one stands for, and those that none stands for any more.

    An alert may be about several products: for those that only some actions cover, every
    other action that closes them is looked at.

    Args:
        plans: of the actions at hand, by facility.
        held: the ids of those actions.
    """
    several = {
        facility_id: [plan for plan in found if _may_change(plan, facts)]
        for facility_id, found in plans.items()
    }
    several = {facility_id: found for facility_id, found in several.items() if found}
    later, doubtful = _judge(several, facts)
    if doubtful:
        known = {id_ for id_ in doubtful if id_ in facts.alerts}
        for action, found in _other_actions(session, known, held):
            facts.learn(found)
            several.setdefault(action.facility_id, []).append((action.needs, found))
        later, _ = _judge(several, facts)
    told = {m.alert_id for found in several.values() for _, ms in found for m in ms if m.alert_id}
    heard: dict[AlertState, list[uuid.UUID]] = {AlertState.OPEN: [], AlertState.SUPERSEDED: []}
    for id_ in sorted(told & facts.unanswered):
        wanted = AlertState.SUPERSEDED if id_ in later else AlertState.OPEN
        if facts.alerts[id_].state is not wanted:
            heard[wanted].append(id_)
    for state, ids in heard.items():
        alerts.set_state(session, ids, state)


def _judge(plans: Mapping[int, list[Plan]], facts: Facts) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """The alerts that others stand for, and those that others may."""
    every: set[uuid.UUID] = set()
    doubtful: set[uuid.UUID] = set()
    standings = facts.standings(m for found in plans.values() for _, ms in found for m in ms)
    for found in plans.values():
        whole, some = superseded(found, standings, facts.outlives)
        every |= whole
        doubtful |= some
    was = {id_ for id_ in standings if facts.alerts[id_].state is AlertState.SUPERSEDED}
    return every, doubtful | (was - every)


def _other_actions(
    session: Session, alert_ids: set[uuid.UUID], held: set[uuid.UUID]
) -> list[tuple[Action, list[Member]]]:
    """The other waiting actions that close these alerts, with all that they close."""
    found = [
        action
        for action in actions.of_alerts(session, sorted(alert_ids))
        if action.state in WAITING and action.id not in held
    ]
    closed = actions.members(session, [action.id for action in found])
    return [(action, list(closed[action.id].values())) for action in found]


def _may_change(plan: Plan, facts: Facts) -> bool:
    """Whether an alert of an action may stand for another, or did."""
    members = plan[1]
    if len(members) > 1:
        return True
    found = (facts.alerts.get(m.alert_id) for m in members if m.alert_id)
    return any(alert is not None and alert.state is AlertState.SUPERSEDED for alert in found)
