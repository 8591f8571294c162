"""A mail says what the message says, and nothing a hostile bulletin wants it to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.mail.format import BadAddressError, compose, header_text, message_id
from bot.domain.mail_token import signed_key
from bot.domain.message import Attachment, Message

SENDER = "Tocsin – CERT Santé <tocsin@sante.example>"
MAILBOX = "ssi@ch-exemple.example"
KEY = "a" * 64
MESSAGE = Message(
    subject="[Tocsin] À TRAITER – équipements d’échographie – CERTFR-2026-AVI-0123",
    text="À faire : passer en 13.1-49.13 ou plus.\n.point en tête de ligne\n" + "é" * 300,
    html="<p>À faire : <b>passer en 13.1-49.13</b></p>",
)


def received(message: Message, *, unsubscribe: str = "") -> EmailMessage:
    """Compose, encode and read back as a mailbox would."""
    raw = compose(
        message,
        sender=SENDER,
        address=MAILBOX,
        key=KEY,
        sent_at=datetime(2026, 3, 2, 8, tzinfo=UTC),
        unsubscribe=unsubscribe,
    ).as_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n"), "a lone line feed breaks signatures"
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail = message_from_bytes(raw, policy=SMTP)
    assert isinstance(mail, EmailMessage)
    return mail


def body(mail: EmailMessage, kind: str) -> str:
    """The text of the ``plain`` or ``html`` alternative."""
    part = mail.get_body((kind,))
    assert part is not None
    assert part["Content-Transfer-Encoding"] == "quoted-printable"
    return str(part.get_content()).replace("\r\n", "\n")


def test_accents_survive_in_headers_and_both_bodies() -> None:
    mail = received(MESSAGE)
    assert mail["Subject"] == MESSAGE.subject
    assert mail["From"].addresses[0].display_name == "Tocsin – CERT Santé"
    assert body(mail, "plain").rstrip("\n") == MESSAGE.text
    assert "À faire : <b>passer" in body(mail, "html")
    assert 'lang="fr"' in body(mail, "html")


def test_a_mail_says_that_a_machine_wrote_it() -> None:
    mail = received(MESSAGE)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert mail["List-Unsubscribe"] is None


def test_only_awareness_can_be_unsubscribed() -> None:
    link = "mailto:tocsin@sante.example?subject=STOP"
    assert received(MESSAGE, unsubscribe=link)["List-Unsubscribe"] is None
    campaign = replace(MESSAGE, awareness=True)
    assert received(campaign, unsubscribe=link)["List-Unsubscribe"] == f"<{link}>"


def test_a_later_message_joins_the_thread_and_its_long_identifier_stays_whole() -> None:
    first = message_id("b" * 64, "tocsin.un-domaine-plutot-long.sante.example")
    mail = received(replace(MESSAGE, thread=first))
    assert mail["In-Reply-To"] == first
    assert mail["References"] == first
    raw = compose(replace(MESSAGE, thread=first), sender=SENDER, address=MAILBOX, key=KEY)
    assert f"References: {first}\r\n".encode() in raw.as_bytes()


def test_an_attachment_keeps_its_name_without_its_path() -> None:
    notice = Attachment("../../consigne d'accueil – é.md", "text/markdown", "Ne répondez pas.\n")
    data = Attachment("incident.json", "application/json", '{"é": 1}')
    parts = list(received(replace(MESSAGE, attachments=(notice, data))).iter_attachments())
    assert [part.get_filename() for part in parts] == ["consigne d'accueil – é.md", "incident.json"]
    assert parts[0].get_content() == "Ne répondez pas.\r\n"
    assert parts[1].get_content() == '{"é": 1}'.encode()


def test_one_key_gives_one_message_id_and_two_keys_two() -> None:
    assert message_id(KEY, "x.example") == f"<{KEY}@x.example>"
    assert message_id("clé avec espaces > et\r\nBcc:", "x.example").count("\n") == 0
    assert message_id("k1", "x.example") != message_id("k2", "x.example")


@given(
    subject=st.text(max_size=600),
    text=st.text(max_size=400),
    thread=st.text(max_size=80),
    name=st.text(max_size=60),
    language=st.text(max_size=10),
)
def test_no_text_adds_a_header_or_a_recipient(
    subject: str, text: str, thread: str, name: str, language: str
) -> None:
    hostile = Message(
        subject=f"{subject}\r\nBcc: tous@example.org",
        text=text,
        html=f"<p>{text}</p>",
        thread=thread,
        language=language,
        awareness=True,
        attachments=(Attachment(name, "text/plain", text),),
    )
    mail = received(hostile, unsubscribe="mailto:a@b.example\r\nBcc: tous@example.org")
    assert mail["Bcc"] is None
    assert mail["To"] == MAILBOX
    assert not mail.defects


@pytest.mark.parametrize(
    "address",
    [
        "",
        "pas une adresse",
        "a@b.example, c@d.example",
        "a@b.example\r\nRCPT TO:<c@d.example>",
        "médecin@ch.example",
        "ssi@hôpital.example",
        "a b@c.example",
        "a@",
    ],
)
def test_what_is_not_one_mailbox_is_refused(address: str) -> None:
    with pytest.raises(BadAddressError):
        compose(MESSAGE, sender=SENDER, address=address, key=KEY)


def test_a_signed_message_id_gives_its_key_back_and_no_other_does() -> None:
    secret = b"un secret assez long"
    signed = message_id(KEY, "sante.example", secret=secret)
    assert signed_key(secret, signed) == KEY
    assert signed_key(secret, signed.replace("sante.example", "relais.example")) == KEY
    assert signed_key(b"un autre secret", signed) is None
    assert signed_key(secret, message_id(KEY, "sante.example")) is None
    assert signed_key(secret, signed.replace("<a", "<b")) is None


@given(subject=st.text(max_size=300), text=st.text(max_size=600), name=st.text(max_size=40))
def test_what_is_written_is_what_is_read(subject: str, text: str, name: str) -> None:
    """The standard library reads back every word; control characters and lone surrogates,
    which no mail carries, apart."""
    one_line = header_text(subject)
    said = text.replace("\x00", "").encode("utf-8", "replace").decode()
    mail = received(
        Message(
            subject,
            said,
            html=f"<p>{name}</p>",
            attachments=(Attachment(name, "text/plain", said),),
        )
    )
    expected = said.replace("\r\n", "\n").replace("\r", "\n")
    assert str(mail["Subject"] or "") == one_line
    assert body(mail, "plain").removesuffix("\n") == expected.removesuffix("\n")
    (attached,) = mail.iter_attachments()
    assert attached.get_content().replace("\r\n", "\n").removesuffix("\n") == expected.removesuffix(
        "\n"
    )
