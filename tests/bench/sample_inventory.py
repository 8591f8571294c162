"""Three hundred facilities and their inventories, from the synthetic sample of 40,000 lines.

``python -m tests.bench.sample_inventory OUT_DIR`` writes what ``tocsin`` imports::

    OUT_DIR/facilities.csv            300 facilities, valid FINESS numbers
    OUT_DIR/subscriptions.csv         one mailbox each
    OUT_DIR/inventories/FINESS.csv    one inventory each

The same sample always gives the same files. The sample's ``facility_id`` is no FINESS, and
its ``kind`` says how a line is written: ``text`` lines have one sentence, written here in
the product column as people do.
"""

from __future__ import annotations

import csv
import io
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import zstandard

from bot.domain.facility import FacilityKind, luhn_sum
from tests.conftest import SHARED_DATA

SAMPLE = SHARED_DATA / "inventory-sample-40k.csv.zst"
KINDS = {
    "chu": FacilityKind.CHU,
    "ch_large": FacilityKind.CH,
    "ch_other": FacilityKind.CH,
    "espic": FacilityKind.ESPIC,
    "clinic": FacilityKind.CLINIQUE,
}
# one facility in each in turn: every time zone and Corsica are among the first twelve
DEPARTMENTS = (
    "59", "2A", "9D", "9A", "9B", "9C", "9F", "75", "13", "69", "33", "31", "2B", "44", "35", "67",
    "76", "21", "45", "06", "34", "62", "54", "63", "38", "29", "80", "87", "72", "74",
)  # fmt: skip
FACILITY_HEADER = ("FINESS", "Nom", "Type", "Département", "OSE", "Boîte SSI")
INVENTORY_HEADER = ("N° inventaire", "Éditeur", "Produit", "Version", "CPE")
SUBSCRIPTION_HEADER = ("FINESS", "Canal", "Adresse", "Plafond", "Rythme")


def finess(facility_id: int) -> str:
    """A FINESS number that is valid and no real facility's, always the same for one id."""
    department = DEPARTMENTS[facility_id % len(DEPARTMENTS)]
    prefix = "97" if department[0] == "9" else department
    body = f"{prefix}9{facility_id:05d}"
    digits = body.replace("A", "1").replace("B", "2")
    return next(body + key for key in "0123456789" if luhn_sum(digits + key) % 10 == 0)


def sample_rows(path: Path = SAMPLE) -> Iterator[dict[str, str]]:
    """Read the rows of the sample, in its order."""
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as raw:
        yield from csv.DictReader(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


def inventory_row(row: dict[str, str]) -> tuple[str, ...]:
    """One line of an inventory, as its facility would write it."""
    product = row["raw"] if row["kind"] == "text" else row["product"]
    return (f"E{int(row['line_id']):06d}", row["vendor"], product, row["version"], row["cpe"])


def write(out: Path, rows: Iterator[dict[str, str]]) -> int:
    """Write everything and return the number of inventory lines."""
    inventories: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    kinds: dict[int, FacilityKind] = {}
    for row in rows:
        facility_id = int(row["facility_id"])
        kinds[facility_id] = KINDS[row["facility_type"]]
        inventories[facility_id].append(inventory_row(row))
    (out / "inventories").mkdir(parents=True, exist_ok=True)
    facilities, subscriptions = [], []
    for facility_id, kind in sorted(kinds.items()):
        number = finess(facility_id)
        department = DEPARTMENTS[facility_id % len(DEPARTMENTS)]
        mailbox = f"ssi@f{facility_id:03d}.example"
        ose = "oui" if kind is FacilityKind.CHU else "non"
        name = f"{kind.value.upper()} d'essai {facility_id:03d}"
        facilities.append((number, name, kind.value, department, ose, mailbox))
        subscriptions.append((number, "email", mailbox, "AMBER", "immédiat"))
        path = out / "inventories" / f"{number}.csv"
        _write_table(path, INVENTORY_HEADER, inventories[facility_id])
    _write_table(out / "facilities.csv", FACILITY_HEADER, facilities)
    _write_table(out / "subscriptions.csv", SUBSCRIPTION_HEADER, subscriptions)
    return sum(map(len, inventories.values()))


def _write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(header)
        writer.writerows(rows)


def main(arguments: Sequence[str]) -> int:
    """Write the sample into the folder given; exit code 2 when there is none or no sample."""
    if len(arguments) != 1:
        print("usage: python -m tests.bench.sample_inventory OUT_DIR", file=sys.stderr)
        return 2
    if not SAMPLE.is_file():
        print(f"{SAMPLE} is not there: the sample is kept beside the checkout", file=sys.stderr)
        return 2
    out = Path(arguments[0])
    print(f"{write(out, sample_rows()):,} lines written in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
