"""What people read of digests, campaigns and incidents, and of the bot's replies."""

from __future__ import annotations

import dataclasses

import pytest

from bot.domain.health import AlarmView
from bot.domain.message import ChannelName
from bot.domain.views import IncidentReader
from bot.render import Renderer, samples
from bot.render.markdown import prose, to_html, to_slack, to_text
from bot.render.typography import french_spaces
from feeds.advisory import Tlp

NBSP = "\u00a0"


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(clock=lambda: samples.NOW)


def test_a_digest_is_a_list_of_decisions(renderer: Renderer) -> None:
    text = renderer.digest(samples.DIGEST, channel=ChannelName.MATRIX, ceiling=Tlp.AMBER).text
    assert text.startswith(f"CH de Démonstration, semaine 11{NBSP}: 5{NBSP}décisions\n")
    assert f"1. Windows Server, mise à jour de mars{NBSP}: 41{NBSP}serveurs, ferme 6 bull" in text
    assert f"Non corrigeable{NBSP}? L'avis de votre équipe biomédicale est attendu." in text
    assert f"4. Quelle version de FortiOS{NBSP}? Règle 5 «{NBSP}à vérifier{NBSP}»." in text
    assert f"En retard{NBSP}: 1 · Corrigés{NBSP}: 7 · Écartés{NBSP}: 22" in text


def test_each_action_of_a_digest_is_answered_beside_it_in_slack(renderer: Renderer) -> None:
    message = renderer.digest(samples.DIGEST, channel=ChannelName.SLACK, ceiling=Tlp.AMBER)
    menus = [block["accessory"] for block in message.blocks if "accessory" in block]
    assert [menu["action_id"] for menu in menus] == [
        "answer:ACT-2026-0031",
        "answer:ACT-2026-0032",
        "question:Q-2026-0031",
    ]
    assert menus[0]["options"][0]["value"] == "ACT-2026-0031:taken"


def test_below_the_ceiling_a_digest_is_a_count(renderer: Renderer) -> None:
    message = renderer.digest(samples.DIGEST, channel=ChannelName.SLACK, ceiling=Tlp.GREEN)
    assert f"6{NBSP}décisions à prendre, 1 en retard" in message.text
    assert "Windows" not in f"{message}"
    public = renderer.digest(samples.DIGEST, channel=ChannelName.SLACK, ceiling=Tlp.CLEAR)
    assert "décision" not in f"{public}"


def test_the_initial_state_is_marked_like_machine_names(renderer: Renderer) -> None:
    full = renderer.initial_state(samples.INITIAL, channel=ChannelName.EMAIL, ceiling=Tlp.AMBER)
    assert full.marking is Tlp.AMBER
    assert f"42{NBSP}vous concernent, dont 3{NBSP}exploités" in full.text
    low = renderer.initial_state(samples.INITIAL, channel=ChannelName.EMAIL, ceiling=Tlp.GREEN)
    assert "NetScaler" not in low.text + low.html


def test_a_campaign_offers_its_authors_answers(renderer: Renderer) -> None:
    message = renderer.campaign(samples.CAMPAIGN, channel=ChannelName.MATRIX, ceiling=Tlp.CLEAR)
    assert message.awareness
    assert [(choice.word, choice.emoji) for choice in message.choices] == [
        ("FAIT", "👍"),
        ("RÉPONDU", "🆘"),
    ]
    assert "<strong>À faire" in message.html
    assert "1. Ne répondez pas.\n2. Rappelez.\n\nMerci." in message.text


def test_an_incident_tells_the_room_what_to_do_and_the_authority_what_happens(
    renderer: Renderer,
) -> None:
    room = renderer.incident(samples.INCIDENT, channel=ChannelName.MATRIX, ceiling=Tlp.AMBER)
    view = dataclasses.replace(samples.INCIDENT, reader=IncidentReader.AUTHORITY)
    mail = renderer.incident(view, channel=ChannelName.EMAIL, ceiling=Tlp.AMBER)
    assert "Débranchez du réseau" in room.text
    assert "Débranchez du réseau" not in mail.text
    assert "il ne remplace pas la déclaration" in mail.text
    assert f"à 13{NBSP}h{NBSP}05 (à Paris{NBSP}: 10{NBSP}h{NBSP}05, 11/03)" in mail.text
    assert mail.subject == "[Tocsin] Un message protégé vous attend"


