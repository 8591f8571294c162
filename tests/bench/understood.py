"""What share of the affected rows of CERT-FR is understood, by year and by vendor.

``python -m tests.bench.understood [--since 2019] [--vendors 25] [--texts 20]`` reads the corpus
beside the project. A row is *decided* (product and range read), *abstained* (read, but a patch,
a condition or the vendor's own bulletin decides) or *not understood*; the commonest texts of the
last kind are printed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.domain.matching import Matcher
from bot.domain.matching.statements import sentences_of
from bot.resources import config_folder
from feeds.advisory import Advisory, AffectedProduct
from feeds.affected import Grade
from feeds.products import Catalogue, read_builtin
from tests.bench.matching import advisories


@dataclass
class Understanding:
    """Rows by year and grade, by vendor and grade, and the texts that were not understood."""

    by_year: Counter[tuple[str, Grade]] = field(default_factory=Counter)
    by_vendor: Counter[tuple[str, Grade]] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)

    def add(self, year: str, row: AffectedProduct, grade: Grade) -> None:
        """Count one row."""
        self.by_year[year, grade] += 1
        self.by_vendor[row.vendor or "N/A", grade] += 1
        if grade is Grade.UNREAD:
            self.unread[f"[{row.vendor}] {row.description}"] += 1


def grades_of(matcher: Matcher, advisory: Advisory) -> dict[int, Grade]:
    """The worst grade of each row of an advisory, by position; rows that say nothing are unread."""
    worst: dict[int, Grade] = {}
    order = list(Grade)
    for sentence in sentences_of(matcher.catalogue, advisory):
        position = int(sentence.field.partition("[")[2].partition("]")[0])
        known = worst.get(position, Grade.DECIDED)
        worst[position] = max(known, sentence.grade, key=order.index)
    return {
        position: worst.get(position, Grade.UNREAD) for position in range(len(advisory.affected))
    }


def understand(matcher: Matcher, corpus: Iterable[Advisory], *, since: str) -> Understanding:
    """Read every row of the bulletins of ``since`` (a year) and later."""
    found = Understanding()
    for advisory in corpus:
        year = advisory.reference.split("-")[1]
        if year >= since and advisory.affected:
            for position, grade in grades_of(matcher, advisory).items():
                found.add(year, advisory.affected[position], grade)
    return found


def table(counts: Counter[tuple[str, Grade]], keys: Iterable[str]) -> list[str]:
    """One line a key: rows, then the shares of the three grades in percent."""
    lines = []
    for key in keys:
        rows = sum(counts[key, grade] for grade in Grade)
        shares = (f"{100 * counts[key, grade] / rows:6.1f}" for grade in Grade)
        lines.append(f"{key[:32]:32} {rows:7} {' '.join(shares)}")
    return lines


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--since", default="2019", help="first year counted")
    parser.add_argument("--vendors", type=int, default=25, help="vendors shown, the worst first")
    parser.add_argument("--texts", type=int, default=20, help="texts not understood that are shown")
    wanted = parser.parse_args()
    found = understand(
        Matcher(Catalogue(read_builtin(config_folder()))), advisories(), since=wanted.since
    )
    years = sorted({year for year, _ in found.by_year})
    total: Counter[tuple[str, Grade]] = Counter()
    for (_, grade), rows in found.by_year.items():
        total["all", grade] += rows
    heading = f"{'':32} {'rows':>7} decided review unread (%)"
    print("\n".join([heading, *table(found.by_year, years), *table(total, ["all"])]))
    sizes = Counter[str]()
    for (vendor, _), rows in found.by_vendor.items():
        sizes[vendor] += rows
    common = [vendor for vendor, rows in sizes.items() if rows >= 50]
    common.sort(key=lambda vendor: found.by_vendor[vendor, Grade.DECIDED] / sizes[vendor])
    print("\n".join(["", heading, *table(found.by_vendor, common[: wanted.vendors])]))
    print("\nNot understood, the commonest first:")
    for line, times in found.unread.most_common(wanted.texts):
        print(f"{times:4} {line}")


if __name__ == "__main__":
    main()
