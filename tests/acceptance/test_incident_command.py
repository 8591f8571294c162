"""``tocsin incident``, as somebody types it when no chat answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_inventory_command import Operator

DEMO = Path(__file__).parents[2] / "config" / "demo"
CHU = "590999017"
RSSI = "rssi@chu.example"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path)
    made.environment |= {"TOCSIN_INCIDENT__CERT_MAILBOX": "cert@sante.example"}
    for words in (
        ("init",),
        ("facility", "import", DEMO / "facilities.csv"),
        ("person", "add", RSSI, "--name", "Une RSSI", "--role", "rssi", "--facility", CHU),
    ):
        code, said = made.types(*words)
        assert code == 0, said
    return made


def as_json(operator: Operator, *words: str) -> Any:
    """What a command prints for a machine."""
    code, said = operator.types("--json", *words)
    assert code == 0, said
    return json.loads(said)


def test_an_incident_from_its_declaration_to_its_end(operator: Operator, tmp_path: Path) -> None:
    by = ("--by", RSSI)
    declare = ("incident", "declare", "Rançongiciel aux urgences", "--facility", CHU, *by)
    code, said = operator.types(*declare, "--care", "yes")
    assert code == 0, said
    assert "Débranchez du réseau" in said
    assert "Tocsin s'en occupe" in said
    again = as_json(operator, *declare)
    assert not again["new"]
    reference = again["incident"]["reference"]
    assert (again["incident"]["pending"], again["incident"]["by_hand"]) == (
        ["cert"],
        ["room", "authority"],
    )
    mails = tmp_path / "mails"
    code, said = operator.types("dispatch", "--to-console", mails)
    assert code == 0, said
    assert len(list(mails.glob("cert-*.eml"))) == 1
    assert operator.types("incident", "note", reference, "Partage débranché", *by)[0] == 0
    shown = as_json(operator, "incident", "show", reference)
    assert [entry["kind"] for entry in shown["timeline"]] == ["declared", "cert", "note"]
    assert shown["pending"] == []
    assert operator.types("incident", "note", reference, "--state", "closed", *by)[0] == 0
    assert as_json(operator, "incident", "list") == []
    (listed,) = as_json(operator, "incident", "list", "--all", "--facility", CHU)
    assert (listed["state"], listed["care"], listed["number"]) == ("closed", "yes", 1)
    code, said = operator.types("incident", "show", reference)
    assert (code, "Incident clos" in said, "Partage débranché" in said) == (0, True, True), said


def test_an_exercise_is_listed_as_one(operator: Operator) -> None:
    declare = ("incident", "declare", "Panne du labo", "--facility", CHU, "--by", RSSI)
    code, said = operator.types(*declare, "--exercise")
    assert (code, said.startswith("EXERCICE")) == (0, True), said
    assert "EXERCICE" in operator.types("incident", "list")[1]
    assert [each["exercise"] for each in as_json(operator, "incident", "list")] == [True]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("declare", "panne", "--facility", CHU, "--by", "qui@x.example"), 4, "person add"),
        (("declare", "panne", "--facility", "620999029", "--by", RSSI), 4, "does not declare"),
        (("declare", "panne", "--facility", "590999018", "--by", RSSI), 4, "clé de contrôle"),
        (("declare", " ", "--facility", CHU, "--by", RSSI), 2, "say what is happening"),
        (("show", "INC-2026-0099"), 4, "incident list --all"),
        (("note", "INC-2026-0099", "un fait", "--by", RSSI), 4, "incident list --all"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_remedy(
    operator: Operator, words: tuple[str, ...], code: int, said: str
) -> None:
    ended, told = operator.types("incident", *words)
    assert (ended, said in told) == (code, True), told
    assert as_json(operator, "incident", "list", "--all") == []


def test_a_mailbox_for_no_authority_names_the_nearest(operator: Operator, tmp_path: Path) -> None:
    config = tmp_path / "tocsin.toml"
    config.write_text('[incident.authority_mailboxes]\nars-bretagn = "ssi@ars.example"\n')
    code, said = operator.types("--config", config, "check-config")
    assert (code, "did you mean ars-bretagne?" in said) == (3, True), said
