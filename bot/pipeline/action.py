"""Alerts → actions: what one upgrade closes, kept in the transaction that writes the alerts."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.action import (
    WAITING,
    Action,
    ActionState,
    Demand,
    Member,
    Outcome,
    Standing,
    Waiting,
    counts,
    needs,
    rises,
    shown_release,
    superseded,
    title,
    track_of,
)
from bot.domain.alert import LOT_OPEN, AlertState, Urgency
from bot.domain.facility import AssetCategory
from bot.domain.matching import InventoryProduct, Matcher, Reading
from bot.domain.matching.upgrading import Upgrades
from bot.domain.scope import Reopening
from bot.pipeline.concern import Concern, display_name
from bot.store import Session, actions, advisories, alerts, inventory, lots
from bot.store.alerts import OPEN_STATES, Alert
from bot.store.schema import new_id
from bot.store.verdicts import MatchedAsset
from feeds.releases import Release, Releases

READINGS = 2_000  # bulletins kept as read: those that several open actions hold against a version
JUDGED = 50_000

Place = tuple[int, str, str]
"""Facility id, product key, track: one action waits there at most."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An answer *corrigé* that a later inventory denies, for these teams."""

    why: Reopening
    categories: tuple[AssetCategory, ...]


@dataclass(slots=True)
class _Group:
    """What the alerts at hand say of one place."""

    members: dict[int, Member] = field(default_factory=dict)
    typed: dict[str, None] = field(default_factory=dict)
    title: str = ""
    again: Reopening | None = None

    @property
    def name(self) -> str:
        """What people call the product."""
        return self.title or title(list(self.typed))


@dataclass(slots=True)
class _Batch:
    """What one call writes."""

    opened: list[Action] = field(default_factory=list)
    changed: list[Action] = field(default_factory=list)
    replaced: list[Action] = field(default_factory=list)
    emptied: list[Action] = field(default_factory=list)
    members: dict[uuid.UUID, list[Member]] = field(default_factory=dict)


