"""How fast bulletins meet a country's inventories.

A synthetic inventory of 1,000,000 lines in 3,000 facilities is drawn from the sample inventory
(real products and versions, spelt as people spell them); the bulletins are CERT-FR's own.
Products are matched, never lines: the lines of a product are listed once it is told.
``python -m tests.bench --only matching --long`` runs the country's size, 19,000,000 lines in
40,000 facilities (some five minutes on a machine that does nothing else, 0.8 GB).
"""

from __future__ import annotations

import csv
import gc
import io
import random
import sqlite3
import time
import tracemalloc
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import zstandard

from bot.domain.matching import InventoryProduct, Matcher, Reading, VerdictKind
from bot.domain.matching.index import ProductIndex
from bot.domain.matching.statements import forget_rows
from bot.resources import config_folder
from feeds.advisory import Advisory, Tlp
from feeds.affected import parse_line
from feeds.files import open_path
from feeds.formats import parse_any
from feeds.names import forget_words
from feeds.products import Catalogue, read_builtin
from feeds.versions import read_version
from tests.bench.figures import Figure
from tests.conftest import SHARED_DATA

SPELLINGS: tuple[Callable[[str], str], ...] = (str, str, str, str.upper, str.lower, str.title)
ADVISORIES = 1_000
COMPARED = 100  # advisories given to the SQLite baseline, which is slower


@dataclass(frozen=True, slots=True)
class Size:
    """How large a country is drawn; ``name`` ends that of its figures."""

    name: str
    facilities: int
    lines: int


USUAL = Size("1m", 3_000, 1_000_000)
COUNTRY = Size("19m", 40_000, 19_000_000)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Distinct products, and the lines of each.

    Those of product ``p`` stand at ``start[p]:start[p + 1]`` of ``facility`` and ``line``.
    """

    products: list[InventoryProduct]
    start: array[int]
    facility: array[int]
    line: array[int]


def run() -> Iterator[Figure]:
    """Measure; needs the corpus beside the checkout."""
    matcher = new_matcher()
    inventory = draw(random.Random(20260302), USUAL)
    corpus = list(advisories())
    index, megabytes = build(matcher, inventory)
    yield Figure("matching.index_mb_per_million", megabytes * 1e6 / USUAL.lines, "MB")
    gc.freeze()  # what the measure itself holds
    yield from parsing(corpus)
    recent = [each for each in corpus if each.reference[7:11] >= "2024"]
    chosen = random.Random(1).sample(recent, ADVISORIES)
    readings = [matcher.read(advisory) for advisory in chosen]
    yield one_advisory(inventory, index, readings, USUAL)
    yield beside_sqlite(matcher, inventory, index, readings[:COMPARED])
    yield from changed_inventory(matcher, inventory, index, recent)
    yield whole_corpus(inventory, corpus, USUAL)
    gc.unfreeze()


def run_long() -> Iterator[Figure]:
    """The same on the country's size, without what its size does not change."""
    matcher = new_matcher()
    inventory = draw(random.Random(20260302), COUNTRY)
    corpus = list(advisories())
    index, megabytes = build(matcher, inventory)
    yield Figure("matching.index_mb_per_million_19m", megabytes * 1e6 / COUNTRY.lines, "MB")
    recent = [each for each in corpus if each.reference[7:11] >= "2024"]
    readings = [matcher.read(each) for each in random.Random(1).sample(recent, ADVISORIES)]
    yield one_advisory(inventory, index, readings, COUNTRY)
    yield whole_corpus(inventory, corpus, COUNTRY)


def new_matcher() -> Matcher:
    """A matcher with the shipped catalogue, and nothing remembered."""
    parse_line.cache_clear()
    read_version.cache_clear()
    forget_rows()
    forget_words()
    return Matcher(Catalogue(read_builtin(config_folder())))


def advisories() -> Iterator[Advisory]:
    """CERT-FR's corpus, oldest first."""
    path = SHARED_DATA / "certfr-avis.jsonl.zst"
    for document in open_path(path, fetched_at=datetime(2026, 3, 2, tzinfo=UTC)):
        items = parse_any(document, tlp=Tlp.CLEAR)
        yield from (each for each in items if isinstance(each, Advisory))


