"""A mail goes out through a real relay; a word in reply comes back and is the answer."""

from __future__ import annotations

import asyncio
import os
import signal
import smtplib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from io import StringIO
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from bot.app import Application, peers
from bot.app.health import observe
from bot.chat.imap import MailboxError
from bot.chat.mail_desk import MailOutcome
from bot.domain.alert import AnswerKind
from bot.domain.delivery import Address, DeliveryState
from bot.domain.incident import Declaration
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.inventory.registry import read_inventory
from bot.settings import Email, Incident, Mailbox, Network, Settings
from bot.store import Session, alerts, audit, lots, mails, outbox, people
from bot.store.migrate import upgrade
from bot.store.outbox import Delivery
from feeds.advisory import AdvisoryKind
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import SteppingClock, Town
from tests.conftest import ROOT
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.postfix import DOMAIN, GONE, Postfix
from tests.servers.waiting import eventually

pytestmark = pytest.mark.postfix
TOCSIN, GUARD = f"tocsin@{DOMAIN}", f"garde@{DOMAIN}"


@dataclass
class Post:
    """A town with a relay and a mailbox; what was in the mailboxes before does not count."""

    town: Town
    postfix: Postfix

    async def send_due(self) -> None:
        """Send the outbox through the relay."""
        application = self.town.application
        channels = peers.channels(application, Console(file=StringIO()))
        await peers.dispatcher(application, channels).run()
        for channel in channels.values():
            await channel.close()

    async def mail_for(self, mailbox: str, message_id: str) -> EmailMessage:
        """The mail that has this Message-ID, or answers it, once it is in a mailbox."""

        def found() -> list[EmailMessage]:
            mails = self.postfix.delivered(mailbox, 0)
            return [m for m in mails if message_id in {m["Message-ID"], m["In-Reply-To"]}]

        await eventually(found, within=20)
        return found()[0]

    async def reply(
        self,
        to: EmailMessage | None,
        text: str,
        *,
        sender: str = GUARD,
        attached: bytes = b"",
    ) -> str:
        """Write to Tocsin, quoting the mail answered; return the Message-ID."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, TOCSIN, "Re: alerte"
        mail["Message-ID"] = make_msgid(domain=DOMAIN)
        if to is not None:
            mail["In-Reply-To"] = mail["References"] = to["Message-ID"]
            quoted = "\n".join(f"> {line}" for line in words(to).splitlines())
            text = f"{text}\n\nLe 02/03/2026 à 09:00, Tocsin a écrit :\n{quoted}\n"
        mail.set_content(text)
        if attached:
            mail.add_attachment(attached, maintype="text", subtype="csv", filename="parc.csv")

        def hand_over() -> None:
            with smtplib.SMTP("127.0.0.1", self.postfix.port) as relay:
                relay.send_message(mail, sender, [TOCSIN])

        await asyncio.to_thread(hand_over)
        return str(mail["Message-ID"])

    async def poll(self, at_least: int = 1) -> list[MailOutcome]:
        """What became of the new mails, once there are that many."""
        outcomes: list[MailOutcome] = []
        for _ in range(100):
            outcomes += await peers.mailbox(self.town.application).poll()
            if len(outcomes) >= at_least:
                break
            await asyncio.sleep(0.1)
        return outcomes


@pytest.fixture
async def post(tmp_path: Path, postfix: Postfix, dovecot: Dovecot) -> AsyncIterator[Post]:
    settings = Settings(
        data_dir=tmp_path,
        network=Network(ca_file=dovecot.ca_file),
        email=Email(
            host="127.0.0.1", port=postfix.port, security="plain", sender=f"Tocsin <{TOCSIN}>"
        ),
        mailbox=Mailbox(
            host="127.0.0.1",
            port=dovecot.port,
            username="tocsin",
            password=SecretStr(PASSWORD),
        ),
    )
    clock = SteppingClock()
    application = Application(settings, clock=clock)
    upgrade(application.database)
    made = Post(Town(application, clock), postfix)
    await peers.mailbox(application).poll()
    yield made
    application.database.dispose()


async def alerted(post: Post, mailbox: str = GUARD) -> Delivery:
    """A facility is told of an alert by mail, and its RSSI is on duty. Return what was sent."""
    town = post.town
    hospital = town.facility()
    town.has(hospital, ("fw-01", "FortiOS", "7.2.8"))
    town.told(hospital, mailbox, channel=ChannelName.EMAIL)

    def register(session: Session) -> None:
        person = people.add(session, "RSSI de garde", GUARD, now=town.clock())
        people.grant(session, person.id, Role.RSSI, facility_id=hospital.id)

    town.application.database.call(register)
    now = town.clock() + timedelta(days=1)
    await town.publish(fortios(now, AdvisoryKind.ALERTE))
    await post.send_due()
    (delivery,) = town.deliveries()
    return delivery


def words(mail: EmailMessage) -> str:
    """What a mail says, as plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def answers(post: Post, reference: str) -> list[lots.Answer]:
    """What was answered to the alert, in order."""

    def read(session: Session) -> list[lots.Answer]:
        alert = alerts.by_reference(session, reference)
        assert alert is not None
        return lots.answers(session, alert.id)

    return post.town.application.database.call(read)


