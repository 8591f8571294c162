"""Whatever people type, what is read is what was written, and nothing is lost in silence."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.facility import AssetCategory, InventoryLine
from bot.inventory.base import InventoryError
from bot.inventory.cells import PLACEHOLDERS, clean, version
from bot.inventory.csvfile import CsvImporter
from bot.inventory.lines import LONGEST_ID
from bot.inventory.registry import IMPORTERS, read_inventory
from bot.inventory.report import HEADER, describe_upload, write_sheet

CATEGORIES = [category for category in AssetCategory if category is not AssetCategory.GENERAL]
# what a cell means to say: in one line, and not one of the ways to say "unknown"
words = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs", "Cf"]))
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: text.casefold() not in PLACEHOLDERS and clean(text) == text)
)
versions = words.filter(lambda text: not text or version(text) == text)
lines = st.builds(
    InventoryLine,
    line_id=st.integers(1, 10**9).map("A{}".format),
    category=st.sampled_from(CATEGORIES),
    name=words,
    vendor=words,
    product=words.filter(bool),
    version=versions,
    location=words,
    exposed=st.booleans(),
    quantity=st.integers(1, 9_999),
)
inventories = st.lists(lines, min_size=1, max_size=8, unique_by=lambda line: line.line_id)


@given(inventories)
def test_a_sheet_sent_back_untouched_changes_nothing(inventory: list[InventoryLine]) -> None:
    notes = {line.line_id: "version ?" for line in inventory}
    upload = read_inventory(write_sheet(inventory, notes), file="retour.csv")
    assert list(upload.lines) == inventory
    assert not upload.bad
    assert upload.ignored == ("À compléter",)


@given(inventories)
def test_no_cell_of_a_sheet_is_a_formula(inventory: list[InventoryLine]) -> None:
    text = write_sheet(inventory).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=";"):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


@given(inventories, st.randoms(use_true_random=False))
def test_ids_do_not_depend_on_the_order_of_the_file(
    inventory: list[InventoryLine], order: random.Random
) -> None:
    anonymous = [replace(line, line_id="") for line in inventory] * 2
    shuffled = anonymous.copy()
    order.shuffle(shuffled)
    first, second = (
        read_inventory(write_sheet(each), file="a.csv").lines for each in (anonymous, shuffled)
    )
    assert {line.line_id: line for line in first} == {line.line_id: line for line in second}
    assert len(first) == len(anonymous)


@given(inventories, st.data())
def test_one_bad_line_costs_one_line(inventory: list[InventoryLine], data: st.DataObject) -> None:
    rows = write_sheet(inventory).decode("utf-8-sig").split("\r\n")
    at = data.draw(st.integers(1, len(inventory)))
    broken = data.draw(
        st.sampled_from(["A\x00B;;;", ";;;;;;;;;;trop;de;cellules;", '"jamais;fermé'])
    )
    # a later quote may close it in a way nobody can tell from a cell of several lines
    assume(broken[0] != '"' or '"' not in "".join(rows))
    rows.insert(at, broken)
    upload = read_inventory("\r\n".join(rows).encode(), file="a.csv")
    assert list(upload.lines) == inventory
    assert [bad.number for bad in upload.bad] == [at + 1]
    assert any(f"Ligne {at + 1}, non lue" in said for said in describe_upload(upload))


@settings(max_examples=300)
@given(
    st.binary(max_size=400), st.sampled_from([b"", b"{", b"<", b"PK\x03\x04", b"\x78\x9c", b"["])
)
def test_whatever_the_bytes_a_file_is_read_or_refused_in_one_line(
    body: bytes, start: bytes
) -> None:
    refusals: list[str] = []
    for read in (read_inventory, *(importer.read for importer in IMPORTERS)):
        try:
            upload = read(start + body, file="f", mapping=None)
        except InventoryError as error:
            refusals.append(str(error))
        else:
            assert upload.lines
            assert all(0 < len(line.line_id) <= LONGEST_ID for line in upload.lines)
    assert not any("\n" in refusal for refusal in refusals)


@given(st.text(max_size=300))
def test_every_text_of_a_cell_is_cleaned_once_for_all(text: str) -> None:
    assert clean(clean(text)) == clean(text) or text.startswith(("=", "'"))
    assert "\n" not in clean(text)


def test_the_sheet_has_the_columns_that_the_importer_knows_best() -> None:
    upload = CsvImporter().read(
        (";".join(HEADER) + "\nA;serveur;n;v;p;1;;s;oui;2\n").encode(), file="a.csv"
    )
    assert not upload.ignored
