"""Whatever a mail client adds below, around or after it, the answer is what its author wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.desk import read_answer
from bot.chat.mail_text import answer_text, html_text
from bot.domain.message import Choice
from bot.render import Renderer

OURS = """[Tocsin] À TRAITER
RÉPONDEZ À CE MAIL PAR : je m'en occupe · prévu le (date) · corrigé
Tocsin ne demande jamais de mot de passe."""
QUOTED = "\n".join(f"> {line}" for line in OURS.splitlines())

THUNDERBIRD_TOP = f"Corrigé\n\nLe 22/11/2026 à 09:12, Tocsin a écrit :\n{QUOTED}\n"
THUNDERBIRD_BELOW = f"""Le 22/11/2026 à 09:12, Tocsin a écrit :
{QUOTED}

Corrigé

-- \u0020
Service informatique, poste 4242
"""
GMAIL = f"""Corrigé

Le dim. 22 nov. 2026 à 09:12, Tocsin – CERT Santé <tocsin@sante.example> a
écrit :

{QUOTED}
"""
OUTLOOK = f"""Bonjour,

Corrigé

De : Tocsin <tocsin@sante.example>
Envoyé : dimanche 22 novembre 2026 09:12
À : SSI <ssi@ch-exemple.example>
Objet : [Tocsin] À TRAITER

{OURS}
"""
OUTLOOK_OLD = f"""Corrigé

-----Message d'origine-----
De : Tocsin
Objet : [Tocsin] À TRAITER

{OURS}
"""
OUTLOOK_PHONE = f"""Corrigé

Télécharger Outlook pour Android<https://aka.ms/AAb9ysg>
________________________________
From: Tocsin <tocsin@sante.example>
Sent: Sunday, November 22, 2026 9:12:00 AM
{OURS}
"""
ZIMBRA = f"""Corrigé

----- Mail original -----
De: "Tocsin" <tocsin@sante.example>
À: ssi@ch-exemple.example
Envoyé: Dimanche 22 Novembre 2026 09:12:00

{OURS}
"""
IPHONE = (
    f"Corrigé\n\nEnvoyé de mon iPhone\n\n> Le 22 nov. 2026 à 09:12, Tocsin a écrit :\n{QUOTED}\n"
)


@pytest.mark.parametrize(
    "text",
    [
        THUNDERBIRD_TOP,
        THUNDERBIRD_BELOW,
        GMAIL,
        OUTLOOK,
        OUTLOOK_OLD,
        OUTLOOK_PHONE,
        ZIMBRA,
        IPHONE,
        "Corrigé",
        "\r\n\u00a0\r\nCorrigé\r\n-- \r\nSignature\r\n",
    ],
)
def test_the_answer_is_found_in_what_clients_send(text: str) -> None:
    assert answer_text(text) == "Corrigé"


OUTLOOK_HTML = """<html><head><style>p.MsoNormal {margin:0}</style></head><body lang=FR>
<div class=WordSection1><p class=MsoNormal>Corrig&eacute;<o:p></o:p></p>
<p class=MsoNormal>&nbsp;</p>
<div><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal>
<b>De&nbsp;:</b> Tocsin &lt;tocsin@sante.example&gt;<br><b>Envoy&eacute;&nbsp;:</b> dimanche<br>
<b>Objet&nbsp;:</b> [Tocsin]</p></div></div><p>RÉPONDEZ À CE MAIL PAR : corrigé</p></div></body>"""
OUTLOOK_WEB = """<div dir="ltr">Corrigé</div><div id="appendonsend"></div><hr style="width:98%">
<div id="divRplyFwdMsg"><b>De :</b> Tocsin</div><div>je m'en occupe</div>"""
GMAIL_HTML = """<div dir="auto">Corrigé</div><br><div class="gmail_quote gmail_quote_container">
<div class="gmail_attr">Le dim. 22 nov. 2026, Tocsin a écrit :<br></div>
<blockquote class="gmail_quote"><p>je m'en occupe</blockquote></div>"""
ZIMBRA_HTML = """<html><body><div><div>Corrigé<br></div><hr id="zwchr" data-marker="__DIVIDER__">
<div><b>De: </b>"Tocsin"<br></div><div>je m'en occupe</div></div></body></html>"""
THUNDERBIRD_HTML = """<html><body><div class="moz-cite-prefix">Le 22/11/2026 à 09:12, Tocsin a
écrit :<br></div><blockquote type="cite" cite="mid:x"><p>je m'en occupe</p><div>pas
concerné</div></blockquote><p>Corrigé</p><div class="moz-signature">-- <br>Poste 4242</div>"""


@pytest.mark.parametrize(
    "html", [OUTLOOK_HTML, OUTLOOK_WEB, GMAIL_HTML, ZIMBRA_HTML, THUNDERBIRD_HTML]
)
def test_the_answer_is_found_in_html_alone(html: str) -> None:
    assert answer_text(html_text(html)) == "Corrigé"


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour, corrigé",
        "Bonjour corrigé",
        "Bonsoir Madame,\n\ncorrigé",
        "Bonjour le support\n\ncorrigé",
        "Bonjour à tous,\ncorrigé",
    ],
)
def test_a_greeting_is_no_part_of_the_answer(text: str) -> None:
    assert answer_text(f"{text}\n\n{QUOTED}") == "corrigé"


def test_an_answer_that_begins_as_a_quotation_does_is_an_answer() -> None:
    assert answer_text("On it\nOn Sun, Nov 22, 2026 at 9:12 AM Tocsin wrote:\n> cited") == "On it"
    assert answer_text("On it\n\nLe 22/11, Tocsin a écrit :\n> cité") == "On it"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_answer_offered_is_read_back_from_a_reply(language: str) -> None:
    answers = Renderer().words(language).answers
    choices = [Choice(said["word"], said["label"], kind) for kind, said in answers.items()]
    for choice in choices:
        for word in (choice.word, choice.word.upper(), choice.label.rstrip("…")):
            text = answer_text(f"{word} 12/12\n\nLe 22/11 à 9 h, Tocsin a écrit :\n{QUOTED}")
            read = read_answer(text, choices)
            assert read is not None, word
            assert read == (choice, "12/12")


def test_a_note_of_several_lines_is_kept() -> None:
    text = "Bonjour,\n\npas concerné : retiré\nen octobre\n\nCordialement\n-- \nService"
    assert answer_text(text) == "pas concerné : retiré\nen octobre\n\nCordialement"


words = st.sampled_from(
    ["FAIT", "Corrigé", "je m'en occupe", "prévu le 12/12", "pas concerné : vu"]
)
openings = st.sampled_from(
    [
        "Le 22/11/2026 à 09:12, Tocsin a écrit :",
        "On Sun, Nov 22, 2026 at 9:12 AM Tocsin <t@s.example> wrote:",
        "-----Message d'origine-----",
        "----- Mail original -----",
        "________________________________",
        "De : Tocsin\nEnvoyé : hier\nÀ : SSI",
        "-- ",
        "> cité",
    ]
)


@given(words, openings, st.text())
def test_whatever_is_quoted_below_the_answer_is_the_word_on_top(
    word: str, opening: str, below: str
) -> None:
    assert answer_text(f"{word}\n\n{opening}\n{below}") == word
    quoted = "\n".join(f"> {line}" for line in below.splitlines())
    assert answer_text(f"{word}\n\n{opening}\n{quoted}") == word


@given(st.text())
def test_anything_may_arrive(text: str) -> None:
    answer_text(text)
    answer_text(html_text(text))
