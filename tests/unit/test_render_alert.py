"""What people read of an alert, in each channel and below each ceiling."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.alert import AlertView, AnswerKind, AssetLine, Coverage, Why
from bot.domain.facility import AssetCategory
from bot.domain.message import ChannelName
from bot.domain.reason import Reason, ReasonCode
from bot.render import Renderer
from feeds.advisory import AdvisoryKind, Reference, Tlp

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
NBSP = "\u00a0"


def vpn(number: int, version: str = "13.1-48.47") -> AssetLine:
    return AssetLine(f"srv-vpn-{number:02}", "Citrix NetScaler", version, AssetCategory.SERVER)


NETSCALER = AlertView(
    reference="ALR-2026-0412",
    facility="CH de Y",
    finess="590999017",
    publisher="certfr",
    advisory="CERTFR-2026-AVI-0123",
    kind=AdvisoryKind.AVIS,
    title="Multiples vulnérabilités dans Citrix NetScaler",
    url="https://www.cert.ssi.gouv.fr/avis/CERTFR-2026-AVI-0123/",
    summary="Deux vulnérabilités ont été découvertes dans NetScaler ADC.",
    tlp=Tlp.CLEAR,
    published_at=NOW,
    product="Citrix NetScaler",
    target="13.1-49.13",
    affected=(vpn(1), vpn(2), vpn(3)),
    to_check=(vpn(4, ""),),
    why=(Why("range", "versions 13.1.x antérieures à 13.1-49.13"),),
    references=(Reference("Bulletin de l'éditeur", "https://editeur.example/9001"),),
    exploited=True,
    urgency_reasons=(Reason(ReasonCode.EXPLOITED),),
    coverage=Coverage(4312, 3486, 614, 212, date(2026, 3, 2)),
    next_step=datetime(2026, 3, 12, 9, tzinfo=PARIS),
    next_contact="suppleant",
)
FAX = AlertView(
    reference="ALR-2026-0007",
    facility="EHPAD de Z",
    finess="290999044",
    publisher="certsante",
    advisory="CERT-SANTE-2018-07",
    kind=AdvisoryKind.BULLETIN,
    title="Fax frauduleux",
    url="",
    summary="Des fraudeurs envoient des fax pour obtenir des informations.",
    tlp=Tlp.CLEAR,
    published_at=NOW,
    advice=("Ne répondez à aucun fax.", "Rappelez à un numéro que vous connaissez."),
    functions=("fax", "accueil", "secretariat"),
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(clock=lambda: NOW)


def test_an_alert_says_what_to_do_before_why(renderer: Renderer) -> None:
    text = renderer.alert(NETSCALER, channel=ChannelName.MATRIX, ceiling=Tlp.AMBER).text
    assert text.startswith(f"Citrix NetScaler{NBSP}: 3{NBSP}serveurs concernés, 1 à vérifier\n")
    wanted = [
        "CH de Y · ALR-2026-0412 · CERTFR-2026-AVI-0123 · TLP:AMBER",
        f"À FAIRE{NBSP}: passer en 13.1-49.13 ou plus. Vulnérabilité exploitée",
        "- srv-vpn-01, srv-vpn-02, srv-vpn-03 (13.1-48.47)",
        f"«{NBSP}versions 13.1.x antérieures à 13.1-49.13{NBSP}»",
        "- srv-vpn-04 (version absente)",
        f"Inventaire du 02/03{NBSP}: 4{NBSP}312{NBSP}équipements",
        f"relance demain 9{NBSP}h, puis votre suppléant.",
        "Tocsin ne demande jamais de mot de passe.",
        f"Vérifier ce message{NBSP}: !alerte ALR-2026-0412",
    ]
    places = [text.index(words) for words in wanted]
    assert places == sorted(places)


def test_below_the_ceiling_a_channel_gets_a_count_and_no_machine(renderer: Renderer) -> None:
    message = renderer.alert(NETSCALER, channel=ChannelName.SLACK, ceiling=Tlp.GREEN)
    said = f"{message.text} {message.blocks}"
    assert f"Citrix NetScaler{NBSP}: 4{NBSP}équipements à traiter" in message.text
    assert "CERTFR-2026-AVI-0123" in said
    assert "srv-vpn" not in said
    assert "CH de Y" not in said
    assert message.marking is Tlp.GREEN


def test_a_public_destination_gets_a_neutral_notice(renderer: Renderer) -> None:
    message = renderer.alert(NETSCALER, channel=ChannelName.EMAIL, ceiling=Tlp.CLEAR)
    assert message.subject == "[Tocsin] Un message protégé vous attend"
    assert "Citrix" not in message.text + message.html
    assert message.choices == ()


@pytest.mark.parametrize(
    ("ceiling", "subject"),
    [
        (Tlp.AMBER, "[Tocsin] Un message protégé vous attend"),
        (Tlp.GREEN, "[Tocsin] À TRAITER – Citrix NetScaler – CERTFR-2026-AVI-0123"),
    ],
)
def test_a_mail_subject_speaks_only_up_to_green(
    renderer: Renderer, ceiling: Tlp, subject: str
) -> None:
    message = renderer.alert(NETSCALER, channel=ChannelName.EMAIL, ceiling=ceiling)
    assert message.subject == subject


def test_a_bulletin_for_people_is_numbered_and_answered_by_one_word(renderer: Renderer) -> None:
    message = renderer.alert(FAX, channel=ChannelName.EMAIL, ceiling=Tlp.CLEAR)
    assert message.subject == f"[Tocsin] Fax frauduleux{NBSP}: consigne pour l'accueil"
    assert "1. Ne répondez à aucun fax.\n2. Rappelez" in message.text
    assert [choice.word for choice in message.choices] == ["FAIT", "REÇU", "RÉPONDU"]
    assert "09 72 43 91 25".replace(" ", NBSP) in message.text


@pytest.mark.parametrize("channel", list(ChannelName))
@pytest.mark.parametrize("ceiling", list(Tlp))
def test_an_exercise_says_so_in_its_first_word(
    renderer: Renderer, channel: ChannelName, ceiling: Tlp
) -> None:
    view = dataclasses.replace(NETSCALER, exercise=True)
    message = renderer.alert(view, channel=channel, ceiling=ceiling)
    assert message.subject.startswith("EXERCICE – ")
    assert message.text.startswith("EXERCICE – ")
    if message.blocks:
        assert message.blocks[0]["text"]["text"].lstrip("*").startswith("EXERCICE – ")


def test_twenty_machines_are_named_then_counted(renderer: Renderer) -> None:
    view = dataclasses.replace(NETSCALER, affected=tuple(vpn(n) for n in range(41)))
    text = renderer.alert(view, channel=ChannelName.CONSOLE, ceiling=Tlp.RED).text
    assert "srv-vpn-19" in text
    assert "srv-vpn-20" not in text
    assert f"… et 21{NBSP}autres" in text


def test_a_search_for_a_compromise_is_asked_only_when_the_flaw_is_exploited(
    renderer: Renderer,
) -> None:
    def kinds(view: AlertView) -> set[str]:
        message = renderer.alert(view, channel=ChannelName.MATRIX, ceiling=Tlp.AMBER)
        return {choice.value.rpartition(":")[2] for choice in message.choices}

    assert AnswerKind.COMPROMISED in kinds(NETSCALER)
    assert AnswerKind.COMPROMISED not in kinds(dataclasses.replace(NETSCALER, exploited=False))


def test_matrix_html_bears_no_class_and_mail_bears_inline_styles(renderer: Renderer) -> None:
    room = renderer.alert(NETSCALER, channel=ChannelName.MATRIX, ceiling=Tlp.AMBER)
    mail = renderer.alert(NETSCALER, channel=ChannelName.EMAIL, ceiling=Tlp.AMBER)
    assert "class=" not in room.html
    assert mail.html.startswith('<!DOCTYPE html>\n<html lang="fr">')
    assert 'class="todo" style="' in mail.html
    assert '<h1 class="headline" style="' in mail.html
    assert "<h3>Citrix NetScaler" in room.html
    assert "http" not in mail.html.replace("https://www.cert.ssi.gouv.fr", "").replace(
        "https://editeur.example", ""
    )


def test_a_version_hidden_in_the_product_is_not_called_missing(renderer: Renderer) -> None:
    typed = AssetLine("poste-7", "Windows 10 22H2 10.0.19045", "", AssetCategory.WORKSTATION)
    view = dataclasses.replace(NETSCALER, affected=(typed,), to_check=(typed,))
    text = renderer.alert(view, channel=ChannelName.CONSOLE, ceiling=Tlp.AMBER).text
    affected, to_check = text.split("À VÉRIFIER")
    assert "- poste-7 (Windows 10 22H2 10.0.19045)\n" in affected
    assert "- poste-7 (Windows 10 22H2 10.0.19045, version absente)\n" in to_check


def test_the_same_words_are_quoted_once(renderer: Renderer) -> None:
    view = dataclasses.replace(NETSCALER, why=(Why("range", "a b"), Why("missing", "a b")))
    text = renderer.alert(view, channel=ChannelName.CONSOLE, ceiling=Tlp.AMBER).text
    assert text.count("Le bulletin dit") == 1
