"""Declaring from a chat: at once, once, and only by whom may; no chat library needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.commands.base import Invocation, Reply
from bot.commands.book import command_book
from bot.domain.delivery import Address, DeliveryKind
from bot.domain.incident import Happening, Incident, IncidentRouting, IncidentState
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.domain.views import CareImpact
from bot.store import Session, audit, facilities, incidents, people
from bot.store.outbox import Delivery
from feeds.advisory import AdvisoryKind, Tlp
from tests.acceptance.conftest import Town
from tests.acceptance.test_main_job import bulletin

ROOM = "!salon:ch.example"
RSSI, PRESTATAIRE = "@rssi:ch.example", "@prestataire:presta.example"
ROUTING = IncidentRouting(
    cert_mailbox="cert@sante.example",
    authority_mailboxes={"ars-hauts-de-france": "ssi@ars.example"},
    room=ChannelName.MATRIX,
)


@dataclass
class Hospital:
    """A hospital with a room, an RSSI and a prestataire, who type commands."""

    town: Town
    facility_id: int
    routing: IncidentRouting = ROUTING

    def says(
        self,
        name: str,
        args: str = "",
        *,
        by: str = RSSI,
        room: str = ROOM,
        channel: ChannelName = ChannelName.MATRIX,
        fields: dict[str, str] | None = None,
        subject: str = "",
    ) -> Reply:
        """Somebody types a command; returns what is shown."""
        book = command_book(self.town.application.renderer, self.routing)
        asked = Invocation(
            Address(channel, by),
            Address(channel, room),
            name,
            args,
            subject=subject,
            fields=fields or {},
        )
        return self.town.application.database.call(book.dispatch, asked, now=self.town.clock())

    def incidents(self) -> list[Incident]:
        """Every incident, latest first."""
        return self.town.application.database.call(incidents.listed, open_only=False)

    def sent(self, kind: DeliveryKind) -> list[Delivery]:
        """What the outbox holds of a kind."""
        return [each for each in self.town.deliveries() if each.kind == kind]


@pytest.fixture
def hospital(town: Town) -> Hospital:
    made = town.facility()
    town.told(made, ROOM)
    join(town, made.id, RSSI, Role.RSSI, "Une RSSI")
    join(town, made.id, PRESTATAIRE, Role.PRESTATAIRE, "Un prestataire")
    return Hospital(town, made.id)


def join(town: Town, facility_id: int, account: str, role: Role, name: str) -> None:
    """Make an account that of a person who holds a role."""

    def add(session: Session) -> None:
        person = people.add(session, name, f"{role.value}@ch.example", now=town.clock())
        people.grant(session, person.id, role, facility_id=facility_id)
        people.link(session, person.id, Address(ChannelName.MATRIX, account), now=town.clock())

    town.application.database.call(add)


def test_what_is_typed_is_declared_before_anything_is_asked(hospital: Hospital) -> None:
    reply = hospital.says("declare", "rançongiciel aux urgences")
    (incident,) = hospital.incidents()
    assert (incident.what, incident.care) == ("rançongiciel aux urgences", CareImpact.UNKNOWN)
    assert "INC-2026-0001 ouvert" in reply.text
    assert "s'en occupe : le salon, prévenir l'autorité, prévenir CERT Santé" in plain(reply.text)
    assert reply.form is not None
    assert [field.name for field in reply.form.fields] == ["care"]
    kinds = {delivery.kind: delivery.address for delivery in hospital.town.deliveries()}
    assert kinds == {
        "incident-room": "room:INC-2026-0001",
        "incident-authority": "ssi@ars.example",
        "incident-cert": "cert@sante.example",
    }
    (room,) = hospital.sent(DeliveryKind.INCIDENT_ROOM)
    assert room.message.room is not None
    assert room.message.room.invited == (RSSI,)
    assert "CH de" not in f"{room.message}", "the name of a room is not encrypted"


def test_the_answer_on_care_is_told_to_who_was_told(hospital: Hospital) -> None:
    reply = hospital.says("declare", "rançongiciel")
    assert reply.form is not None
    noted = hospital.says(reply.form.command, reply.form.context, fields={"care": "yes"})
    assert "Soins touchés : oui" in plain(noted.text)
    assert hospital.incidents()[0].care is CareImpact.YES
    mails = hospital.sent(DeliveryKind.INCIDENT_AUTHORITY)
    assert len(mails) == 2
    assert "Soins touchés : oui" in plain(mails[0].message.text)
    hospital.says("incident", "INC-2026-0001", fields={"care": "yes"})
    assert len(hospital.sent(DeliveryKind.INCIDENT_AUTHORITY)) == 2, "nothing changed"


def test_without_a_text_a_form_asks_what_the_room_does_not_tell(hospital: Hospital) -> None:
    form = hospital.says("déclarer").form
    assert form is not None
    assert [field.name for field in form.fields] == ["what", "care"]
    fields = {"what": "panne du labo", "care": "no"}
    reply = hospital.says(form.command, form.context, fields=fields)
    assert reply.form is None
    (incident,) = hospital.incidents()
    assert (incident.what, incident.care) == ("panne du labo", CareImpact.NO)


def test_somebody_of_two_hospitals_says_which(hospital: Hospital) -> None:
    other = hospital.town.facility("620999029", name="EHPAD de Démonstration")
    join(hospital.town, other.id, RSSI, Role.RSSI, "Une RSSI")
    form = hospital.says("declare", "panne du labo", room=RSSI).form
    assert hospital.incidents() == []
    assert form is not None
    facility, what, _ = form.fields
    assert [label for _, label in facility.options] == [
        "CH de Démonstration",
        "EHPAD de Démonstration",
    ]
    assert what.value == "panne du labo", "what was typed is not typed again"
    fields = {"facility": "620999029", "what": what.value, "care": "unknown"}
    hospital.says(form.command, form.context, room=RSSI, fields=fields)
    assert [each.facility_id for each in hospital.incidents()] == [other.id]
    hospital.says("declare", "590999017 autre panne", room=RSSI)
    assert hospital.incidents()[0].facility_id == hospital.facility_id


def test_a_second_declaration_proposes_the_open_incident(hospital: Hospital) -> None:
    hospital.says("declare", "rançongiciel aux urgences")
    sent = len(hospital.town.deliveries())
    again = hospital.says("declare", "écrans bloqués en pharmacie")
    assert "INC-2026-0001" in again.text
    assert "rançongiciel aux urgences" in again.text
    assert "écrans bloqués en pharmacie" in again.text, "what was written is given back"
    assert hospital.says("declare").form is None
    assert len(hospital.incidents()) == 1
    assert len(hospital.town.deliveries()) == sent
    for _ in range(2):
        hospital.says("declare", "nouveau vol d'un ordinateur")
    assert [each.what for each in hospital.incidents()] == [
        "vol d'un ordinateur",
        "rançongiciel aux urgences",
    ]
    hospital.says("incident", "INC-2026-0002 clos")
    hospital.says("incident", "INC-2026-0001 clos")
    hospital.says("declare", "rançongiciel aux urgences")
    assert len(hospital.incidents()) == 3, "a closed one is not proposed"


def test_an_exercise_says_so_everywhere_and_never_hides_a_real_incident(
    hospital: Hospital,
) -> None:
    first = hospital.says("declare", "exercice rançongiciel")
    assert first.text.startswith("EXERCICE")
    assert hospital.says("declare", "exercice encore").text.startswith("EXERCICE")
    assert hospital.says("incident", "INC-2026-0001").text.startswith("EXERCICE")
    assert hospital.says("incident", "INC-2026-0001 un fait").text.startswith("EXERCICE")
    for delivery in hospital.town.deliveries():
        assert delivery.message.subject.startswith("EXERCICE"), delivery.kind
        if delivery.message.room is None:
            assert delivery.message.text.startswith("EXERCICE"), delivery.kind
        else:
            assert delivery.message.room.name.startswith("EXERCICE")
    real = hospital.says("declare", "rançongiciel, pour de vrai")
    assert "INC-2026-0002 ouvert" in real.text
    assert "EXERCICE" not in real.text


def test_only_those_whose_role_declares_may_and_others_are_audited(hospital: Hospital) -> None:
    refused = hospital.says("declare", "rançongiciel", by=PRESTATAIRE)
    stranger = hospital.says("declare", "rançongiciel", by="@qui:ailleurs.example")
    assert "Votre rôle ne permet pas" in refused.text
    assert "Je ne vous connais pas encore" in stranger.text
    assert refused.private
    assert hospital.incidents() == []
    entries = hospital.town.application.database.call(audit.latest)
    assert {"refused.role", "refused.stranger"} <= {entry.action for entry in entries}
    hospital.says("declare", "rançongiciel")
    hospital.says("incident", "INC-2026-0001 clos", by=PRESTATAIRE)
    assert hospital.incidents()[0].state is IncidentState.OPEN
    hospital.says("incident", "INC-2026-0001 câble débranché", by=PRESTATAIRE)
    shown = hospital.says("incident", "INC-2026-0001").text
    assert "câble débranché (Un prestataire)" in shown
    elsewhere = hospital.says("incident", "INC-2026-0001", by="@qui:ailleurs.example")
    assert "rançongiciel" not in elsewhere.text


def test_a_place_below_the_marking_hears_nothing_of_it(hospital: Hospital) -> None:
    hospital.says("declare", "rançongiciel aux urgences")
    low = "!hall:ch.example"
    facilities_of = hospital.town.application.database.call(
        facilities.by_ids, [hospital.facility_id]
    )
    hospital.town.told(facilities_of[hospital.facility_id], low, ceiling=Tlp.GREEN)
    for asked in (("incident", "INC-2026-0001"), ("incident", ""), ("declare", "")):
        reply = hospital.says(*asked, room=low)
        assert "urgences" not in f"{reply.text}{reply.html}", asked


def test_without_addresses_the_person_is_told_to_telephone(hospital: Hospital) -> None:
    hospital.routing = IncidentRouting()
    reply = hospital.says("declare", "rançongiciel")
    assert hospital.town.deliveries() == []
    said = plain(reply.text)
    assert "À faire vous-même, par téléphone" in said
    assert "prévenir CERT Santé au 09 72 43 91 25" in said
    assert "s'en occupe" not in said


def test_the_time_line_is_kept_with_authors_and_hours(hospital: Hospital) -> None:
    hospital.says("declare", "rançongiciel")
    hospital.town.clock.now += timedelta(minutes=20)
    hospital.says("incident", "inc-2026-0001 Partage débranché")
    hospital.says("incident", "INC-2026-0001 contenu")
    database = hospital.town.application.database
    found = database.call(incidents.timeline, hospital.incidents()[0].id)
    assert [(event.kind, event.text, event.author) for event in found] == [
        (Happening.DECLARED, "rançongiciel", "Une RSSI"),
        (Happening.NOTE, "Partage débranché", "Une RSSI"),
        (Happening.STATE, "contained", "Une RSSI"),
    ]
    (latest, _) = hospital.sent(DeliveryKind.INCIDENT_AUTHORITY)
    assert "Incident contenu" in latest.message.text
    assert "Partage débranché" not in latest.message.text, "notes stay with the facility"


async def test_a_compromise_found_is_declared_from_its_alert(hospital: Hospital) -> None:
    town = hospital.town
    home = town.application.database.call(facilities.by_ids, [hospital.facility_id])
    town.has(home[hospital.facility_id], ("fw-01", "FortiOS", "7.2.8"))
    row = "FortiOS versions 7.2.x antérieures à 7.2.12"
    await town.publish(bulletin(town, row, kind=AdvisoryKind.ALERTE))
    alert = "ALR-2026-0001"
    form = hospital.says("répondre", "compromised", subject=alert).form
    assert form is not None
    assert [field.name for field in form.fields] == ["what", "care"]
    fields = {"what": "porte dérobée", "care": "no"}
    hospital.says(form.command, form.context, fields=fields)
    assert hospital.incidents()[0].alert == alert
    (mail,) = hospital.sent(DeliveryKind.INCIDENT_CERT)
    assert f"suite à {alert}" in mail.message.text
    assert hospital.says("répondre", "compromised", by=PRESTATAIRE, subject=alert).form is None
    hospital.says("declare", "nouveau encore une", subject=alert)
    assert [each.alert for each in hospital.incidents()] == [alert, alert]
    hospital.says("declare", "nouveau ALR-2026-0099 d'un autre")
    assert hospital.incidents()[0].alert == ""


def plain(text: str) -> str:
    """Without no-break spaces."""
    return text.replace("\u00a0", " ")
