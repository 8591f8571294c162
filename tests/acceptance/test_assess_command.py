"""A poor list is worth something at once; and nothing ever looks safe by accident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.inventory.registry import read_inventory
from bot.store import Database, advisories
from feeds.advisory import AdvisoryKind
from tests.acceptance.bulletins import fortios
from tests.acceptance.test_inventory_command import CHU, DEMO, Operator

SMALL = "620999029"
LIST = """Nom;Éditeur;Produit;Version
fw-01;Fortinet;FortiOS;7.2.8
fw-02;Fortinet;FortiOS;
srv-01;Microsoft;Windows Server 2012 R2;6.3.9600
boîtier;;Machin gris;1.0
"""


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """A database with facilities and one bulletin on FortiOS."""
    folder = tmp_path_factory.mktemp("tocsin")
    made = Operator(folder)
    assert made.types("init")[0] == 0
    assert made.types("facility", "import", DEMO / "facilities.csv")[0] == 0
    moment = datetime.now(UTC) + timedelta(days=1)
    bulletin = fortios(moment, AdvisoryKind.AVIS)
    database = Database(f"sqlite:///{folder / 'tocsin.db'}")
    database.call(advisories.store, [bulletin], trace_id="trace", now=moment)
    database.dispose()
    return made


def test_a_pasted_list_gives_counts_questions_and_a_sheet(
    operator: Operator, tmp_path: Path
) -> None:
    file, sheet = tmp_path / "liste.csv", tmp_path / "retour.csv"
    file.write_text(LIST, "utf-8")
    code, said = operator.types("inventory", "assess", file, "--sheet", sheet)
    assert code == 0, said
    assert "2 reconnues, 2 à préciser, 1 hors support, 0 exploitée" in said
    assert said.index("Quelle version de Fortinet FortiOS") < said.rindex("Machin gris")
    assert "srv-01 : n'est plus corrigé depuis le 10/10/2023" in said
    back = sheet.read_text("utf-8-sig").replace("\N{NO-BREAK SPACE}", " ")
    assert "version ?" in back
    assert "produit ?" in back
    again = read_inventory(sheet.read_bytes(), file=sheet.name)
    assert [line.product for line in again.lines][:2] == ["FortiOS", "FortiOS"]


def test_a_line_of_a_list_is_called_as_it_was_typed(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "liste.txt"
    file.write_text("Parefeu FortiGate 60F v7.2.3\nServeurs Windows Server 2012 R2 x 4\n", "utf-8")
    code, said = operator.types("inventory", "assess", file)
    assert code == 0, said
    assert "Serveurs Windows Server 2012 R2 x 4 : n'est plus corrigé" in said


def test_a_question_from_the_command_line(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "liste.csv"
    file.write_text(LIST, "utf-8")
    assert operator.types("inventory", "import", "--facility", CHU, file)[0] == 0
    assert operator.types("match")[0] == 0
    code, said = operator.types("explain", "CERTFR-2026-AVI-9001", "--facility", CHU)
    assert code == 0
    assert "1 concerné ; 4 équipements : 2 évalués, 1 sans version, 1 non reconnu" in said
    code, said = operator.types("review", "--facility", CHU)
    assert (code, "QST-" in said) == (0, True), said
    reference = next(word for word in said.split() if word.startswith("QST-"))
    code, said = operator.types("review", "answer", reference)
    assert (code, "give one answer" in said) == (2, True), said
    code, said = operator.types("review", "answer", reference, "7.2.12")
    assert (code, "1 line of the inventory completed" in said) == (0, True), said
    assert reference not in operator.types("review", "--facility", CHU)[1]
    code, said = operator.types("review", "learned")
    assert (code, "7.2.12" in said) == (0, True), said
    code, said = operator.types("review", "confirm", "1", "--by", "personne@ch.example")
    assert (code, "nobody is registered" in said) == (4, True), said
    code, said = operator.types("review", "undo", "1")
    assert (code, "1 line given back" in said) == (0, True), said
    code, said = operator.types("review", "undo", "1")
    assert (code, "ended already" in said) == (4, True), said
    assert reference in operator.types("review", "--facility", CHU)[1]
    code, said = operator.types("inventory", "coverage", "--facility", CHU)
    assert (code, "inventaire du" in said) == (0, True), said


def test_a_facility_that_has_nothing_declares_products(operator: Operator, tmp_path: Path) -> None:
    answers = tmp_path / "reponses.toml"
    answers.write_text('vpn = ["fortinet", "Boîtier local"]\nfax = "oui"\n', "utf-8")
    declare = ("facility", "declare", SMALL, "--answers", answers)
    code, said = operator.types(*declare)
    assert (code, "2 products declared" in said) == (0, True), said
    assert operator.types("match")[0] == 0
    code, said = operator.types("review", "--facility", SMALL)
    assert (code, "FortiOS" in said, "Boîtier local" in said) == (0, True, True), said
    file = tmp_path / "liste.csv"
    file.write_text(LIST, "utf-8")
    code, said = operator.types("inventory", "import", "--facility", SMALL, file)
    assert (code, "ajoutées : 4 ; modifiées : 0 ; retirées : 0" in said) == (0, True), said
    answers.write_text('vpn = "aucun"\n', "utf-8")
    code, said = operator.types(*declare)
    assert (code, "0 products declared, 2 taken back; 4 lines" in said) == (0, True), said
    answers.write_text('vpn = "fortinett"\n', "utf-8")
    assert "if you meant fortinet, answer again" in operator.types(*declare)[1]
    answers.write_text('vnp = "fortinet"\n', "utf-8")
    code, said = operator.types(*declare)
    assert (code, "no question 'vnp'" in said) == (4, True), said