class ActionKeeper:
    """Keeps the actions of facilities in step with their alerts.

    Args:
        confirmed: an action whose machines all reached the target is done without asking.
    """

    def __init__(self, matcher: Matcher, releases: Releases, *, confirmed: bool = False) -> None:
        self._matcher = matcher
        self._upgrades = Upgrades(matcher, releases)
        self._confirmed = confirmed
        self._readings: dict[int, tuple[int, Reading]] = {}  # by advisory id, with the revision
        self._products: dict[int, InventoryProduct] = {}
        self._release = lru_cache(maxsize=READINGS)(self._upgrades.release)
        self._judged: dict[tuple[int, int, str], bool] = {}

    def follow(
        self,
        session: Session,
        concerned: Sequence[tuple[Concern, Alert]],
        gone: Sequence[Alert],
        *,
        known: bool,
        again: Mapping[uuid.UUID, Contradiction],
        now: datetime,
    ) -> None:
        """Bring the actions of these alerts up to date, and say which alerts others stand for.

        Args:
            gone: alerts that concern no machine any more, or have ended.
            known: whether some of these alerts existed before.
            again: alerts whose answer *corrigé* an inventory contradicts, by id.
        """
        self._remember(concerned)
        groups = self._groups(concerned, again)
        owners = {place[0] for place in groups} | {alert.facility_id for alert in gone}
        if known:
            owners |= {alert.facility_id for _, alert in concerned}
        facility_ids = sorted(owners)
        if not facility_ids:
            return
        waiting, held = self._waiting(
            session, groups, concerned, gone, facility_ids, known=known, again=again
        )
        touched = {(c.facility.id, c.revision.advisory_id) for c, _ in concerned}
        touched |= {(alert.facility_id, alert.advisory_id) for alert in gone}
        answered = {a.id for _, a in concerned if a.state not in _LIVE}
        batch = _Batch()
        plans: dict[int, list[tuple[Mapping[int, str], Sequence[Member]]]] = {}
        seen: dict[int, set[uuid.UUID]] = {}
        facts = _Facts(session, concerned, held)
        for place in dict.fromkeys((*groups, *waiting)):
            action, group = waiting.get(place), groups.get(place, _Group())
            before = held[action.id] if action else {}
            kept = {id_: m for id_, m in before.items() if (place[0], id_) not in touched}
            fresh = {
                id_: m
                for id_, m in group.members.items()
                if id_ in before or m.alert_id not in answered
            }
            members = [*kept.values(), *fresh.values()]
            if not members:
                batch.emptied += [action] if action else []
                continue
            planned = self._planned(session, place, action, group, members, before, facts, now)
            self._sort(batch, action, planned, members, before)
            plans.setdefault(place[0], []).append((planned.needs, members))
            seen.setdefault(place[0], set()).add(planned.id)
        self._write(session, batch, now)
        _supersede(session, plans, seen, facts)

    def _remember(self, concerned: Sequence[tuple[Concern, Alert]]) -> None:
        """Keep what a version may have to be held against; readings are made when needed."""
        for concern, _ in concerned:
            for asset in concern.affected:
                if asset.product_id not in self._products:
                    self._products[asset.product_id] = _product(asset)
            revision = concern.revision
            known = self._readings.get(revision.advisory_id)
            if known is not None and known[0] != revision.id:
                del self._readings[revision.advisory_id]

    def _groups(
        self, concerned: Sequence[tuple[Concern, Alert]], again: Mapping[uuid.UUID, Contradiction]
    ) -> dict[Place, _Group]:
        """What each bulletin asks of each product, by place."""
        groups: dict[Place, _Group] = {}
        releases: dict[int, Release | None] = {}
        for concern, alert in concerned:
            if alert.state in _ENDED:
                continue
            revision = concern.revision
            if revision.id not in releases:
                releases[revision.id] = self._upgrades.release(revision.advisory)
            release = releases[revision.id]
            month = release.month if release else ""
            asked: dict[Place, Counter[tuple[int, AssetCategory, str]]] = {}
            for asset in concern.affected:
                up = self._upgrades.of(_product(asset))
                target = asset.verdict.target
                track = track_of(target, month, cumulative=bool(release and release.cumulative))
                place = (concern.facility.id, up.key, track)
                counter = asked.setdefault(place, Counter())
                counter[asset.product_id, asset.category, target] += asset.quantity
                group = groups.setdefault(place, _Group(title=up.title))
                group.typed[display_name(asset)] = None
            for place, counter in asked.items():
                demands = tuple(Demand(p, c, t, n) for (p, c, t), n in counter.items())
                group = groups[place]
                group.members[revision.advisory_id] = Member(
                    revision.advisory_id, demands, month, alert.id
                )
                if alert.id in again:
                    group.again = again[alert.id].why
        return groups

    def _waiting(
        self,
        session: Session,
        groups: Mapping[Place, _Group],
        concerned: Sequence[tuple[Concern, Alert]],
        gone: Sequence[Alert],
        facility_ids: Sequence[int],
        *,
        known: bool,
        again: Mapping[uuid.UUID, Contradiction],
    ) -> tuple[dict[Place, Action], dict[uuid.UUID, dict[int, Member]]]:
        """The actions that wait, by place, and what each closes.

        One that was done, or seems so, waits again when an alert it closes does.
        """
        found = actions.touching(
            session,
            products=sorted({product for _, product, _ in groups}),
            advisory_ids=sorted(
                {c.revision.advisory_id for c, _ in concerned} | {a.advisory_id for a in gone}
            ),
            facility_ids=facility_ids,
            known=known,
        )
        if again:
            seen = {action.id for action in found}
            found += [
                each
                for each in actions.of_alerts(session, list(again))
                if each.state is ActionState.DONE and each.id not in seen
            ]
        held = actions.members(session, [action.id for action in found])
        waiting: dict[Place, Action] = {}
        for action in sorted(found, key=lambda each: each.state not in WAITING):
            place = (action.facility_id, action.product, action.track)
            if action.state in WAITING:
                waiting[place] = action
            elif place in groups and groups[place].members.keys() & held[action.id].keys():
                actions.reopen_lots(session, action.id)
                waiting.setdefault(place, _waiting_again(action))
        return waiting, {action.id: held[action.id] for action in waiting.values()}

    def _planned(
        self,
        session: Session,
        place: Place,
        action: Action | None,
        group: _Group,
        members: Sequence[Member],
        before: Mapping[int, Member],
        facts: _Facts,
        now: datetime,
    ) -> Action:
        """The action as it should be; the same id as ``action`` unless it asks for more."""

        def accepts(product: int, advisory: int, version: str) -> bool:
            return self._accepts(session, product, advisory, version)

        required = needs(members, accepts)
        release = shown_release(members, required)
        news = action is None or {m.advisory_id for m in members} - before.keys()
        base = Action(
            id=new_id(),
            reference="",
            facility_id=place[0],
            product=place[1],
            track=place[2],
            name=group.name,
            state=ActionState.OPEN,
            urgency=Urgency.DIGEST,
            exploited=False,
            release=release,
            needs=required,
            counts=counts(members),
            opened_at=now,
            changed_at=now,
        )
        if action is not None and not rises(action, required, release):
            base = replace(
                action,
                name=group.name or action.name,
                release=release,
                needs=required,
                counts=base.counts,
                changed_at=now if news or group.again else action.changed_at,
            )
        elif action is not None:
            base = replace(base, name=group.name or action.name, reopened=action.reopened)
        urgent = any(facts.urgency(m.alert_id) is Urgency.IMMEDIATE for m in members)
        return replace(
            base,
            urgency=Urgency.IMMEDIATE if urgent else Urgency.DIGEST,
            exploited=any(m.advisory_id in facts.exploited for m in members),
            reopened=group.again or base.reopened,
        )

    def _accepts(self, session: Session, product: int, advisory: int, version: str) -> bool:
        key = (product, advisory, version)
        known = self._judged.get(key)
        if known is None:
            if len(self._judged) >= JUDGED:
                self._judged.clear()
            known = self._judged[key] = self._judge(session, product, advisory, version)
        return known

    def _judge(self, session: Session, product: int, advisory: int, version: str) -> bool:
        if advisory not in self._readings:
            if len(self._readings) >= READINGS:
                self._readings.clear()
            for revision in advisories.latest(session, [advisory]):
                self._readings[advisory] = (revision.id, self._matcher.read(revision.advisory))
        if product not in self._products:
            self._products.update(inventory.products_by_ids(session, [product]))
        return self._upgrades.accepts(self._readings[advisory][1], self._products[product], version)

    def _sort(
        self,
        batch: _Batch,
        action: Action | None,
        planned: Action,
        members: list[Member],
        before: Mapping[int, Member],
    ) -> None:
        if action is None or planned.id != action.id:
            batch.opened.append(planned)
            batch.members[planned.id] = members
            if action is not None:
                batch.replaced.append(replace(action, superseded_by=planned.id))
            return
        if planned != action:
            batch.changed.append(planned)
        if {m.advisory_id: m for m in members} != dict(before):
            batch.members[planned.id] = members

    def _write(self, session: Session, batch: _Batch, now: datetime) -> None:
        references = actions.take_references(session, len(batch.opened), now=now)
        numbered = [
            replace(each, reference=reference)
            for each, reference in zip(batch.opened, references, strict=True)
        ]
        actions.add(session, numbered)
        over = [
            replace(each, state=ActionState.SUPERSEDED, closed_at=now) for each in batch.replaced
        ]
        over += self._closed(session, batch.emptied, now)
        actions.save(session, [*batch.changed, *over])
        rewritten = {each.id for each in batch.changed} | (
            batch.members.keys() - {each.id for each in numbered}
        )
        kept = {id_: found for id_, found in batch.members.items() if id_ in rewritten}
        actions.replace_members(session, kept, emptied=[each.id for each in batch.replaced])
        actions.add_members(session, {each.id: batch.members[each.id] for each in numbered})

    def _closed(self, session: Session, emptied: Sequence[Action], now: datetime) -> list[Action]:
        """Say of actions without a machine what became of those they had."""
        if not emptied:
            return []
        left = actions.machines_left(
            session,
            sorted({action.facility_id for action in emptied}),
            sorted({product for action in emptied for product in action.needs}),
            since=min(action.opened_at for action in emptied),
        )
        return [self._ended(action, left, now) for action in emptied]

    def _ended(
        self, action: Action, left: Mapping[tuple[int, int], tuple[int, int]], now: datetime
    ) -> Action:
        places = [left.get((action.facility_id, product), (0, 0)) for product in action.needs]
        there = min(action.machines, sum(present for present, _ in places))
        removed = min(action.machines - there, sum(gone for _, gone in places))
        outcome = Outcome(action.machines - there - removed, removed, there)
        state = outcome.state
        if state is ActionState.PROPOSED and self._confirmed:
            state = ActionState.DONE
        return replace(action, state=state, outcome=outcome, closed_at=now, changed_at=now)


