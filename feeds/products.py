"""What is known of products: vendors, former names, editions, platforms, numbering families.

A :class:`Catalogue` turns a product as written (a :class:`Phrase` of a bulletin, the columns of an
inventory) into a :class:`Name`. Both sides go through the same rewriting, so that *FortiGate* and
*FortiOS*, or *Pulse Connect Secure* and *Ivanti Connect Secure*, meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from feeds.affected import Phrase
from feeds.knowledge import Builtin, CatalogueError, Edition, load_builtin, read_builtin
from feeds.names import (
    Name,
    forget_words,
    initials_of,
    is_model,
    normal_words,
    sold_as,
    spellings_of,
    spellings_of_product,
)
from feeds.rewriting import NO_VENDOR, WINDOWS, Rewriting

__all__ = ["Builtin", "Catalogue", "CatalogueError", "Edition", "load_builtin", "read_builtin"]

_WINDOWS_EDITIONS = frozenset({"enterprise", "education", "home"})
_RANGE_OF_MODULES = ("linux", "enterprise")
_RANGES = frozenset({"gamme", "gammes", "famille", "familles"})
_SERVER_YEARS = frozenset({"2003", "2008", "2012", "2016", "2019", "2022", "2025"})
_FIRMWARE = frozenset(
    {"paquet", "package", "micrologiciel", "microgiciel", "firmware", "bios", "bmc"}
)
_NUMERAL = re.compile(r"\d+(?:\.\d+)*$")


def _of_module(phrase: Phrase) -> Phrase:
    """ "SUSE Linux Enterprise Module for Basesystem" is the "Basesystem Module"."""
    if phrase.words[-1:] != ("module",):
        return phrase
    if not phrase.hosts:
        end = next((n for n in (2, 3) if phrase.words[n - 2 : n] == _RANGE_OF_MODULES), 0)
        begin = phrase.words[: end - 2] if end else ()
        return phrase._replace(words=(*begin, *phrase.words[end:]))
    vendor = phrase.words[:1] if len(phrase.words) > 1 else ()
    return phrase._replace(words=(*vendor, *phrase.hosts[0], "module"), hosts=phrase.hosts[1:])


def _is_part(phrase: Phrase, words: frozenset[str]) -> bool:
    """Whether what a name is "pour" carries it: a plugin, the firmware of a card."""
    return "plugin" in words or not _FIRMWARE.isdisjoint(phrase.words[:1])


def _of_windows(
    words: frozenset[str], editions: frozenset[str], *, dated: bool
) -> tuple[frozenset[str], frozenset[str]]:
    """Words that identify a Windows, and its editions; ``dated``: a server's year follows."""
    if dated and len(words) == 1:
        words |= {"server"}  # "Windows 2019"
    if {"server", "core"} <= words:
        words -= {"core"}  # "Windows Server 2019 Standard Core"
        editions |= {"server core"}
    if words <= WINDOWS | _WINDOWS_EDITIONS:
        words -= _WINDOWS_EDITIONS  # one build serves them all
    return words, editions


class _Said(NamedTuple):
    """What the words of a phrase say by themselves.

    ``words`` as rewritten, ``core`` those that name the product; ``bare`` when nothing but
    qualifiers was said.
    """

    name: Name
    words: tuple[str, ...]
    core: tuple[str, ...]
    bare: bool