async def test_a_word_in_reply_is_the_answer_and_is_confirmed_once(post: Post) -> None:
    sent = await alerted(post)
    mail = await post.mail_for("garde", sent.receipt)
    assert "À CE MAIL PAR" in words(mail)
    wrote = await post.reply(mail, "Bonjour,\n\nprévu le 12/12")
    assert await post.poll() == [MailOutcome.ANSWERED]
    (answer,) = answers(post, sent.subject)
    assert (answer.kind, f"{answer.due}") == (AnswerKind.PLANNED, "2026-12-12")
    await post.send_due()
    confirmation = await post.mail_for("garde", wrote)
    assert confirmation["In-Reply-To"] == wrote
    assert "12/12/2026" in words(confirmation)
    assert await peers.mailbox(post.town.application).poll() == []


async def test_an_inventory_of_thousands_of_lines_comes_by_mail_and_its_sheet_goes_back(
    post: Post,
) -> None:
    await alerted(post)
    lines = [f"fw-{number:05};FortiOS;7.2.14;salle {number:060}" for number in range(4_000)]
    body = "\n".join(["Nom;Produit;Version;Site", *lines, ""]).encode()
    assert len(body) > 300_000
    wrote = await post.reply(None, "Bonjour, voici notre parc.", attached=body)
    assert await post.poll() == [MailOutcome.ANSWERED]
    await post.send_due()
    preview = await post.mail_for("garde", wrote)
    assert "Rien n'est changé pour l'instant" in words(preview)
    await post.reply(preview, "OUI")
    assert await post.poll() == [MailOutcome.RECEIVED]
    application = post.town.application
    await application.match()
    await application.write_periodic()
    await post.send_due()
    (report,) = [each for each in post.town.deliveries() if each.message.attachments]
    arrived = await post.mail_for("garde", report.receipt)
    (sheet,) = arrived.iter_attachments()
    assert sheet.get_filename() == "inventaire-590999017.csv"
    read = read_inventory(sheet.get_content().encode(), file="inventaire.csv")
    assert len(read.lines) == 4_000


async def test_contradictory_answers_are_both_kept_and_the_last_wins(post: Post) -> None:
    sent = await alerted(post)
    mail = await post.mail_for("garde", sent.receipt)
    await post.reply(mail, "corrigé")
    assert await post.poll() == [MailOutcome.ANSWERED]
    await post.reply(mail, "je m'en occupe")
    assert await post.poll() == [MailOutcome.ANSWERED]
    kinds = [answer.kind for answer in answers(post, sent.subject)]
    assert kinds == [AnswerKind.FIXED, AnswerKind.TAKEN]
    found = post.town.application.database.call(alerts.by_reference, sent.subject)
    assert found is not None
    assert found.state == "taken"


async def test_a_day_that_does_not_exist_is_refused_and_nothing_is_recorded(post: Post) -> None:
    sent = await alerted(post)
    mail = await post.mail_for("garde", sent.receipt)
    wrote = await post.reply(mail, "prévu le 31/02")
    assert await post.poll() == [MailOutcome.ANSWERED]
    assert answers(post, sent.subject) == []
    await post.send_due()
    assert "31/02" in words(await post.mail_for("garde", wrote))


async def test_a_stranger_is_refused_once_and_noted_each_time(post: Post) -> None:
    sent = await alerted(post)
    mail = await post.mail_for("garde", sent.receipt)
    for _ in range(2):
        await post.reply(mail, "corrigé", sender=f"remplacant@{DOMAIN}")
    assert await post.poll(2) == [MailOutcome.ANSWERED, MailOutcome.SILENT]
    assert answers(post, sent.subject) == []
    entries = post.town.application.database.call(audit.latest)
    refused = [each for each in entries if each.action == "refused.stranger"]
    assert [each.actor for each in refused] == [f"email:remplacant@{DOMAIN}"] * 2


