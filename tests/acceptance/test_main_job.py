"""Bulletins in, targeted messages out: what must hold whatever the formats and the channels."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.alert import AlertState, Urgency
from bot.domain.facility import FacilityKind, Function
from bot.domain.message import ChannelName
from bot.domain.routing import Rhythm
from bot.store import alerts, exploits, lots
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Audience, Tlp
from feeds.exploited import Exploited
from tests.acceptance.conftest import Town

DAY = timedelta(days=1)


def bulletin(
    town: Town,
    *rows: str,
    reference: str = "CERTFR-2026-AVI-9001",
    kind: AdvisoryKind = AdvisoryKind.AVIS,
) -> Advisory:
    return Advisory(
        publisher="CERT-FR",
        reference=reference,
        kind=kind,
        title="Vulnérabilité dans FortiOS",
        published_at=town.clock() + DAY,
        revised_at=town.clock() + DAY,
        affected=tuple(AffectedProduct(row, "Fortinet", "FortiOS") for row in rows),
    )


async def test_an_alerte_is_told_at_once_and_says_why(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiGate 100F FortiOS", "7.2.8"), ("fw-02", "FortiOS", "7.4.9"))
    town.told(hospital, "!salon:example.org")
    row = "FortiOS versions 7.2.x antérieures à 7.2.12"
    await town.publish(bulletin(town, row, kind=AdvisoryKind.ALERTE))
    (delivery,) = town.deliveries()
    assert "fw-01" in delivery.message.text
    assert "fw-02" not in delivery.message.text
    assert "antérieures à 7.2.12" in delivery.message.text
    assert delivery.message.marking is Tlp.AMBER


async def test_an_avis_waits_for_the_digest_of_its_week(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    town.told(hospital, "!salon:example.org")
    await town.publish(bulletin(town, "FortiOS versions 7.2.x antérieures à 7.2.12"))
    assert town.deliveries() == []
    town.clock.now = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)  # Monday, 9.30 in Paris
    await town.application.write_periodic()
    digests = [each for each in town.deliveries() if each.kind == "digest"]
    assert len(digests) == 1
    assert "7.2.12" in digests[0].message.text
    await town.application.write_periodic()
    assert [each for each in town.deliveries() if each.kind == "digest"] == digests


async def test_a_bulletin_older_than_the_inventory_raises_nothing(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    town.told(hospital, "!salon:example.org", rhythm=Rhythm.IMMEDIATE)
    new = bulletin(town, "FortiOS versions 7.2.x antérieures à 7.2.12")
    old = dataclasses.replace(new, published_at=new.published_at - 90 * DAY)
    report = await town.publish(old)
    assert report.verdicts == 1
    assert report.alerts.opened == 0
    await town.application.write_periodic()
    (first,) = town.deliveries()
    assert first.kind == "initial"
    assert "FortiOS" in first.message.text


async def test_the_first_picture_begins_with_what_is_exploited(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"), ("web-01", "Apache Tomcat", "9.0.50"))
    town.told(hospital, "!salon:example.org")
    signal = Exploited("CVE-2026-99011", town.clock().date())
    town.application.database.call(exploits.store, [signal])
    for row, reference, cves in (
        ("FortiOS versions 7.2.x antérieures à 7.2.11", "CERTFR-2025-AVI-9001", ()),
        ("FortiOS versions 7.2.x antérieures à 7.2.12", "CERTFR-2025-AVI-9002", ()),
        ("Tomcat versions 9.x antérieures à 9.0.99", "CERTFR-2025-AVI-9003", (signal.cve,)),
    ):
        one = bulletin(town, row)
        before = one.published_at - 90 * DAY
        old = dataclasses.replace(one, reference=reference, published_at=before, cves=cves)
        await town.publish(old)
    await town.application.write_periodic()
    (first,) = town.deliveries()
    assert "vulnérabilité exploitée" in first.message.text
    assert first.message.text.index("Tomcat") < first.message.text.index("FortiOS")


async def test_judging_again_changes_nothing(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    town.told(hospital, "!salon:example.org", rhythm=Rhythm.IMMEDIATE)
    row = "FortiOS versions 7.2.x antérieures à 7.2.12"
    first = await town.publish(bulletin(town, row))
    again = await town.publish(bulletin(town, row))
    assert (first.alerts.opened, again.alerts.opened) == (1, 0)
    assert len(town.deliveries()) == 1


async def test_a_typing_error_corrected_is_silent_and_a_new_scope_is_not(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"), ("fw-02", "FortiOS", "7.4.3"))
    town.told(hospital, "!salon:example.org", rhythm=Rhythm.IMMEDIATE)
    first = bulletin(town, "FortiOS versions 7.2.x antérieures à 7.2.12")
    await town.publish(first)
    typo = dataclasses.replace(first, summary="Correction d'une coquille.")
    assert (await town.publish(typo)).alerts.silent == 1
    wider = dataclasses.replace(
        typo,
        affected=(*first.affected, AffectedProduct("FortiOS versions 7.4.x antérieures à 7.4.9")),
    )
    assert (await town.publish(wider)).alerts.changed == 1
    revision, opening = town.deliveries()
    assert (opening.kind, revision.kind) == ("alert", "revision")
    assert "fw-02" in revision.message.text


async def test_below_its_ceiling_a_room_reads_no_machine(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    town.told(hospital, "C01", channel=ChannelName.SLACK, ceiling=Tlp.GREEN)
    town.told(hospital, "public@example.org", channel=ChannelName.EMAIL, ceiling=Tlp.CLEAR)
    row = "FortiOS versions 7.2.x antérieures à 7.2.12"
    await town.publish(bulletin(town, row, kind=AdvisoryKind.ALERTE))
    for delivery in town.deliveries():
        assert "fw-01" not in str(delivery.message)


async def test_a_room_shared_by_two_facilities_gets_one_message(town: Town) -> None:
    for finess, name in (("590999017", "CHU Nord"), ("620999029", "CH Littoral")):
        hospital = town.facility(finess, name=name)
        town.has(hospital, (f"fw-{name[-4:]}", "FortiOS", "7.2.8"))
        town.told(hospital, "!ght:example.org")
    row = "FortiOS versions 7.2.x antérieures à 7.2.12"
    await town.publish(bulletin(town, row, kind=AdvisoryKind.ALERTE))
    (delivery,) = town.deliveries()
    assert delivery.subject == "ALR-2026-0001+0002"
    assert "CHU Nord" in delivery.message.text
    assert "CH Littoral" in delivery.message.text


async def test_a_bulletin_without_product_reaches_functions_not_machines(town: Town) -> None:
    home = town.facility(
        "290999044",
        name="EHPAD",
        kind=FacilityKind.EHPAD,
        functions=(Function.ACCUEIL, Function.FAX),
    )
    lab = town.facility(
        "690999032", name="Labo", kind=FacilityKind.LABO, functions=(Function.LABORATOIRE,)
    )
    town.told(home, "direction@ehpad.example", channel=ChannelName.EMAIL)
    town.told(lab, "labo@labo.example", channel=ChannelName.EMAIL)
    fax = Advisory(
        publisher="CERT Santé",
        reference="FAX-2018-07",
        kind=AdvisoryKind.BULLETIN,
        title="Fax frauduleux",
        published_at=town.clock(),
        revised_at=town.clock(),
        advice=("Ne répondez à aucun fax.",),
        audience=Audience(sectors=("healthcare",), functions=("accueil", "secretariat")),
    )
    await town.publish(fax)
    (delivery,) = town.deliveries()
    assert delivery.address == "direction@ehpad.example"
    assert "Ne répondez à aucun fax." in delivery.message.text


async def test_an_alerte_that_cannot_be_read_is_told_to_everybody(town: Town) -> None:
    town.told(town.facility(), "!salon:example.org")
    mystery = dataclasses.replace(
        bulletin(town, kind=AdvisoryKind.ALERTE), title="Campagne d'attaques en cours", affected=()
    )
    await town.publish(mystery)
    assert [delivery.kind for delivery in town.deliveries()] == ["alert"]


async def test_new_equipment_is_held_against_bulletins_already_read(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("pc-01", "Windows 11 23H2", "10.0.22631.2428"))
    town.told(hospital, "!salon:example.org", rhythm=Rhythm.IMMEDIATE)
    await town.publish(bulletin(town, "FortiOS versions 7.2.x antérieures à 7.2.12"))
    assert town.deliveries() == []
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    report = await town.application.match()
    assert report.alerts.opened == 1
    (listed,) = town.application.database.call(alerts.listed)
    assert listed.alert.urgency is Urgency.DIGEST


async def test_an_upgrade_is_silent_and_the_last_one_clears_the_alert(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"), ("fw-02", "FortiOS", "7.2.8"))
    town.told(hospital, "!salon:example.org", rhythm=Rhythm.IMMEDIATE)
    await town.publish(bulletin(town, "FortiOS versions 7.2.x antérieures à 7.2.12"))
    town.becomes(hospital, ("fw-01", "FortiOS", "7.2.12"))
    assert (await town.application.match()).alerts.deliveries == 0
    (listed,) = town.application.database.call(alerts.listed)
    assert listed.alert.assets_affected == 1
    town.becomes(hospital, ("fw-02", "FortiOS", "7.2.12"))
    await town.application.match()
    assert town.application.database.call(alerts.listed) == []
    town.becomes(hospital, ("fw-02", "FortiOS", "7.2.9"))
    assert (await town.application.match()).alerts.deliveries == 1
    assert town.deliveries()[0].kind == "revision"


async def test_equipment_that_another_facility_already_has_is_told_too(town: Town) -> None:
    first, second = town.facility(), town.facility("620999029", name="CH Littoral")
    town.has(first, ("fw-01", "FortiOS", "7.2.8"))
    town.told(second, "!salon:example.org", rhythm=Rhythm.IMMEDIATE)
    town.has(second, ("pc-01", "Windows 11 23H2", "10.0.22631.2428"))
    await town.publish(bulletin(town, "FortiOS versions 7.2.x antérieures à 7.2.12"))
    town.has(second, ("fw-09", "FortiOS", "7.2.8"))
    assert (await town.application.match()).alerts.opened == 1
    assert "fw-09" in town.deliveries()[0].message.text


async def test_what_becomes_exploited_is_told_at_once(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    town.told(hospital, "!salon:example.org")
    row = bulletin(town, "FortiOS versions 7.2.x antérieures à 7.2.12")
    await town.publish(dataclasses.replace(row, cves=("CVE-2026-99011",)))
    assert town.deliveries() == []
    signal = Exploited("CVE-2026-99011", town.clock().date())
    assert town.application.database.call(exploits.store, [signal]) == 1
    await town.application.match()
    (delivery,) = town.deliveries()
    assert "exploitée" in delivery.message.text
    assert town.application.database.call(exploits.store, [signal]) == 0
    await town.application.match()
    assert town.deliveries() == [delivery]


@pytest.mark.parametrize(
    ("ending", "state", "said"),
    [
        ({"withdrawn": True}, AlertState.WITHDRAWN, "retiré"),
        ({"closed_at": datetime(2026, 3, 20, tzinfo=UTC)}, AlertState.CLOSED, "clos"),
    ],
)
async def test_a_bulletin_that_ends_says_so_once_in_the_same_alert(
    town: Town, ending: dict[str, Any], state: AlertState, said: str
) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    town.told(hospital, "!salon:example.org")
    first = bulletin(town, "FortiOS versions 7.2.x antérieures à 7.2.12", kind=AdvisoryKind.ALERTE)
    await town.publish(first)
    ended = dataclasses.replace(first, **ending)
    assert (await town.publish(ended)).alerts.deliveries == 1
    assert said in town.deliveries()[0].message.text
    (listed,) = town.application.database.call(alerts.listed, open_only=False)
    assert listed.alert.state is state
    parts = town.application.database.call(lots.of_alert, listed.alert.id)
    assert [lot.reminder_at for lot in parts] == [None]
    reworded = dataclasses.replace(ended, summary="Coquille.")
    assert (await town.publish(reworded)).alerts.deliveries == 0


async def test_a_bulletin_dated_at_midnight_of_the_inventorys_day_is_not_older(town: Town) -> None:
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))  # at 8 in the morning
    town.told(hospital, "!salon:example.org", rhythm=Rhythm.IMMEDIATE)
    this_evening = bulletin(town, "FortiOS versions 7.2.x antérieures à 7.2.12")
    midnight = town.clock().replace(hour=0)
    report = await town.publish(dataclasses.replace(this_evening, published_at=midnight))
    assert report.alerts.opened == 1
