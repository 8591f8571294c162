"""Columns remembered for a facility, a file for the members of a GHT, the public FINESS extract."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.test_inventory_command import DEMO, Operator

HEAD, MEMBER, ALONE = "590999017", "620999029", "690999032"
LINES = """FINESS;Libellé long;Éditeur;Version
590999017;FortiOS;Fortinet;7.2.3
590999017;Tomcat;Apache;9.0.70
620999029;Windows Server 2019;Microsoft;10.0.17763.3887
"""
EXTRACT = (
    "finess;etalab;95;2026-01-10\n"
    "structureet;590999017;590999025;CHU DEMO;CHU DEMO;;;;;;;;;59;NORD;;;;101;CHR;;\n"
    "structureet;620000034;620999029;EHPAD DUNE;EHPAD  DES DUNES;;;;;;;;;62;P;;;;500;EHPAD;;\n"
    "structureet;970400032;970400024;CH DU SUD;CH DU SUD;;;;;;;;;9D;R;;;;355;CH;;\n"
    "structureet;620000035;620999029;FAUX;FAUX;;;;;;;;;62;P;;;;500;EHPAD;;\n"
)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path / "data")
    assert made.types("init")[0] == 0
    assert made.types("facility", "import", DEMO / "facilities.csv")[0] == 0
    return made


def table(folder: Path, text: str, name: str = "ght.csv") -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_chosen_columns_are_remembered_shown_required_and_forgotten(
    operator: Operator, tmp_path: Path
) -> None:
    upload = ("inventory", "import", "--facility", ALONE)
    file = table(tmp_path, "Libellé long;Version\nFortiOS;7.2.3\nTomcat;9.0.70\n")
    code, said = operator.types(*upload, file, "--column", "product=Libellé long", "--dry-run")
    assert code == 0, said
    assert "Aucune colonne choisie" in operator.types("inventory", "columns", ALONE)[1]
    code, said = operator.types(*upload, file, "--column", "product=Libellé long")
    assert (code, "Colonnes choisies retenues" in said) == (0, True), said
    code, said = operator.types("inventory", "columns", ALONE)
    assert (code, "Produit (product)" in said, "Libellé long" in said) == (0, True, True), said
    code, said = operator.types(*upload, file)
    assert (code, "Produit = « Libellé long »" in said) == (0, True), said
    renamed = table(tmp_path, "Produit;Version\nFortiOS;7.2.4\n", "renamed.csv")
    code, said = operator.types(*upload, renamed)
    assert code == 4
    assert "la colonne « Libellé long », attendue pour « Produit », manque" in said
    assert f"tocsin inventory columns {ALONE} --reset" in said
    assert "Colonnes oubliées" in operator.types("inventory", "columns", ALONE, "--reset")[1]
    code, said = operator.types(*upload, renamed, "--dry-run")
    assert "attendue" not in said


def test_the_head_of_a_ght_uploads_for_its_members(operator: Operator, tmp_path: Path) -> None:
    upload = ("inventory", "import", "--members", "--facility")
    file = table(tmp_path, LINES)
    chosen = ("--column", "product=Libellé long")
    code, said = operator.types(*upload, HEAD, file, *chosen, "--dry-run")
    assert (code, "rien n'a été écrit" in said) == (0, True), said
    code, said = operator.types(*upload, HEAD, file, *chosen)
    assert code == 0, said
    assert f"{MEMBER} CH de Démonstration-Littoral Lignes lues : 1" in said
    code, said = operator.types("inventory", "list", "--facility", MEMBER, "--json")
    assert "Windows Server 2019" in said
    assert "FortiOS" not in said
    code, said = operator.types("inventory", "coverage", "--facility", HEAD, "--members")
    assert (code, MEMBER in said, ALONE in said) == (0, True, False), said
    shorter = table(tmp_path, "".join(LINES.splitlines(keepends=True)[:3]), "shorter.csv")
    code, said = operator.types(*upload, HEAD, shorter)
    assert f"laissés comme avant : {MEMBER}" in said


def test_a_facility_outside_the_ght_is_refused_with_its_line(
    operator: Operator, tmp_path: Path
) -> None:
    file = table(tmp_path, LINES.replace("Libellé long", "Produit") + f"{ALONE};MySQL;Oracle;8.0\n")
    code, said = operator.types("inventory", "import", "--members", "--facility", HEAD, file)
    assert code == 4
    assert f"hors du groupement : {ALONE} (dès la ligne 5, 1 en tout)" in said
    assert "Rien n'a été changé" in said
    assert "FortiOS" not in operator.types("inventory", "list", "--facility", HEAD)[1]


def test_a_file_of_several_facilities_is_not_taken_for_one_s(
    operator: Operator, tmp_path: Path
) -> None:
    upload = ("inventory", "import", "--facility", HEAD)
    code, said = operator.types(*upload, table(tmp_path, LINES.replace("Libellé long", "Produit")))
    assert code == 4
    assert "ligne 4 : le FINESS 620999029 est celui d'un autre établissement" in said
    assert "--members" in said
    unknown = LINES.replace("Libellé long", "Produit").replace("620999029", "620000034")
    code, said = operator.types(*upload, table(tmp_path, unknown))  # its legal entity, perhaps
    assert (code, "Lignes ajoutées : 3" in said) == (0, True), said


def test_what_waits_to_be_judged_is_said_beside_the_coverage(
    operator: Operator, tmp_path: Path
) -> None:
    file = table(tmp_path, "Produit;Version\nFortiOS;7.2.3\nTomcat;9.0.70\n")
    assert operator.types("inventory", "import", "--facility", ALONE, file)[0] == 0
    coverage = ("inventory", "coverage", "--facility", ALONE)
    assert "attendent encore d'être comparées aux bulletins : 2" in operator.types(*coverage)[1]
    assert operator.types("match")[0] == 0
    assert "attendent encore" not in operator.types(*coverage)[1]


def test_only_the_head_uploads_for_others(operator: Operator, tmp_path: Path) -> None:
    file = table(tmp_path, LINES)
    code, said = operator.types("inventory", "import", "--members", "--facility", MEMBER, file)
    assert (code, "is not the head of a GHT" in said) == (4, True), said


def test_a_line_of_nobody_keeps_every_member_from_losing_lines(
    operator: Operator, tmp_path: Path
) -> None:
    upload = ("inventory", "import", "--members", "--facility", HEAD)
    text = LINES.replace("Libellé long", "Produit")
    assert operator.types(*upload, table(tmp_path, text))[0] == 0
    lost = text.replace("590999017;Tomcat", "590999018;Tomcat")
    code, said = operator.types(*upload, table(tmp_path, lost, "lost.csv"))
    assert code == 1
    assert "Ligne 3, non lue : FINESS « 590999018 » : clé de contrôle fausse" in said
    assert "Tomcat" in operator.types("inventory", "list", "--facility", HEAD)[1]


def test_facilities_come_from_the_public_extract(operator: Operator, tmp_path: Path) -> None:
    extract = tmp_path / "etalab.csv"
    extract.write_bytes(EXTRACT.encode("latin-1"))
    command = ("facility", "finess", extract)
    assert operator.types(*command)[0] == 2
    code, said = operator.types(*command, "--department", "62", "--dry-run")
    assert (code, "nothing was written" in said, "EHPAD DES DUNES" in said) == (0, True, True), said
    code, said = operator.types(*command, "--department", "974", "--department", "9D")
    assert (code, "1 facilities registered" in said) == (0, True), said
    code, said = operator.types(*command, "--number", HEAD)
    assert (code, "0 facilities registered, 1 known already" in said) == (0, True), said
    code, said = operator.types(*command, "--kind", "labo")
    assert (code, "no structure is that" in said) == (1, True), said
    alone = table(tmp_path, "FINESS\n620000034\n", "alone.csv")
    code, said = operator.types("facility", "import", alone, "--finess-extract", extract)
    assert code == 0, said
    listed = operator.types("facility", "list", "--json")[1]
    assert "EHPAD DES DUNES" in listed
