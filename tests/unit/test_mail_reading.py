"""Mails as clients, answering machines and relays send them are told apart and read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.mail_reading import Bounce, Incoming, read_mail

OURS = f"<{'a' * 64}.{'b' * 20}@sante.example>"

OUTLOOK = f"""Return-Path: <ssi@ch-exemple.example>
From: "SSI - CH de D\u00e9monstration" <SSI@ch-exemple.example>
To: Tocsin <tocsin@sante.example>
Subject: =?iso-8859-1?Q?RE:_[Tocsin]_=C0_TRAITER?=
Thread-Index: AQHbPJ==
Message-ID: <DB9PR01MB1@DB9PR01MB1.eurprd01.prod.outlook.example>
References: <autre@sante.example>
\t{OURS}
In-Reply-To:
 {OURS}
Content-Type: multipart/alternative; boundary="_000_DB9"
MIME-Version: 1.0

--_000_DB9
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

Corrig=E9 hier

De=A0: Tocsin <tocsin@sante.example>
Envoy=E9=A0: dimanche 22 novembre 2026 09:12
Objet=A0: [Tocsin] =C0 TRAITER

R=C9PONDEZ =C0 CE MAIL PAR : je m'en occupe
--_000_DB9
Content-Type: text/html; charset="iso-8859-1"

<p>autre chose</p>
--_000_DB9--
"""
HTML_ONLY = f"""From: garde@ch-exemple.example
In-Reply-To: {OURS}
Message-ID: <zimbra.1@ch-exemple.example>
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64
MIME-Version: 1.0

PGRpdj5GQUlUPC9kaXY+PGJsb2NrcXVvdGU+UsOJUE9ORFU8L2Jsb2NrcXVvdGU+
"""
WITH_ATTACHMENT = f"""From: garde@ch-exemple.example
In-Reply-To: {OURS}
Content-Type: multipart/mixed; boundary=x
MIME-Version: 1.0

--x
Content-Type: text/plain; charset=utf-8; name=preuve.txt
Content-Disposition: attachment; filename=preuve.txt

pas la réponse
--x
Content-Type: text/plain; charset=inconnu-42

FAIT
--x--
"""
ABSENCE = f"""From: garde@ch-exemple.example
In-Reply-To: {OURS}
Subject: =?utf-8?Q?R=C3=A9ponse_automatique_:_[Tocsin]_=C3=80_TRAITER?=
Auto-Submitted: auto-replied
X-Auto-Response-Suppress: All

Fait bon vivre ailleurs : je suis absent.
"""
NOTIFICATION = """Return-Path: <>
From: MAILER-DAEMON@relais.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=x
MIME-Version: 1.0

--x
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; relais.example

Final-Recipient: rfc822; parti@ch-exemple.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <parti@ch-exemple.example>: user unknown

--x
Content-Type: {returned}

From: Tocsin <tocsin@sante.example>
Message-ID:
 {ours}
Subject: [Tocsin]

corps
--x--
"""


def read(text: str) -> Incoming:
    return read_mail(text.replace("\n", "\r\n").encode())


def test_a_reply_from_outlook() -> None:
    mail = read(OUTLOOK)
    assert mail.sender == "ssi@ch-exemple.example"
    assert mail.answers == (OURS, OURS, "<autre@sante.example>")
    assert mail.text == "Corrigé hier"
    assert mail.subject == "RE: [Tocsin] À TRAITER"
    assert not mail.automatic
    assert mail.bounce is None


@pytest.mark.parametrize("text", [HTML_ONLY, WITH_ATTACHMENT])
def test_the_words_are_found_in_html_alone_and_beside_attachments(text: str) -> None:
    assert read(text).text == "FAIT"


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied (vacation)",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "List-Id: <soignants.ch-exemple.example>",
        "Return-Path: <>",
        "Subject: Absence du bureau : Re: [Tocsin]",
        "Subject: Automatic reply: [Tocsin]",
        "Subject: Out of Office",
        "Subject: Lu : [Tocsin]",
        "Subject: Message d'absence",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
    ],
)
def test_an_answering_machine_is_recognised(headers: str) -> None:
    assert read(f"From: a@b.example\n{headers}\n\nFAIT\n").automatic
    assert read(ABSENCE).automatic == "Auto-Submitted: auto-replied"


@pytest.mark.parametrize(
    "headers",
    ["Auto-Submitted: no", "Subject: Re: [Tocsin] À TRAITER", "Return-Path: <a@b.example>", ""],
)
def test_a_person_is_not_taken_for_a_machine(headers: str) -> None:
    assert read(f"From: a@b.example\n{headers}\n\nFAIT\n".replace("\n\n\n", "\n\n")).automatic == ""


@pytest.mark.parametrize(
    ("action", "status", "returned", "bounce"),
    [
        ("failed", "5.1.1", "message/rfc822", Bounce(True, "5.1.1", (OURS,))),
        ("failed", "5.2.2", "text/rfc822-headers", Bounce(True, "5.2.2", (OURS,))),
        ("delayed", "4.4.1", "message/rfc822", Bounce(False, "4.4.1", (OURS,))),
        ("failed", "", "application/octet-stream", Bounce(True, "5.1.1", ())),
    ],
)
def test_a_delivery_status_notification_is_read(
    action: str, status: str, returned: str, bounce: Bounce
) -> None:
    text = NOTIFICATION.format(action=action, status=status, returned=returned, ours=OURS)
    assert read(text).bounce == bounce


@pytest.mark.parametrize(
    "header", ["", "From: a@b.example, c@d.example", "From: personne", "From: <>"]
)
def test_without_one_sender_there_is_none(header: str) -> None:
    assert read(f"{header}\nSubject: x\n\nFAIT\n").sender == ""


@given(
    st.binary(max_size=200),
    st.sampled_from(
        ["utf-8", "punycode", "idna", "raw_unicode_escape", "utf-7", "hex", "rot13", "?"]
    ),
)
def test_whatever_the_charset_the_words_can_be_kept(body: bytes, charset: str) -> None:
    head = f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
    text = read_mail(head.encode() + body).text
    assert "\0" not in text
    text.encode("utf-8")


@given(st.binary(max_size=2_000))
def test_any_bytes_may_arrive(raw: bytes) -> None:
    read_mail(raw)


@given(st.integers(0, len(OUTLOOK)), st.sampled_from([OUTLOOK, HTML_ONLY, NOTIFICATION]))
def test_a_mail_cut_short_is_read_as_far_as_it_goes(length: int, text: str) -> None:
    read_mail(text.encode()[:length])
