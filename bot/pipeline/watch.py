"""What is wrong with Tocsin → one message to its operator, and one when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.delivery import Address, DeliveryKind, NewDelivery
from bot.domain.health import AlarmView, Finding, route
from bot.render import Renderer
from bot.store import Session, alarms, outbox
from bot.store.alarms import Alarm


def tell_operator(
    session: Session,
    renderer: Renderer,
    findings: Sequence[Finding],
    targets: Sequence[Address],
    *,
    language: str,
    now: datetime,
) -> int:
    """Write what is new and what is over in the outbox; return how many messages.

    A problem is told once, however long it lasts; its end goes where its beginning went.

    Args:
        targets: where the operator reads, in order of preference; see :func:`route`.
    """
    if not targets:
        return 0
    known = {alarm.code: alarm for alarm in alarms.current(session)}
    wrong = {finding.code for finding in findings}
    deliveries: list[NewDelivery] = []
    for finding in findings:
        if finding.code not in known:
            to = route(finding, findings, targets)
            alarm = alarms.raise_alarm(session, finding, to, now=now)
            view = AlarmView(alarm.problem, alarm.subject, since=finding.since, count=finding.count)
            deliveries.append(_delivery(renderer, alarm, view, language))
    for alarm in known.values():
        if alarm.code not in wrong:
            alarms.close(session, alarm, now=now)
            view = AlarmView(alarm.problem, alarm.subject, over=True)
            thread = outbox.thread_roots(session, alarm.id).get(alarm.to, "")
            deliveries.append(_delivery(renderer, alarm, view, language, thread))
    return outbox.enqueue(session, deliveries, now=now)


def _delivery(
    renderer: Renderer, alarm: Alarm, view: AlarmView, language: str, thread: str = ""
) -> NewDelivery:
    message = renderer.alarm(view, channel=alarm.to.channel, language=language, thread=thread)
    return NewDelivery(
        kind=DeliveryKind.ALARM,
        subject_id=alarm.id,
        subject=alarm.code,
        to=alarm.to,
        message=message,
        trace_id=alarm.id.hex,
        occurrence="over" if view.over else "begun",
    )
