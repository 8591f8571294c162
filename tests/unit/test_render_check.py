"""A template that is wrong is found before anybody is sent a message, and named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.app import Application
from bot.domain.message import ChannelName
from bot.render import Renderer, TemplateError, samples, try_templates
from bot.resources import templates_folder
from bot.settings import Settings
from feeds.advisory import Tlp


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """A copy of the shipped templates, to be spoilt."""
    return Path(shutil.copytree(templates_folder(), tmp_path / "templates"))


def spoil(templates: Path, name: str, old: str, new: str) -> None:
    path = templates / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_templates_are_right() -> None:
    try_templates(Renderer())


def test_both_languages_have_the_same_templates() -> None:
    def names(language: str) -> set[str]:
        found = templates_folder().glob(f"*/{language}/*.j2")
        return {f"{path.parent.parent.name}/{path.name}" for path in found}

    assert names("fr") == names("en") != set()


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "alert/fr/text.j2",
            "{{ alert.reference |",
            "{{ alert.referense |",
            "alert/fr/text.j2, line 5: 'alert' has no field 'referense'",
        ),
        (
            "digest/en/html.j2",
            "{{ digest.reference }}",
            "{{ bilan.reference }}",
            "digest/en/html.j2, line 6: 'bilan' is not given to this template",
        ),
        (
            "incident/fr/slack.j2",
            "{% if incident.timeline %}",
            "{% if incident.timeline %}{{ missing }}",
            "incident/fr/slack.j2, line 24: 'missing' is not given to this template",
        ),
        (
            "notice/fr/text.j2",
            "{% if exercise %}",
            "{% if exercise ",
            "notice/fr/text.j2, line 3: ",
        ),
        (
            "common/fr/phrases.j2",
            "coverage.uploaded_on | day",
            "coverage.uploaded | day",
            "common/fr/phrases.j2, line ",
        ),
        (
            "campaign/fr/html.j2",
            'class="headline"',
            'class="unheard"',
            "mail/mail.css has no rule for class unheard",
        ),
        (
            "reduced/fr/slack.j2",
            "{% call context() %}",
            "stray{% call context() %}",
            "reduced/fr/slack.j2: text outside a block: 'stray",
        ),
        (
            "alert/en/html.j2",
            "{{ alert.reference |",
            "{{ alert.reference | day |",
            "alert/en/html.j2, line 6: ",
        ),
        ("words/fr.toml", "fixed = {", "fixd = {", "[answers] lacks fixed"),
        ("words/en.toml", "[phrases]", "[phrases", "words/en.toml: "),
    ],
)
def test_a_fault_names_its_file_and_what_is_wrong(
    templates: Path, name: str, old: str, new: str, said: str
) -> None:
    spoil(templates, name, old, new)
    with pytest.raises(TemplateError) as caught:
        try_templates(Renderer(templates))
    assert said in str(caught.value)


def test_a_missing_template_is_named(templates: Path) -> None:
    (templates / "digest" / "fr" / "slack.j2").unlink()
    with pytest.raises(TemplateError, match=r"digest/fr/slack\.j2: no such template"):
        try_templates(Renderer(templates))


def test_an_unknown_variable_stops_the_message_too(templates: Path) -> None:
    spoil(templates, "alert/fr/text.j2", "{{ alert.reference |", "{{ alert.referense |")
    with pytest.raises(TemplateError, match=r"alert/fr/text\.j2, line 5: .*'referense'"):
        Renderer(templates).alert(samples.ALERT, channel=ChannelName.CONSOLE, ceiling=Tlp.RED)


def test_an_unknown_reply_is_named() -> None:
    with pytest.raises(TemplateError, match=r"reply/fr/unheard\.j2: no such template"):
        Renderer().reply("unheard", language="fr")


def test_no_template_joins_values_with_a_tilde() -> None:
    """``a ~ b`` escapes for HTML whatever the syntax: Slack would show ``&#34;``."""
    for path in templates_folder().rglob("*.j2"):
        assert " ~ " not in path.read_text(encoding="utf-8"), path


def test_the_configuration_may_name_a_changed_copy(tmp_path: Path, templates: Path) -> None:
    spoil(
        templates, "alert/fr/text.j2", "{{ alert.reference |", "notre modèle {{ alert.reference |"
    )
    application = Application(Settings(data_dir=tmp_path, templates_dir=templates))
    message = application.renderer.alert(
        samples.ALERT, channel=ChannelName.CONSOLE, ceiling=Tlp.RED
    )
    assert "notre modèle ALR-2026-0412" in message.text
