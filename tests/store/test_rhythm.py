"""Mutes, quiet hours, exploitation and silences in rows, on both engines."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, date, datetime, time, timedelta

from bot.domain.alert import AlertState, Urgency
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory, Facility, FacilityKind, InventoryLine
from bot.domain.matching import VerdictKind
from bot.domain.message import ChannelName
from bot.domain.mute import Mute, MuteScope, ends_at
from bot.domain.priority import Exploitation
from bot.domain.quiet import QuietHours
from bot.domain.reason import Reason, ReasonCode
from bot.domain.routing import Rhythm
from bot.domain.scope import Scope
from bot.domain.silence import LastTold
from bot.store import (
    Database,
    Session,
    advisories,
    alerts,
    exploits,
    facilities,
    inventory,
    lots,
    mutes,
    silences,
    subscriptions,
)
from bot.store.alerts import Alert
from bot.store.lots import NewLot
from feeds.advisory import Advisory, AdvisoryKind, Tlp
from feeds.exploited import Exploited, Likelihood, Signal

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)


def a_hospital(session: Session) -> int:
    """A facility with a firewall, told in a room."""
    hospital = Facility("590999017", "CH", "ars-hauts-de-france", FacilityKind.CH)
    facilities.save(session, [hospital])
    found = facilities.by_finess(session, hospital.finess)
    assert found is not None
    line = InventoryLine("fw-01", AssetCategory.NETWORK, "fw-01", "Fortinet", "FortiOS", "7.2.8")
    inventory.write_lines(session, found.id, added=[line], changed=[], removed=[], now=NOW)
    subscriptions.subscribe(
        session,
        found.id,
        Address(ChannelName.MATRIX, "!salon:example.org"),
        ceiling=Tlp.AMBER,
        rhythm=Rhythm.WEEKLY,
        language="fr",
        now=NOW,
    )
    return found.id


def an_alert(session: Session, facility_id: int, *cves: str) -> Alert:
    """An open alert of the facility, reminded the next day."""
    bulletin = Advisory("CERT-FR", "R-1", AdvisoryKind.ALERTE, "T", NOW, NOW, cves=cves)
    advisories.store(session, [bulletin], trace_id="t", now=NOW)
    stored = advisories.by_reference(session, "R-1")
    assert stored is not None
    made = Alert(
        id=uuid.uuid4(),
        reference="ALR-2026-0001",
        advisory_id=stored.advisory_id,
        facility_id=facility_id,
        revision_id=stored.id,
        state=AlertState.OPEN,
        urgency=Urgency.IMMEDIATE,
        reasons=(
            Reason(ReasonCode.ALERTE),
            Reason(ReasonCode.EPSS, 0.92),
            Reason(ReasonCode.END_OF_SUPPORT, on=date(2025, 10, 14)),
        ),
        verdict=VerdictKind.AFFECTED,
        headline="FortiOS",
        target="7.2.12",
        assets_affected=1,
        assets_to_check=0,
        scope=Scope(affected=frozenset({1})),
        match_digest="d",
        opened_at=NOW,
        changed_at=NOW,
        trace_id="t",
    )
    alerts.add(session, [made])
    lots.add(session, [NewLot(made.id, AssetCategory.NETWORK, NOW + DAY)])
    return made


def a_mute(facility_id: int, last_day: date) -> Mute:
    return Mute(
        reference="SRD-2026-0001",
        facility_id=facility_id,
        scope=MuteScope.PRODUCT,
        target="FortiOS",
        explicit=False,
        reason="remplacement",
        last_day=last_day,
        until=ends_at(last_day, "Europe/Paris").astimezone(UTC),
        created_at=NOW,
        created_by="operator",
    )


def test_an_alert_keeps_its_reasons(database: Database) -> None:
    facility_id = database.call(a_hospital)
    made = database.call(an_alert, facility_id)
    assert database.call(alerts.by_reference, made.reference) == made


def test_a_mute_is_kept_until_it_ends(database: Database) -> None:
    facility_id = database.call(a_hospital)
    made = a_mute(facility_id, TODAY + 7 * DAY)
    database.call(mutes.add, made)
    assert database.call(mutes.active, [facility_id]) == {facility_id: [made]}
    assert database.call(mutes.active) == {facility_id: [made]}
    assert database.call(mutes.over, now=made.until - DAY) == []
    assert database.call(mutes.over, now=made.until) == [made]
    assert database.call(mutes.end, made.reference, by="expired", now=made.until)
    assert not database.call(mutes.end, made.reference, by="expired", now=made.until)
    assert database.call(mutes.by_reference, "srd-2026-0001") is None
    assert set(database.call(mutes.product_names, facility_id).values()) == {"Fortinet FortiOS"}


def test_what_is_held_is_neither_reminded_nor_silent_and_comes_back(database: Database) -> None:
    facility_id = database.call(a_hospital)
    made = database.call(an_alert, facility_id)
    end = NOW + 7 * DAY
    database.call(mutes.hold, [made.id], end)
    assert database.call(mutes.count_held, facility_id) == (1, {end})
    assert database.call(lots.due_alerts, now=NOW + 2 * DAY, limit=10) == []
    database.call(mutes.release, [made.id], remind_at=end, now=end)
    assert database.call(mutes.count_held, facility_id) == (0, set())
    assert database.call(lots.due_alerts, now=NOW + 2 * DAY, limit=10) == []
    assert database.call(lots.due_alerts, now=end, limit=10) == [made.id]
    (back,) = database.call(mutes.open_alerts, facility_id)
    assert back == dataclasses.replace(made, changed_at=end)


def test_the_worst_of_what_is_known_of_a_bulletin(database: Database) -> None:
    facility_id = database.call(a_hospital)
    made = database.call(an_alert, facility_id, "CVE-1", "CVE-2", "CVE-3")
    signals: list[Signal] = [Exploited("CVE-1", TODAY), Likelihood("CVE-2", 0.92, 0.99)]
    assert database.call(exploits.store, signals) == 1
    ids = [made.advisory_id]
    known = Exploitation(exploited=True, probability=0.92, percentile=0.99)
    assert database.call(exploits.of_advisories, ids) == {made.advisory_id: known}
    again: list[Signal] = [
        Exploited("CVE-1", TODAY, ransomware=True),
        Likelihood("CVE-2", 0.5, 0.9),
    ]
    assert database.call(exploits.store, again) == 0
    known = Exploitation(exploited=True, ransomware=True, probability=0.5, percentile=0.9)
    assert database.call(exploits.of_advisories, ids) == {made.advisory_id: known}
    assert database.call(exploits.of_advisories, [made.advisory_id + 1]) == {}


def test_a_likelihood_is_there_before_a_bulletin_names_it(database: Database) -> None:
    database.call(exploits.store, [Likelihood("CVE-1", 0.92, 0.99), Likelihood("CVE-2", 0.01, 0.4)])
    facility_id = database.call(a_hospital)
    made = database.call(an_alert, facility_id, "CVE-1", "CVE-2")
    found = database.call(exploits.of_advisories, [made.advisory_id])
    assert found == {made.advisory_id: Exploitation(probability=0.92, percentile=0.99)}


def test_quiet_hours_belong_to_a_destination(database: Database) -> None:
    facility_id = database.call(a_hospital)
    quiet = QuietHours(time(19), time(8), days_off=True)
    assert database.call(subscriptions.set_quiet, facility_id, quiet) == 1
    (subscription,) = database.call(subscriptions.by_facility)[facility_id]
    assert subscription.quiet == quiet
    nowhere = Address(ChannelName.EMAIL, "x@example.org")
    assert database.call(subscriptions.set_quiet, facility_id, quiet, to=nowhere) == 0
    assert database.call(subscriptions.set_quiet, facility_id, None) == 1
    (subscription,) = database.call(subscriptions.by_facility)[facility_id]
    assert subscription.quiet is None


def test_what_an_authority_was_told_is_remembered(database: Database) -> None:
    code = "ars-hauts-de-france"
    assert database.call(silences.last_told, code) is None
    for told in (LastTold(TODAY), LastTold(TODAY + DAY, TODAY, frozenset({"ALE CH « Été »"}))):
        database.call(silences.save_told, code, told)
        assert database.call(silences.last_told, code) == told
    facility_id = database.call(a_hospital)
    made = database.call(an_alert, facility_id)
    assert database.call(silences.told, [made.advisory_id]) == {(made.advisory_id, code): 1}
    assert database.call(silences.last_written, [made.id]) == {}