def contradicted(
    session: Session,
    found: Iterable[Concern],
    known: Mapping[tuple[int, int], Alert],
    inspected: datetime,
) -> dict[uuid.UUID, Contradiction]:
    """The alerts answered *corrigé* whose machines an inventory of that day still shows.

    Only where a version decides: an inventory does not show a setting.
    """
    pairs = [
        (concern, alert)
        for concern in found
        if (alert := known.get((concern.revision.advisory_id, concern.facility.id)))
        and alert.state in (AlertState.DONE, AlertState.TAKEN)
    ]
    fixed = lots.fixed(session, [alert.id for _, alert in pairs], before=inspected)
    denied: dict[uuid.UUID, Contradiction] = {}
    for concern, alert in pairs:
        answered = fixed.get(alert.id, {})
        left = [
            asset
            for asset in concern.affected
            if asset.category in answered and asset.version and asset.verdict.target
        ]
        if not left:
            continue
        zone = ZoneInfo(concern.facility.time_zone)
        why = Reopening(
            answered_on=max(answered.values()).astimezone(zone).date(),
            inventory_on=inspected.astimezone(zone).date(),
            machines=sum(asset.quantity for asset in left),
            versions=tuple(dict.fromkeys(asset.version for asset in left)),
        )
        denied[alert.id] = Contradiction(why, tuple({asset.category for asset in left}))
    return denied


_LIVE = (*OPEN_STATES, AlertState.SUPERSEDED)
_ENDED = (AlertState.CLOSED, AlertState.WITHDRAWN, AlertState.CLEARED)


@dataclass
class _Facts:
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
        return alert.urgency if alert and alert.state in _LIVE else Urgency.DIGEST

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


def _supersede(
    session: Session,
    plans: Mapping[int, list[tuple[Mapping[int, str], Sequence[Member]]]],
    held: Mapping[int, set[uuid.UUID]],
    facts: _Facts,
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


def _was_superseded(members: Sequence[Member], facts: _Facts) -> bool:
    found = (facts.alerts.get(m.alert_id) for m in members if m.alert_id)
    return any(alert is not None and alert.state is AlertState.SUPERSEDED for alert in found)


def _waiting_again(action: Action) -> Action:
    return replace(action, state=ActionState.OPEN, closed_at=None, outcome=Outcome())


def _product(asset: MatchedAsset) -> InventoryProduct:
    return InventoryProduct(asset.vendor, asset.product, asset.version, asset.cpe)
