"""Silence: a reminder, then the deputy, then the direction; an answer stops it at once."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alert import AnswerKind
from bot.domain.facility import AssetCategory, Contact, Facility
from bot.domain.message import ChannelName
from bot.store import Session, alerts, facilities, lots, people
from feeds.advisory import AdvisoryKind
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town

FRIDAY = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)  # 17.30 in Paris
MONDAY = datetime(2026, 3, 9, 8, 5, tzinfo=UTC)  # 9.05 in Paris
DAY = timedelta(days=1)


@pytest.fixture
async def hospital(town: Town) -> Facility:
    """A hospital that an alerte concerns since Friday evening, with two people above its RSSI."""
    made = town.facility()
    contacts = (
        Contact("Adjoint", "suppleant", "adjoint@ch.example"),
        Contact("Direction", "direction", "direction@ch.example"),
    )
    with_people = dataclasses.replace(made, contacts=contacts)
    town.application.database.call(facilities.save, [with_people])
    town.has(made, ("fw-01", "FortiOS", "7.2.8"))
    town.told(made, "!salon:example.org")
    town.clock.now = FRIDAY
    await town.publish(fortios(FRIDAY, AdvisoryKind.ALERTE))
    return made


async def sent(town: Town, at: datetime) -> list[tuple[str, str]]:
    """What is written when the clock says ``at``: kind and address, latest first."""
    before = len(town.deliveries())
    town.clock.now = at
    await town.application.write_periodic()
    rows = town.deliveries()
    return [(row.kind, row.address) for row in rows[: len(rows) - before] if row.kind == "reminder"]


@pytest.mark.usefixtures("hospital")
async def test_the_first_message_says_when_silence_is_reminded(town: Town) -> None:
    text = town.deliveries()[0].message.text
    assert "Sans réponse" in text
    assert "suppléant" in text


@pytest.mark.usefixtures("hospital")
async def test_each_silent_working_day_goes_one_step_up_and_then_stops(town: Town) -> None:
    assert await sent(town, FRIDAY + DAY) == []
    assert await sent(town, MONDAY) == [("reminder", "!salon:example.org")]
    assert "Relance 1" in town.deliveries()[0].message.text
    assert await sent(town, MONDAY + timedelta(hours=3)) == []
    assert await sent(town, MONDAY + DAY) == [("reminder", "adjoint@ch.example")]
    assert "fw-01" not in str(town.deliveries()[0].message)
    assert await sent(town, MONDAY + 2 * DAY) == [("reminder", "direction@ch.example")]
    assert await sent(town, MONDAY + 9 * DAY) == []


async def test_an_answer_stops_it_at_once(town: Town, hospital: Facility) -> None:
    def take(session: Session) -> None:
        person = people.add(session, "RSSI", "rssi@ch.example", now=town.clock())
        alert = alerts.by_reference(session, "ALR-2026-0001")
        assert alert is not None
        assert alert.facility_id == hospital.id
        lots.record_answer(
            session,
            alert.id,
            [AssetCategory.SERVER],
            person_id=person.id,
            kind=AnswerKind.TAKEN,
            now=town.clock(),
        )

    town.application.database.call(take)
    assert await sent(town, MONDAY) == []
    assert await sent(town, MONDAY + DAY) == []


async def test_what_waits_for_a_digest_is_never_reminded(town: Town) -> None:
    made = town.facility()
    town.has(made, ("fw-01", "FortiOS", "7.2.8"))
    town.told(made, "ssi@ch.example", channel=ChannelName.EMAIL)
    bulletin = fortios(FRIDAY, AdvisoryKind.AVIS)
    await town.publish(bulletin)
    assert await sent(town, MONDAY + 5 * DAY) == []