class Catalogue(Rewriting):
    """Turns product names as written into names that can be compared.

    Args:
        builtin: what ships with Tocsin.
        learned: pairs ``(what is typed, what it means)`` taught by people's answers.
    """

    def __init__(self, builtin: Builtin, learned: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(builtin, learned)
        self._recognised: dict[str, set[frozenset[str]]] = {}
        self.learn(Name(words) for words in self._products)
        # Words that numbers, hosts and remarks stand around: 77,000 rows say 17,000 names
        self._said = lru_cache(maxsize=8_192)(self._read_words)

    def taught(self, learned: Sequence[tuple[str, str]]) -> Catalogue:
        """The same shipped names with other learned ones; nothing else is remembered."""
        return Catalogue(self._known, learned)

    def forget(self) -> None:
        """Drop the names remembered."""
        self._said.cache_clear()
        self._around.cache_clear()
        forget_words()

    def recognises(self, name: Name) -> bool:
        """Whether a name is one that this catalogue or a bulletin has spoken of.

        Hardware is known by the firmware that it runs: bulletins speak of that.
        """
        return any(
            known <= words
            for words in (name.words, name.firmware)
            for known in self._names_by_word(words)
        )

    def learn(self, names: Iterable[Name]) -> None:
        """Remember names that bulletins use: their products are recognised from now on."""
        for name in names:
            if not name.words:
                continue
            key = max(name.words, key=lambda word: (word not in self.generic, len(word), word))
            self._recognised.setdefault(key, set()).add(name.words)

    def _names_by_word(self, words: frozenset[str]) -> Iterator[frozenset[str]]:
        for word in words:
            yield from self._recognised.get(word, ())

    def plain_words(self, texts: Iterable[str]) -> frozenset[str]:
        """Words of a condition, rewritten as names are, without descriptors."""
        read = self._rewrite(texts)
        return frozenset(
            word
            for word in (*read.words, *read.editions)
            if word not in self._known.descriptors and not word[0].isdigit()
        ) - {"fichier"}

    def name(self, phrase: Phrase, vendor: str = "") -> Name:
        """Read a product; ``vendor`` is the column beside it, trusted only as a hint."""
        phrase = _of_module(self._rejoined(phrase) if phrase.hosts else phrase)
        dated = not _SERVER_YEARS.isdisjoint(phrase.numbers[:1])
        said = self._said(phrase.words, vendor, dated)
        if not any(phrase[1:]):
            return said.name  # nothing stands around its words
        if said.bare and phrase.hosts:  # "micrologiciel pour EDR-810"
            return self.name(phrase._replace(words=phrase.hosts[0], hosts=phrase.hosts[1:]), vendor)
        name = said.name
        around = self._around(phrase.asides, phrase.hosts, phrase.carriers)
        return name._replace(
            asides=name.asides.union(around.asides, self._models_of(said.words, phrase.numbers)),
            numbers=phrase.numbers,
            editions=name.editions | around.editions,
            platforms=name.platforms | around.platforms,
            architectures=name.architectures | around.architectures,
            models=around.models,
            hosts=around.hosts,
            parts=frozenset(phrase.parts),
            carriers=around.hosts if _is_part(phrase, name.words) else around.carriers,
            spellings=name.spellings
            | initials_of(phrase.asides, (vendor, *phrase.words), said.core),
            firmware=name.firmware | self._firmware(name.words, phrase.numbers, name.vendor),
            host_numbers=around.host_numbers,
        )

    def names(self, phrases: Sequence[Phrase], vendor: str = "", product: str = "") -> list[Name]:
        """Read the alternatives of one statement: "Data Center et Server", "RV110W, RV130".

        An alternative made only of editions, models or numbers borrows the words of the first.
        ``product`` names what a line without a product speaks of.
        """
        first = self.name(phrases[0], vendor) if phrases else Name(frozenset())
        sold_by = self.vendor(vendor)[0]
        if first.weak and phrases and first.words and first.vendor in ("", sold_by):
            said = (*self.vendor_text(vendor), *phrases[0].words)
            first = self.name(phrases[0]._replace(words=said), vendor)
        if product.strip().lower() not in NO_VENDOR:
            first = self._completed(first, self.name(Phrase(words=(product,)), vendor))
        names = [first]
        for phrase in phrases[1:]:
            name = self.name(phrase, vendor)
            names.append(self._borrow(first, name))
        return [name for name in names if name.words]

    def _completed(self, name: Name, column: Name) -> Name:
        """A name that the product column says, or says in full: "Focus" is Firefox Focus."""
        if name.words <= self._known.optional:
            of, words = name.vendor or column.vendor, column.words | name.words
            return name._replace(words=words, weak=column.weak, family=column.family, vendor=of)
        if column.words < name.words and len(column.words) > 1:
            return name._replace(carriers=(*name.carriers, column.words))  # a part of it
        if not name.words < column.words or not column.vendor == name.vendor != "":
            return name
        return name._replace(
            asides=name.asides | (column.words - name.words),
            spellings=name.spellings | column.spellings,
        )

    def _borrow(self, first: Name, name: Name) -> Name:
        """Complete an alternative that only says in what it differs from the first."""
        models = frozenset(filter(is_model, first.words))
        platforms = name.words & self._known.platforms.keys()
        if platforms == name.words != frozenset() and first.words.isdisjoint(platforms):
            name = name._replace(words=frozenset(), platforms=name.platforms | platforms)
        if not name.words:
            words = first.words
            name = name._replace(numbers=name.numbers or first.numbers)  # "20.04 ESM et LTS"
        elif all(map(is_model, name.words)) and models and first.words != models:
            words = (first.words - models) | name.words
        elif len(name.words) == 1 and name.weak and not first.weak:
            alike = len(first.words) > 1 and first.head not in name.words
            words = (first.words - {first.head} if alike else first.words) | name.words
        else:
            return name
        return name._replace(
            words=words,
            vendor=name.vendor or first.vendor,
            vendor_words=name.vendor_words | first.vendor_words,
            weak=first.weak,
            family=first.family,
        )

    def _read_words(self, words: tuple[str, ...], vendor: str, dated: bool) -> _Said:
        """What the words of a phrase say by themselves; ``dated`` by a year of Windows Server."""
        known = self._known
        canonical, vendor_words = self.vendor(vendor)
        read = self._rewrite(words)
        platforms: set[str] = set()
        architectures: set[str] = set()
        asides: set[str] = set()
        core: list[str] = []
        sure = False
        said_vendor: list[str] = []
        last = len(read.words) - 1
        for position, (word, lock) in enumerate(zip(read.words, read.locks, strict=True)):
            if word in known.architectures:
                architectures.add(known.architectures[word])
            elif word in known.platforms and lock < 2 and not known.optional.issuperset(core):
                platforms.add(word)
            elif word in known.codenames:
                asides.add(word)
            elif lock or not (word in known.descriptors or _NUMERAL.match(word)):
                leading = not lock and not core and word in vendor_words and not read.vendor
                if leading and position < last:
                    said_vendor.append(word)
                else:
                    core.append(word)
                sure = sure or lock > 1 or (lock == 1 and word not in known.generic)
        if read.vendor:
            canonical = read.vendor
            said_vendor = normal_words([canonical])
            vendor_words |= frozenset(said_vendor)
        bare = not core
        if bare:
            short = frozenset(said_vendor) not in self._products  # "Avaya CMS", not "Joomla CMS"
            plain = [
                w
                for w in read.words
                if w not in known.codenames and (len(w) > 3 or (short and w in known.generic))
            ]
            core = [*said_vendor, *plain] or list(read.words)  # "Debian buster", "SonicWall Switch"
        elif (known.optional | known.umbrellas).issuperset(core):
            core.extend(said_vendor)  # "MongoDB Server" is not any server
        identifying, editions = self._whole(frozenset(core)), frozenset(read.editions)
        if "windows" in identifying:
            identifying, editions = _of_windows(identifying, editions, dated=dated)
        name = Name(
            words=identifying,
            asides=frozenset(asides),
            editions=editions,
            platforms=frozenset(platforms),
            architectures=frozenset(architectures),
            vendor=canonical,
            vendor_words=vendor_words,
            weak=not sure and all(w in known.generic or len(w) < 3 for w in identifying),
            family=self._family(identifying, canonical, words),
            spellings=spellings_of(core)
            | sold_as(canonical, core)
            | spellings_of_product(spellings_of(normal_words(words)), vendor_words),
            firmware=self._firmware(identifying, (), canonical),
            head=core[-1] if core else "",
            whole_range=bool(words) and words[0] in _RANGES,
        )
        return _Said(name, tuple(read.words), tuple(core), bare)