async def test_without_one_of_our_mails_nothing_is_recorded_in_somebodys_name(post: Post) -> None:
    sent = await alerted(post)
    await post.reply(None, f"corrigé {sent.subject}")
    assert await post.poll() == [MailOutcome.ANSWERED]
    assert answers(post, sent.subject) == []
    latest = post.town.deliveries()[0]
    assert "rien n'a donc été noté" in latest.message.text


async def test_an_alert_is_read_by_mail(post: Post) -> None:
    sent = await alerted(post)
    await post.reply(None, f"!alerte {sent.subject}")
    assert await post.poll() == [MailOutcome.ANSWERED]
    assert "fw-01" in post.town.deliveries()[0].message.text


async def test_a_mail_that_comes_back_kills_its_delivery_and_marks_the_address(post: Post) -> None:
    gone = f"{GONE}@{DOMAIN}"
    await alerted(post, gone)
    assert await post.poll() == [MailOutcome.BOUNCE]
    (delivery,) = post.town.application.database.call(outbox.listed, states=[DeliveryState.DEAD])
    assert delivery.reason == "bounced 5.1.1"
    bad = post.town.application.database.call(mails.bad_addresses)
    assert bad[Address.mailbox(gone)].status == "5.1.1"


async def test_an_incidents_mail_that_comes_back_is_told_to_the_declarant(post: Post) -> None:
    await alerted(post)
    town = post.town
    incident = Incident(cert_mailbox=f"{GONE}@{DOMAIN}", room="none")
    settings = town.application.settings.model_copy(update={"incident": incident})
    town.application.database.dispose()
    town.application = Application(settings, clock=town.clock)

    def declare(session: Session) -> None:
        person = people.by_email(session, GUARD)
        assert person is not None
        (hospital,) = person.facilities()
        declaration = Declaration(hospital, "Rançongiciel")
        town.application.incident_desk().declare(session, declaration, person, now=town.clock())

    town.application.database.call(declare)
    await post.send_due()
    assert await post.poll() == [MailOutcome.BOUNCE]
    await post.send_due()
    told = town.deliveries()[0]
    assert (told.kind, told.state) == ("incident-declarant", DeliveryState.DELIVERED)
    mail = await post.mail_for("garde", told.receipt)
    assert "prévenir CERT Santé au 09" in words(mail)


async def test_a_refused_password_is_said_without_quoting_it(post: Post) -> None:
    settings = post.town.application.settings
    wrong = settings.mailbox.model_copy(update={"password": SecretStr("un-autre-secret")})
    application = Application(settings.model_copy(update={"mailbox": wrong}))
    with pytest.raises(MailboxError) as refused:
        await peers.mailbox(application).poll()
    assert "mailbox.password" in str(refused.value)
    assert "un-autre-secret" not in str(refused.value)
    report = await observe(application)
    assert report.snapshot is not None
    box = next(each for each in report.snapshot.chats if each.name == "mailbox")
    assert "mailbox.password" in box.error
    application.database.dispose()


async def test_the_service_reads_the_mailbox_and_sends_the_confirmation(post: Post) -> None:
    sent = await alerted(post)
    mail = await post.mail_for("garde", sent.receipt)
    settings = post.town.application.settings
    environ = {
        "PATH": os.environ["PATH"],
        "TOCSIN_DATA_DIR": str(settings.data_dir),
        "TOCSIN_NETWORK__CA_FILE": str(settings.network.ca_file),
        "TOCSIN_EMAIL__HOST": "127.0.0.1",
        "TOCSIN_EMAIL__PORT": str(settings.email.port),
        "TOCSIN_EMAIL__SECURITY": "plain",
        "TOCSIN_EMAIL__SENDER": settings.email.sender,
        "TOCSIN_MAILBOX__HOST": "127.0.0.1",
        "TOCSIN_MAILBOX__PORT": str(settings.mailbox.port),
        "TOCSIN_MAILBOX__USERNAME": "tocsin",
        "TOCSIN_MAILBOX__PASSWORD": PASSWORD,
        "TOCSIN_MAILBOX__POLL_SECONDS": "1",
    }
    command = (sys.executable, "-m", "bot", "run", "--roles", "chat,dispatch")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environ)
    try:
        wrote = await post.reply(mail, "corrigé")
        await eventually(lambda: answers(post, sent.subject), within=60)
        assert "Corrigé" in words(await post.mail_for("garde", wrote))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
