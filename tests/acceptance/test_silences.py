"""An authority is told who is silent: once a day, in its hours, by name and never by machine."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alert import AnswerKind
from bot.domain.facility import AssetCategory, Contact, Facility
from bot.pipeline.silences import silent
from bot.store import Session, alerts, facilities, lots
from bot.store.outbox import Delivery
from feeds.advisory import AdvisoryKind, Tlp
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town

FRIDAY = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)  # 17.30 in Paris
DAY = timedelta(days=1)
MONDAY = datetime(2026, 3, 9, 8, 5, tzinfo=UTC)  # 9.05 in Paris
ARS = "ars-hauts-de-france"
MAILBOX = "ssi@ars.example"


@pytest.fixture
def town(town: Town) -> Town:
    """A region whose authority, and the national one, have a mailbox."""
    settings = town.application.settings
    mailboxes = {ARS: MAILBOX, "fssi": "fssi@ministere.example"}
    incident = settings.incident.model_copy(update={"authority_mailboxes": mailboxes})
    town.application.settings = settings.model_copy(update={"incident": incident})
    return town


def hospital(town: Town, finess: str = "590999017", name: str = "CH de Démonstration") -> Facility:
    made = town.facility(finess, name=name)
    contacts = (Contact("Direction", "direction", "direction@ch.example"),)
    town.application.database.call(facilities.save, [dataclasses.replace(made, contacts=contacts)])
    town.has(made, (f"fw-{finess}", "FortiOS", "7.2.8"))
    town.told(made, f"!{finess}:example.org")
    return made


async def alerte(
    town: Town,
    reference: str = "CERTFR-2026-ALE-9001",
    *,
    kind: AdvisoryKind = AdvisoryKind.ALERTE,
    tlp: Tlp = Tlp.CLEAR,
) -> None:
    town.clock.now = FRIDAY
    await town.publish(fortios(FRIDAY, kind, reference=reference, tlp=tlp))


async def told(town: Town, at: datetime) -> list[Delivery]:
    """What authorities are told when the clock says ``at``."""
    before = {each.id for each in town.deliveries()}
    town.clock.now = at
    await town.application.write_periodic()
    return [e for e in town.deliveries() if e.kind == "silences" and e.id not in before]


async def nobody_answers(town: Town) -> None:
    """Monday and Tuesday morning: a reminder, then the direction."""
    for day in range(2):
        assert await told(town, MONDAY + day * DAY) == []


def answer(town: Town) -> None:
    def write(session: Session) -> None:
        alert = alerts.by_reference(session, "ALR-2026-0001")
        assert alert is not None
        lots.record_answer(
            session,
            alert.id,
            [AssetCategory.SERVER],
            person_id=None,
            contact="rssi@ch.example",
            kind=AnswerKind.TAKEN,
            now=town.clock(),
        )

    town.application.database.call(write)


async def test_after_the_last_rung_the_authority_reads_names_and_counts(town: Town) -> None:
    hospital(town)
    hospital(town, "620999029", "CH Littoral")
    await alerte(town)
    await nobody_answers(town)
    assert await told(town, MONDAY + 2 * DAY) == []  # 9.05: too early in the day
    messages = {
        each.address: each.message for each in await told(town, MONDAY + 2 * DAY + DAY / 24)
    }
    regional, national = messages[MAILBOX], messages["fssi@ministere.example"]
    assert "CERTFR-2026-ALE-9001" in regional.text
    assert "CH Littoral" in regional.text
    assert "2 silencieux sur 2" in regional.text.replace("\xa0", " ")
    assert "fw-" not in str(regional.to_json())
    assert regional.marking is Tlp.AMBER
    assert "CH Littoral" not in str(national.to_json())
    assert "2 établissements silencieux" in national.text.replace("\xa0", " ")


async def test_once_a_day_then_only_when_somebody_else_is_silent_or_a_week_later(
    town: Town,
) -> None:
    hospital(town)
    await alerte(town)
    await nobody_answers(town)
    wednesday = MONDAY + 2 * DAY + DAY / 24
    assert len(await told(town, wednesday)) == 2
    assert await told(town, wednesday + DAY / 24) == []
    assert await told(town, wednesday + DAY) == []
    assert await told(town, wednesday + 5 * DAY) == []
    assert len(await told(town, wednesday + 7 * DAY)) == 2


async def test_an_answer_and_an_avis_are_not_reported_and_no_message_is_empty(town: Town) -> None:
    hospital(town)
    await alerte(town)
    await nobody_answers(town)
    answer(town)
    assert await told(town, MONDAY + 2 * DAY + DAY / 24) == []
    assert town.application.database.call(silent, now=town.clock()) == {}


async def test_what_is_above_the_mailboxs_ceiling_is_a_count_without_its_title(town: Town) -> None:
    hospital(town)
    await alerte(town, tlp=Tlp.RED)
    await nobody_answers(town)
    messages = await told(town, MONDAY + 2 * DAY + DAY / 24)
    assert len(messages) == 2
    for each in messages:
        assert "FortiOS" not in json.dumps(each.message.to_json(), ensure_ascii=False)
        assert "ALE-9001" not in str(each.message.to_json())
