"""Muting, and what comes back at the end."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.alert import Urgency
from bot.domain.decision import MutedCount
from bot.domain.facility import Facility
from bot.domain.matching import VerdictKind
from bot.domain.mute import (
    Mute,
    Muteable,
    MuteRefusal,
    MuteRequest,
    MuteScope,
    ends_at,
    holds,
    muted_until,
    products_covered,
)
from bot.domain.people import Person, Role
from bot.domain.reason import ReasonCode
from bot.pipeline.concern import Concern, display_name
from bot.store import Session, alerts, audit, facilities, mutes
from bot.store.alerts import Alert

MUTING = frozenset({Role.RSSI, Role.CORRESPONDANT})
NAMED = 5  # products named in a reply


@dataclass(frozen=True, slots=True)
class Muted:
    """What muting did. ``alerts`` counts those it holds now, ``kept`` those that it would
    hold and never does: *alertes*, and what is exploited. ``products`` are those it covers."""

    mute: Mute
    alerts: int
    kept: int
    products: tuple[str, ...] = ()


def mute(
    session: Session,
    facility: Facility,
    request: MuteRequest,
    person: Person,
    *,
    longest: timedelta,
    now: datetime,
) -> Muted | MuteRefusal:
    """Mute something in a facility, or say why not.

    Only an RSSI of the facility may mute an alert that is otherwise never muted, by naming it.
    """
    if facility.id not in person.facilities(MUTING):
        return MuteRefusal.ROLE
    today = now.astimezone(ZoneInfo(facility.time_zone)).date()
    if request.last_day > today + longest:
        return MuteRefusal.TOO_LONG
    covered = (
        products_covered(request.target, mutes.product_names(session, facility.id).values())
        if request.scope is MuteScope.PRODUCT
        else []
    )
    if request.scope is MuteScope.PRODUCT and not covered:
        return MuteRefusal.UNKNOWN_PRODUCT
    explicit = False
    if request.scope is MuteScope.ALERT:
        alert = alerts.by_reference(session, request.target)
        if alert is None or alert.facility_id != facility.id:
            return MuteRefusal.UNKNOWN_ALERT
        explicit = is_protected(alert)
        if explicit and facility.id not in person.facilities(frozenset({Role.RSSI})):
            return MuteRefusal.PROTECTED
    made = Mute(
        reference=mutes.take_reference(session, now=now),
        facility_id=facility.id,
        scope=request.scope,
        target=request.target,
        explicit=explicit,
        reason=request.reason,
        last_day=request.last_day,
        until=ends_at(request.last_day, facility.time_zone),
        created_at=now,
        created_by=str(person.id),
    )
    mutes.add(session, made)
    _note(session, "mute.set", made, str(person.id), now)
    standing = _standing(session, facility.id)
    _apply(session, facility.id, standing, remind_at=made.until, now=now)
    held = sum(holds(made, known) for _, known in standing)
    bold = [dataclasses.replace(known, protected=False) for _, known in standing if known.protected]
    kept = 0 if explicit else sum(holds(made, known) for known in bold)
    return Muted(made, held, kept, tuple(covered[:NAMED]))


def end_mute(session: Session, found: Mute, *, by: str, now: datetime) -> int:
    """End a mute before its time; return how many alerts come back.

    They are reminded from the next morning on.
    """
    facility = facilities.by_ids(session, [found.facility_id])[found.facility_id]
    today = now.astimezone(ZoneInfo(facility.time_zone)).date()
    return _end(session, found, by, ends_at(today, facility.time_zone), now)


def end_mutes(session: Session, *, now: datetime) -> int:
    """End the mutes whose time is over; return how many alerts come back."""
    return sum(
        _end(session, each, mutes.EXPIRED, now, now) for each in mutes.over(session, now=now)
    )


def _end(session: Session, found: Mute, by: str, remind_at: datetime, now: datetime) -> int:
    """End a mute, and release the alerts that no other mute of the facility holds."""
    mutes.end(session, found.reference, by=by, now=now)
    _note(session, "mute.ended", found, by, now)
    standing = _standing(session, found.facility_id)
    return _apply(session, found.facility_id, standing, remind_at=remind_at, now=now)


def _apply(
    session: Session,
    facility_id: int,
    standing: Sequence[tuple[Alert, Muteable]],
    *,
    remind_at: datetime,
    now: datetime,
) -> int:
    """Hold the alerts that a mute holds, until the last one ends; return how many come back."""
    there = mutes.active(session, [facility_id]).get(facility_id, [])
    held: dict[datetime, list[uuid.UUID]] = {}
    back: list[uuid.UUID] = []
    for alert, known in standing:
        until = muted_until(there, known, now)
        if until is not None:
            held.setdefault(until, []).append(alert.id)
        elif alert.muted_until is not None:
            back.append(alert.id)
    for until, ids in held.items():
        mutes.hold(session, ids, until)
    mutes.release(session, back, remind_at=remind_at, now=now)
    return len(back)


def is_protected(alert: Alert) -> bool:
    """Whether only the RSSI may mute this alert, by naming it."""
    alerte = any(reason.code is ReasonCode.ALERTE for reason in alert.reasons)
    aimed = not (alert.scope.affected or alert.scope.to_check)
    return alerte or aimed or (alert.scope.exploited and alert.verdict is VerdictKind.AFFECTED)


def muted_count(session: Session, facility: Facility) -> MutedCount:
    """What a facility is not told of meanwhile, and until which days."""
    held, ends = mutes.count_held(session, facility.id)
    days = [
        each.last_day
        for each in mutes.active(session, [facility.id]).get(facility.id, ())
        if each.until in ends
    ]
    return MutedCount(held, min(days), max(days)) if days else MutedCount()


def while_muted(
    alert: Alert, concern: Concern, known: Mapping[int, Sequence[Mute]], now: datetime
) -> Alert:
    """An alert about to be written, held by the mutes of its facility when one holds it.

    What is held waits, like what waits for a digest.
    """
    there = known.get(alert.facility_id)
    if not there:
        return dataclasses.replace(alert, muted_until=None) if alert.muted_until else alert
    names = frozenset(display_name(asset) for asset in concern.assets)
    until = muted_until(there, Muteable(alert.reference, names, is_protected(alert)), now)
    if until is None:
        return dataclasses.replace(alert, muted_until=None)
    urgency = alert.urgency if is_protected(alert) else Urgency.DIGEST
    return dataclasses.replace(alert, muted_until=until, urgency=urgency)


def _standing(session: Session, facility_id: int) -> list[tuple[Alert, Muteable]]:
    """The open alerts of a facility, and what the rule needs to know of each."""
    names = mutes.product_names(session, facility_id)
    return [
        (alert, Muteable(alert.reference, _products(alert, names), is_protected(alert)))
        for alert in mutes.open_alerts(session, facility_id)
    ]


def _products(alert: Alert, names: Mapping[int, str]) -> frozenset[str]:
    machines: Iterable[int] = alert.scope.affected | alert.scope.to_check
    return frozenset(names[asset] for asset in machines if asset in names)


def _note(session: Session, action: str, about: Mute, by: str, now: datetime) -> None:
    audit.note(
        session,
        by,
        action,
        about.reference,
        now=now,
        scope=about.scope.value,
        target=about.target,
        until=about.last_day.isoformat(),
        reason=about.reason,
        explicit=about.explicit,
    )
