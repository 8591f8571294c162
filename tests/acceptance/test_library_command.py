"""``tocsin bulletins …`` and the matches of a bulletin, an asset, a product."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_inventory_command import DEMO, Operator

FACILITY = "690999032"
DOCUMENT = Path(__file__).parents[1] / "data" / "csaf" / "me-2026-001.json"
INVENTORY = """N° inventaire;Catégorie;Nom;Éditeur;Produit;Version
BIO-1;équipement biomédical;pompe-1;Médical Exemple;Pompe P1;4.1
BIO-2;équipement biomédical;pompe-2;Médical Exemple;Pompe P1;
BIO-3;équipement biomédical;pompe-3;Médical Exemple;Pompe P1;4.2
SRV-1;serveur;web-1;Apache;Tomcat;9.0.70
"""


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    folder = tmp_path_factory.mktemp("tocsin")
    made = Operator(folder / "data")
    assert made.types("init")[0] == 0
    assert made.types("facility", "import", DEMO / "facilities.csv")[0] == 0
    file = folder / "parc.csv"
    file.write_text(INVENTORY, "utf-8")
    imported = made.types(
        "inventory", "import", "--facility", FACILITY, file, "--as-of", "2026-02-01"
    )
    assert imported[0] == 0, imported
    made.types("ingest", "--file", DOCUMENT)  # one of its statuses names no product: said
    assert made.types("match")[0] == 0
    return made


def values(operator: Operator, *words: str) -> Any:
    code, said = operator.types(*words, "--json")
    assert code == 0, said
    return json.loads(said)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("--cve", "cve-2026-90050"), 1), (("--cve", "CVE-2026-99999"), 0),
        (("--product", "pompe p1"), 1), (("--product", "scanner"), 0),
        (("console",), 1), (("me-2026",), 1), (("--publisher", "exemple"), 1),
        (("--since", "2026-03-02"), 0), (("--until", "2026-03-02"), 1),
        (("--kind", "AVI"), 0), (("--sort", "cvss"), 1), (("--sort", "title", "100%"), 0),
    ],
)  # fmt: skip
def test_bulletins_are_found_by_what_they_say(
    operator: Operator, asked: tuple[str, ...], found: int
) -> None:
    listed = values(operator, "bulletins", "list", *asked)
    assert len(listed) == found
    if found:
        (one,) = listed
        assert (one["reference"], one["cvss"], one["matched"]) == ("ME-2026-001", 8.1, 2)


def test_a_bulletin_lists_its_products_and_its_equipment(operator: Operator) -> None:
    found = values(operator, "bulletins", "matches", "ME-2026-001")
    told = {asset["line_id"]: asset["verdict"]["kind"] for asset in found["assets"]}
    assert told == {"BIO-1": "affected", "BIO-2": "review"}
    assert found["lots"] == {"open": 1}
    sure = values(operator, "bulletins", "matches", "ME-2026-001", "--sure")
    assert [asset["line_id"] for asset in sure["assets"]] == ["BIO-1"]
    code, said = operator.types("bulletins", "matches", "ME-2026-001", "--facility", FACILITY)
    assert (code, "Lines: affected 1, review 1. Lots by state: open 1." in said) == (0, True), said
    assert operator.types("bulletins", "matches", "ME-2099-001")[0] == 4


def test_an_asset_and_a_product_list_their_bulletins(operator: Operator) -> None:
    command = ("inventory", "matches", "--facility", FACILITY)
    assert {each["line_id"] for each in values(operator, *command)} == {"BIO-1", "BIO-2"}
    (one,) = values(operator, *command, "--line", "BIO-1")
    assert (one["reference"], one["kind"]) == ("ME-2026-001", "affected")
    assert len(values(operator, *command, "--product", "pompe p1")) == 2
    assert len(values(operator, *command, "--product", "pompe p1", "--sure")) == 1
    assert values(operator, *command, "--product", "tomcat") == []


def test_a_run_by_hand_opens_nothing_twice(operator: Operator) -> None:
    for asked in (
        ("ME-2026-001",),
        ("--facility", FACILITY),
        ("--facility", FACILITY, "--line", "BIO-1", "--line", "SRV-1"),
    ):
        code, said = operator.types("match", *asked)
        assert (code, " 0 alerts opened" in said) == (0, True), said
        found = values(operator, "bulletins", "matches", "ME-2026-001")
        assert len(found["assets"]) == 2, asked
    assert operator.types("match", "ME-2099-001")[0] == 4
    assert operator.types("match", "--facility", FACILITY, "--line", "BIO-9")[0] == 4
    assert operator.types("match", "--line", "BIO-1")[0] == 2


def test_two_revisions_are_compared(operator: Operator, tmp_path: Path) -> None:
    values_of = json.loads(DOCUMENT.read_text("utf-8"))
    values_of["document"]["title"] = "Pompes, console et station"
    values_of["document"]["tracking"]["version"] = "3"
    file = tmp_path / "me-2026-001.json"
    file.write_text(json.dumps(values_of), "utf-8")
    operator.types("ingest", "--file", file)
    code, said = operator.types("match")
    assert (code, " 0 alerts opened" in said) == (0, True), said
    code, said = operator.types("bulletins", "diff", "ME-2026-001")
    assert code == 0
    assert '+ "title": "Pompes, console et station"' in said
    assert operator.types("bulletins", "diff", "ME-2026-001", "--from", "7")[0] == 4
