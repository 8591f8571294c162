"""What a facility mutes is counted, comes back, and never hides what must be told."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.base import Invocation, Reply
from bot.commands.book import command_book
from bot.domain.delivery import Address
from bot.domain.facility import Facility
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.store import Session, alerts, audit, exploits, people
from bot.store.outbox import Delivery
from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct
from feeds.exploited import Exploited
from tests.acceptance.conftest import Town

ROOM = Address(ChannelName.MATRIX, "!salon:example.org")
RSSI = Address(ChannelName.MATRIX, "@rssi:example.org")
DEPUTY = Address(ChannelName.MATRIX, "@adjoint:example.org")
BIOMED = Address(ChannelName.MATRIX, "@biomed:example.org")
CVE = "CVE-2026-99011"
DAY = timedelta(days=1)
MONDAY = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)  # 9.30 in Paris: the digest's hour


@pytest.fixture
def hospital(town: Town) -> Facility:
    """A hospital with a firewall and a server, its RSSI, the correspondant, and the biomed."""
    made = town.facility()
    town.has(made, ("fw-01", "FortiOS", "7.2.8"), ("web-01", "Apache Tomcat", "9.0.70"))
    town.told(made, ROOM.address)

    def register(session: Session) -> None:
        roles = ((RSSI, Role.RSSI), (DEPUTY, Role.CORRESPONDANT), (BIOMED, Role.BIOMED))
        for account, role in roles:
            mail = f"{role.value}@ch.example"
            person = people.add(session, role.value, mail, now=town.clock())
            people.grant(session, person.id, role, facility_id=made.id)
            people.link(session, person.id, account, now=town.clock())

    town.application.database.call(register)
    return made


def bulletin(
    town: Town,
    number: int = 1,
    *,
    kind: AdvisoryKind = AdvisoryKind.AVIS,
    row: str = "FortiOS versions 7.2.x antérieures à 7.2.12",
) -> Advisory:
    return Advisory(
        publisher="CERT-FR",
        reference=f"CERTFR-2026-{kind.value}-900{number}",
        kind=kind,
        title="Vulnérabilité dans un produit",
        published_at=town.clock() + DAY,
        revised_at=town.clock() + DAY,
        affected=(AffectedProduct(row),),
        cves=(CVE,),
    )


TOMCAT = "Apache Tomcat versions 9.0.x antérieures à 9.0.90"


def say(town: Town, text: str, *, by: Address = RSSI, word: str = "silence") -> Reply:
    book = command_book(town.application.renderer)
    invocation = Invocation(by, ROOM, word, text)
    return town.application.database.call(book.dispatch, invocation, now=town.clock())


def plain(reply: Reply) -> str:
    return reply.text.replace("\xa0", " ")


async def periodic(town: Town, at: datetime) -> list[Delivery]:
    """What is written when the clock says ``at``."""
    before = {each.id for each in town.deliveries()}
    town.clock.now = at
    await town.application.write_periodic()
    new = [each for each in town.deliveries() if each.id not in before]
    return [each for each in new if each.kind != "initial"]


def text_of(delivery: Delivery) -> str:
    return delivery.message.text.replace("\xa0", " ")


@pytest.mark.usefixtures("hospital")
async def test_a_muted_product_is_counted_in_the_digest_and_comes_back(town: Town) -> None:
    await town.publish(bulletin(town, 1), bulletin(town, 2, row=TOMCAT))
    reply = plain(say(town, "FortiOS jusqu'au 20/03 remplacement en cours"))
    assert "20/03/2026" in reply
    assert "1 alerte ouverte se tait" in reply
    listed = plain(say(town, "", word="alertes"))
    assert "1 alerte attend une réponse" in listed
    assert "1 alerte est en sourdine" in listed
    (digest,) = await periodic(town, MONDAY)
    assert "Tomcat" in text_of(digest)
    assert "FortiOS" not in text_of(digest)
    assert "1 mise en sourdine jusqu'au 20/03" in text_of(digest)
    assert await periodic(town, MONDAY + 7 * DAY) == []  # nothing new, no empty message
    (back,) = await periodic(town, MONDAY + 14 * DAY)
    assert "FortiOS" in text_of(back)
    assert "sourdine" not in text_of(back)


@pytest.mark.usefixtures("hospital")
async def test_a_bulletin_that_comes_meanwhile_is_muted_too(town: Town) -> None:
    say(town, "fortios jusqu'au 20/03 remplacement en cours")
    await town.publish(bulletin(town, 1))
    assert await periodic(town, MONDAY) == []
    (back,) = await periodic(town, MONDAY + 14 * DAY)
    assert "FortiOS" in text_of(back)


@pytest.mark.usefixtures("hospital")
async def test_an_alerte_and_what_is_exploited_for_sure_are_told_all_the_same(town: Town) -> None:
    say(town, "tout jusqu'au 20/03 déménagement")
    await town.publish(bulletin(town, 1))
    assert town.deliveries() == []
    town.application.database.call(exploits.store, [Exploited(CVE, town.clock().date())])
    await town.application.match()
    (exploited,) = town.deliveries()
    assert "exploitée" in exploited.message.text
    await town.publish(bulletin(town, 2, kind=AdvisoryKind.ALERTE))
    assert len(town.deliveries()) == 2


@pytest.mark.usefixtures("hospital")
async def test_only_the_rssi_mutes_an_alerte_and_only_by_its_name(town: Town) -> None:
    await town.publish(bulletin(town, 1, kind=AdvisoryKind.ALERTE))
    reference = "ALR-2026-0001"
    assert "1 alerte reste dite" in plain(say(town, "FortiOS jusqu'au 20/03 motif"))
    refused = plain(say(town, f"{reference} jusqu'au 20/03 motif", by=DEPUTY))
    assert "seul le RSSI" in refused
    done = plain(say(town, f"{reference} jusqu'au 20/03 isolé du réseau"))
    assert "votre décision" in done
    assert await periodic(town, MONDAY) == []  # no reminder, no digest
    (reminder,) = await periodic(town, datetime(2026, 3, 23, 8, 5, tzinfo=UTC))
    assert reminder.kind == "reminder"


@pytest.mark.usefixtures("hospital")
async def test_it_is_listed_ended_and_audited(town: Town) -> None:
    await town.publish(bulletin(town, 1))
    say(town, "FortiOS until 2026-03-20 being replaced", word="mute")
    assert "SRD-2026-0001" in plain(say(town, ""))
    assert "1 alerte encore ouverte revient" in plain(say(town, "fin srd-2026-0001"))
    assert "Rien n'est en sourdine" in plain(say(town, ""))
    assert [each.kind for each in await periodic(town, MONDAY)] == ["digest"]
    acts = [entry.action for entry in town.application.database.call(audit.latest, limit=20)]
    assert {"mute.set", "mute.ended"} <= set(acts)


@pytest.mark.parametrize(
    ("text", "by", "said"),
    [
        ("FortiOS jusqu'au 20/03 motif", BIOMED, "Seuls le RSSI"),
        ("FortiOS jusqu'au 20/03", RSSI, "pourquoi"),
        ("FortiOS jusqu'au 31/02 motif", RSSI, "31/02"),
        ("FortiOS jusqu'au 20/12 motif", RSSI, "90 jours au plus"),
        ("PAN-OS jusqu'au 20/03 motif", RSSI, "Aucun équipement"),
        ("ALR-2026-9999 jusqu'au 20/03 motif", RSSI, "Je ne trouve pas cette alerte"),
        ("fin SRD-2026-9999", RSSI, "Je ne trouve pas de mise en sourdine"),
    ],
)
@pytest.mark.usefixtures("hospital")
async def test_what_cannot_be_muted_is_said(town: Town, text: str, by: Address, said: str) -> None:
    assert said in plain(say(town, text, by=by))


@pytest.mark.usefixtures("hospital")
async def test_of_two_mutes_the_last_one_to_end_counts(town: Town) -> None:
    await town.publish(bulletin(town, 1), bulletin(town, 2, row=TOMCAT))
    say(town, "FortiOS jusqu'au 27/03 remplacement")
    say(town, "fortios jusqu'au 13/03 absence")
    (digest,) = await periodic(town, MONDAY)
    assert "1 mise en sourdine jusqu'au 27/03" in text_of(digest)
    assert await periodic(town, MONDAY + 14 * DAY) == []
    (back,) = await periodic(town, MONDAY + 21 * DAY)
    assert "FortiOS" in text_of(back)


async def test_another_facility_is_not_muted(town: Town, hospital: Facility) -> None:
    other = town.facility("620999029", name="CH Littoral")
    town.has(other, ("fw-09", "FortiOS", "7.2.8"))
    say(town, "FortiOS jusqu'au 20/03 motif")
    await town.publish(bulletin(town, 1))
    muted = {
        each.alert.facility_id: each.alert.muted_until is not None
        for each in town.application.database.call(alerts.listed)
    }
    assert muted == {hospital.id: True, other.id: False}


@pytest.mark.usefixtures("hospital")
async def test_an_alert_with_another_product_beside_is_told(town: Town) -> None:
    say(town, "FortiOS jusqu'au 20/03 motif")
    both = bulletin(town, 1)
    rows = (*both.affected, AffectedProduct(TOMCAT))
    await town.publish(dataclasses.replace(both, affected=rows))
    (digest,) = await periodic(town, MONDAY)
    assert "Tomcat" in text_of(digest)
