"""Incidents in the store: numbers, and a time-line that only grows."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.facility import Facility, FacilityKind
from bot.domain.incident import Declaration, Happening, IncidentRouting, IncidentState
from bot.domain.people import Person, Role
from bot.domain.views import CareImpact
from bot.pipeline.incident import IncidentDesk
from bot.render import Renderer
from bot.store import Database, Session, facilities, incidents, outbox, people

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DESK = IncidentDesk(Renderer(), IncidentRouting(cert_mailbox="cert@sante.example"))
NUMBERS = itertools.count()


def somebody(session: Session) -> tuple[int, Person]:
    """A facility of its own, and its RSSI."""
    finess = ("590999017", "620999029", "690999032", "974999054")[next(NUMBERS) % 4]
    made = Facility(finess, "CH de Démonstration", "ars-hauts-de-france", FacilityKind.CH)
    facilities.save(session, [made])
    facility = facilities.by_finess(session, finess)
    assert facility is not None
    person = people.add(session, "Une RSSI", f"rssi@{finess}.example", now=NOW)
    people.grant(session, person.id, Role.RSSI, facility_id=facility.id)
    session.flush()
    found = people.by_email(session, person.email)
    assert found is not None
    return facility.id, found


def test_incidents_are_numbered_for_all_and_for_their_facility(database: Database) -> None:
    here, there = database.call(somebody), database.call(somebody)

    def declare(place: tuple[int, Person], what: str) -> tuple[str, int]:
        declaration = Declaration(place[0], what, another=True)
        done = database.call(DESK.declare, declaration, place[1], now=NOW)
        return done.incident.reference, done.incident.number

    assert declare(here, "un") == ("INC-2026-0001", 1)
    assert declare(there, "un") == ("INC-2026-0002", 1)
    assert declare(here, "deux") == ("INC-2026-0003", 2)
    assert declare(here, "deux") == ("INC-2026-0003", 2), "the same words are a double click"


def test_two_people_at_the_same_instant_open_one_incident(database: Database) -> None:
    facility_id, person = database.call(somebody)

    def declare(number: int) -> bool:
        declaration = Declaration(facility_id, f"rançongiciel {number}")
        return database.call(DESK.declare, declaration, person, now=NOW).new

    with ThreadPoolExecutor(4) as together:
        assert sorted(together.map(declare, range(4))) == [False, False, False, True]
    assert len(database.call(incidents.listed)) == 1
    assert len(database.call(outbox.listed)) == 1


steps = st.lists(
    st.one_of(
        st.tuples(st.just("care"), st.sampled_from(CareImpact)),
        st.tuples(st.just("state"), st.sampled_from(IncidentState)),
        st.tuples(st.just("note"), st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
        st.tuples(st.just("declare"), st.sampled_from(["rançon", "panne"])),
    ),
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_a_time_line_only_grows(database: Database, steps: list[tuple[str, str]]) -> None:
    def follow(session: Session) -> None:
        facility_id, person = somebody(session)
        first = Declaration(facility_id, "rançon", another=True)
        incident = DESK.declare(session, first, person, now=NOW).incident
        known = incidents.timeline(session, incident.id)
        for minute, (step, value) in enumerate(steps):
            now = NOW + timedelta(minutes=minute)
            if step == "care":
                DESK.tell_care(session, incident, CareImpact(value), person, now=now)
            elif step == "state":
                DESK.tell_state(session, incident, IncidentState(value), person, now=now)
            elif step == "note":
                note, by = Happening.NOTE, person.id
                incidents.append(session, incident.id, note, value, person_id=by, now=now)
            else:
                DESK.declare(session, Declaration(facility_id, value), person, now=now)
            longer = incidents.timeline(session, incident.id)
            assert longer[: len(known)] == known
            known = longer
        assert known[0].kind is Happening.DECLARED
        states = [event.text for event in known if event.kind is Happening.STATE]
        stored = incidents.by_id(session, incident.id)
        if incident.state is IncidentState.OPEN and states:
            assert stored.state.value == states[-1]

    database.call(follow)
