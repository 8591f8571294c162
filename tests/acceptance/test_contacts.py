"""The prestataire, contacts who are nobody registered, absences, whoever is on call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.chat.mail_desk import MailOutcome
from bot.domain.alert import AnswerKind
from bot.domain.facility import Contact, Facility
from bot.domain.people import Role
from bot.domain.routing import Rhythm
from bot.domain.speaker import Speaker
from bot.pipeline.answer import AnswerDesk, Said
from bot.pipeline.gates import Gates
from bot.store import Session, alerts, audit, outbox, subscriptions
from bot.store.outbox import Delivery
from feeds.advisory import AdvisoryKind, Pap, Tlp
from tests.acceptance.conftest import Town
from tests.acceptance.hospital import ALERT, BIOMEDICAL, FRIDAY, ROOM, SERVER, Hospital, plain
from tests.acceptance.post import Post

MAINTENANCE = "maintenance@prestataire.example"
DEPUTY, DIRECTION = "adjoint@ch.example", "direction@ch.example"
MONDAY = datetime(2026, 3, 9, 8, 5, tzinfo=UTC)  # 9.05 in Paris
DAY = timedelta(days=1)


@dataclass
class House:
    """A hospital, its post, and its people."""

    world: Hospital
    post: Post
    hospital: Facility

    def delivered(self, address: str, kind: str = "") -> Delivery:
        """The latest mail to a mailbox, once everything due is sent."""
        rows = self.post.send_due()
        return next(r for r in rows if r.address == address and kind in {"", r.kind})


def opened(town: Town, *contacts: Contact) -> House:
    world = Hospital(town)
    hospital = world.opened("590999017", *contacts)
    world.told(hospital, ROOM)
    return House(world, Post(town), hospital)


def contractor(ceiling: Tlp = Tlp.GREEN) -> Contact:
    return Contact("Maintenance SA", "prestataire", MAINTENANCE, ceiling=ceiling)


async def test_forwarding_writes_to_the_prestataire_who_answers_by_mail(town: Town) -> None:
    house = opened(town, contractor())
    claire = house.world.person("Claire", Role.BIOMED, house.hospital)
    await house.world.alerte()
    said = house.world.ask("répondre", "forwarded au prestataire", by=claire, subject=ALERT)
    assert (
        f"Envoyé par mail à Maintenance SA ({MAINTENANCE}), sans le nom des machines" in said.text
    )
    mail = house.delivered(MAINTENANCE, "forward")
    text = plain(mail.message.text)
    assert "passer FortiOS en 7.2.12 ou plus" in text
    assert "1 équipement biomédical concerné" in text
    assert "echo-01" not in text
    assert ALERT in text
    assert house.world.states() == {SERVER: "open", BIOMEDICAL: "forwarded"}
    town.clock.now += timedelta(hours=2)
    outcome = house.post.writes("corrigé, version 7.2.12 installée", to=mail, sender=MAINTENANCE)
    assert outcome is MailOutcome.ANSWERED
    assert house.world.states() == {SERVER: "open", BIOMEDICAL: "fixed"}
    last = house.world.answers()[-1]
    assert (last.person, last.contact, last.kind) == (MAINTENANCE, MAINTENANCE, AnswerKind.FIXED)
    actors = [each.actor for each in town.application.database.call(audit.latest)]
    assert f"contact:{MAINTENANCE}" in actors


async def test_a_raised_ceiling_lets_the_prestataire_read_which_machines(town: Town) -> None:
    house = opened(town, contractor(Tlp.AMBER))
    claire = house.world.person("Claire", Role.BIOMED, house.hospital)
    await house.world.alerte()
    house.world.ask("transmis", "", by=claire, subject=ALERT)
    text = house.delivered(MAINTENANCE, "forward").message.text
    assert "echo-01" in text
    assert "srv-01" not in text, "only what was forwarded"


@pytest.mark.parametrize(
    ("marking", "ceiling", "why"),
    [
        ({"tlp": Tlp.AMBER_STRICT}, Tlp.AMBER, "réserve à l'établissement"),
        ({"tlp": Tlp.RED}, Tlp.AMBER, "réserve à l'établissement"),
        ({"pap": Pap.AMBER}, Tlp.AMBER, "réserve à l'établissement"),
        ({"tlp": Tlp.AMBER}, Tlp.GREEN, "relever son plafond"),
    ],
)
async def test_what_may_not_leave_the_facility_is_not_forwarded(
    town: Town, marking: dict[str, Any], ceiling: Tlp, why: str
) -> None:
    house = opened(town, contractor(ceiling))
    claire = house.world.person("Claire", Role.BIOMED, house.hospital)
    await house.world.alerte(**marking)
    said = house.world.ask("transmis", "", by=claire, subject=ALERT)
    assert "Rien n'a été envoyé ni noté" in said.text
    assert why in said.text
    assert house.world.mails_to(MAINTENANCE) == []
    assert house.world.states()[BIOMEDICAL] == "open"


async def test_without_a_prestataire_nothing_is_noted_and_one_is_added_in_a_word(
    town: Town,
) -> None:
    house = opened(town)
    claire = house.world.person("Claire", Role.BIOMED, house.hospital)
    marc = house.world.person("Marc", Role.RSSI, house.hospital)
    await house.world.alerte()
    said = house.world.ask("transmis", "", by=claire, subject=ALERT)
    assert "Aucun prestataire n'est connu" in said.text
    assert "contact prestataire" in said.text
    assert house.world.states()[BIOMEDICAL] == "open"
    refused = house.world.ask("contact", f"prestataire {MAINTENANCE} Maintenance", by=claire)
    assert "Votre rôle ne permet pas" in refused.text
    known = house.world.ask("contact", f"prestataire {MAINTENANCE} Maintenance SA", by=marc)
    assert f"Maintenance SA, {MAINTENANCE} (jusqu'à TLP:GREEN)" in known.text
    assert "Envoyé par mail" in house.world.ask("transmis", "", by=claire, subject=ALERT).text


async def test_a_contact_answers_the_mail_that_was_written_to_it_and_no_other(
    town: Town,
) -> None:
    house = opened(town, Contact("Adjoint", "suppleant", DEPUTY))
    await house.world.alerte()
    await house.world.later(MONDAY)
    await house.world.later(MONDAY + DAY)
    mail = house.delivered(DEPUTY, "reminder")
    assert house.post.writes("corrigé", to=mail, sender="autre@ch.example") is MailOutcome.ANSWERED
    assert "Je ne vous connais pas" in house.delivered("autre@ch.example").message.text
    assert house.world.answers() == [], "a stranger who got hold of the mail"
    assert house.post.writes("je m'en occupe", to=mail, sender=DEPUTY) is MailOutcome.ANSWERED
    assert set(house.world.states().values()) == {"taken"}
    assert house.post.writes("!alertes", to=mail, sender=DEPUTY) is MailOutcome.ANSWERED
    assert "Je ne vous connais pas" in house.delivered(DEPUTY, "reply").message.text


async def test_who_stands_in_is_told_and_answers_until_the_end(town: Town) -> None:
    house = opened(town)
    marc = house.world.person("Marc", Role.RSSI, house.hospital)
    lise = house.world.person("Lise", Role.RESEAU)
    town.clock.now = FRIDAY - DAY
    noted = house.world.ask("absent", "du 6/3 au 10/3 remplaçante lise@ch.example", by=marc)
    assert "Absence du 06/03/2026 au 10/03/2026" in noted.text
    await house.world.alerte()
    assert len(house.world.mails_to("lise@ch.example")) == 1
    town.application.database.call(_nothing_is_withheld, town)
    assert "Noté" in house.world.ask("corrigé", f"{ALERT} serveurs", by=lise).text
    town.clock.now = MONDAY + 3 * DAY
    refused = house.world.ask("corrigé", f"{ALERT} biomédical", by=lise)
    assert "Je ne trouve pas" in refused.text


async def test_who_stands_in_gets_the_digest_as_counts_while_the_other_is_away(
    town: Town,
) -> None:
    house = opened(town)
    marc = house.world.person("Marc", Role.RSSI, house.hospital)
    await house.world.alerte(kind=AdvisoryKind.AVIS, reference="CERTFR-2026-AVI-0101")
    house.world.ask("absent", "du 6/3 au 10/3 remplaçante lise@ch.example", by=marc)
    await house.world.later(MONDAY)
    digests = [each for each in town.deliveries() if each.kind == "digest"]
    assert sorted(each.address for each in digests) == [ROOM.address, "lise@ch.example"]
    (text,) = house.world.mails_to("lise@ch.example")
    assert "1 décision" in text
    assert "srv-01" not in text
    await house.world.later(MONDAY + DAY)
    assert len(house.world.mails_to("lise@ch.example")) == 1
    town.application.database.call(_nothing_is_withheld, town)
    await house.world.alerte(
        kind=AdvisoryKind.AVIS, reference="CERTFR-2026-AVI-0102", at=MONDAY + DAY
    )
    await house.world.later(MONDAY + 7 * DAY)
    assert len(house.world.mails_to("lise@ch.example")) == 1, "Marc is back"


async def test_who_has_no_subscription_reads_the_language_of_the_facility(town: Town) -> None:
    house = opened(town, contractor())
    town.application.database.call(
        subscriptions.subscribe,
        house.hospital.id,
        ROOM,
        ceiling=Tlp.AMBER,
        rhythm=Rhythm.WEEKLY,
        language="en",
        now=town.clock(),
    )
    marc = house.world.person("Marc", Role.RSSI, house.hospital)
    await house.world.alerte()
    house.world.ask("absent", "du 6/3 au 10/3 remplaçante lise@ch.example", by=marc)
    house.post.send_due()
    house.world.ask("transmis", "", by=marc, subject=ALERT)
    assert "forwards this security alert" in house.world.mails_to(MAINTENANCE)[0]
    town.clock.now += timedelta(minutes=5)
    house.world.ask("je", "m'en occupe serveurs", by=marc, subject=ALERT)
    town.clock.now += timedelta(milliseconds=400)
    town.application.database.call(_contact_answers, town)
    told = [each for each in town.deliveries() if each.kind == "disagreement"]
    assert {each.address for each in told} == {ROOM.address, MAINTENANCE}
    assert all("two contrary answers" in each.message.text for each in told)


async def test_an_absent_deputy_is_replaced_on_the_ladder(town: Town) -> None:
    contacts = (Contact("Adjoint", "suppleant", DEPUTY), Contact("Dir", "direction", DIRECTION))
    house = opened(town, *contacts)
    deputy = house.world.person("Adjoint", Role.CORRESPONDANT, house.hospital)
    await house.world.alerte()
    house.world.ask("absent", "jusqu'au 20/3 remplaçant Renfort <renfort@ch.example>", by=deputy)
    await house.world.later(MONDAY)
    assert [to for to, _ in await house.world.later(MONDAY + DAY)] == ["renfort@ch.example"]
    mail = house.delivered("renfort@ch.example", "reminder")
    house.post.writes("je m'en occupe", to=mail, sender="renfort@ch.example")
    assert set(house.world.states().values()) == {"taken"}


async def test_an_absent_deputy_whom_nobody_replaces_is_written_to_all_the_same(town: Town) -> None:
    contacts = (Contact("Adjoint", "suppleant", DEPUTY), Contact("Dir", "direction", DIRECTION))
    house = opened(town, *contacts)
    deputy = house.world.person("Adjoint", Role.CORRESPONDANT, house.hospital)
    await house.world.alerte()
    house.world.ask("absent", "jusqu'au 20/3", by=deputy)
    await house.world.later(MONDAY)
    assert [to for to, _ in await house.world.later(MONDAY + DAY)] == [DEPUTY]


async def test_on_call_is_told_of_an_alerte_at_night_and_not_at_noon(town: Town) -> None:
    night = opened(town, Contact("Astreinte", "astreinte", "astreinte@ch.example"))
    await night.world.alerte()  # 17.30 on a Friday: somebody is at work
    assert night.world.mails_to("astreinte@ch.example") == []
    town.clock.now = datetime(2026, 3, 8, 2, tzinfo=UTC)
    await night.world.alerte(at=town.clock.now, reference="CERTFR-2026-ALE-9002", title="Une autre")
    assert len(night.world.mails_to("astreinte@ch.example")) == 1


async def test_two_contrary_answers_are_told_in_the_thread(town: Town) -> None:
    house = opened(town)
    marc = house.world.person("Marc", Role.RSSI, house.hospital)
    claire = house.world.person("Claire", Role.DIRECTION, house.hospital)
    await house.world.alerte()
    house.post.send_due()
    house.world.ask("corrigé", "serveurs", by=marc, subject=ALERT)
    town.clock.now += timedelta(milliseconds=400)
    said = house.world.ask("je", "m'en occupe serveurs", by=claire, subject=ALERT)
    assert "Marc vient de répondre « Corrigé »" in said.text
    told = next(d for d in town.deliveries() if d.kind == "disagreement")
    assert told.address == ROOM.address
    assert told.message.thread
    text = plain(told.message.text)
    assert "Marc a répondu « Corrigé », Claire « Je m'en occupe »" in text
    assert "Retenu pour l'instant : « Je m'en occupe »" in text
    assert house.world.states()[SERVER] == "taken"
    assert [a.kind for a in house.world.answers()] == [AnswerKind.FIXED, AnswerKind.TAKEN]


def _contact_answers(session: Session, town: Town) -> None:
    """Somebody who is nobody registered answers for the servers."""
    alert = alerts.by_reference(session, ALERT)
    assert alert is not None
    desk = AnswerDesk(town.application.renderer, town.application.hours)
    speaker = Speaker(MAINTENANCE, MAINTENANCE, contact=MAINTENANCE)
    answered = [(alert, frozenset({SERVER}))]
    desk.answer(session, answered, speaker, Said(AnswerKind.FIXED), now=town.clock())


def _nothing_is_withheld(session: Session, town: Town) -> None:
    """The gate before the channels lets through what was written, stand-ins included."""
    leases = outbox.lease_due(session, limit=9, now=town.clock())
    admitted = Gates(town.application.renderer).admit(session, leases, town.clock())
    assert {each.to.address for each in admitted} == {ROOM.address, "lise@ch.example"}
    assert not any(each.withheld for each in admitted)
    session.rollback()
