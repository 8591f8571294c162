"""An inventory comes by mail: who may send it, what it changes, what is told in return."""

from __future__ import annotations

import dataclasses
import io
from datetime import timedelta
from email.message import EmailMessage

import openpyxl
import pytest

from bot.chat.mail_desk import MailOutcome
from bot.domain.facility import Facility
from bot.domain.message import ChannelName
from bot.domain.people import Role
from bot.inventory.registry import read_inventory
from bot.pipeline.mailed import LARGEST_FILE, UNCONFIRMED, WAITS
from bot.pipeline.mailed_report import write_reports
from bot.store import Session, facilities, inventory, people
from bot.store.outbox import Delivery
from feeds.advisory import Advisory, AdvisoryKind, Tlp
from tests.acceptance.bulletins import fortios
from tests.acceptance.conftest import Town
from tests.acceptance.post import GUARD, TOCSIN, Post

SHEET = "Nom;Produit;Version\nfw-01;FortiOS;7.2.8\nfw-02;FortiOS;\nx-01;Boîtier inconnu zyx;3\n"
DAY = timedelta(days=1)


@pytest.fixture
async def post(town: Town) -> Post:
    """A hospital without an inventory, its RSSI, and one bulletin."""
    hospital = town.facility()
    town.told(hospital, GUARD, channel=ChannelName.EMAIL)
    register(town, "RSSI de garde", GUARD, hospital)
    await town.publish(bulletin(town))
    return Post(town)


def register(town: Town, name: str, mailbox: str, *at: Facility) -> None:
    def add(session: Session) -> None:
        person = people.add(session, name, mailbox, now=town.clock())
        for facility in at:
            people.grant(session, person.id, Role.RSSI, facility_id=facility.id)

    town.application.database.call(add)


def bulletin(town: Town) -> Advisory:
    return fortios(town.clock() + DAY, AdvisoryKind.AVIS)


