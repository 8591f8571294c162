"""``tocsin campaign``, as an authority's people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.test_inventory_command import DEMO, Operator

AUTHOR = "referent@ars.example"
APPROVER = "direction@ars.example"
REGION = "ars-hauts-de-france"
CHU = "590999017"
COAST = "620999029"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """A database with the facilities of the demonstration and two people of an ARS."""
    made = Operator(tmp_path)
    for words in (
        ("init",),
        ("facility", "import", DEMO / "facilities.csv"),
        ("subscribe", CHU, "email", "ssi@ght.example", "--ceiling", "AMBER"),
        ("subscribe", COAST, "email", "ssi@ght.example", "--ceiling", "CLEAR"),
        *(
            ("person", "add", email, "--name", email, "--role", "ars", "--authority", REGION)
            for email in (AUTHOR, APPROVER)
        ),
    ):
        code, said = made.types(*words)
        assert code == 0, said
    return made


def says(operator: Operator, *words: str | Path) -> str:
    code, said = operator.types("campaign", *words)
    assert code == 0, said
    return said


def fails(operator: Operator, *words: str | Path) -> str:
    code, said = operator.types("campaign", *words)
    assert code != 0, said
    return said


def read(operator: Operator, *words: str) -> dict[str, object]:
    code, said = operator.types("--json", "campaign", *words)
    assert code == 0, said
    found: dict[str, object] = json.loads(said)
    return found


def test_a_campaign_is_created_previewed_approved_sent_answered_and_counted(
    operator: Operator, tmp_path: Path
) -> None:
    created = ("create", "hameconnage", "--authority", REGION, "--by", AUTHOR, "--exercise")
    assert "CMP-2" in says(operator, *created)
    reference = read_reference(operator)
    preview = says(operator, "preview", reference)
    assert "2 facilities, as things stand; told at: email 1." in preview
    assert "EXERCICE" in preview
    assert "CH de Démonstration-Littoral" in preview

    assert "its author cannot approve it" in fails(operator, "approve", reference, "--by", AUTHOR)
    approved = says(operator, "approve", reference, "--by", APPROVER)
    assert "approved for 2 facilities; it leaves with tocsin dispatch" in approved
    waiting = says(operator, "show", reference)
    assert "joignables" not in waiting, "nobody was written to: no address is missing"
    code, said = operator.types("dispatch", "--to-console", tmp_path / "mails")
    assert (code, "1 delivered" in said) == (0, True), said
    (mail,) = (tmp_path / "mails").glob("*.eml")
    assert b"EXERCICE" in mail.read_bytes()

    answer = ("answer", reference, "--by", AUTHOR, "--facility")
    assert "offers these answers: FAIT, REÇU" in fails(operator, *answer, CHU, "peut-être")
    says(operator, *answer, CHU, "fait")
    shown = read(operator, "show", reference, "--silent")
    assert shown["counts"] == {
        "recipients": 2,
        "reached": 2,
        "told": 2,
        "answered": 1,
        "silent": 1,
    }
    assert shown["answers"] == {"read": 1}
    assert "620999029" in json.dumps(shown["recipients"])
    assert CHU not in json.dumps(shown["recipients"])
    assert "Hameçonnage" in says(operator, "show", reference, "--all")

    assert "is cancelled" in says(operator, "cancel", reference, "--by", AUTHOR)
    assert "too late" in fails(operator, "cancel", reference, "--by", AUTHOR)
    assert "cancelled" in says(operator, "list")


def test_what_cannot_be_done_is_said_with_its_remedy(operator: Operator, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.md"
    wrong.write_text('+++\ntitel = "Fax"\n+++\ntexte', "utf-8")
    common = ("--authority", REGION, "--by", AUTHOR)
    said = fails(operator, "create", wrong, *common)
    assert "wrong.md: titel: unknown key, did you mean title?" in said
    assert "No such file" in fails(operator, "create", "nowhere.md", *common)
    assert "nobody is registered as x@y" in fails(
        operator, "create", "hameconnage", "--authority", REGION, "--by", "x@y"
    )
    assert "does not speak for that authority" in fails(
        operator, "create", "hameconnage", "--authority", "fssi", "--by", AUTHOR
    )
    assert "autorité inconnue" in fails(
        operator, "create", "hameconnage", "--authority", "bretagn", "--by", AUTHOR
    )
    more = ("create", "hameconnage", *common)
    assert "its own facilities only" in fails(operator, *more, "--to-authority", "ars-bretagne")
    assert "department 1000: unknown" in fails(operator, *more, "--department", "1000")
    assert "clé de contrôle" in fails(operator, *more, "--facility", "590999018")
    assert "--at: 'demain'" in fails(operator, *more, "--at", "demain")
    assert "no such campaign" in fails(operator, "show", "CMP-2026-0009")
    says(operator, *more, "--kind", "hia")
    reference = read_reference(operator)
    assert "audience is empty" in fails(operator, "approve", reference, "--by", APPROVER)


def test_options_replace_what_the_file_says_and_the_hour_is_the_authoritys(
    operator: Operator,
) -> None:
    says(
        operator, "create", "fax-et-mots-de-passe", "--authority", REGION, "--by", AUTHOR,
        "--at", "2099-03-02T09:00", "--facility", COAST, "--department", "62",
        "--every", "30",
    )  # fmt: skip
    reference = read_reference(operator)
    preview = says(operator, "preview", reference)
    assert "1 facilities" in preview
    assert "2099-03-02 08:00 UTC" in preview
    assert "every 30 days, 2 times" in preview
    approved = says(operator, "approve", reference, "--by", APPROVER)
    assert "it is sent on 2099-03-02" in approved


def test_the_ready_texts_are_listed(operator: Operator) -> None:
    assert set(read(operator, "list", "--ready")) == {"fax-et-mots-de-passe", "hameconnage"}


def read_reference(operator: Operator) -> str:
    code, said = operator.types("--json", "campaign", "list")
    assert code == 0, said
    reference: str = json.loads(said)[0]["reference"]
    return reference
