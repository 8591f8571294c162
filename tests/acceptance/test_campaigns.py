"""A campaign from its file to the reminder: who was told, who answered, who is silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage

import pytest
from rich.console import Console

from bot.channels.console import ConsoleChannel
from bot.chat.desk import Desk, answer_invocation, read_answer
from bot.chat.mail_desk import MailDesk, MailDeskOptions, MailOutcome
from bot.commands.base import Invocation, Reply
from bot.commands.book import command_book
from bot.domain.authority import Authority, AuthorityKind
from bot.domain.campaign import Campaign, CampaignState
from bot.domain.campaign_file import read_campaign
from bot.domain.delivery import Address
from bot.domain.facility import Facility, FacilityKind, Function
from bot.domain.mail_token import code
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.pipeline import campaign as pipeline
from bot.pipeline.silences import silent
from bot.resources import config_folder
from bot.store import Session, audit, campaigns, people
from bot.store.outbox import Delivery
from feeds.advisory import Tlp
from tests.acceptance.conftest import Town

ARS = Authority("ars-hauts-de-france", "ARS Hauts-de-France", AuthorityKind.ARS)
ROOM = "!accueil:example.org"
SECRET = b"a secret of this test's own"


@dataclass
class Agency:
    """An authority that speaks to the facilities of a town."""

    town: Town

    def person(self, email: str, role: Role, facility: Facility | None = None) -> str:
        """Register somebody, and link the Matrix account they speak from."""
        account = f"@{email.partition('@')[0]}:example.org"

        def write(session: Session) -> None:
            made = people.add(session, email, email, now=self.town.clock())
            people.link(
                session, made.id, Address(ChannelName.MATRIX, account), now=self.town.clock()
            )
            people.grant(
                session,
                made.id,
                role,
                facility_id=facility.id if facility else None,
                authority="" if facility else ARS.code,
            )

        self.town.application.database.call(write)
        return account

    def draft(self, name: str, author: str) -> Campaign:
        """Write a draft from a shipped file."""
        text = read_campaign(
            (config_folder() / "campaigns" / f"{name}.md").read_text("utf-8"), file=name
        )

        def write(session: Session) -> object:
            person = people.identified(session, Address(ChannelName.MATRIX, author))
            assert person is not None
            now = self.town.clock()
            return pipeline.create(session, text, authority=ARS, author=person, at=None, now=now)

        made = self.town.application.database.call(write)
        assert isinstance(made, Campaign)
        return made

    def says(self, account: str, text: str, *, room: str = "", subject: str = "") -> Reply:
        """Give a command from an account, in a room or in private."""
        name, _, args = text.partition(" ")
        application = self.town.application
        invocation = Invocation(
            sender=Address(ChannelName.MATRIX, account),
            place=Address(ChannelName.MATRIX, room or f"!private-{account[1:]}"),
            name=name,
            args=args,
            subject=subject,
        )
        book = command_book(application.renderer)
        return application.database.call(book.dispatch, invocation, now=self.town.clock())

    def answers(self, account: str, delivery: Delivery, text: str) -> Reply:
        """Write a word in the thread of a message, as a chat would read it."""
        read = read_answer(text, delivery.message.choices)
        assert read is not None
        reference, args = answer_invocation(read[0].value, read[1])
        return self.says(account, f"répondre {args}", room=delivery.address, subject=reference)

    async def days_pass(self, days: int = 0) -> list[Delivery]:
        """Let the clock run, write what is due, send it; return what is new."""
        known = {delivery.id for delivery in self.town.deliveries()}
        self.town.clock.now += timedelta(days=days)
        application = self.town.application
        await application.write_periodic()
        sink = ConsoleChannel(Console(quiet=True), clock=self.town.clock)
        await application.dispatcher(dict.fromkeys(ChannelName, sink)).run()
        return [delivery for delivery in self.town.deliveries() if delivery.id not in known]

    def mails(self, sender: str, delivery: Delivery, text: str) -> MailOutcome:
        """Reply to a mail."""
        application = self.town.application
        book = command_book(application.renderer)
        desk = Desk(application.database, book, application.renderer, clock=self.town.clock)
        options = MailDeskOptions(SECRET, frozenset({"tocsin@tocsin.example"}))
        mail = EmailMessage()
        mail["From"], mail["To"] = sender, "tocsin@tocsin.example"
        mail["Message-ID"] = f"<{sender}>"
        mail["In-Reply-To"] = f"<{delivery.key}.{code(SECRET, delivery.key)}@tocsin.example>"
        mail.set_content(text)
        mail_desk = MailDesk(desk, options, clock=self.town.clock)
        return application.database.call(mail_desk.take, mail.as_bytes())

    def state(self, campaign: Campaign) -> CampaignState:
        """How far a campaign is."""
        found = self.town.application.database.call(campaigns.by_reference, campaign.reference)
        assert found is not None
        return found.state


@pytest.fixture
def agency(town: Town) -> Agency:
    """An authority of the town."""
    return Agency(town)


async def test_a_campaign_from_its_file_to_the_last_reminder(town: Town, agency: Agency) -> None:
    hospital = town.facility(functions=(Function.ACCUEIL,))
    home = town.facility("290999044", name="EHPAD des Genêts", kind=FacilityKind.EHPAD)
    town.facility("690999032", name="Labo", kind=FacilityKind.LABO)
    town.told(hospital, ROOM)
    town.told(home, "direction@ehpad.example", channel=ChannelName.EMAIL, ceiling=Tlp.CLEAR)
    author = agency.person("referent@ars.example", Role.ARS)
    approver = agency.person("direction@ars.example", Role.ARS)
    rssi = agency.person("rssi@ch.example", Role.RSSI, hospital)
    draft = agency.draft("fax-et-mots-de-passe", author)

    read = agency.says(approver, f"campagne {draft.reference}")
    assert "2\u00a0établissements, 2\u00a0adresses" in read.text
    assert "Ne répondez à aucun fax" in read.text
    assert agency.says(rssi, f"campagne {draft.reference}").text.startswith("Je ne trouve pas")
    assert await agency.days_pass() == []

    refused = agency.says(author, f"campagne approuver {draft.reference}")
    assert "une autre personne" in refused.text
    assert "Votre rôle" in agency.says(rssi, f"campagne approuver {draft.reference}").text
    approved = agency.says(approver, f"campagne approuver {draft.reference}")
    assert "2\u00a0établissements" in approved.text

    sent = await agency.days_pass()
    assert {delivery.address for delivery in sent} == {ROOM, "direction@ehpad.example"}
    assert all(delivery.message.awareness for delivery in sent)
    in_room = next(delivery for delivery in sent if delivery.address == ROOM)
    assert agency.says(rssi, f"campagne {draft.reference}", room=ROOM).text == in_room.message.text

    noted = agency.answers(rssi, in_room, "Fait, affiché ce matin")
    assert "FAIT" in noted.text
    assert "CH de Démonstration" in noted.text
    counted = agency.says(author, f"campagne {draft.reference}").text
    assert "2\u00a0prévenus · 1\u00a0ont répondu · 1\u00a0silencieux" in counted
    assert "EHPAD des Genêts" in counted
    assert "EHPAD" not in agency.says(author, f"campagne {draft.reference}", room=ROOM).text

    for _ in range(2):
        (reminder,) = await agency.days_pass(14)
        assert reminder.address == "direction@ehpad.example"
        assert "Rappel" in reminder.message.subject
        assert town.application.database.call(silent, now=town.clock()) == {}
    assert await agency.days_pass(14) == []
    assert agency.state(draft) is CampaignState.SENT
    (silence,) = town.application.database.call(silent, now=town.clock())[ARS.code]
    assert (silence.reference, silence.silent) == (draft.reference, ("EHPAD des Genêts",))
    assert silence.told == 2
    assert town.application.database.call(silent, now=town.clock() + timedelta(days=60)) == {}


async def test_a_room_that_facilities_share_answers_for_those_of_who_speaks(
    town: Town, agency: Agency
) -> None:
    north, coast = town.facility(), town.facility("620999029", name="CH Littoral")
    for facility in (north, coast):
        town.told(facility, ROOM)
    author = agency.person("referent@ars.example", Role.ARS)
    rssi = agency.person("rssi@ch.example", Role.RSSI, north)
    draft = agency.draft("hameconnage", author)
    agency.says(agency.person("d@ars.example", Role.ARS), f"campagne approuver {draft.reference}")
    (delivery,) = await agency.days_pass()
    agency.answers(rssi, delivery, "doute")
    counted = agency.says(author, f"campagne {draft.reference}").text
    assert "1\u00a0ont répondu" in counted
    assert "CH Littoral" in counted
    (again,) = await agency.days_pass(7)
    assert again.address == ROOM


async def test_one_word_by_mail_is_an_answer(town: Town, agency: Agency) -> None:
    home = town.facility("290999044", name="EHPAD des Genêts", kind=FacilityKind.EHPAD)
    town.told(home, "direction@ehpad.example", channel=ChannelName.EMAIL, ceiling=Tlp.CLEAR)
    author = agency.person("referent@ars.example", Role.ARS)
    agency.person("direction@ehpad.example", Role.DIRECTION, home)
    draft = agency.draft("fax-et-mots-de-passe", author)
    agency.says(agency.person("d@ars.example", Role.ARS), f"campagne approuver {draft.reference}")
    (delivery,) = await agency.days_pass()
    outcome = agency.mails("direction@ehpad.example", delivery, "RÉPONDU\n\nMerci")
    assert outcome is MailOutcome.ANSWERED
    assert "1\u00a0ont répondu" in agency.says(author, f"campagne {draft.reference}").text
    (reply,) = [each for each in town.deliveries() if each.kind == "reply"]
    assert "RÉPONDU" in reply.message.text
    assert await agency.days_pass(14) == []
    assert agency.state(draft) is CampaignState.SENT


async def test_who_is_no_recipient_cannot_answer_nor_approve_for_another_region(
    town: Town, agency: Agency
) -> None:
    hospital = town.facility()
    elsewhere = town.facility("690999032", name="Labo", kind=FacilityKind.LABO)
    town.told(hospital, ROOM)
    author = agency.person("referent@ars.example", Role.ARS)
    draft = agency.draft("fax-et-mots-de-passe", author)
    stranger = agency.person("biologiste@labo.example", Role.DIRECTION, elsewhere)
    reply = agency.says(stranger, "répondre read", subject=draft.reference)
    assert reply.text.startswith("Je ne trouve pas")
    agency.says(stranger, f"campagne approuver {draft.reference}")
    assert agency.state(draft) is CampaignState.DRAFT
    acts = [entry.action for entry in town.application.database.call(audit.latest)]
    assert "campaign.refused" in acts


def test_the_list_says_what_concerns_the_asker(town: Town, agency: Agency) -> None:
    hospital = town.facility()
    author = agency.person("referent@ars.example", Role.ARS)
    rssi = agency.person("rssi@ch.example", Role.RSSI, hospital)
    assert agency.says(author, "campagne").text == "Aucune campagne ne vous concerne."
    draft = agency.draft("hameconnage", author)
    assert f"{draft.reference} (brouillon)" in agency.says(author, "campagne liste").text
    assert agency.says(rssi, "campagne").text == "Aucune campagne ne vous concerne."
