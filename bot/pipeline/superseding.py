"""Alerts that a later one stands for, all the actions of a facility taken together."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.action import WAITING, Member, Standing, Waiting, superseded
from bot.domain.alert import LOT_OPEN, AlertState, Urgency
from bot.pipeline.concern import Concern
from bot.store import Session, actions, advisories, alerts, lots
from bot.store.alerts import OPEN_STATES, Alert

LIVE = (*OPEN_STATES, AlertState.SUPERSEDED)

Plan = tuple[Mapping[int, str], Sequence[Member]]
"""What an action asks, by product id, and what it closes."""


@dataclass
class Facts:
    """What is known of the alerts that actions close, those of this call first."""

    session: Session
    concerned: Sequence[tuple[Concern, Alert]]
    held: Mapping[uuid.UUID, Mapping[int, Member]]
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

    def standings(self, members: Iterable[Member]) -> dict[uuid.UUID, Standing]:
        """How the alerts of these members stand, those that nobody answered."""
        unanswered = {
            alert.id: alert
            for member in members
            if (alert := self.alerts.get(member.alert_id) if member.alert_id else None)
            and alert.state in (AlertState.OPEN, AlertState.SUPERSEDED)
            and alert.muted_until is None  # a silence stands for nothing
        }
        return {
            id_: Standing(
                id_,
                unanswered[id_].urgency,
                unanswered[id_].assets_affected,
                unanswered[id_].assets_to_check,
                tuple(
                    Waiting(lot.category, lot.reminder_step, lot.reminder_at)
                    for lot in found
                    if lot.state == LOT_OPEN
                ),
            )
            for id_, found in lots.of_alerts(self.session, list(unanswered)).items()
        }


def supersede(
    session: Session,
    plans: Mapping[int, list[Plan]],
    held: Mapping[int, set[uuid.UUID]],
    facts: Facts,
) -> None:
    """Mark the alerts that a later one stands for, and those that none stands for any more.

    An alert may be about several products: all the actions that close it are looked at.
    """
    several = {
        facility_id: found
        for facility_id, found in plans.items()
        if any(len(members) > 1 or _was_superseded(members, facts) for _, members in found)
    }
    if not several:
        return
    closing = [
        member.alert_id
        for found in several.values()
        for _, members in found
        for member in members
        if member.alert_id
    ]
    seen = {id_ for facility_id in several for id_ in held.get(facility_id, ())}
    others = [
        action
        for action in actions.of_alerts(session, list(dict.fromkeys(closing)))
        if action.state in WAITING and action.id not in seen
    ]
    more = actions.members(session, [action.id for action in others])
    facts.learn(member for found in more.values() for member in found.values())
    for action in others:
        plan = (action.needs, list(more[action.id].values()))
        several.setdefault(action.facility_id, []).append(plan)
    heard: dict[AlertState, list[uuid.UUID]] = {AlertState.OPEN: [], AlertState.SUPERSEDED: []}
    everything = facts.standings(m for found in several.values() for _, ms in found for m in ms)
    for found in several.values():
        later = superseded(found, everything)
        own = {m.alert_id for _, members in found for m in members}
        for id_ in everything.keys() & own:
            wanted = AlertState.SUPERSEDED if id_ in later else AlertState.OPEN
            if facts.alerts[id_].state is not wanted:
                heard[wanted].append(id_)
    for state, ids in heard.items():
        alerts.set_state(session, ids, state)


def _was_superseded(members: Sequence[Member], facts: Facts) -> bool:
    found = (facts.alerts.get(m.alert_id) for m in members if m.alert_id)
    return any(alert is not None and alert.state is AlertState.SUPERSEDED for alert in found)
