"""The products of each vendor, as ``config/product-names.json`` ships them.

``python -m tests.bench.product_names > config/product-names.json`` reads the names that CERT-FR's
bulletins give to products, and those of the CPE dictionary and of the NVD's ranges for the vendors
that CERT-FR speaks of. They say one thing: that a name is a product of its own, so that *MySQL
Workbench* is no longer way of writing *MySQL*. A name is written as the catalogue compares it, so
that the file is made again when ``config/products.toml`` changes much.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator

from bot.domain.matching import Matcher
from feeds.affected import Phrase
from feeds.names import Name
from tests.bench.matching import advisories, new_matcher
from tests.bench.nvd_probes import World

LONGEST = 6  # words: what is longer is a sentence


def main() -> None:
    """Write the file on the standard output."""
    names = product_names(new_matcher())
    json.dump(names, sys.stdout, ensure_ascii=False, indent=0)
    sys.stdout.write("\n")


def product_names(matcher: Matcher) -> dict[str, list[str]]:
    """Names by vendor: both sorted, and the words of each."""
    found: dict[str, set[frozenset[str]]] = defaultdict(set)
    for vendor, words in _of_bulletins(matcher):
        found[vendor].add(words)
    for vendor, words in _of_dictionary(matcher, frozenset(found)):
        found[vendor].add(words)
    return {
        vendor: sorted(" ".join(sorted(words)) for words in found[vendor] if len(words) <= LONGEST)
        for vendor in sorted(found)
    }


def _of_bulletins(matcher: Matcher) -> Iterator[tuple[str, frozenset[str]]]:
    for advisory in advisories():
        for name in matcher.read(advisory).names:
            if name.vendor and name.words:
                yield name.vendor, _own(name)


def _of_dictionary(
    matcher: Matcher, vendors: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    catalogue = matcher.catalogue
    for _, sold_by, product in World.read().known:
        vendor, _ = catalogue.vendor(sold_by.replace("_", " "))
        if vendor in vendors:
            words = product.replace("\\", "").replace("_", " ").split()
            name = catalogue.name(Phrase(tuple(words)), vendor)
            if name.words:
                yield vendor, _own(name)


def _own(name: Name) -> frozenset[str]:
    return name.words - name.vendor_words or name.words


if __name__ == "__main__":
    main()
