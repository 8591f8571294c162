"""Alerts → actions: what one upgrade closes, kept in the transaction that writes the alerts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from bot.domain.action import (
    WAITING,
    Accepts,
    Action,
    ActionState,
    Member,
    Outcome,
    Plan,
    Track,
    counts,
    needs,
    reaches,
    rises,
    shown_release,
)
from bot.domain.alert import AlertState, Urgency
from bot.domain.matching import Matcher
from bot.domain.matching.upgrading import Upgrades
from bot.pipeline.actions.adopting import Draft, adopt
from bot.pipeline.actions.asked import Asked, Group, Place, grouped, machines_of
from bot.pipeline.actions.bulletins import ReadBulletins
from bot.pipeline.actions.contradiction import Contradiction, answered_on_day_one
from bot.pipeline.actions.superseding import LIVE, Facts, supersede
from bot.pipeline.concern import Concern
from bot.store import (
    Session,
    action_answers,
    action_lists,
    actions,
    verdicts,
)
from bot.store.alerts import Alert
from bot.store.schema import new_id
from bot.store.verdicts import SureVerdict
from feeds.releases import Releases

ENDED = (AlertState.CLOSED, AlertState.WITHDRAWN, AlertState.CLEARED)


@dataclass(slots=True)
class _Batch:
    """What one call writes."""

    opened: list[Action] = field(default_factory=list)
    changed: list[Action] = field(default_factory=list)
    replaced: list[Action] = field(default_factory=list)
    emptied: list[Action] = field(default_factory=list)
    members: dict[uuid.UUID, list[Member]] = field(default_factory=dict)

    def sort(
        self,
        action: Action | None,
        planned: Action,
        members: list[Member],
        before: Mapping[int, Member],
    ) -> None:
        """Say what ``planned`` is to ``action``: the same, another state of it, or more."""
        if action is None or planned.id != action.id:
            self.opened.append(planned)
            self.members[planned.id] = members
            if action is not None:
                self.replaced.append(replace(action, superseded_by=planned.id))
            return
        if planned != action:
            self.changed.append(planned)
        if {m.advisory_id: m for m in members} != dict(before):
            self.members[planned.id] = members

    def leave(self, action: Action | None, heir: Action | None) -> None:
        """Say that nothing is left there: another action closes it, or nothing has to."""
        if action is not None and heir is not None:
            self.replaced.append(replace(action, superseded_by=heir.id))
        elif action is not None:
            self.emptied.append(action)


class ActionKeeper:
    """Keeps the actions of facilities in step with their alerts.

    Args:
        confirmed: an action whose machines all reached the target is done without asking.
    """

    def __init__(self, matcher: Matcher, releases: Releases, *, confirmed: bool = False) -> None:
        self._upgrades = Upgrades(matcher, releases)
        self._bulletins = ReadBulletins(matcher, self._upgrades)
        self._confirmed = confirmed

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
        self._bulletins.forget_revised(concern.revision for concern, _ in concerned)
        groups = grouped(self._upgrades, self._asked(concerned, again))
        owners = {place[0] for place in groups} | {alert.facility_id for alert in gone}
        if known:
            owners |= {alert.facility_id for _, alert in concerned}
        if not owners:
            return
        advisory_ids = {c.revision.advisory_id for c, _ in concerned}
        advisory_ids |= {alert.advisory_id for alert in gone}
        found = actions.touching(
            session,
            products=sorted({product for _, product, _ in groups}),
            advisory_ids=sorted(advisory_ids),
            facility_ids=sorted(owners),
            known=known,
        )
        found += _done(session, again, found)
        touched = {(c.facility.id, c.revision.advisory_id) for c, _ in concerned}
        touched |= {(alert.facility_id, alert.advisory_id) for alert in gone}
        answered = {alert.id for _, alert in concerned if alert.state not in LIVE}
        self._keep(
            session,
            groups,
            found,
            stays=lambda place, member: (place[0], member.advisory_id) not in touched,
            enters=lambda _, member: member.alert_id not in answered,
            concerned=concerned,
            now=now,
        )

    def follow_day_one(self, session: Session, facility_id: int, *, now: datetime) -> None:
        """The same for bulletins older than a facility's first inventory: they raise no alert."""
        standing = verdicts.before_day_one(session, facility_id)
        releases = self._bulletins.releases(session, {each.revision_id for each in standing})
        asked = [
            Asked(
                facility_id,
                advisory_id,
                tuple(each.machines for each in rows),
                releases.get(rows[0].revision_id),
            )
            for advisory_id, rows in _by_advisory(standing).items()
        ]
        groups = grouped(self._upgrades, asked)
        found = actions.touching(
            session,
            products=sorted({product for _, product, _ in groups}),
            advisory_ids=actions.day_one(session, facility_id),
            facility_ids=[facility_id],
            known=True,
        )
        denied, settled = answered_on_day_one(session, facility_id, groups, standing)
        self._keep(
            session,
            groups,
            [*found, *denied],
            stays=lambda _, member: member.alert_id is not None,
            enters=lambda place, member: (place, member.advisory_id) not in settled,
            concerned=(),
            now=now,
        )

    def _keep(
        self,
        session: Session,
        groups: Mapping[Place, Group],
        found: Sequence[Action],
        *,
        stays: Callable[[Place, Member], bool],
        enters: Callable[[Place, Member], bool],
        concerned: Sequence[tuple[Concern, Alert]],
        now: datetime,
    ) -> None:
        """Write what becomes of each place, and which alerts others stand for.

        Args:
            found: the actions there, those that seem done included.
            stays: whether a member that ``groups`` does not say again is still one.
            enters: whether a member that is new there makes it wait.
        """
        waiting, held = _waiting(session, groups, found)
        batch = _Batch()
        plans: dict[int, list[Plan]] = {}
        seen: set[uuid.UUID] = set()
        facts = Facts(session, concerned, held, partial(self._bulletins.outlives, session))
        facts.learn(m for group in groups.values() for m in group.members.values())
        drafts: list[Draft] = []
        for place in dict.fromkeys((*groups, *waiting)):
            action, group = waiting.get(place), groups.get(place, Group())
            before = held[action.id] if action else {}
            known = before.keys() | _beside(place, waiting, held)
            kept = {id_: m for id_, m in before.items() if stays(place, m)}
            fresh = {id_: m for id_, m in group.members.items() if id_ in known or enters(place, m)}
            drafts.append(Draft(place, action, group, before, kept | fresh))
        made: dict[Place, Action] = {}
        for draft in adopt(drafts, partial(self._bulletins.accept, session)):
            members = list(draft.members.values())
            if not members:
                batch.leave(draft.action, made.get(draft.adopted) if draft.adopted else None)
                continue
            planned = self._planned(draft, members, facts, now)
            batch.sort(draft.action, planned, members, draft.before)
            plans.setdefault(draft.place[0], []).append((planned.needs, members))
            made[draft.place] = planned
            seen.add(planned.id)
        self._write(session, batch, now)
        supersede(session, plans, seen, facts)

    def _asked(
        self, concerned: Sequence[tuple[Concern, Alert]], again: Mapping[uuid.UUID, Contradiction]
    ) -> Iterator[Asked]:
        """What these alerts ask; those that have ended ask nothing."""
        for concern, alert in concerned:
            if alert.state in ENDED or not concern.affected:
                continue
            revision = concern.revision
            yield Asked(
                concern.facility.id,
                revision.advisory_id,
                tuple(map(machines_of, concern.affected)),
                self._bulletins.release(revision),
                alert.id,
                again[alert.id].why if alert.id in again else None,
            )

    def _planned(
        self, draft: Draft, members: Sequence[Member], facts: Facts, now: datetime
    ) -> Action:
        """The action as it should be; the same id as before unless it asks for more."""
        place, action, group, before = draft.place, draft.action, draft.group, draft.before
        required = needs(members, self._accepting(facts.session, members))
        release = shown_release(members, required)
        if action is None or rises(action, required, release):
            planned = _fresh(place, action, group, now)
        else:
            news = {m.advisory_id for m in members} - before.keys() or group.again
            planned = replace(
                action,
                name=group.name or action.name,
                changed_at=now if news else action.changed_at,
            )
        urgent = any(facts.urgency(m.alert_id) is Urgency.IMMEDIATE for m in members)
        return replace(
            planned,
            urgency=Urgency.IMMEDIATE if urgent else Urgency.DIGEST,
            exploited=any(m.advisory_id in facts.exploited for m in members),
            release=release,
            needs=required,
            counts=counts(members),
            reopened=group.again or planned.reopened,
        )

    def _accepting(self, session: Session, members: Sequence[Member]) -> Accepts:
        """Whether a bulletin of these members is content with a version of a product."""
        by_advisory = {member.advisory_id: member for member in members}

        def accepts(product: int, advisory: int, version: str) -> bool:
            member = by_advisory[advisory]
            if member.alert_id is None:  # of day one: there may be a hundred, order will do
                return reaches(version, member.target_of(product) or "")
            return self._bulletins.accept(session, product, advisory, version)

        return accepts

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
        left = action_lists.machines_left(
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


def _fresh(place: Place, replaced: Action | None, group: Group, now: datetime) -> Action:
    """A new action there, whose target is not known yet."""
    return Action(
        id=new_id(),
        reference="",
        facility_id=place[0],
        product=place[1],
        track=place[2],
        name=group.name or (replaced.name if replaced else ""),
        state=ActionState.OPEN,
        urgency=Urgency.DIGEST,
        exploited=False,
        release="",
        needs={},
        counts={},
        opened_at=now,
        changed_at=now,
        reopened=replaced.reopened if replaced else None,
    )


def _done(
    session: Session, again: Mapping[uuid.UUID, Contradiction], found: Sequence[Action]
) -> list[Action]:
    """The actions that were done, by answers that an inventory contradicts."""
    if not again:
        return []
    seen = {action.id for action in found}
    closing = [a.id for a in actions.of_alerts(session, list(again)) if a.id not in seen]
    return [a for a in actions.held(session, closing) if a.state is ActionState.DONE]


def _waiting(
    session: Session, groups: Mapping[Place, Group], found: Sequence[Action]
) -> tuple[dict[Place, Action], dict[uuid.UUID, dict[int, Member]]]:
    """The actions that wait, by place, and what each closes.

    One that was done, or seems so, waits again when a bulletin it closes does.
    """
    held = actions.members(session, [action.id for action in found])
    waiting: dict[Place, Action] = {}
    for action in sorted(found, key=lambda each: each.state not in WAITING):
        place = (action.facility_id, action.product, action.track)
        if action.state in WAITING:
            waiting[place] = action
        elif place in groups and groups[place].members.keys() & held[action.id].keys():
            action_answers.reopen_lots(session, action.id)
            waiting.setdefault(place, _waiting_again(action))
    return waiting, {action.id: held[action.id] for action in waiting.values()}


def _beside(
    place: Place,
    waiting: Mapping[Place, Action],
    held: Mapping[uuid.UUID, Mapping[int, Member]],
) -> set[int]:
    """What the upgrade of the same product closes already, for what names no version."""
    if place[2] != Track.BULLETIN:
        return set()
    upgrade = waiting.get((place[0], place[1], Track.UPDATE.value))
    return set(held[upgrade.id]) if upgrade else set()


def _waiting_again(action: Action) -> Action:
    return replace(action, state=ActionState.OPEN, closed_at=None, outcome=Outcome())


def _by_advisory(standing: Iterable[SureVerdict]) -> dict[int, list[SureVerdict]]:
    found: dict[int, list[SureVerdict]] = {}
    for each in standing:
        found.setdefault(each.advisory_id, []).append(each)
    return found