def draw(chance: random.Random, size: Size) -> Inventory:
    """Lines drawn from the sample, a third of them spelt in another case."""
    with (SHARED_DATA / "inventory-sample-40k.csv.zst").open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file)
        sample = [
            (row["vendor"], row["product"] or row["raw"], row["version"], row["cpe"])
            for row in csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8"))
        ]
    numbers: dict[tuple[str, ...], int] = {}
    drawn = array("I")
    for vendor, product, version, cpe in chance.choices(sample, k=size.lines):
        spelt = chance.choice(SPELLINGS)(product)
        drawn.append(numbers.setdefault((vendor, spelt, version, cpe), len(numbers)))
    start = array("I", bytes(4 * (len(numbers) + 1)))
    for number in drawn:
        start[number + 1] += 1
    for number in range(len(numbers)):
        start[number + 1] += start[number]
    facility = array("I", (chance.randrange(size.facilities) for _ in range(size.lines)))
    products = [InventoryProduct(*columns) for columns in numbers]
    return Inventory(products, start, facility, array("I", range(size.lines)))


def build(matcher: Matcher, inventory: Inventory) -> tuple[ProductIndex, float]:
    """Index the products; also the megabytes that the index and the lists of lines take."""
    gc.collect()
    tracemalloc.start()
    index = ProductIndex(matcher)
    for number, product in enumerate(inventory.products):
        index.add(number, product)
    matcher.forget()
    read_version.cache_clear()
    parse_line.cache_clear()
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    lists = sum(
        each.itemsize * len(each) for each in (inventory.start, inventory.facility, inventory.line)
    )
    return index, (taken + lists) / 1e6


def parsing(corpus: Iterable[Advisory]) -> Iterator[Figure]:
    """Rows read a second, with nothing remembered."""
    matcher = new_matcher()
    rows = 0
    before = time.perf_counter()
    for advisory in corpus:
        rows += len(advisory.affected)
        matcher.read(advisory)
    seconds = time.perf_counter() - before
    yield Figure("matching.parse_rows_per_s", rows / seconds, "rows/s")


def told(
    inventory: Inventory, index: ProductIndex, reading: Reading
) -> tuple[array[int], array[int]]:
    """Facilities and lines of everything one advisory concerns, or may, side by side."""
    facilities, lines = array("I"), array("I")
    for product, _ in index.judge(reading):
        first, last = inventory.start[product], inventory.start[product + 1]
        facilities += inventory.facility[first:last]
        lines += inventory.line[first:last]
    return facilities, lines


def one_advisory(
    inventory: Inventory, index: ProductIndex, readings: list[Reading], size: Size
) -> Figure:
    """One advisory against the whole country."""
    for reading in readings:  # names are compared once, when a bulletin first uses them
        told(inventory, index, reading)
    before = time.perf_counter()
    for reading in readings:
        told(inventory, index, reading)
    mean = 1000 * (time.perf_counter() - before) / len(readings)
    return Figure(f"matching.advisory_{size.name}_ms", mean, "ms")


def beside_sqlite(
    matcher: Matcher, inventory: Inventory, index: ProductIndex, compared: list[Reading]
) -> Figure:
    """The same, and with an SQLite index; both give the same lines."""
    with TemporaryDirectory() as folder:
        baseline = SqliteIndex(Path(folder) / "baseline.sqlite", matcher, inventory)
        before = time.perf_counter()
        theirs = [baseline.told(reading) for reading in compared]
        their_ms = 1000 * (time.perf_counter() - before) / len(compared)
    before = time.perf_counter()
    ours = [told(inventory, index, reading) for reading in compared]
    our_ms = 1000 * (time.perf_counter() - before) / len(compared)
    if [sorted(zip(*pair, strict=True)) for pair in ours] != [sorted(lines) for lines in theirs]:
        raise AssertionError("the index and the SQLite baseline disagree")
    return Figure(
        "matching.vs_sqlite_index", our_ms, "ms", "SQLite index", their_ms, their_ms / our_ms
    )


