"""Devices named with the software that they run: "Routeurs vEdge avec le logiciel SD-WAN"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feeds.affected import Phrase, Statement
from feeds.products import Catalogue


def with_software(
    catalogue: Catalogue, statements: Iterable[Statement], vendor: str, product: str
) -> Iterator[Statement]:
    """Each statement, and what it says of the software whose versions it bounds.

    An inventory may hold either: the software stands for the device, which is then to be asked
    about, when it is known to be a firmware or is what the row's ``product`` column says.
    """
    for each in statements:
        yield each
        if each.condition is not None and each.condition.ranges and each.phrases:
            phrase = Phrase(each.condition.words, hosts=(each.phrases[0].words,))
            said = _words(catalogue, Phrase(each.condition.words), vendor)
            if catalogue.is_firmware(said) or (
                product and said == _words(catalogue, Phrase((product,)), vendor)
            ):
                yield each._replace(phrases=(phrase,), ranges=each.condition.ranges, condition=None)


def _words(catalogue: Catalogue, phrase: Phrase, vendor: str) -> frozenset[str]:
    name = catalogue.name(phrase, vendor)
    return name.words - name.vendor_words
