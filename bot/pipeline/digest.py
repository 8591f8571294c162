"""What could wait, told in one message per destination, at the facility's hour."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.action import WAITING, Action, ActionState
from bot.domain.alert import AlertState, AnswerKind
from bot.domain.decision import DigestView, Released
from bot.domain.delivery import DeliveryKind, NewDelivery
from bot.domain.digest import Schedule
from bot.domain.facility import Facility
from bot.domain.routing import Rhythm, Subscription, widened
from bot.pipeline import questions
from bot.pipeline.actions.decisions import Weighed, weighed
from bot.pipeline.concern import concerns, display_name
from bot.pipeline.mute import muted_count
from bot.pipeline.recipients import Recipients
from bot.render import Renderer
from bot.store import (
    Session,
    action_answers,
    action_lists,
    actions,
    advisories,
    alerts,
    facilities,
    inventory,
    outbox,
    subscriptions,
)
from bot.store.alerts import LATE_COMMIT, ListedAlert
from feeds.advisory import Pap, Tlp

PROPOSED = ActionState.PROPOSED
SET_ASIDE = frozenset({AnswerKind.NOT_CONCERNED.value, AnswerKind.MITIGATED.value})
USEFUL = 10  # decisions named in one message; the rest is counted
QUESTIONS = 5  # asked in one message: more are not answered
NAMESPACE = uuid.UUID("6f1c1a52-6d0f-4f7c-9d51-0f5f6c1f7a10")  # of digests' identifiers


def write_digests(
    session: Session, renderer: Renderer, schedule: Schedule, *, now: datetime, floor: Tlp
) -> int:
    """Write the digests that are due; return how many messages. No empty message is written.

    What opened or changed since the last digest of a destination is told once: it is marked
    as told in the transaction that writes the message.
    """
    everyone = {facility.id: facility for facility in facilities.every(session)}
    recipients = Recipients(session, now=now)
    deliveries: list[NewDelivery] = []
    done: list[int] = []
    for facility_id, subscribed in subscriptions.by_facility(session).items():
        facility = everyone[facility_id]
        written: list[_Written] = []
        for subscription in widened(subscribed):
            due = schedule.latest(subscription.rhythm, time_zone=facility.time_zone, now=now)
            if subscription.rhythm is Rhythm.IMMEDIATE or subscription.digested_at >= due:
                continue
            done.append(subscription.id)
            made = _written(session, facility, subscription, due, now)
            written += [made] if made else []
        if written:
            stand_ins = recipients.standing_in(facility, subscribed)
            written += _for_stand_ins(written, stand_ins)
        deliveries += [_delivery(renderer, each, floor) for each in written]
    subscriptions.mark_digested(session, done, now=now)
    return outbox.enqueue(session, deliveries, now=now)


@dataclass(frozen=True, slots=True)
class _Written:
    """What a digest says, and to whom."""

    facility: Facility
    to: Subscription
    view: DigestView
    trace_id: str


def _for_stand_ins(
    written: Sequence[_Written], stand_ins: Sequence[Subscription]
) -> list[_Written]:
    """The digest of the day for who stands in for somebody away: one each, the least limited.

    It is marked as told to the destination it was made for: the stand-in reads it beside.
    """
    widest = min(written, key=lambda each: len(each.to.lots) or -1)
    return [
        replace(widest, to=each, view=replace(widest.view, language=each.language))
        for each in stand_ins
    ]


def _written(
    session: Session, facility: Facility, subscription: Subscription, due: datetime, now: datetime
) -> _Written | None:
    waiting = alerts.undigested(session, facility.id, subscription)
    news = _news(session, facility, subscription, waiting, now)
    if not (waiting or news.says_something):
        return None
    view = _view(session, facility, subscription, waiting, news, due, now)
    traces = [each.alert.trace_id for each in waiting] or [
        uuid.uuid5(NAMESPACE, view.reference).hex
    ]
    return _Written(facility, subscription, view, traces[-1])


def _delivery(renderer: Renderer, written: _Written, floor: Tlp) -> NewDelivery:
    to, view = written.to, written.view
    return NewDelivery(
        kind=DeliveryKind.DIGEST,
        subject_id=uuid.uuid5(NAMESPACE, view.reference),
        subject=view.reference,
        to=to.to,
        message=renderer.digest(
            view, channel=to.to.channel, ceiling=to.ceiling, floor=floor, pap=to.pap
        ),
        trace_id=written.trace_id,
        facility_id=written.facility.id,
        occurrence=view.ends_on.isoformat(),
    )


@dataclass(frozen=True, slots=True)
class _News:
    """What happened to the actions of a facility since the last digest of a destination."""

    decisions: list[Weighed]
    proposed: list[Weighed]
    removed: list[Weighed]
    released: list[ListedAlert]
    late: int
    fixed: int
    set_aside: int

    @property
    def says_something(self) -> bool:
        """Whether it is worth a message by itself."""
        return bool(self.decisions or self.proposed or self.removed or self.released)


def _news(
    session: Session,
    facility: Facility,
    subscription: Subscription,
    waiting: Sequence[ListedAlert],
    now: datetime,
) -> _News:
    """What to say of actions; it is marked as told here, with the alerts they close."""
    today = now.astimezone(ZoneInfo(facility.time_zone)).date()
    standing = actions.listed(session, facility_ids=[facility.id], states=(*WAITING, PROPOSED))
    ended = actions.ended(session, facility.id, since=subscription.digested_at - LATE_COMMIT)
    removed = [each for each in ended if each.state is ActionState.REMOVED]
    every = weighed(session, [*standing, *removed], today=today, only=subscription.lots)
    found = [each for each in every if not each.muted]
    told = action_lists.told(session, subscription.id, [each.action.id for each in found])
    fresh = {each.alert.id for each in waiting}
    said = {each.action.id: _said(each) for each in found}
    new = [
        each
        for each in found
        if (words := said[each.action.id]) and (each.action.id, words) not in told
    ]
    open_ = [each for each in found if each.action.state in WAITING]
    decisions = [
        each
        for each in open_
        if each in new or any(bulletin.alert_id in fresh for bulletin in each.bulletins)
    ]
    released = alerts.released(session, facility.id, subscription)
    _mark(session, subscription, waiting, decisions, released)
    action_lists.mark_told(
        session, subscription.id, [(each.action.id, said[each.action.id]) for each in new]
    )
    over = [each for each in ended if each.closed_at and each.closed_at >= subscription.digested_at]
    return _News(
        decisions=decisions,
        proposed=[each for each in new if each.action.state is PROPOSED],
        removed=[each for each in new if each.action.state is ActionState.REMOVED],
        released=released,
        late=sum(each.late for each in open_),
        **_ended(session, over),
    )


def _said(each: Weighed) -> str:
    """What is told of an action once, besides its alerts; empty when nothing is."""
    action, decision = each.action, each.decision
    if action.state is PROPOSED or action.state is ActionState.REMOVED:
        return f"{action.state.value} {action.closed_at:%Y-%m-%d}"
    if action.reopened is not None:
        return f"again {action.reopened.inventory_on}"
    if decision.late is not None:
        return f"late {decision.late}"
    return "overdue" if decision.overdue else ""


def _mark(
    session: Session,
    subscription: Subscription,
    waiting: Sequence[ListedAlert],
    decisions: Sequence[Weighed],
    released: Sequence[ListedAlert],
) -> None:
    """Record what this digest tells: the alerts that wait, and those that later ones stand for."""
    others = [
        bulletin.alert_id
        for each in decisions
        for bulletin in each.bulletins
        if bulletin.alert_id and bulletin.state == AlertState.SUPERSEDED.value
    ]
    told = [*(each.alert for each in waiting), *alerts.by_ids(session, list(dict.fromkeys(others)))]
    alerts.mark_digested(session, subscription.id, told)
    alerts.mark_released(session, subscription.id, [each.alert for each in released])


def _ended(session: Session, over: Sequence[Action]) -> dict[str, int]:
    """How many actions were fixed over the period, and how many set aside."""
    answered = action_answers.lots(session, [action.id for action in over])
    fixed = set_aside = 0
    for action in over:
        said = {lot.state for lot in answered.get(action.id, ())}
        done = action.state is ActionState.DONE
        fixed += done and (AnswerKind.FIXED.value in said or bool(action.outcome.fixed))
        set_aside += done and bool(said) and said <= SET_ASIDE
    return {"fixed": fixed, "set_aside": set_aside}


def _view(
    session: Session,
    facility: Facility,
    subscription: Subscription,
    waiting: Sequence[ListedAlert],
    news: _News,
    due: datetime,
    now: datetime,
) -> DigestView:
    zone = ZoneInfo(facility.time_zone)
    period = due.astimezone(zone).date()
    start = subscription.digested_at.astimezone(zone).date()
    told = {each.alert.revision_id for each in (*waiting, *news.released)}
    shown = [*news.decisions, *news.proposed, *news.removed]
    told |= {bulletin.revision_id for each in shown for bulletin in each.bulletins}
    revisions = advisories.by_ids(session, sorted(told))
    return DigestView(
        reference=f"DIG-{facility.finess}-{period:%Y%m%d}",
        facility=facility.name,
        finess=facility.finess,
        starts_on=max(start, period - timedelta(days=6)),
        ends_on=period,
        decisions=tuple(each.decision for each in news.decisions[:USEFUL]),
        more=max(0, len(news.decisions) - USEFUL),
        proposed=tuple(each.decision for each in news.proposed),
        removed=tuple(each.decision for each in news.removed),
        released=tuple(_released(each, zone) for each in news.released),
        questions=questions.shown(
            session,
            facility.id,
            names=_to_check(session, facility, waiting),
            limit=QUESTIONS,
            now=now,
        ),
        late=news.late,
        fixed=news.fixed,
        set_aside=news.set_aside,
        muted=muted_count(session, facility),
        coverage=inventory.coverage(session, [facility.id])[facility.id],
        tlp=max((revision.advisory.tlp for revision in revisions), default=Tlp.CLEAR),
        pap=max((revision.advisory.pap or Pap.CLEAR for revision in revisions), default=Pap.CLEAR),
        language=subscription.language,
    )


def _released(listed: ListedAlert, zone: ZoneInfo) -> Released:
    cleared = listed.alert.cleared_at or listed.alert.changed_at
    return Released(listed.advisory, listed.alert.headline, cleared.astimezone(zone).date())


def _to_check(session: Session, facility: Facility, waiting: Sequence[ListedAlert]) -> set[str]:
    """The products that somebody must look at: what is unsure is asked, not decided."""
    unsure = [each.alert.revision_id for each in waiting if each.alert.assets_to_check]
    if not unsure:
        return set()
    revisions = advisories.by_ids(session, unsure)
    found = concerns(session, revisions, facility_ids=[facility.id], since_day_one=False)
    return {display_name(asset) for concern in found for asset in concern.to_check}
