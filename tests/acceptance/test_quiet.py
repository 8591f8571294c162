"""At night only an *alerte* wakes people; the rest is there in the morning, and none is lost."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.delivery import Address, DeliveryState
from bot.domain.facility import Facility
from bot.domain.message import ChannelName
from bot.domain.quiet import NO_QUIET, QuietHours
from bot.domain.routing import Rhythm
from bot.store import exploits, lots, subscriptions
from bot.store.outbox import Delivery
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.exploited import Exploited
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town

PARIS = ZoneInfo("Europe/Paris")
FRIDAY_NIGHT = datetime(2026, 4, 3, 20, tzinfo=PARIS)  # before Easter
TUESDAY = datetime(2026, 4, 7, 8, tzinfo=PARIS)
ROOM = "!salon:example.org"
CVE = "CVE-2026-99011"


@pytest.fixture
def hospital(town: Town) -> Facility:
    """A hospital that sleeps at night and during week-ends."""
    made = town.facility()
    town.has(made, ("fw-01", "FortiOS", "7.2.8"))
    town.told(made, ROOM)
    town.application.database.call(
        subscriptions.set_quiet, made.id, QuietHours.read("19:00-08:00 week-ends")
    )
    town.clock.now = FRIDAY_NIGHT.astimezone(UTC)
    town.application.database.call(exploits.store, [Exploited(CVE, FRIDAY_NIGHT.date())])
    return made


def bulletin(kind: AdvisoryKind, reference: str = "CERTFR-2026-AVI-9001") -> Advisory:
    return fortios(FRIDAY_NIGHT, kind, reference=reference, cves=(CVE,))


def only(town: Town) -> Delivery:
    (delivery,) = town.deliveries()
    return delivery


@pytest.mark.usefixtures("hospital")
async def test_what_is_exploited_waits_for_the_morning_after_the_holidays(town: Town) -> None:
    await town.publish(bulletin(AdvisoryKind.AVIS))
    assert only(town).due_at == TUESDAY


@pytest.mark.usefixtures("hospital")
async def test_an_alerte_never_waits(town: Town) -> None:
    await town.publish(bulletin(AdvisoryKind.ALERTE, "CERTFR-2026-ALE-9001"))
    assert only(town).due_at == FRIDAY_NIGHT


async def test_silence_is_counted_from_when_people_were_told(
    town: Town, hospital: Facility
) -> None:
    await town.publish(bulletin(AdvisoryKind.AVIS))
    (lot,) = town.application.database.call(lots.of_alert, only(town).subject_id)
    assert lot.reminder_at == TUESDAY + timedelta(days=1, hours=1)
    assert "relance" in only(town).message.text
    assert hospital.time_zone == "Europe/Paris"


@pytest.mark.usefixtures("hospital")
async def test_what_changes_meanwhile_is_told_once_in_the_morning(town: Town) -> None:
    first = bulletin(AdvisoryKind.AVIS)
    await town.publish(first)
    wider = AffectedProduct("FortiOS versions 7.2.x antérieures à 7.2.13")
    await town.publish(dataclasses.replace(first, affected=(wider,)))
    waiting = [each for each in town.deliveries() if each.state is DeliveryState.DUE]
    assert [each.due_at for each in waiting] == [TUESDAY]
    assert "7.2.13" in waiting[0].message.text
    assert {each.state for each in town.deliveries()} == {DeliveryState.DUE, DeliveryState.DROPPED}


async def test_one_destination_may_be_awake(town: Town, hospital: Facility) -> None:
    on_call = Address(ChannelName.EMAIL, "astreinte@ch.example")
    town.told(hospital, on_call.address, channel=ChannelName.EMAIL)
    town.application.database.call(subscriptions.set_quiet, hospital.id, NO_QUIET, to=on_call)
    await town.publish(bulletin(AdvisoryKind.AVIS))
    due = {each.address: each.due_at for each in town.deliveries()}
    assert due == {ROOM: TUESDAY, on_call.address: FRIDAY_NIGHT}


async def test_the_configuration_speaks_for_those_that_say_nothing(town: Town) -> None:
    settings = town.application.settings
    quiet = settings.quiet.model_copy(update={"hours": "19:00-08:00 week-ends"})
    town.application.settings = settings.model_copy(update={"quiet": quiet})
    made = town.facility("620999029", name="CH Littoral")
    town.has(made, ("fw-01", "FortiOS", "7.2.8"))
    town.told(made, ROOM, rhythm=Rhythm.IMMEDIATE)
    town.clock.now = FRIDAY_NIGHT.astimezone(UTC)
    await town.publish(bulletin(AdvisoryKind.AVIS))
    assert only(town).due_at == TUESDAY
