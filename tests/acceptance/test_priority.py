"""Every alert says why it is urgent; what is exploited is told again, what drifts is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.alert import AnswerKind, Urgency
from bot.domain.facility import AssetCategory, Facility, InventoryLine
from bot.domain.message import ChannelName
from bot.domain.reason import Reason, ReasonCode
from bot.domain.routing import Rhythm
from bot.pipeline.priority import computation
from bot.settings import ConfigurationError, load
from bot.store import Session, alerts, exploits, inventory, lots
from bot.store.alerts import Alert
from bot.store.inventory import UploadRecord
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct, Tlp
from feeds.exploited import Exploited, Likelihood, Signal
from tests.acceptance.conftest import Town

CVE = "CVE-2026-99011"
OLD_WINDOWS = InventoryLine(
    "echo-1",
    AssetCategory.BIOMEDICAL,
    "echo-1",
    "Microsoft",
    "Windows Server 2012 R2",
    "6.3.9600",
    exposed=True,
)


@pytest.fixture
def hospital(town: Town) -> Facility:
    """A hospital with one old, exposed, biomedical machine."""
    made = town.facility()

    def write(session: Session) -> None:
        now = town.clock()
        inventory.write_lines(
            session, made.id, added=[OLD_WINDOWS], changed=[], removed=[], now=now
        )
        inventory.record_upload(
            session, made.id, UploadRecord("test.csv", now, 1, 0, 1, 0, 0), now=now
        )

    town.application.database.call(write)
    town.told(made, "!salon:example.org")
    return made


def bulletin(town: Town, *, cvss: float | None = None) -> Advisory:
    return Advisory(
        publisher="CERT-FR",
        reference="CERTFR-2026-AVI-9001",
        kind=AdvisoryKind.AVIS,
        title="Vulnérabilité dans Microsoft Windows",
        published_at=town.clock() + timedelta(days=1),
        revised_at=town.clock() + timedelta(days=1),
        affected=(AffectedProduct("Windows Server 2012 R2", "Microsoft", "Windows"),),
        cves=(CVE,),
        cvss=cvss,
    )


def heard(town: Town, *signals: Signal) -> int:
    return town.application.database.call(exploits.store, signals)


def only_alert(town: Town) -> Alert:
    (listed,) = town.application.database.call(alerts.listed)
    return listed.alert


@pytest.mark.usefixtures("hospital")
async def test_every_reason_is_said_in_words_the_heaviest_first(town: Town) -> None:
    heard(town, Exploited(CVE, town.clock().date(), ransomware=True))
    await town.publish(bulletin(town, cvss=9.8))
    (delivery,) = town.deliveries()
    said = (
        "exploitée activement · utilisée par des rançongiciels · exposé sur Internet"
        " · équipement biomédical · produit en fin de vie depuis le 10/10/2023 · CVSS 9.8"
    )
    assert said in delivery.message.text
    assert "rançongiciels · exposé sur Internet" in delivery.message.html


@pytest.mark.parametrize("channel", [ChannelName.SLACK, ChannelName.EMAIL])
async def test_in_every_channel(town: Town, hospital: Facility, channel: ChannelName) -> None:
    town.told(hospital, "ailleurs@ch.example", channel=channel, rhythm=Rhythm.IMMEDIATE)
    heard(town, Likelihood(CVE, 0.925, 0.998))
    await town.publish(bulletin(town))
    told = next(each for each in town.deliveries() if each.channel == channel)
    assert "probabilité d'exploitation 92" in str(told.message.to_json())


async def test_below_its_ceiling_a_channel_reads_nothing_of_the_facility(
    town: Town, hospital: Facility
) -> None:
    town.told(hospital, "C01", channel=ChannelName.SLACK, ceiling=Tlp.GREEN)
    heard(town, Exploited(CVE, town.clock().date()))
    await town.publish(bulletin(town))
    said = next(each.message.text for each in town.deliveries() if each.address == "C01")
    assert "exploitée activement" in said
    assert "exposé" not in said
    assert "fin de vie" not in said
    assert "biomédical" not in said


@pytest.mark.usefixtures("hospital")
async def test_likely_and_exposed_is_told_at_once_and_its_drift_is_silent(town: Town) -> None:
    heard(town, Likelihood(CVE, 0.92, 0.998))
    await town.publish(bulletin(town))
    (first,) = town.deliveries()
    heard(town, Likelihood(CVE, 0.97, 0.999))
    await town.application.match()
    assert town.deliveries() == [first]
    assert Reason(ReasonCode.EPSS, 0.92) in only_alert(town).reasons


@pytest.mark.usefixtures("hospital")
async def test_what_becomes_likely_does_not_wait_for_the_digest_and_is_told_once(
    town: Town,
) -> None:
    heard(town, Likelihood(CVE, 0.2, 0.9))
    await town.publish(bulletin(town))
    assert town.deliveries() == []
    heard(town, Likelihood(CVE, 0.49, 0.98))
    await town.application.match()
    assert town.deliveries() == []
    heard(town, Likelihood(CVE, 0.61, 0.991))
    await town.application.match()
    (told,) = town.deliveries()
    assert "c'est devenu urgent" in told.message.text
    assert "probabilité d'exploitation 61" in told.message.text.replace("\xa0", " ")
    assert only_alert(town).urgency is Urgency.IMMEDIATE
    for score in (0.3, 0.7):  # it falls, and rises again
        heard(town, Likelihood(CVE, score, 0.9))
        await town.application.match()
    town.clock.now += timedelta(days=7)
    await town.application.write_periodic()
    kinds = [each.kind for each in town.deliveries()]
    assert kinds.count(told.kind) == 1
    assert "digest" not in kinds


@pytest.mark.usefixtures("hospital")
async def test_what_somebody_answered_is_not_promoted(town: Town) -> None:
    heard(town, Likelihood(CVE, 0.2, 0.9))
    await town.publish(bulletin(town))
    alert = only_alert(town)

    def answer(session: Session) -> None:
        lots_ = [lot.category for lot in lots.of_alert(session, alert.id)]
        now = town.clock()
        taken = AnswerKind.TAKEN
        lots.record_answer(
            session, alert.id, lots_, person_id=None, contact="a@b.example", kind=taken, now=now
        )

    town.application.database.call(answer)
    heard(town, Likelihood(CVE, 0.9, 0.999))
    await town.application.match()
    assert town.deliveries() == []


@pytest.mark.usefixtures("hospital")
async def test_the_first_list_of_likelihoods_wakes_nobody(town: Town) -> None:
    await town.publish(bulletin(town))
    heard(town, Likelihood(CVE, 0.92, 0.998))
    await town.application.match()
    assert town.deliveries() == []


@pytest.mark.usefixtures("hospital")
async def test_becoming_exploited_is_told_in_the_thread_and_ransomware_is_only_said(
    town: Town,
) -> None:
    await town.publish(bulletin(town))
    assert only_alert(town).urgency is Urgency.DIGEST
    heard(town, Exploited(CVE, town.clock().date()))
    await town.application.match()
    (told,) = town.deliveries()
    assert "maintenant exploitée" in told.message.text
    assert heard(town, Exploited(CVE, town.clock().date(), ransomware=True)) == 0
    await town.application.match()
    assert town.deliveries() == [told]
    assert only_alert(town).reasons[:2] == (
        Reason(ReasonCode.EXPLOITED),
        Reason(ReasonCode.RANSOMWARE),
    )


@pytest.mark.usefixtures("hospital")
async def test_the_sum_can_be_seen(town: Town) -> None:
    await town.publish(bulletin(town))
    heard(town, Exploited(CVE, town.clock().date()))
    found = town.application.database.call(
        computation,
        only_alert(town),
        town.application.priorities,
        today=datetime(2026, 3, 3, tzinfo=UTC).date(),
    )
    assert found is not None
    assert (found.now.points, found.told, found.now.urgency) == (
        110,
        Urgency.DIGEST,
        Urgency.IMMEDIATE,
    )


def test_a_configuration_that_would_delay_an_alerte_is_refused(tmp_path: Path) -> None:
    environ = {"TOCSIN_PRIORITY__IMMEDIATE_FROM": "150"}
    with pytest.raises(ConfigurationError, match=r"priority.*an alerte is never delayed"):
        load(None, environ, home=tmp_path)


@pytest.mark.usefixtures("hospital")
async def test_what_waits_says_its_reasons_in_the_digest(town: Town) -> None:
    await town.publish(bulletin(town))
    town.clock.now = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)  # Monday, 9.30 in Paris
    await town.application.write_periodic()
    digest = next(each for each in town.deliveries() if each.kind == "digest")
    assert "produit en fin de vie depuis le 10/10/2023" in digest.message.text
    assert "exposé sur Internet" in digest.message.text
