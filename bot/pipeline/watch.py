"""What is wrong with Tocsin → messages to its operator: few, and one when it is over."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from bot.domain.alarm import Damping, Step, gone, seen
from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.health import AlarmView, Finding, route
from bot.render import Renderer
from bot.store import Session, alarms, outbox
from bot.store.alarms import Alarm

USUAL = Damping()


def tell_operator(
    session: Session,
    renderer: Renderer,
    findings: Sequence[Finding],
    targets: Sequence[Address],
    *,
    language: str,
    now: datetime,
    damping: Damping = USUAL,
) -> int:
    """Write what is to be told now in the outbox; return how many messages.

    A problem and its end are told in one thread, at one address.

    Args:
        targets: where the operator reads, in order of preference; see :func:`route`.
    """
    if not targets:
        return 0
    known = {alarm.code: alarm for alarm in alarms.remembered(session, now=now)}
    wrong = {finding.code for finding in findings}
    told: list[tuple[Alarm, AlarmView, Step]] = []
    for finding in findings:
        before = known.get(finding.code)
        alarm, step = _seen(session, before, finding, findings, targets, now, damping)
        view = AlarmView(alarm.problem, alarm.subject, finding.since, finding.count)
        told.append((alarm, view, step))
    for alarm in known.values():
        if alarm.code not in wrong and alarm.course.closed_at is None:
            course, step = gone(alarm.course, damping, now)
            alarm = dataclasses.replace(alarm, course=course)
            alarms.save(session, alarm)
            told.append((alarm, AlarmView(alarm.problem, alarm.subject), step))
    deliveries = [
        _delivery(session, renderer, alarm, view, step, language)
        for alarm, view, step in told
        if step is not Step.NOTHING
    ]
    return outbox.enqueue(session, deliveries, now=now)


def _seen(
    session: Session,
    alarm: Alarm | None,
    finding: Finding,
    findings: Sequence[Finding],
    targets: Sequence[Address],
    now: datetime,
    damping: Damping,
) -> tuple[Alarm, Step]:
    """Follow a problem that is there. Before its first message, its address is chosen anew:
    meanwhile another channel may have failed."""
    course, step = seen(alarm.course if alarm else None, damping, now)
    if alarm is None:
        return alarms.add(session, finding, route(finding, findings, targets), course), step
    if step is Step.BEGUN:
        alarm = dataclasses.replace(alarm, to=route(finding, findings, targets))
    alarm = dataclasses.replace(alarm, course=course)
    alarms.save(session, alarm)
    return alarm, step


def _delivery(
    session: Session, renderer: Renderer, alarm: Alarm, view: AlarmView, step: Step, language: str
) -> NewDelivery:
    course = alarm.course
    view = dataclasses.replace(
        view,
        over=step is Step.OVER,
        again=step is Step.AGAIN,
        relapses=0 if step is Step.OVER else course.relapses,
    )
    thread = outbox.thread_roots(session, alarm.id).get(alarm.to, "")
    return NewDelivery(
        kind=DeliveryKind.ALARM,
        subject_id=alarm.id,
        subject=alarm.code,
        to=alarm.to,
        message=renderer.alarm(view, channel=alarm.to.channel, language=language, thread=thread),
        trace_id=alarm.id.hex,
        occurrence=f"{step.value} {course.relapses} {course.times}",
    )
