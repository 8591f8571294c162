"""``tocsin facility import`` and ``tocsin inventory import``, as an operator types them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from bot.cli.root import main

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "inventory"
DEMO = ROOT / "config" / "demo"
CHU = "590999017"


class Operator:
    """Types commands, in this process: starting one for each would take most of the time."""

    def __init__(self, folder: Path) -> None:
        self.environment = {"TOCSIN_DATA_DIR": str(folder), "HOME": str(folder)}

    def types(self, *words: str | Path) -> tuple[int, str]:
        """Run a command; return its exit code and everything it said, in one line."""
        said = io.StringIO()
        with (
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            pytest.raises(SystemExit) as end,
        ):
            main([*map(str, words)], self.environment)
        code = end.value.code
        return (code if isinstance(code, int) else 0), " ".join(said.getvalue().split())


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    made = Operator(tmp_path_factory.mktemp("tocsin"))
    assert made.types("init")[0] == 0
    code, said = made.types("facility", "import", DEMO / "facilities.csv")
    assert code == 0, said
    return made


def test_an_inventory_its_loss_and_its_garbage(operator: Operator, tmp_path: Path) -> None:
    whole = (DEMO / "inventories" / f"{CHU}.csv").read_bytes()
    rows = whole.splitlines(keepends=True)
    upload = ("inventory", "import", "--facility", CHU)
    code, said = operator.types(*upload, DEMO / "inventories" / f"{CHU}.csv")
    assert (code, "Lignes ajoutées : 52" in said) == (0, True), said
    fewer = tmp_path / "fewer.csv"
    fewer.write_bytes(b"".join(rows[:36]))
    code, said = operator.types(*upload, fewer)
    assert code == 1
    assert "Lignes absentes du fichier, gardées à l'inventaire (17)" in said
    assert "--confirm" in said
    garbled = tmp_path / "garbled.csv"
    garbled.write_bytes(b"".join([*rows[:20], b"\x00\x01\x02;\x90\n", *rows[20:]]))
    code, said = operator.types(*upload, garbled)
    assert code == 1
    assert "Ligne 21, non lue" in said
    assert "L'inventaire en compte 52" in said
    binary = tmp_path / "binary.csv"
    binary.write_bytes(bytes(range(256)) * 20)
    code, said = operator.types(*upload, binary)
    assert (code, "ce n'est pas un texte" in said) == (4, True), said


@pytest.mark.parametrize("name", ["glpi-computer.json", "ocs-agent.xml"])
def test_other_formats_are_told_by_their_content(operator: Operator, name: str) -> None:
    command = ("inventory", "import", "--facility", "620999029", "--dry-run")
    code, said = operator.types(*command, DATA / name)
    assert (code, "rien n'a été écrit" in said) == (0, True), said


def test_a_chosen_column_that_does_not_exist_names_the_nearest(operator: Operator) -> None:
    command = ("inventory", "import", "--facility", "620999029", "--dry-run")
    code, said = operator.types(*command, "--column", "produit=Nom", DATA / "gmao.csv")
    assert (code, "Le plus proche est « product »" in said) == (4, True), said


def test_a_wrong_finess_is_one_line_and_hides_no_other(operator: Operator, tmp_path: Path) -> None:
    table = tmp_path / "facilities.csv"
    table.write_text("FINESS;Nom\n590999018;Faux\n690999032;Clinique renommée\n", "utf-8")
    code, said = operator.types("facility", "import", table)
    assert code == 1
    assert "line 2: FINESS « 590999018 » : clé de contrôle fausse" in said
    assert "1 brought up to date" in said