def test_an_exercise_is_never_declared(renderer: Renderer) -> None:
    view = dataclasses.replace(samples.INCIDENT, exercise=True)
    for channel in ChannelName:
        message = renderer.incident(view, channel=channel, ceiling=Tlp.RED)
        assert message.text.startswith("EXERCICE – ")
        assert message.subject.startswith("EXERCICE – ")
        assert "Déclarer sans délai" not in message.text


def test_a_reply_is_text_and_html(renderer: Renderer) -> None:
    text, html = renderer.reply("stranger", language="fr")
    assert text.startswith("Je ne vous connais pas encore.")
    assert "<code>!lier CODE</code>" in html


def test_a_reply_quotes_what_was_typed_without_obeying_it(renderer: Renderer) -> None:
    typed = "**x** <b>@room</b> [a](https://evil.example)"
    text, html = renderer.reply("unknown_command", language="fr", word=typed, nearest="")
    assert "<b>" not in html
    assert "<strong>" not in html
    assert "@room" not in text + html


def test_a_bulletin_for_people_comes_with_a_page_to_print(renderer: Renderer) -> None:
    mail = renderer.alert(samples.PEOPLE, channel=ChannelName.EMAIL, ceiling=Tlp.CLEAR)
    (poster,) = mail.attachments
    assert poster.name == "consigne-a-afficher.html"
    assert "Ne répondez à aucun fax" in poster.content
    assert "EHPAD" not in poster.content
    room = renderer.alert(samples.PEOPLE, channel=ChannelName.MATRIX, ceiling=Tlp.CLEAR)
    assert room.attachments == ()


def test_slack_offers_buttons_and_a_menu_before_the_last_block(renderer: Renderer) -> None:
    message = renderer.alert(samples.ALERT, channel=ChannelName.SLACK, ceiling=Tlp.AMBER)
    actions = message.blocks[-2]
    assert actions["block_id"] == "answers"
    buttons = [item for item in actions["elements"] if item["type"] == "button"]
    (menu,) = (item for item in actions["elements"] if item["type"] == "static_select")
    offered = [item["value"] for item in (*buttons, *menu["options"])]
    assert sorted(offered) == sorted(choice.value for choice in message.choices)
    assert buttons[0]["action_id"] == "answer:taken"
    assert "ne demande jamais de mot de passe" in str(message.blocks[-1])


@pytest.mark.parametrize(
    ("source", "text", "slack"),
    [
        ("**gras** et *penché*", "gras et penché", "*gras* et _penché_"),
        ("- a\n- b\n\nfin", "• a\n• b\n\nfin", "• a\n• b\n\nfin"),
        ("3. a\n4. b", "3. a\n4. b", "3. a\n4. b"),
        ("- a\n  - b", "• a\n   • b", "• a\n   • b"),
        ("a  \nb\nc", "a\nb c", "a\nb c"),
        ("[ici](https://a.example/)", "ici (https://a.example/)", "ici (https://a.example/)"),
        ("<https://a.example/>", "https://a.example/", "https://a.example/"),
        ("`a<b`", "`a<b`", "`a&lt;b`"),
        ("1 \\* 2", "1 * 2", "1 ∗ 2"),
    ],
)
def test_markdown_reads_the_same_everywhere(source: str, text: str, slack: str) -> None:
    assert to_text(source) == text
    assert to_slack(source) == slack


def test_markdown_html_has_no_link_and_no_image() -> None:
    html = to_html("[a](https://b.example) ![c](https://d.example/e.png) <b>f</b>")
    assert html == (
        "<p>a (https://b.example) !c (https://d.example/e.png) &lt;b&gt;f&lt;/b&gt;</p>"
    )


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Vérifier : oui", f"Vérifier{NBSP}: oui"),
        ("Quoi ? « ceci »", f"Quoi{NBSP}? «{NBSP}ceci{NBSP}»"),
        ("écrivez !alerte", "écrivez !alerte"),
        ("margin: 0", "margin: 0"),
    ],
)
def test_no_break_spaces_stand_where_french_wants_them(typed: str, printed: str) -> None:
    assert french_spaces(typed) == printed


def test_a_room_shared_by_facilities_reads_whose_machines_they_are(renderer: Renderer) -> None:
    text = renderer.alert(samples.SHARED, channel=ChannelName.MATRIX, ceiling=Tlp.AMBER).text
    assert "srv-vpn-03 (CH de Démonstration, 13.1-48.47)" in text
    assert "srv-vpn-03 (Clinique de Démonstration, 13.1-48.47)" in text