class SqliteIndex:
    """Candidates from an SQLite index on the product key; ranges judged in Python."""

    def __init__(self, path: Path, matcher: Matcher, inventory: Inventory) -> None:
        self._matcher = matcher
        self._database = sqlite3.connect(path)
        self._database.executescript(
            "CREATE TABLE product (id INTEGER PRIMARY KEY, vendor, product, version, cpe);"
            "CREATE TABLE key (word TEXT, product INTEGER);"
            "CREATE TABLE line (id INTEGER PRIMARY KEY, product INTEGER, facility INTEGER);"
        )
        products = inventory.products
        self._database.executemany(
            "INSERT INTO product VALUES (?, ?, ?, ?, ?)",
            ((n, p.vendor, p.product, p.version, p.cpe) for n, p in enumerate(products)),
        )
        self._database.executemany(
            "INSERT INTO key VALUES (?, ?)",
            ((word, n) for n, p in enumerate(products) for word in matcher.keys(p)),
        )
        start = inventory.start
        self._database.executemany(
            "INSERT INTO line VALUES (?, ?, ?)",
            (
                (line, n, inventory.facility[line])
                for n in range(len(products))
                for line in range(start[n], start[n + 1])
            ),
        )
        self._database.executescript(
            "CREATE INDEX key_word ON key (word, product);"
            "CREATE INDEX line_product ON line (product, facility);"
        )

    def told(self, reading: Reading) -> list[tuple[int, int]]:
        """Facility and line of everything one advisory concerns, or may."""
        words = sorted(reading.keys)
        candidates: dict[int, InventoryProduct] = {}
        for word in words:
            for row in self._database.execute(
                "SELECT p.id, p.vendor, p.product, p.version, p.cpe FROM key k "
                "JOIN product p ON p.id = k.product WHERE k.word = ?",
                (word,),
            ):
                candidates[row[0]] = InventoryProduct(*row[1:])
        lines: list[tuple[int, int]] = []
        for number, product in candidates.items():
            verdict = self._matcher.judge(reading, product)
            if verdict.kind is not VerdictKind.NOT_AFFECTED:
                lines.extend(
                    self._database.execute(
                        "SELECT facility, id FROM line WHERE product = ?", (number,)
                    )
                )
        return lines


def changed_inventory(
    matcher: Matcher, inventory: Inventory, index: ProductIndex, recent: list[Advisory]
) -> Iterator[Figure]:
    """Lines of a new upload against what all open advisories say of known products."""
    verdicts: dict[int, list[tuple[str, VerdictKind]]] = {}
    for advisory in recent[-1_140:]:  # a year
        for number, verdict in index.judge(matcher.read(advisory)):
            verdicts.setdefault(number, []).append((advisory.reference, verdict.kind))
    known = {product: number for number, product in enumerate(inventory.products)}
    upload = random.Random(7).choices(inventory.products, k=400_000)
    columns = [(each.vendor, each.product, each.version, each.cpe) for each in upload]
    before = time.perf_counter()
    concerned = 0
    for line in columns:
        concerned += len(verdicts.get(known.get(InventoryProduct(*line), -1), ()))
    seconds = time.perf_counter() - before
    if not concerned:
        raise AssertionError("no line of the upload is concerned by anything")
    yield Figure("matching.inventory_lines_per_s", len(columns) / seconds, "lines/s")


def whole_corpus(inventory: Inventory, corpus: list[Advisory], size: Size) -> Figure:
    """The corpus read and matched again, with nothing remembered but the inventory."""
    matcher = new_matcher()
    index = ProductIndex(matcher)
    for number, product in enumerate(inventory.products):
        index.add(number, product)
    before = time.perf_counter()
    for advisory in corpus:
        told(inventory, index, matcher.read(advisory))
    return Figure(f"matching.corpus_{size.name}_s", time.perf_counter() - before, "s")
