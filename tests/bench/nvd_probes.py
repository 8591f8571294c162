"""Probes of whole advisories, made from the version ranges that the NVD gives to their CVEs.

``python -m tests.bench.nvd_probes --seed 7 > probes.jsonl``, then ``tocsin evaluate probes.jsonl``.

The NVD is another reader of the same facts: what it says is compared with what CERT-FR says, and
Tocsin's own reading takes no part in it (versions are ordered here as plain dotted numbers, and
nothing else is kept). A boundary is used only where it stands in CERT-FR's own text. The two still
disagree on about one label in ten, so that the errors are read, not chased.

Each probe is given twice, as people type it and as a CPE name, under these codes:

* ``vulnerable``: in a range of the NVD whose boundary CERT-FR writes, and of that boundary's train;
* ``older-train``: the same of an older train: the NVD often says "everything before" where CERT-FR
  lists the branches that are still supported, so that these measure the two sources, not Tocsin;
* ``other-version``: that boundary itself, or a later version, in no range of any of the CVEs;
* ``other-product``: a product of the same vendor, or that shares words, which no CVE names;
* ``other-vendor``: a product of another bulletin.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import zstandard

from feeds.advisory import Advisory
from feeds.affected.tokens import fold
from tests.bench.matching import advisories
from tests.conftest import SHARED_DATA

NVD = ("nvd-cpe-subset-before2022.jsonl.zst", "nvd-cpe-subset-2022plus.jsonl.zst")
DICTIONARY = "cpedict-a.csv.zst"
MOST_PRODUCTS = 3  # of one bulletin
MOST_OF_A_KIND = 3  # versions of one product
OTHERS = 2  # products that the bulletin does not name, beside one of another bulletin

_DOTTED = re.compile(r"\d+(?:\.\d+){0,4}")
_IN_TEXT = re.compile(r"(?<![\w.])\d+(?:\.\d+)+(?![\w])(?!\.\d)")
_WORD = re.compile(r"[a-z0-9+#]+")
_DIGIT = re.compile(r"\d")
_SAME_ANYWAY = frozenset(
    [
        "server",
        "enterprise",
        "data",
        "center",
        "software",
        "firmware",
        "community",
        "edition",
        "suite",
        "os",
        "for",
        "and",
        "the",
        "of",
        "standard",
        "professional",
        "cloud",
        "platform",
        "plus",
        "desktop",
        "client",
    ]
)
"""Words by which two CPE names may differ and still be one product: no fair probe rests on them."""

_ACRONYMS = frozenset(
    [
        "vpn",
        "ios",
        "xe",
        "xr",
        "ssl",
        "sql",
        "php",
        "http",
        "nas",
        "api",
        "sdk",
        "erp",
        "crm",
        "ups",
        "ip",
        "os",
        "dns",
        "cms",
        "adc",
    ]
)

Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Versions from ``low`` to ``high``; ``None`` bounds nothing."""

    low: str | None
    low_included: bool
    high: str | None
    high_included: bool

    def holds(self, version: Numbers) -> bool:
        """Whether a version lies inside."""
        if self.low is not None:
            low = numbers(self.low)
            if version < low or (version == low and not self.low_included):
                return False
        if self.high is not None:
            high = numbers(self.high)
            return version < high or (version == high and self.high_included)
        return True


@dataclass
class Product:
    """What the NVD says of one CPE product, over some CVEs."""

    cpe: tuple[str, str, str]  # part, vendor, product
    exact: set[str] = field(default_factory=set)
    ranges: set[Range] = field(default_factory=set)
    odd: bool = False  # versions that are no dotted numbers: what lies outside is then not known

    def concerned(self, version: str) -> bool:
        """Whether any CVE names the version."""
        mine = numbers(version)
        return any(numbers(each) == mine for each in self.exact) or any(
            each.holds(mine) for each in self.ranges
        )

    @property
    def bounds(self) -> set[str]:
        """Ends of ranges."""
        return {each.high for each in self.ranges if each.high is not None}

    @cached_property
    def words(self) -> frozenset[str]:
        """Words of the product's name without those of its vendor, unless nothing is left."""
        found = frozenset(_WORD.findall(self.cpe[2]))
        return (found - frozenset(_WORD.findall(self.cpe[1]))) or found