def test_slack_is_never_given_a_value_that_it_refuses(renderer: Renderer) -> None:
    many = "ALR-2026-" + "+".join(f"{number:04}" for number in range(60))
    view = dataclasses.replace(samples.ALERT, reference=many)
    message = renderer.alert(view, channel=ChannelName.SLACK, ceiling=Tlp.AMBER)
    (actions,) = (block for block in message.blocks if block["type"] == "actions")
    assert {item["type"] for item in actions["elements"]} == {"button"}
    beyond = dataclasses.replace(samples.ALERT, reference=many * 10)
    message = renderer.alert(beyond, channel=ChannelName.SLACK, ceiling=Tlp.AMBER)
    assert "actions" not in {block["type"] for block in message.blocks}


@pytest.mark.parametrize(
    ("published", "read"),
    [
        (
            'découverte dans <span class="textit">les\nproduits X</span>.',
            "découverte dans les produits X.",
        ),
        ("à distance.<br/>\n\nL'éditeur indique", "à distance. L'éditeur indique"),
        ("La [CVE-2025-1](https://a.example/), **exploitée**", "La CVE-2025-1, exploitée"),
        ("versions &lt; 3 & 4 < 5", "versions < 3 & 4 < 5"),
        ("snake_case_name et 2.*.* ou 3.*", "snake_case_name et 2.*.* ou 3.*"),
    ],
)
def test_what_publishers_write_reads_as_plain_words(published: str, read: str) -> None:
    assert prose(published) == read


def test_nothing_is_announced_that_is_not_there(renderer: Renderer) -> None:
    view = samples.NAMELESS  # its only reference has no address
    for channel in ChannelName:
        message = renderer.alert(view, channel=channel, ceiling=Tlp.AMBER)
        assert "référence" not in f"{message.text} {message.html}".lower()
    text = renderer.digest(samples.DIGEST, channel=ChannelName.CONSOLE, ceiling=Tlp.AMBER).text
    assert "()" not in text


def test_a_title_that_says_for_whom_is_not_completed(renderer: Renderer) -> None:
    view = dataclasses.replace(samples.PEOPLE, title="Fax frauduleux : consigne pour l'accueil")
    message = renderer.alert(view, channel=ChannelName.EMAIL, ceiling=Tlp.CLEAR)
    assert message.subject == "[Tocsin] Fax frauduleux : consigne pour l'accueil"


@pytest.mark.parametrize(
    ("answer", "next_step"),
    [
        ("fixed", "Les relances s'arrêtent."),
        ("compromised", "`!declare`"),
        ("replied", "appelez CERT Santé au 09"),
    ],
)
def test_an_answer_is_acknowledged_with_what_comes_next(
    renderer: Renderer, answer: str, next_step: str
) -> None:
    text, _ = renderer.reply(
        "answered",
        language="fr",
        due=None,
        reference="ALR-2026-0412",
        answer=answer,
        person="RSSI",
        lots=(),
        waiting=(),
        facilities=("CH",),
        forwarded=(),
        refused=(),
        others=(),
        disagreements=(),
    )
    assert text.startswith("Noté")
    assert next_step in text


@pytest.mark.parametrize("mailbox", [True, False])
def test_a_mail_promises_that_replies_are_read_only_where_they_are(mailbox: bool) -> None:
    renderer = Renderer(clock=lambda: samples.NOW, mailbox=mailbox)
    mails = [
        renderer.alert(view, channel=ChannelName.EMAIL, ceiling=Tlp.RED) for view in samples.ALERTS
    ]
    mails.append(renderer.campaign(samples.CAMPAIGN, channel=ChannelName.EMAIL, ceiling=Tlp.RED))
    for mail in mails:
        if not mail.choices:
            continue
        for body in (mail.text.casefold(), mail.html.casefold()):
            elsewhere = "répondez dans votre salon, ou appelez votre rssi" in body
            assert elsewhere is not mailbox
            assert ("répondez à ce mail par" in body or "répondez par un mot" in body) is mailbox


def test_an_alarm_tells_the_operator_what_to_do_and_names_no_facility(renderer: Renderer) -> None:
    view = AlarmView("certificate-ends", "email", since=samples.NOW)
    message = renderer.alarm(view, channel=ChannelName.EMAIL, language="fr")
    assert message.subject == "[Tocsin] le certificat qui signe les courriels arrive à sa fin"
    assert f"Valable jusqu'au 11/03/2026 à 10{NBSP}h." in message.text
    over = renderer.alarm(
        dataclasses.replace(view, over=True), channel=ChannelName.SLACK, language="en"
    )
    assert "Recovered: the certificate" in over.text
    assert "Valid until" not in over.text
