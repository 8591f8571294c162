"""The words and the products that ship with Tocsin, as names are compared by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

from feeds.knowledge import Builtin, Edition


class Vocabulary:
    """What is known of words and of products, asked by those who read and compare names.

    Args:
        builtin: what ships with Tocsin.
    """

    def __init__(self, builtin: Builtin) -> None:
        self._known = builtin
        self._products = frozenset(map(frozenset, (*builtin.renames.values(), *builtin.known)))
        self._sold: dict[str, dict[str, list[frozenset[str]]]] = {}
        self._families: dict[str, Counter[str]] = {}

    @property
    def editions(self) -> Mapping[str, Edition]:
        """The editions, by key."""
        return self._known.editions

    @property
    def generic(self) -> frozenset[str]:
        """Words too common to recognise a product by."""
        return self._known.generic

    @cached_property
    def common(self) -> frozenset[str]:
        """Words that several products share, or that a name may have or not."""
        return self.generic | self.optional | self.umbrellas

    @property
    def descriptors(self) -> frozenset[str]:
        """Words that never tell one product from another."""
        return self._known.descriptors

    @property
    def codenames(self) -> frozenset[str]:
        """Names of releases: "Catalina", "Bullseye"."""
        return self._known.codenames

    @cached_property
    def platforms(self) -> frozenset[str]:
        """Every platform, and what platforms are kinds of."""
        return frozenset(self._known.platforms).union(*self._known.platforms.values())

    @property
    def architectures(self) -> Mapping[str, str]:
        """Words for architectures: *64bits* is x64."""
        return self._known.architectures

    def platform(self, word: str) -> frozenset[str]:
        """A platform and what it is a kind of: CentOS is a Linux."""
        return self._known.platforms.get(word, frozenset({word}))

    @property
    def optional(self) -> frozenset[str]:
        """Words that a name may have or not."""
        return self._known.optional

    @property
    def umbrellas(self) -> frozenset[str]:
        """Names of ranges, which staff say or leave out: "SIMATIC", "Tanzu"."""
        return self._known.umbrellas

    @property
    def parts(self) -> frozenset[str]:
        """Last words of names of parts, which are no more the whole: "Nessus *Agent*"."""
        return self._known.parts

    @property
    def machines(self) -> frozenset[str]:
        """Nouns for what runs the system that stands behind it in parentheses."""
        return self._known.machines

    @property
    def devices(self) -> frozenset[str]:
        """What publishers add to the name of a device: "Viper LT *system*"."""
        return self._known.devices

    @property
    def levels(self) -> frozenset[str]:
        """Words for levels of one offer: "Express", "Premium"."""
        return self._known.levels

    def releases_of_build(self, family: str, numbers: tuple[int, ...]) -> tuple[str, ...]:
        """Names under which a build is sold: Windows (10, 0, 17763) is 1809 and 2019."""
        texts = [".".join(map(str, numbers[:length])) for length in (3, 2, 1)]
        return next((n for text in texts if (n := self._known.builds.get((family, text)))), ())

    @cached_property
    def _firmwares(self) -> frozenset[frozenset[str]]:
        known = self._known
        return known.systems.union(frozenset(firmware) for *_, firmware in known.hardware)

    def is_firmware(self, words: frozenset[str]) -> bool:
        """Whether these words are software that hardware is known to run: *IOS XE*."""
        return words in self._firmwares

    def is_typed_for_family(self, words: frozenset[str]) -> bool:
        """Whether staff type this short name for any product of its family: *NetWeaver*."""
        return words in self._known.families_typed

    def is_product(self, words: frozenset[str]) -> bool:
        """Whether these words, and no others, are a product that ships with the catalogue."""
        return words in self._products

    def products_of(self, vendor: str, words: frozenset[str]) -> Iterator[frozenset[str]]:
        """Known products of a vendor whose words are all among these."""
        products = self._sold.get(vendor)
        if products is None:
            products = self._sold[vendor] = {}
            for text in self._known.products.get(vendor, ()):
                product = frozenset(text.split(" "))
                products.setdefault(min(product), []).append(product)
        for word in words:
            yield from (each for each in products.get(word, ()) if each <= words)

    def akin(self, vendor: str, other: str) -> bool:
        """Whether one vendor bought, sold or was named like the other: Aruba and HPE."""
        return other in self._known.kin.get(vendor, ())

    def family_size(self, vendor: str, word: str) -> int:
        """How many known products of a vendor say a word: a range's name is in all of its."""
        sizes = self._families.get(vendor)
        if sizes is None:
            texts = self._known.products.get(vendor, ())
            sizes = self._families[vendor] = Counter(w for text in texts for w in text.split(" "))
        return sizes[word]