def numbers(text: str) -> Numbers:
    """A dotted number in order; trailing zeros do not count."""
    parts = [int(part) for part in text.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the probes on the standard output."""
    parser = argparse.ArgumentParser(description="probes from the NVD's ranges")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--bulletins", type=int, default=300)
    parser.add_argument("--from-year", default="2019")
    parser.add_argument("--without", type=Path, nargs="*", default=[], help="probes seen before")
    given = parser.parse_args(arguments)
    seen = {
        json.loads(line)["advisory"]
        for file in given.without
        for line in file.read_text(encoding="utf-8").splitlines()
    }
    fresh = [
        each
        for each in advisories()
        if each.reference[7:11] >= given.from_year and each.reference not in seen and each.cves
    ]
    for number, record in enumerate(probes(fresh, given.seed, given.bulletins), start=1):
        json.dump({"id": f"P{number:05}", **record}, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")


def probes(fresh: Sequence[Advisory], seed: int, bulletins: int) -> Iterator[dict[str, Any]]:
    """Records of ``tocsin evaluate`` over that many bulletins, drawn with ``seed``."""
    chance = random.Random(seed)
    world = World.read()
    kept = 0
    for advisory in chance.sample(fresh, len(fresh)):
        found = list(_of_bulletin(advisory, world, chance))
        if not found:
            continue
        yield from found
        kept += 1
        if kept == bulletins:
            return


@dataclass
class World:
    """Every CVE, and every product known by its vendor and by its words."""

    cves: Mapping[str, Mapping[tuple[str, str, str], Product]]
    known: dict[tuple[str, str, str], Product]
    by_vendor: Mapping[str, Sequence[tuple[str, str, str]]]
    by_word: Mapping[str, Sequence[tuple[str, str, str]]]
    bulletins: list[tuple[str, str, str]]  # products of the CVEs, one each time

    @classmethod
    def read(cls) -> World:
        """Read the shared data."""
        cves: dict[str, dict[tuple[str, str, str], Product]] = {}
        known: dict[tuple[str, str, str], Product] = {}
        for name in NVD:
            for line in _lines(SHARED_DATA / name):
                _read_cve(json.loads(line), cves, known)
        bulletins = list(known)
        for row in csv.DictReader(_lines(SHARED_DATA / DICTIONARY)):
            cpe = ("a", row["vendor"], row["product"])
            if cpe not in known:
                known[cpe] = Product(cpe)
        by_vendor: dict[str, list[tuple[str, str, str]]] = {}
        by_word: dict[str, list[tuple[str, str, str]]] = {}
        for cpe, product in known.items():
            by_vendor.setdefault(cpe[1], []).append(cpe)
            for word in product.words - _SAME_ANYWAY:
                by_word.setdefault(word, []).append(cpe)
        return cls(cves, known, by_vendor, by_word, bulletins)


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file)
        yield from io.TextIOWrapper(stream, encoding="utf-8")


def _read_cve(
    record: Mapping[str, Any],
    cves: dict[str, dict[tuple[str, str, str], Product]],
    known: dict[tuple[str, str, str], Product],
) -> None:
    mine = cves.setdefault(record["cve"], {})
    for config in record["configs"]:
        for entry in config["vulnerable"]:
            fields = re.split(r"(?<!\\):", entry["cpe"])
            cpe = (fields[2], fields[3], fields[4])
            if cpe[0] == "h" or "\\" in cpe[2]:
                continue
            plain = all(each in ("*", "-") for each in fields[6:])
            for product in (
                mine.setdefault(cpe, Product(cpe)),
                known.setdefault(cpe, Product(cpe)),
            ):
                _add(product, entry, plain=plain)


def _add(product: Product, entry: Mapping[str, Any], *, plain: bool) -> None:
    """Add what one entry says; editions and platforms only make the product uncertain."""
    product.odd = product.odd or not plain
    for version in entry.get("v", ()):
        if _DOTTED.fullmatch(version):
            product.exact.add(version)
        else:
            product.odd = True
    for low, after, high, before in entry.get("r", ()):
        ends = (low or after, high or before)
        if ends == (None, None) or not all(
            each is None or _DOTTED.fullmatch(each) for each in ends
        ):
            product.odd = True
            continue
        product.ranges.add(Range(ends[0], low is not None, ends[1], high is not None))


def _of_bulletin(
    advisory: Advisory, world: World, chance: random.Random
) -> Iterator[dict[str, Any]]:
    text = "\n".join(row.description for row in advisory.affected) or advisory.affected_content
    written = set(_IN_TEXT.findall(text)) | set(re.findall(r"(?<![\w.])\d{2,3}(?![\w.])", text))
    said = frozenset(_WORD.findall(fold(f"{text} {advisory.title}")))
    told: dict[tuple[str, str, str], Product] = {}
    for cve in advisory.cves:
        for cpe, product in world.cves.get(cve, {}).items():
            whole = told.setdefault(cpe, Product(cpe))
            whole.exact |= product.exact
            whole.ranges |= product.ranges
            whole.odd = whole.odd or product.odd
    sure = [
        product
        for product in told.values()
        if product.words & said and product.bounds & written and not product.odd
    ]
    if not sure:
        return
    spell = Spelling(chance)
    inside: list[str] = []
    for product in chance.sample(sure, min(len(sure), MOST_PRODUCTS)):
        tried = _versions(product, written, world.known[product.cpe], chance)
        inside += tried["vulnerable"]
        for code, versions in tried.items():
            expected = "not_affected" if code == "other-version" else "affected"
            for version in versions:
                yield spell(advisory, product, version, expected, code)
    named = frozenset().union(*(each.words for each in told.values())) | said
    for cpe in _others(sure, told, named, world, chance):
        version = chance.choice(inside or ["1.0"])
        yield spell(advisory, world.known[cpe], version, "not_affected", "other-product")
    far = world.known[chance.choice(world.bulletins)]
    if far.cpe[1] not in {each[1] for each in told} and not far.words - _SAME_ANYWAY <= named:
        version = chance.choice(inside or ["1.0"])
        yield spell(advisory, far, version, "not_affected", "other-vendor")


def _versions(
    product: Product, written: set[str], known: Product, chance: random.Random
) -> dict[str, list[str]]:
    """Versions to try near the boundaries that are written, by code."""
    chosen = [each for each in product.ranges if each.high in written]
    pool = known.exact | known.bounds | {r.low for r in known.ranges if r.low}
    bad: set[str] = set()
    good: set[str] = set()
    older: set[str] = set()
    for each in chosen:
        inside = {version for version in pool if each.holds(numbers(version))}
        if each.low is not None and each.low_included:
            inside.add(each.low)
        train = {version for version in inside if _train(version) == _train(each.high or "0")}
        bad |= train
        older |= inside - train
        if each.high is not None:
            (bad if each.high_included else good).add(each.high)
    top = max((numbers(each.high) for each in product.ranges if each.high), default=())
    later = [version for version in pool if numbers(version) > top]
    good |= set(chance.sample(sorted(later), min(1, len(later))))
    good = {version for version in good if not product.concerned(version)}
    return {
        "vulnerable": _some(bad, chance),
        "older-train": _some(older - bad, chance)[:1],
        "other-version": _some(good, chance),
    }


def _some(versions: set[str], chance: random.Random) -> list[str]:
    return chance.sample(sorted(versions), min(len(versions), MOST_OF_A_KIND))


def _train(version: str) -> int:
    return int(version.partition(".")[0])


def _others(
    sure: Iterable[Product],
    told: Mapping[tuple[str, str, str], Product],
    named: frozenset[str],
    world: World,
    chance: random.Random,
) -> Iterator[tuple[str, str, str]]:
    """Products nobody could take for those of the bulletin, once read with care."""

    def other(cpe: tuple[str, str, str]) -> bool:
        mine = {
            word for word in world.known[cpe].words - _SAME_ANYWAY if not _DIGIT.search(word)
        }  # a model says more of the same product
        return cpe not in told and not mine <= named

    for product in islice(sure, OTHERS):
        same_vendor = [cpe for cpe in world.by_vendor[product.cpe[1]] if other(cpe)]
        if same_vendor:
            yield chance.choice(same_vendor)
        words = product.words - _SAME_ANYWAY
        alike = [cpe for word in sorted(words) for cpe in world.by_word.get(word, ()) if other(cpe)]
        if alike:
            yield chance.choice(alike)


class Spelling:
    """Writes a product as people do, in turn: columns, vendor left out, version in the name…"""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(
        self, advisory: Advisory, product: Product, version: str, expected: str, code: str
    ) -> dict[str, Any]:
        """One record of two probes: a human spelling and the CPE name."""
        part, vendor, name = product.cpe
        people = self._human(_title(vendor), _title(name), version)
        cpe = f"cpe:2.3:{part}:{vendor}:{name}:{version}:*:*:*:*:*:*:*"
        label = {"expected": expected}
        return {
            "advisory": advisory.reference,
            "probes": [
                {**people, **label, "code": f"human/{code}"},
                {
                    "vendor": "",
                    "product": "",
                    "version": "",
                    "cpe": cpe,
                    **label,
                    "code": f"cpe/{code}",
                },
            ],
        }

    def _human(self, vendor: str, name: str, version: str) -> dict[str, str]:
        whole = name if name.lower().startswith(vendor.lower()) else f"{vendor} {name}"
        columns = self._chance.choice(
            (
                (vendor, name, version),
                (vendor.upper(), name, version),
                (f"{vendor} Inc.", name, f"v{version}"),
                ("", whole, version),
                ("", f"{whole} {version} (x64)", ""),
                (vendor, f"{name} {version}", ""),
                (vendor.lower(), name.lower(), version),
            )
        )
        return dict(zip(("vendor", "product", "version"), columns, strict=True))


def _title(words: str) -> str:
    spaced = words.replace("_", " ").replace("\\", "")
    return " ".join(w.upper() if w in _ACRONYMS else w[:1].upper() + w[1:] for w in spaced.split())


if __name__ == "__main__":
    main()
