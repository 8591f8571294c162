"""What people write is read as they meant it, and never raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack.channel import escape
from bot.channels.slack.limits import view_faults
from bot.chat.desk import answer_invocation, read_answer, read_command
from bot.chat.forms import Questions, modal, question, sections, submitted, text_modal, value_of
from bot.commands.base import FieldKind, Form, FormField
from bot.domain.message import Choice
from bot.domain.wording import fold
from bot.render.answers import every_choice
from bot.render.words import load_words
from bot.resources import templates_folder
from tests.servers.slack_rules import faults_in_message, faults_in_view

CHOICES = (
    Choice("corrigé", "Corrigé", "ALR-2026-0412:fixed"),
    Choice("pas concerné", "Pas concerné…", "ALR-2026-0412:not_concerned"),
    Choice("je m'en occupe", "Je m'en occupe", "ALR-2026-0412:taken"),
    Choice("pas", "Pas…", "ALR-2026-0412:unknown"),
)
CARE = FormField(
    "care",
    "Les soins sont-ils touchés ?",
    FieldKind.CHOICE,
    options=(("yes", "Oui"), ("no", "Non"), ("unknown", "On ne sait pas")),
)


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("!alertes", "alertes", ""),
        ("/alerte ALR-2026-0412", "alerte", "ALR-2026-0412"),
        ("  !Déclarer  panne du labo\ndepuis 8 h ", "déclarer", "panne du labo\ndepuis 8 h"),
        ("> <@bot:x> cité\n> encore\n\n!aide", "aide", ""),
    ],
)
def test_a_command_is_read(text: str, name: str, args: str) -> None:
    spoken = read_command(text)
    assert spoken is not None
    assert (spoken.name, spoken.args) == (name, args)


@pytest.mark.parametrize(
    "text", ["bonjour", "!", "!!", "! aide", "/etc/hosts", "!12", "a !aide", ""]
)
def test_ordinary_talk_is_no_command(text: str) -> None:
    assert read_command(text) is None


@pytest.mark.parametrize(
    ("text", "kind", "note"),
    [
        ("Corrigé", "fixed", ""),
        ("CORRIGE.", "fixed", ""),
        ("Je m’en occupe", "taken", ""),
        ("Pas concerné : on l'a retiré", "not_concerned", "on l'a retiré"),
        ("pas concerne", "not_concerned", ""),
        ("> <@bot:x> alerte\n\ncorrigé – hier soir", "fixed", "hier soir"),
    ],
)
def test_an_answer_is_read_with_its_note(text: str, kind: str, note: str) -> None:
    read = read_answer(text, CHOICES)
    assert read is not None
    assert answer_invocation(read[0].value, read[1]) == (
        "ALR-2026-0412",
        f"{kind} {note}".strip(),
    )


@pytest.mark.parametrize("text", ["corrigeons", "je m'occupe du café", "concerné", ""])
def test_words_that_only_resemble_an_answer_are_none(text: str) -> None:
    assert read_answer(text, CHOICES) is None


@given(st.text())
def test_anything_may_be_written(text: str) -> None:
    read_command(text)
    assert len(fold(text)) == len(text.strip())
    if (answer := read_answer(text, CHOICES)) is not None:
        assert answer[0] in CHOICES


@pytest.mark.parametrize(
    ("text", "value"), [("1", "yes"), ("NON", "no"), ("on ne sait pas", "unknown"), ("yes", "yes")]
)
def test_a_choice_is_made_by_number_label_or_value(text: str, value: str) -> None:
    assert value_of(CARE, text) == value
    assert value_of(CARE, "0") is None
    assert value_of(CARE, "4") is None
    assert value_of(CARE, "peut-être") is None


def test_questions_come_one_after_the_other() -> None:
    what = FormField("what", "Quoi ?", FieldKind.TEXT)
    note = FormField("note", "Une note ?", FieldKind.TEXT, optional=True)
    asked = Questions(Form("declare", "Déclarer", "Envoyer", (what, CARE, note)), "@a:x")
    for text in ("panne", "2", "-"):
        answered = asked.answered(text)
        assert answered is not None
        asked = answered
    assert asked.current is None
    assert asked.values == {"what": "panne", "care": "no", "note": ""}
    assert question(CARE).splitlines()[1] == "1. Oui"


words = st.text(min_size=1, max_size=120).filter(str.strip)
options = st.lists(st.tuples(st.uuids().map(str), words), min_size=1, max_size=130)
fields = st.lists(
    st.builds(
        FormField,
        name=st.uuids().map(str),
        label=words,
        kind=st.sampled_from(FieldKind),
        options=options.map(tuple),
        value=st.text(max_size=4000),
        optional=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(fields=fields, title=words, submit=words)
def test_slack_accepts_any_form_as_a_modal(
    fields: list[FormField], title: str, submit: str
) -> None:
    view = modal(Form("declare", title, submit, tuple(fields), "contexte"), {"channel": "C1"})
    assert faults_in_view(view) == []
    assert view_faults(view) == []


@given(st.text(max_size=9000))
def test_slack_accepts_any_text_as_sections_and_as_a_modal(text: str) -> None:
    assert faults_in_message(sections(text)) == []
    assert faults_in_view(text_modal("Tocsin", text)) == []
    told = "".join(block["text"]["text"] for block in sections(text))
    assert told == (escape(text.strip()) or "…")


def test_no_escaped_character_is_torn_in_two() -> None:
    for block in sections("x" * 2998 + "&" * 1000):
        assert block["text"]["text"].replace("&amp;", "").strip("x") == ""


def test_a_submission_gives_values_by_field() -> None:
    state = {
        "values": {
            "what": {"value": {"type": "plain_text_input", "value": "panne"}},
            "care": {"value": {"type": "radio_buttons", "selected_option": {"value": "no"}}},
            "note": {"value": {"type": "plain_text_input", "value": None}},
        }
    }
    assert submitted(state) == {"what": "panne", "care": "no", "note": ""}


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("biomédical : transmis", "forwarded équipement biomédical :"),
        ("Biomed: transmis au prestataire", "forwarded équipement biomédical :"),
        ("corrigé pour les serveurs", "fixed pour les serveurs"),
        (
            "les serveurs et le réseau, prévu le 12/12",
            "planned serveur, équipement actif : 12/12",
        ),
    ],
)
def test_a_team_is_named_before_or_after_the_answer(text: str, args: str) -> None:
    words = load_words(templates_folder(), "fr")
    found = read_answer(text, every_choice("ALR-2026-0412", words))
    assert found is not None
    assert answer_invocation(found[0].value, found[1]) == ("ALR-2026-0412", args)
