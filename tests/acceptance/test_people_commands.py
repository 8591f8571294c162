"""``tocsin answer``, ``contact``, ``absence`` and ``subscribe --lots`` as operators use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.test_command_line import Installation

FACILITIES = "FINESS;Nom;Autorité;Type\n590999017;CH de Démonstration;ars-hauts-de-france;ch\n"


@pytest.fixture
def tocsin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Installation:
    """An installation with one hospital."""
    installation = Installation(tmp_path, capsys)
    installation("init")
    file = tmp_path / "facilities.csv"
    file.write_text(FACILITIES, "utf-8")
    installation("facility", "import", str(file))
    return installation


def test_contacts_are_added_listed_and_taken_out(tocsin: Installation) -> None:
    words = ("590999017", "prestataire", "m@prestataire.example")
    said = tocsin("contact", "add", *words, "--name", "Maintenance", "--ceiling", "AMBER")
    assert "prestataire is Maintenance, up to TLP:AMBER" in said
    assert "AMBER" in tocsin("contact", "list", "590999017")
    assert "is not one of" in tocsin("contact", "add", "590999017", "chef", "a@b.example", code=2)
    assert "GREEN or AMBER" in tocsin("contact", "add", *words, "--ceiling", "RED", code=2)
    tocsin("contact", "remove", "590999017", "m@prestataire.example")
    assert "is no contact" in tocsin("contact", "remove", *words[::2], code=4)


def test_a_destination_is_limited_to_lots(tocsin: Installation) -> None:
    tocsin("subscribe", "590999017", "email", "b@ch.example", "--lots", "biomedical,network")
    assert "biomedical" in tocsin("facility", "list")
    wrong = tocsin("subscribe", "590999017", "email", "b@ch.example", "--lots", "labo", code=2)
    assert "'labo' is not one of workstation, server, network, biomedical" in wrong


def test_an_absence_is_noted_and_taken_back(tocsin: Installation) -> None:
    days = ("2026-11-20", "2030-01-01")
    said = tocsin("absence", "add", "a@ch.example", *days, "--substitute", "b@ch.example")
    assert "b@ch.example stands in" in said
    assert "b@ch.example stands in" in tocsin("absence", "list")
    assert "1 absence of" in tocsin("absence", "end", "a@ch.example")
    assert "no absence" in tocsin("absence", "end", "a@ch.example", code=4)
    assert "before the first" in tocsin("absence", "add", "a@ch.example", *days[::-1], code=2)


def test_an_answer_wants_a_registered_person_a_lot_and_an_alert(tocsin: Installation) -> None:
    answer = ("answer", "ALR-2026-0001", "fixed", "--by")
    assert "tocsin person add" in tocsin(*answer, "a@ch.example", code=4)
    person = ("--name", "A", "--role", "rssi", "--facility", "590999017")
    tocsin("person", "add", "a@ch.example", *person)
    assert "'labo' is not one of" in tocsin(*answer, "a@ch.example", "--lot", "labo", code=2)
    assert "Je ne trouve pas" in tocsin(*answer, "a@ch.example", "--lot", "serveurs")
