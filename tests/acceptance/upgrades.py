"""The gestures that tests of actions repeat: bulletins, what waits, what people answer."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from bot.domain.action import Action, ActionState
from bot.domain.alert import AlertState, AnswerKind
from bot.domain.facility import Facility
from bot.store import Session, action_answers, action_lists, actions, alerts, lots, people
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Reference
from tests.acceptance.conftest import Town

FIRST = (
    "NetScaler ADC versions 13.1.x antérieures à 13.1-49.13",
    "NetScaler ADC versions 14.1.x antérieures à 14.1-8.50",
)
SECOND = (
    "NetScaler ADC versions 13.1.x antérieures à 13.1-51.15",
    "NetScaler ADC versions 14.1.x antérieures à 14.1-12.30",
)


def bulletin(
    town: Town,
    number: int,
    *rows: str,
    kind: AdvisoryKind = AdvisoryKind.AVIS,
    at: datetime | None = None,
    urls: tuple[str, ...] = (),
) -> Advisory:
    """A bulletin of CERT-FR, published that many days from now unless it is dated."""
    published = at or town.clock() + timedelta(days=number)
    return Advisory(
        publisher="CERT-FR",
        reference=f"CERTFR-2026-{kind.value}-{9000 + number}",
        kind=kind,
        title="Vulnérabilité",
        published_at=published,
        revised_at=published,
        affected=tuple(AffectedProduct(row) for row in rows),
        references=tuple(Reference("Bulletin de sécurité", url) for url in urls),
    )


def listed(town: Town, *states: ActionState) -> list[Action]:
    """The actions in these states; those that wait by default."""
    if states:
        return town.application.database.call(actions.listed, states=states)
    return town.application.database.call(actions.listed)


def closed_by(town: Town, action: Action) -> set[str]:
    """The references of the bulletins that an action closes."""
    found = town.application.database.call(action_lists.closes, [action.id])
    return {each.reference for each in found}


def states(town: Town) -> dict[str, AlertState]:
    """How the alert of each bulletin stands, by reference."""
    found = town.application.database.call(alerts.listed, open_only=False)
    return {each.advisory: each.alert.state for each in found}


def answer(town: Town, action: Action, kind: AnswerKind = AnswerKind.FIXED) -> None:
    """Somebody answers the alerts of an action, and the action itself."""

    def record(session: Session) -> None:
        person = people.add(session, "RSSI", f"{uuid.uuid4()}@ch.example", now=town.clock())
        categories = list(action.counts)
        for each in action_lists.closes(session, [action.id]):
            if each.alert_id is not None:
                lots.record_answer(
                    session,
                    each.alert_id,
                    categories,
                    person_id=person.id,
                    kind=kind,
                    now=town.clock(),
                )
        action_answers.record_answer(
            session, action, categories, person_id=person.id, kind=kind, now=town.clock()
        )

    town.application.database.call(record)


def netscalers(town: Town) -> Facility:
    """A hospital with three gateways, of two trains."""
    made = town.facility()
    town.has(
        made,
        ("vpn-01", "NetScaler ADC", "13.1-48.47"),
        ("vpn-02", "Citrix ADC", "13.1-48.47"),
        ("vpn-03", "NetScaler ADC", "14.1-8.10"),
    )
    return made
