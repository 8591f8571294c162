"""Bulletins that one upgrade closes are one action, from the first to the next inventory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.action import ActionState
from bot.domain.alert import AlertState, AnswerKind, Urgency
from bot.domain.facility import AssetCategory, Facility, InventoryLine
from bot.inventory.base import Upload
from bot.pipeline.actions.decisions import weighed
from bot.pipeline.foresee import Foreseen
from bot.pipeline.inventory import upload_inventory
from bot.store import (
    Session,
    alerts,
    inventory,
    lots,
)
from bot.store.inventory import UploadRecord
from feeds.advisory import AdvisoryKind
from tests.acceptance.conftest import Town
from tests.acceptance.upgrades import (
    FIRST,
    SECOND,
    answer,
    bulletin,
    closed_by,
    listed,
    netscalers,
    states,
)

DAY = timedelta(days=1)
PATCH_TUESDAY = datetime(2026, 3, 11, tzinfo=UTC)  # as CERT-FR dates it, the day after


@pytest.fixture
def hospital(town: Town) -> Facility:
    return netscalers(town)


@pytest.mark.usefixtures("hospital")
async def test_one_product_typed_in_two_ways_is_one_action_with_a_target_by_branch(
    town: Town,
) -> None:
    await town.publish(bulletin(town, 1, *FIRST))
    (action,) = listed(town)
    assert action.reference == "ACT-2026-0001"
    assert action.targets == ("13.1-49.13", "14.1-8.50")
    assert action.counts == {AssetCategory.SERVER: 3}


@pytest.mark.usefixtures("hospital")
async def test_a_later_bulletin_with_a_higher_fix_supersedes(town: Town) -> None:
    await town.publish(bulletin(town, 1, *FIRST))
    await town.publish(bulletin(town, 2, *SECOND))
    (action,) = listed(town)
    assert action.targets == ("13.1-51.15", "14.1-12.30")
    assert closed_by(town, action) == {"CERTFR-2026-AVI-9001", "CERTFR-2026-AVI-9002"}
    (former,) = listed(town, ActionState.SUPERSEDED)
    assert former.superseded_by == action.id
    assert states(town) == {
        "CERTFR-2026-AVI-9001": AlertState.SUPERSEDED,
        "CERTFR-2026-AVI-9002": AlertState.OPEN,
    }


@pytest.mark.usefixtures("hospital")
async def test_the_same_fix_closes_one_more_bulletin(town: Town) -> None:
    await town.publish(bulletin(town, 1, *FIRST), bulletin(town, 2, *FIRST))
    (action,) = listed(town)
    assert action.reference == "ACT-2026-0001"
    assert len(closed_by(town, action)) == 2


@pytest.mark.usefixtures("hospital")
async def test_what_is_reminded_is_not_superseded_by_what_is_not(town: Town) -> None:
    await town.publish(bulletin(town, 1, *FIRST, kind=AdvisoryKind.ALERTE))
    await town.publish(bulletin(town, 2, *SECOND))
    (action,) = listed(town)
    assert action.urgency is Urgency.IMMEDIATE
    assert states(town)["CERTFR-2026-ALE-9001"] is AlertState.OPEN


@pytest.mark.usefixtures("hospital")
async def test_when_the_later_bulletin_is_withdrawn_the_former_is_open_again(town: Town) -> None:
    later = bulletin(town, 2, *SECOND)
    await town.publish(bulletin(town, 1, *FIRST))
    await town.publish(later)
    gone = bulletin(town, 2, "FortiOS versions antérieures à 7.2.12", at=later.published_at)
    await town.publish(gone)
    assert states(town)["CERTFR-2026-AVI-9001"] is AlertState.OPEN
    (action,) = listed(town)
    assert action.targets == ("13.1-49.13", "14.1-8.50")
    cleared = town.application.database.call(alerts.listed, open_only=False)
    revised = [each.alert for each in cleared if each.alert.state is AlertState.CLEARED]
    assert [alert.cleared_by for alert in revised] == ["revision"]


async def test_a_month_of_microsoft_is_one_action_by_family(town: Town) -> None:
    made = town.facility()
    town.has(
        made,
        ("srv-01", "Windows Server 2016", "10.0.14393.7000"),
        ("srv-02", "Windows Server 2019 Standard", "10.0.17763.6000"),
        ("pc-01", "Windows 10 22H2", "10.0.19045.5000"),
        ("pc-02", "Office 2016", "16.0.5000.1000"),
        ("pc-03", "Excel 2016", "16.0.5000.1000"),
    )
    msrc = ("https://msrc.microsoft.com/update-guide/vulnerability/CVE-2026-1",)
    windows = (
        "Windows Server 2016 versions antérieures à 10.0.14393.7785",
        "Windows Server 2019 versions antérieures à 10.0.17763.7009",
        "Windows 10 Version 22H2 pour systèmes x64 versions antérieures à 10.0.19045.5608",
    )
    office = (
        "Microsoft Office 2016 (édition 64 bits) versions antérieures à 16.0.5491.1001",
        "Microsoft Excel 2016 (édition 64 bits) versions antérieures à 16.0.5491.1000",
    )
    await town.publish(
        bulletin(town, 1, *windows, at=PATCH_TUESDAY, urls=msrc),
        bulletin(town, 2, *office, at=PATCH_TUESDAY, urls=msrc),
        bulletin(town, 3, *windows[:2], at=PATCH_TUESDAY, urls=msrc),
    )
    found = {action.name: action for action in listed(town)}
    assert set(found) == {"Windows Server", "Windows", "Microsoft Office"}
    assert {action.release for action in found.values()} == {"2026-03"}
    assert len(closed_by(town, found["Windows Server"])) == 2
    assert found["Windows Server"].machines == 2


async def test_an_upgraded_machine_is_proposed_and_a_removed_one_is_said_removed(
    town: Town, hospital: Facility
) -> None:
    await town.publish(bulletin(town, 1, *FIRST))
    for name in ("vpn-01", "vpn-02"):
        town.becomes(hospital, (name, "NetScaler ADC", "13.1-49.13"))
    await town.application.match()
    (action,) = listed(town)
    assert action.machines == 1
    town.removes(hospital, "vpn-03")
    await town.application.match()
    assert listed(town) == []
    (over,) = listed(town, ActionState.REMOVED)
    assert (over.outcome.fixed, over.outcome.removed) == (0, 1)


async def test_machines_that_reached_the_target_are_proposed_as_fixed(
    town: Town, hospital: Facility
) -> None:
    await town.publish(bulletin(town, 1, *FIRST))
    for name, version in (
        ("vpn-01", "13.1-49.13"),
        ("vpn-02", "13.1-49.13"),
        ("vpn-03", "14.1-9.1"),
    ):
        town.becomes(hospital, (name, "NetScaler ADC", version))
    await town.application.match()
    (action,) = listed(town, ActionState.PROPOSED)
    assert action.outcome.fixed == 3
    town.becomes(hospital, ("vpn-01", "NetScaler ADC", "13.1-48.47"))
    await town.application.match()
    (again,) = listed(town)
    assert again.id == action.id


def upload(town: Town, hospital: Facility, *versions: tuple[str, str]) -> Foreseen:
    """An inventory of today, what it was said to make of actions, then matching."""
    lines = tuple(
        InventoryLine(name, AssetCategory.SERVER, name, "", "NetScaler ADC", version)
        for name, version in versions
    )
    foresight = town.application.foresight

    def write(session: Session) -> Foreseen:
        now = town.clock()
        plan = upload_inventory(
            session, hospital, Upload("csv", lines), filename="f.csv", dated=now,
            confirm=True, now=now,
        )  # fmt: skip
        return foresight.of(session, hospital.id, plan, dated=now)

    return town.application.database.call(write)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"vpn-01": "13.1-49.13", "vpn-02": "13.1-50.1", "vpn-03": "14.1-9.1"}, "done"),
        ({"vpn-01": "13.1-49.13", "vpn-02": "13.1-49.13", "vpn-03": "14.1-8.11"}, ""),
        ({"vpn-01": "13.1-49.13"}, "done"),
        ({"vpn-09": "13.1-50.1"}, "removed"),
    ],
)
async def test_an_upload_foresees_what_matching_then_makes_of_actions(
    town: Town, hospital: Facility, versions: dict[str, str], expected: str
) -> None:
    await town.publish(bulletin(town, 1, *FIRST))
    for name in ("vpn-01", "vpn-02"):  # as the file will call it
        town.becomes(hospital, (name, "NetScaler ADC", "13.1-48.47"))
    await town.application.match()
    town.clock.now += DAY
    foreseen = upload(town, hospital, *versions.items())
    said = {
        "done": [each.reference for each in foreseen.done],
        "removed": [each.reference for each in foreseen.removed],
        "": [],
    }
    assert said[expected] == (["ACT-2026-0001"] if expected else [])
    assert len(foreseen.done) + len(foreseen.removed) == bool(expected)
    await town.application.match()
    found = {
        "done": listed(town, ActionState.PROPOSED),
        "removed": listed(town, ActionState.REMOVED),
        "": listed(town),
    }
    assert [each.reference for each in found[expected]] == ["ACT-2026-0001"]


async def test_who_is_awaited_is_said(town: Town) -> None:
    made = town.facility()
    scanner = InventoryLine("echo", AssetCategory.BIOMEDICAL, "echo-01", "", "FortiOS", "7.2.8")

    def equip(session: Session) -> None:
        inventory.write_lines(
            session, made.id, added=[scanner], changed=[], removed=[], now=town.clock()
        )
        record = UploadRecord("f.csv", town.clock(), 1, 0, 1, 0, 0)
        inventory.record_upload(session, made.id, record, now=town.clock())

    town.application.database.call(equip)
    await town.publish(bulletin(town, 1, "FortiOS toutes versions"))

    def decision(*only: AssetCategory) -> str:
        (found,) = town.application.database.call(
            weighed, listed(town), today=town.clock().date(), only=only
        )
        return found.decision.awaiting

    assert decision() == "biomedical"
    assert decision(AssetCategory.BIOMEDICAL) == "", "it is that team's own move"
    (action,) = listed(town)
    answer(town, action, AnswerKind.FORWARDED)
    assert decision() == "prestataire"


async def test_an_upload_says_at_once_that_it_denies_an_answer(
    town: Town, hospital: Facility
) -> None:
    await town.publish(bulletin(town, 1, *FIRST))
    (action,) = listed(town)
    answer(town, action)
    town.clock.now += DAY
    same = (("vpn-01", "13.1-48.47"), ("vpn-02", "13.1-48.47"), ("vpn-03", "14.1-8.10"))
    foreseen = upload(town, hospital, *same)
    assert [each.reference for each in foreseen.denied] == [action.reference]
    await town.application.match()
    assert [each.id for each in listed(town)] == [action.id]


async def test_an_inventory_that_denies_an_answer_opens_the_action_again(
    town: Town, hospital: Facility
) -> None:
    await town.publish(bulletin(town, 1, *FIRST))
    (action,) = listed(town)
    town.clock.now += DAY
    answer(town, action)
    assert listed(town) == []
    assert states(town) == {"CERTFR-2026-AVI-9001": AlertState.DONE}
    await town.application.match()
    assert listed(town) == []
    town.clock.now += 20 * DAY
    town.has(hospital)  # an inventory of today, in which nothing changed
    await town.application.match()
    (again,) = listed(town)
    assert again.id == action.id
    assert again.reopened is not None
    assert again.reopened.machines == 3
    assert again.reopened.answered_on.isoformat() == "2026-03-03"
    assert again.reopened.versions == ("13.1-48.47", "14.1-8.10")
    assert states(town) == {"CERTFR-2026-AVI-9001": AlertState.OPEN}
    await town.application.match()
    assert listed(town) == [again]


async def test_the_first_picture_names_actions_that_can_be_answered(
    town: Town, hospital: Facility
) -> None:
    """Bulletins older than the inventory raise no alert, but what closes them is followed too."""
    town.told(hospital, "!salon:example.org")
    before = datetime(2026, 2, 1, tzinfo=UTC)
    await town.publish(bulletin(town, 1, *FIRST, at=before), bulletin(town, 2, *SECOND, at=before))
    await town.application.write_periodic()
    (initial,) = [each for each in town.deliveries() if each.kind == "initial"]
    assert "ACT-2026-0001" in initial.message.text
    assert "13.1-51.15" in initial.message.text
    (action,) = listed(town)
    town.clock.now += DAY
    answer(town, action)
    town.becomes(hospital, ("vpn-01", "NetScaler ADC", "13.1-51.15"))
    await town.application.match()
    assert listed(town) == []
    town.clock.now += DAY
    town.has(hospital)
    await town.application.match()
    (again,) = listed(town)
    assert again.id == action.id
    assert again.reopened is not None
    assert again.reopened.machines == 2
    for name, version in (("vpn-02", "13.1-51.15"), ("vpn-03", "14.1-12.30")):
        town.becomes(hospital, (name, "NetScaler ADC", version))
    await town.application.match()
    assert [each.outcome.fixed for each in listed(town, ActionState.PROPOSED)] == [2]


async def test_a_new_bulletin_supersedes_what_the_first_picture_asked(
    town: Town, hospital: Facility
) -> None:
    town.told(hospital, "!salon:example.org")
    await town.publish(bulletin(town, 1, *FIRST, at=datetime(2026, 2, 1, tzinfo=UTC)))
    await town.application.write_periodic()
    await town.publish(bulletin(town, 2, *SECOND))
    (action,) = listed(town)
    assert action.targets == ("13.1-51.15", "14.1-12.30")
    assert closed_by(town, action) == {"CERTFR-2026-AVI-9001", "CERTFR-2026-AVI-9002"}


async def test_an_alerte_that_an_inventory_denies_is_told_again_in_its_thread(
    town: Town, hospital: Facility
) -> None:
    town.told(hospital, "!salon:example.org")
    await town.publish(bulletin(town, 1, *FIRST, kind=AdvisoryKind.ALERTE))
    (action,) = listed(town)
    answer(town, action)
    town.clock.now += 20 * DAY
    town.has(hospital)
    await town.application.match()
    (again, first) = [each for each in town.deliveries() if each.kind in ("alert", "revision")]
    assert (again.kind, first.kind) == ("revision", "alert")
    assert "Vous aviez répondu « corrigé » le 02/03" in again.message.text.replace("\u00a0", " ")
    (found,) = town.application.database.call(alerts.listed)
    (lot,) = town.application.database.call(lots.of_alert, found.alert.id)
    assert lot.reminder_at is not None


async def test_an_alert_about_two_products_is_superseded_only_as_a_whole(town: Town) -> None:
    made = town.facility()
    town.has(
        made,
        ("srv-01", "Windows Server 2016", "10.0.14393.7000"),
        ("pc-01", "Windows 10 22H2", "10.0.19045.5000"),
    )
    server = "Windows Server 2016 versions antérieures à 10.0.14393.{}"
    client = "Windows 10 Version 22H2 pour systèmes x64 versions antérieures à 10.0.19045.{}"
    await town.publish(bulletin(town, 1, server.format(7785), client.format(5608)))
    await town.publish(bulletin(town, 2, server.format(7969), client.format(5737)))
    await town.publish(bulletin(town, 3, server.format(8066)))
    assert states(town) == {
        "CERTFR-2026-AVI-9001": AlertState.SUPERSEDED,
        "CERTFR-2026-AVI-9002": AlertState.OPEN,
        "CERTFR-2026-AVI-9003": AlertState.OPEN,
    }
    assert {action.targets for action in listed(town)} == {
        ("10.0.14393.8066",),
        ("10.0.19045.5737",),
    }