def sends(
    post: Post,
    *files: tuple[str, bytes],
    text: str = "Bonjour,\nci-joint notre parc.",
    subject: str = "Parc",
    to: Delivery | None = None,
    sender: str = GUARD,
) -> MailOutcome:
    """Somebody sends files."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, TOCSIN, subject
    post.sent = getattr(post, "sent", 0) + 1  # type: ignore[attr-defined]
    mail["Message-ID"] = f"<fichier-{post.sent}@ch-exemple.example>"  # type: ignore[attr-defined]
    if to is not None:
        mail["In-Reply-To"] = to.receipt
    mail.set_content(text)
    for name, body in files:
        mail.add_attachment(body, maintype="application", subtype="octet-stream", filename=name)
    return post.take(mail.as_bytes())


def csv(text: str = SHEET) -> tuple[str, bytes]:
    return ("parc.csv", text.encode())


def latest(post: Post) -> Delivery:
    return post.send_due()[0]


def said(delivery: Delivery) -> str:
    return delivery.message.text.replace("\u00a0", " ")


def lines(post: Post, finess: str = "590999017") -> dict[str, str]:
    """What the inventory holds: versions by name."""

    def read(session: Session) -> dict[str, str]:
        owner = facilities.by_finess(session, finess)
        assert owner is not None
        found = inventory.current(session, owner.id).values()
        return {line.name or line.product: line.version for line in found}

    return post.town.application.database.call(read)


async def reports(post: Post) -> int:
    """Bulletins are read again, then what is due to senders is written."""
    town = post.town
    await town.application.match()
    return town.application.database.call(
        write_reports,
        town.application.renderer,
        town.application.ends_of_support(town.application.matcher),
        now=town.clock(),
        language="fr",
    )


async def test_from_an_address_alone_nothing_changes_until_it_confirms(post: Post) -> None:
    assert sends(post, csv()) is MailOutcome.ANSWERED
    preview = latest(post)
    assert lines(post) == {}
    assert preview.address == GUARD
    assert "Rien n'est changé pour l'instant" in said(preview)
    assert "Lignes ajoutées : 3" in said(preview)
    assert await reports(post) == 0
    assert post.writes("Oui", to=preview) is MailOutcome.RECEIVED
    assert lines(post) == {"fw-01": "7.2.8", "fw-02": "", "x-01": "3"}
    assert await reports(post) == 1
    report = latest(post)
    text = said(report)
    assert "CH de Démonstration : 1 reconnue, 2 à préciser, 0 hors support, 0 exploitée" in text
    assert "Quelle version de FortiOS ?" in text
    assert report.message.marking is Tlp.AMBER
    assert await reports(post) == 0, "told once"


async def test_the_corrected_sheet_comes_back_and_is_imported_by_the_reply(post: Post) -> None:
    sends(post, csv())
    post.writes("OUI", to=latest(post))
    await reports(post)
    report = latest(post)
    [sheet] = report.message.attachments
    assert sheet.name == "inventaire-590999017.csv"
    assert "version\u00a0?" in sheet.content
    assert "produit\u00a0?" in sheet.content
    completed = sheet.content.replace("fw-02;;FortiOS;;", "fw-02;;FortiOS;7.2.14;")
    assert completed != sheet.content
    post.town.clock.now += DAY
    assert sends(post, ("corrigé.csv", completed.encode()), to=report) is MailOutcome.RECEIVED
    assert lines(post)["fw-02"] == "7.2.14"
    assert lines(post)["fw-01"] == "7.2.8"
    await reports(post)
    assert "2 reconnues, 1 à préciser" in said(latest(post))


async def test_a_question_of_the_report_is_answered_in_its_reply(post: Post) -> None:
    sends(post, csv())
    post.writes("OUI", to=latest(post))
    await reports(post)
    assert post.writes("QST-2026-0001 7.2.14", to=latest(post)) is MailOutcome.ANSWERED
    assert lines(post)["fw-02"] == "7.2.14"


async def test_a_signed_mail_that_would_remove_much_asks_before_it_does(post: Post) -> None:
    sends(post, csv())
    post.writes("OUI", to=latest(post))
    await reports(post)
    post.town.clock.now += DAY
    one = csv("Nom;Produit;Version\nfw-01;FortiOS;7.2.14\n")
    assert sends(post, one, to=latest(post)) is MailOutcome.RECEIVED
    assert len(lines(post)) == 3
    assert lines(post)["fw-01"] == "7.2.14", "what is no loss is applied"
    await reports(post)
    report = latest(post)
    assert "2 lignes gardées comme avant" in said(report)
    post.town.clock.now += timedelta(hours=1)
    assert post.writes("oui", to=report) is MailOutcome.RECEIVED
    assert lines(post) == {"fw-01": "7.2.14"}
    await reports(post)
    assert "À confirmer" not in said(latest(post))


async def test_an_action_that_seems_done_is_said_in_the_report(post: Post) -> None:
    sends(post, csv("Nom;Produit;Version\nfw-01;FortiOS;7.2.8\n"))
    post.writes("OUI", to=latest(post))
    await reports(post)
    post.town.clock.now += 2 * DAY
    sends(post, csv("Nom;Produit;Version\nfw-01;FortiOS;7.2.14\n"), to=latest(post))
    await reports(post)
    report = latest(post)
    assert "1 action semble faite" in said(report)
    assert "ACT-2026-0001" in said(report)
    assert post.writes("oui ACT-2026-0001", to=report) is MailOutcome.ANSWERED


async def test_no_forgets_the_file_and_a_late_yes_does_nothing(post: Post) -> None:
    sends(post, csv())
    preview = latest(post)
    post.writes("NON", to=preview)
    assert "le fichier est oublié" in said(latest(post))
    post.writes("OUI", to=preview)
    assert "Rien n'a été changé" in said(latest(post))
    sends(post, csv())
    late = latest(post)
    post.town.clock.now += WAITS + DAY
    await reports(post)
    post.writes("OUI", to=late)
    assert "le délai pour le confirmer est passé" in said(latest(post))
    assert lines(post) == {}


async def test_a_later_inventory_is_not_undone_by_confirming_an_older_one(post: Post) -> None:
    sends(post, csv())
    older = latest(post)
    post.town.clock.now += DAY
    sends(post, csv("Nom;Produit;Version\nfw-09;FortiOS;7.2.14\n"))
    post.writes("OUI", to=latest(post))
    post.town.clock.now += DAY
    post.writes("OUI", to=older)
    assert "un inventaire plus récent est arrivé" in said(latest(post))
    assert lines(post) == {"fw-09": "7.2.14"}


async def test_a_stranger_is_not_heard_even_in_reply_to_our_mail(post: Post) -> None:
    sends(post, csv())
    preview = latest(post)
    assert sends(post, csv(), sender="inconnu@ailleurs.example") is MailOutcome.IGNORED
    sends(post, csv(), sender="inconnu@ailleurs.example", to=preview)
    assert "Je ne vous connais pas encore" in said(latest(post))
    post.writes("OUI", to=preview, sender="inconnu@ailleurs.example")
    assert lines(post) == {}


async def test_somebody_else_s_yes_confirms_nothing(post: Post) -> None:
    register(post.town, "Autre personne", "autre@ch.example", post.town.facility("590999025"))
    sends(post, csv())
    post.writes("OUI", to=latest(post), sender="autre@ch.example")
    assert lines(post) == {}


async def test_a_mail_written_to_another_address_signs_nothing(post: Post) -> None:
    """A colleague had the alert, and somebody who has it from them writes as the RSSI."""
    sends(post, csv())
    preview = latest(post)
    second = "adjoint@ch-exemple.example"
    register(post.town, "Adjoint", second, _owner(post))
    assert sends(post, csv(), sender=second, to=preview) is MailOutcome.ANSWERED
    assert "Rien n'est changé" in said(latest(post))


async def test_many_unconfirmed_inventories_are_not_all_answered(post: Post) -> None:
    outcomes = [sends(post, csv()) for _ in range(UNCONFIRMED + 2)]
    assert outcomes == [MailOutcome.ANSWERED] * UNCONFIRMED + [MailOutcome.IGNORED] * 2


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([("parc.csv", b"\x00\x01\x02" * 40)], "parc.csv"),
        ([("parc.xlsx", b"PK\x03\x04 coupe")], "parc.xlsx"),
        ([("parc.json", b'{"a": 1}')], "parc.json"),
        ([("parc.csv", b"Nom;Produit;Version\nfw-01;;;;;;;7\n")], "igne"),
        ([csv(), ("autre.csv", SHEET.encode())], "Plusieurs fichiers"),
        ([("parc.csv", b"a" * (LARGEST_FILE + 1))], "trop gros"),
    ],
)
async def test_what_cannot_be_used_is_said_and_changes_nothing(
    post: Post, files: list[tuple[str, bytes]], expected: str
) -> None:
    assert sends(post, *files) is MailOutcome.ANSWERED
    assert expected in said(latest(post))
    assert lines(post) == {}


async def test_a_list_pasted_in_the_mail_is_an_inventory(post: Post) -> None:
    text = "Bonjour,\n\nFortiGate 60F FortiOS 7.2.8\n- Windows Server 2019\n\n-- \nLe RSSI\n"
    assert sends(post, text=text, subject="Notre inventaire") is MailOutcome.ANSWERED
    assert "Lignes ajoutées : 2" in said(latest(post))
    announced = "inventaire :\nFortiOS 7.2.8\nZimbra 8.8\n"
    assert sends(post, text=announced, to=latest(post)) is MailOutcome.RECEIVED
    assert len(lines(post)) == 2


async def test_thanks_about_an_inventory_are_no_list(post: Post) -> None:
    sends(post, csv())
    preview = latest(post)
    thanks = "Merci\nbonne journée"
    assert sends(post, text=thanks, subject="Re: Inventaire", to=preview) is MailOutcome.SILENT
    assert lines(post) == {}


async def test_a_mailbox_below_amber_gets_numbers_and_no_sheet(post: Post) -> None:
    post.town.told(_owner(post), GUARD, channel=ChannelName.EMAIL, ceiling=Tlp.GREEN)
    sends(post, csv())
    post.writes("OUI", to=latest(post))
    await reports(post)
    report = latest(post)
    assert "1 reconnue, 2 à préciser" in said(report)
    assert "FortiOS" not in said(report)
    assert not report.message.attachments


async def test_the_head_of_a_ght_sends_for_its_members(post: Post) -> None:
    town = post.town
    member = town.facility("590999025", name="CH membre")
    for facility, head in ((_owner(post), True), (member, False)):
        changed = dataclasses.replace(facility, ght="GHT Nord", ght_head=head)
        town.application.database.call(facilities.save, [changed])
    town.told(member, GUARD, channel=ChannelName.EMAIL)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ("FINESS", "Nom", "Produit", "Version"),
        ("590999017", "fw-01", "FortiOS", "7.2.8"),
        ("590999025", "fw-77", "FortiOS", "7.2.14"),
    ):
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    sends(post, ("ght.xlsx", buffer.getvalue()))
    assert "CH membre" in said(latest(post))
    post.writes("OUI", to=latest(post))
    assert lines(post, "590999025") == {"fw-77": "7.2.14"}
    await reports(post)
    assert {each.name for each in latest(post).message.attachments} == {
        "inventaire-590999017.csv",
        "inventaire-590999025.csv",
    }
    foreign = SHEET.replace("Nom;", "FINESS;Nom;").replace("\nfw", "\n620999029;fw")
    sends(post, csv(foreign))
    assert "hors du groupement" in said(latest(post))


async def test_who_speaks_for_several_says_for_which(post: Post) -> None:
    other = post.town.facility("590999025", name="EHPAD voisin")
    register(post.town, "RSSI partagé", "partage@ch.example", _owner(post), other)
    sends(post, csv(), sender="partage@ch.example")
    assert "590999025 EHPAD voisin" in said(latest(post))
    sends(post, csv(), sender="partage@ch.example", subject="Parc de 590999025")
    assert "EHPAD voisin" in said(latest(post))
    post.writes("oui", to=latest(post), sender="partage@ch.example")
    assert len(lines(post, "590999025")) == 3
    assert lines(post) == {}


def test_the_sheet_that_comes_back_is_one_that_is_read() -> None:
    assert len(read_inventory(SHEET.encode(), file="parc.csv").lines) == 3


def _owner(post: Post) -> Facility:
    found = post.town.application.database.call(facilities.by_finess, "590999017")
    assert found is not None
    return found
