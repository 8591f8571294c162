"""``tocsin priority``, ``quiet``, ``mute`` and ``silences``, as an operator uses them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import Application
from bot.domain.clock import system_clock
from bot.settings import Settings
from bot.store import advisories
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from tests.acceptance.test_command_line import DEMO, Installation

FINESS = "590999017"


@pytest.fixture
def tocsin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Installation:
    """An installation with one hospital, its RSSI, and the alerts that old bulletins raise."""
    installation = Installation(tmp_path, capsys)
    installation("init")
    installation("facility", "import", str(DEMO / "facilities.csv"))
    inventory = str(DEMO / "inventories" / f"{FINESS}.csv")
    installation("inventory", "import", "--facility", FINESS, inventory)
    person = ("person", "add", "rssi@ch.example", "--name", "RSSI", "--role", "rssi")
    installation(*person, "--facility", FINESS)
    application = Application(Settings(data_dir=Path(installation.environ["TOCSIN_DATA_DIR"])))
    bulletins = [bulletin("CERTFR-2026-ALE-9001", AdvisoryKind.ALERTE)]
    bulletins.append(bulletin("CERTFR-2026-AVI-9002", AdvisoryKind.AVIS))
    now = system_clock()
    application.database.call(advisories.store, bulletins, trace_id="", now=now)
    application.database.dispose()
    installation("match")
    return installation


def bulletin(reference: str, kind: AdvisoryKind) -> Advisory:
    """A bulletin of today on what the hospital has."""
    row = AffectedProduct("NetScaler ADC versions 13.1.x antérieures à 13.1-49.13", "Citrix")
    day = system_clock()
    return Advisory("CERT-FR", reference, kind, "Citrix", day, day, affected=(row,))


def alert(tocsin: Installation, code: str) -> str:
    """The reference of the first open alert whose urgency has this reason."""
    for each in json.loads(tocsin("--json", "alerts")):
        if code in {reason["code"] for reason in each["alert"]["reasons"]}:
            return str(each["alert"]["reference"])
    pytest.fail(f"no alert has the reason {code}")


def test_the_sum_behind_an_urgency(tocsin: Installation) -> None:
    reference = alert(tocsin, "alerte")
    said = tocsin("priority", reference)
    assert "alerte" in said
    assert "100" in said
    assert f"{reference} : aussitôt" in said
    computed = json.loads(tocsin("--json", "priority", reference))
    assert computed["now"]["weighed"][0] == {
        "reason": {"code": "alerte", "value": None, "on": None},
        "points": 100,
    }
    assert "no alert" in tocsin("priority", "ALR-2020-0001", code=4)


def test_quiet_hours_are_set_seen_and_refused(tocsin: Installation) -> None:
    assert "tocsin subscribe" in tocsin("quiet", FINESS, "19h-8h", code=4)
    tocsin("subscribe", FINESS, "email", "ssi@ch.example")
    said = " ".join(tocsin("quiet", FINESS, "19h-8h week-ends").split())
    assert "19:00-08:00 week-ends" in said
    assert "quiet 19:00-08:00" in " ".join(tocsin("facility", "list").split())
    assert "16 hours at most" in tocsin("quiet", FINESS, "08:00-07:00", code=2)
    assert "go together" in tocsin("quiet", FINESS, "none", "--channel", "email", code=2)
    assert "none" in tocsin("quiet", FINESS, "default")


def test_a_mute_is_added_listed_and_ended(tocsin: Installation) -> None:
    day = (system_clock() + timedelta(days=10)).date().isoformat()
    asked = ("--until", day, "--reason", "remplacement", "--by", "rssi@ch.example")
    refused = tocsin("mute", "add", FINESS, "Introuvable 3000", *asked, code=4)
    assert "no equipment" in refused
    assert "Open alerts that are quiet" in tocsin("mute", "add", FINESS, "all", *asked)
    reference = alert(tocsin, "alerte")
    tocsin("mute", "add", FINESS, reference, *asked)
    listed = json.loads(tocsin("--json", "mute", "list"))
    assert [each["explicit"] for each in listed] == [False, True]
    for each in listed:
        assert "is over" in tocsin("mute", "end", each["reference"])
    assert json.loads(tocsin("--json", "mute", "list", "--facility", FINESS)) == []
    assert "no mute" in tocsin("mute", "end", "SRD-2020-0001", code=4)
    late = (system_clock() + timedelta(days=200)).date().isoformat()
    asked = ("--until", late, "--reason", "x", "--by", "rssi@ch.example")
    assert "90 days at most" in tocsin("mute", "add", FINESS, "all", *asked, code=4)


def test_nobody_is_silent_before_the_ladder_was_told(tocsin: Installation) -> None:
    assert "Nobody is silent." in tocsin("silences")
    assert json.loads(tocsin("--json", "silences", "--authority", "Hauts-de-France")) == {
        "ars-hauts-de-france": []
    }
    assert "autorité inconnue" in tocsin("silences", "--authority", "ars-atlantide", code=4)
