"""The synthetic sample of 300 facilities can be imported whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.facility import check_finess
from bot.inventory.authorities import Authorities
from bot.inventory.csvfile import CsvImporter
from bot.inventory.facilities import read_facilities
from tests.bench.sample_inventory import finess, sample_rows, write

CONFIG = Path(__file__).parents[2] / "config"


def test_made_up_numbers_are_valid_and_distinct() -> None:
    numbers = [finess(facility_id) for facility_id in range(3_000)]
    assert [check_finess(number) for number in numbers] == numbers
    assert len(set(numbers)) == len(numbers)


@pytest.mark.corpus
def test_every_facility_and_every_line_of_the_sample_is_read(
    shared_data: Path, tmp_path: Path
) -> None:
    rows = sample_rows(shared_data / "inventory-sample-40k.csv.zst")
    assert write(tmp_path, rows) == 40_000
    authorities = Authorities.read((CONFIG / "authorities.toml").read_text(encoding="utf-8"))
    body = (tmp_path / "facilities.csv").read_bytes()
    facilities = read_facilities(body, file="facilities.csv", authorities=authorities)
    assert (len(facilities.facilities), facilities.bad) == (300, ())
    read = 0
    for facility in facilities.facilities:
        path = tmp_path / "inventories" / f"{facility.finess}.csv"
        upload = CsvImporter().read(path.read_bytes(), file=path.name)
        assert not upload.bad
        assert len({line.line_id for line in upload.lines}) == len(upload.lines)
        read += len(upload.lines)
    assert read == 40_000
