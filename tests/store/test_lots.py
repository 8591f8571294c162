"""Answers lot by lot: kept in order, none lost, and what two people say at once is told."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alert import AlertState, AnswerKind, Urgency
from bot.domain.escalation import LADDER
from bot.domain.facility import AssetCategory, Facility, FacilityKind
from bot.domain.matching import VerdictKind
from bot.domain.reason import Reason, ReasonCode
from bot.domain.scope import Scope
from bot.store import Database, Session, advisories, alerts, facilities, lots, people
from bot.store.alerts import Alert
from bot.store.lots import Disagreement, NewLot
from feeds.advisory import Advisory, AdvisoryKind

NOW = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SERVER, BIOMEDICAL = AssetCategory.SERVER, AssetCategory.BIOMEDICAL
Answering = Callable[..., list[Disagreement]]


@pytest.fixture
def alert(database: Database) -> Alert:
    """An alert on servers and biomedical equipment, to be reminded of."""
    return database.call(_raised)


def _raised(session: Session) -> Alert:
    made = Facility("590999017", "CH", "ars-hauts-de-france", FacilityKind.CH)
    facilities.save(session, [made])
    bulletin = Advisory(
        publisher="CERT-FR",
        reference="CERTFR-2026-ALE-9001",
        kind=AdvisoryKind.ALERTE,
        title="Vulnérabilité dans FortiOS",
        published_at=NOW,
        revised_at=NOW,
    )
    advisories.store(session, [bulletin], trace_id="t", now=NOW)
    (revision,) = advisories.unmatched(session, limit=1)
    facility = facilities.by_finess(session, "590999017")
    assert facility is not None
    raised = Alert(
        id=uuid.uuid4(),
        reference="ALR-2026-0001",
        advisory_id=revision.advisory_id,
        facility_id=facility.id,
        revision_id=revision.id,
        state=AlertState.OPEN,
        urgency=Urgency.IMMEDIATE,
        reasons=(Reason(ReasonCode.ALERTE),),
        verdict=VerdictKind.AFFECTED,
        headline="FortiOS",
        target="7.2.12",
        assets_affected=2,
        assets_to_check=0,
        scope=Scope(),
        match_digest="d",
        opened_at=NOW,
        changed_at=NOW,
        trace_id="t",
    )
    alerts.add(session, [raised])
    lots.add(session, [NewLot(raised.id, each, NOW) for each in (SERVER, BIOMEDICAL)])
    return raised


def somebody(database: Database, name: str) -> uuid.UUID:
    person = database.call(people.add, name, f"{name}@ch.example", now=NOW)
    return person.id


def states(database: Database, alert: Alert) -> dict[AssetCategory, str]:
    return {lot.category: lot.state for lot in database.call(lots.of_alert, alert.id)}


def state_of(database: Database) -> AlertState:
    found = database.call(alerts.by_reference, "ALR-2026-0001")
    assert found is not None
    return found.state


def test_an_answer_stops_the_reminders_of_its_lot_alone(database: Database, alert: Alert) -> None:
    database.call(
        lots.record_answer,
        alert.id,
        [SERVER],
        person_id=somebody(database, "rssi"),
        kind=AnswerKind.FIXED,
        now=NOW,
    )
    assert states(database, alert) == {SERVER: "fixed", BIOMEDICAL: "open"}
    assert state_of(database) is AlertState.OPEN
    reminded = {lot.category: lot.reminder_at for lot in database.call(lots.of_alert, alert.id)}
    assert reminded == {SERVER: None, BIOMEDICAL: NOW}
    assert database.call(lots.due_alerts, now=NOW, limit=9) == [alert.id]


def test_the_alert_is_done_once_each_lot_is(database: Database, alert: Alert) -> None:
    person = somebody(database, "rssi")
    for each, kind in ((SERVER, AnswerKind.FIXED), (BIOMEDICAL, AnswerKind.FORWARDED)):
        database.call(lots.record_answer, alert.id, [each], person_id=person, kind=kind, now=NOW)
    assert state_of(database) is AlertState.TAKEN
    database.call(
        lots.record_answer,
        alert.id,
        [BIOMEDICAL],
        person_id=None,
        contact="maintenance@prestataire.example",
        kind=AnswerKind.FIXED,
        now=NOW + timedelta(hours=1),
    )
    assert state_of(database) is AlertState.DONE
    kept = database.call(lots.answers, alert.id)
    assert [each.person for each in kept] == ["rssi", "rssi", "maintenance@prestataire.example"]


def test_what_is_opened_again_climbs_the_ladder_again(database: Database, alert: Alert) -> None:
    person = somebody(database, "rssi")
    tomorrow = NOW + timedelta(days=1)
    database.call(
        lots.record_answer, alert.id, [SERVER], person_id=person, kind=AnswerKind.FIXED, now=NOW
    )
    database.call(
        lots.record_answer,
        alert.id,
        [SERVER],
        person_id=person,
        kind=AnswerKind.REOPENED,
        now=NOW + SECOND,
        remind_at=tomorrow,
    )
    (server,) = [x for x in database.call(lots.of_alert, alert.id) if x.category is SERVER]
    assert (server.state, server.reminder_step, server.reminder_at) == ("open", 0, tomorrow)
    kinds = [each.kind for each in database.call(lots.answers, alert.id)]
    assert kinds == [AnswerKind.FIXED, AnswerKind.REOPENED]


def test_a_lot_is_silent_once_the_whole_ladder_was_told(database: Database, alert: Alert) -> None:
    assert database.call(lots.silent) == []
    database.call(lots.set_reminder, alert.id, BIOMEDICAL, step=len(LADDER), at=None)
    (silent,) = database.call(lots.silent)
    assert (silent.reference, silent.category) == ("ALR-2026-0001", BIOMEDICAL)
    assert (silent.authority, silent.reasons) == (
        "ars-hauts-de-france",
        (Reason(ReasonCode.ALERTE),),
    )


def both_at_once(
    database: Database, alert: Alert, one: AnswerKind, other: AnswerKind, apart: timedelta
) -> list[list[Disagreement]]:
    """Two people answer in two transactions that are open at the same time."""
    first, second = somebody(database, "claire"), somebody(database, "marc")
    has_written, may_end = threading.Event(), threading.Event()

    def slow(session: Session) -> list[Disagreement]:
        told = lots.record_answer(session, alert.id, [SERVER], person_id=first, kind=one, now=NOW)
        has_written.set()
        may_end.wait(10)
        return told

    def quick(session: Session) -> list[Disagreement]:
        return lots.record_answer(
            session, alert.id, [SERVER], person_id=second, kind=other, now=NOW + apart
        )

    with ThreadPoolExecutor(2) as pool:
        begun = pool.submit(database.call, slow)
        assert has_written.wait(10)
        waiting = pool.submit(database.call, quick)
        with pytest.raises(TimeoutError):
            waiting.result(0.3)  # it waits for the first to end, whatever the engine
        may_end.set()
        return [begun.result(10), waiting.result(10)]


@pytest.mark.parametrize("fixed_first", [True, False])
def test_of_two_at_the_same_instant_who_leaves_it_open_is_believed(
    database: Database, alert: Alert, fixed_first: bool
) -> None:
    said = [AnswerKind.FIXED, AnswerKind.TAKEN]
    one, other = said if fixed_first else reversed(said)
    nothing, told = both_at_once(database, alert, one, other, SECOND / 2)
    assert nothing == []
    assert [(each.earlier.person, each.state) for each in told] == [("claire", "taken")]
    assert states(database, alert)[SERVER] == "taken"
    assert [each.kind for each in database.call(lots.answers, alert.id)] == [one, other]


def test_a_few_seconds_apart_the_last_one_counts_and_both_are_told(
    database: Database, alert: Alert
) -> None:
    _, told = both_at_once(database, alert, AnswerKind.TAKEN, AnswerKind.FIXED, apart=20 * SECOND)
    assert [each.state for each in told] == ["fixed"]
    assert states(database, alert)[SERVER] == "fixed"


def test_a_clock_behind_does_not_change_the_order(database: Database, alert: Alert) -> None:
    both_at_once(database, alert, AnswerKind.TAKEN, AnswerKind.PLANNED, apart=-20 * SECOND)
    kept = database.call(lots.answers, alert.id)
    assert [each.person for each in kept] == ["claire", "marc"]
    assert states(database, alert)[SERVER] == "planned"
