"""What is known of products: vendors, former names, editions, platforms, numbering families.

A :class:`Catalogue` turns a product as written (a :class:`Phrase` of a bulletin, the columns of an
inventory) into a :class:`Name`. Both sides go through the same rewriting, so that *FortiGate* and
*FortiOS*, or *Pulse Connect Secure* and *Ivanti Connect Secure*, meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from feeds.affected import Phrase
from feeds.affected.tokens import fold
from feeds.knowledge import Builtin, CatalogueError, Edition, load_builtin
from feeds.names import Name, is_model, normal_words, spellings_of

__all__ = ["Builtin", "Catalogue", "CatalogueError", "Edition", "load_builtin"]

_NO_VENDOR = frozenset({"", "n/a", "na", "-", "inconnu", "unknown", "n.c.", "nc"})
_WINDOWS = frozenset({"windows", "server", "r2", "xp", "vista", "rt", "nt", "me", "hlk"})
_WINDOWS_EDITIONS = frozenset({"enterprise", "education", "home"})
_RANGES = frozenset({"gamme", "gammes", "famille", "familles"})
_DOTTED = re.compile(r"\d+\.\d+$")
_LONGEST_ACRONYM = 7
_SERVER_YEARS = frozenset({"2003", "2008", "2012", "2016", "2019", "2022", "2025"})
_DEVICE = re.compile(r"([a-z]+)-?(\d.*)")
_STUCK = re.compile(r"([a-z]{2,}(?=\d{3})|[a-z]{3,})(\d{1,5}[a-z]?)$")  # WC7665, tomcat9
_NUMERAL = re.compile(r"\d+(?:\.\d+)*$")
_COMPANY = frozenset(
    {
        "inc",
        "corp",
        "corporation",
        "ltd",
        "llc",
        "gmbh",
        "sa",
        "sas",
        "ag",
        "co",
        "company",
        "software",
        "foundation",
        "team",
        "project",
        "technologies",
        "group",
        "limited",
        "systems",
    }
)


class _Trie:
    """Longest phrases first: word tuples to values, found at a position of a word list."""

    def __init__(self, entries: Mapping[tuple[str, ...], Any]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Any]]] = {}
        for words, value in sorted(entries.items(), key=lambda item: -len(item[0])):
            self._by_first.setdefault(words[0], []).append((words, value))

    def at(self, words: Sequence[str], position: int) -> tuple[int, Any] | None:
        """The longest phrase that starts at ``position``: its length and its value."""
        for phrase, value in self._by_first.get(words[position], ()):
            length = len(phrase)
            if length == 1 or tuple(words[position : position + length]) == phrase:
                return length, value
        return None


def _initials(
    asides: tuple[str, ...], said: Sequence[str], core: Sequence[str]
) -> frozenset[tuple[str, frozenset[str]]]:
    """Acronyms that parentheses give: *smc* of "Stormshield Management Center (SMC)"."""
    short = asides[0].rstrip("v0123456789") if len(asides) == 1 else ""
    if len(short) < 3 or not short.isalpha() or len(short) > _LONGEST_ACRONYM:
        return frozenset()
    words = normal_words(said)
    ahead = iter("".join(words))
    begins = any(word.startswith(short[0]) for word in words)
    if not begins or not all(letter in ahead for letter in short):
        return frozenset()
    return frozenset({(asides[0], frozenset(core))})


class Catalogue:
    """Turns product names as written into names that can be compared.

    Args:
        builtin: what ships with Tocsin.
        learned: pairs ``(what is typed, what it means)`` taught by people's answers.
    """

    def __init__(self, builtin: Builtin, learned: Sequence[tuple[str, str]] = ()) -> None:
        self._known = builtin
        renames = dict(builtin.renames)
        for typed, meant in learned:
            source, target = tuple(normal_words([typed])), tuple(normal_words([meant]))
            if source and target:
                renames[source] = renames.get(target, target)
        self._renames = _Trie(renames)
        self._vendors = _Trie(builtin.vendors)
        self._editions = _Trie(
            {words: each.key for each in builtin.editions.values() for words in each.words}
        )
        self._abbreviations = {
            words for words in (*builtin.renames, *builtin.known) if len(words) == 1
        }
        self._telling = builtin.generic.union(*builtin.known, *builtin.renames.values())
        self._recognised: dict[str, set[frozenset[str]]] = {}
        self._products = frozenset(map(frozenset, (*builtin.renames.values(), *builtin.known)))
        self.learn(Name(words) for words in self._products)
        self._phrase = lru_cache(maxsize=20_000)(self._read_phrase)

    def taught(self, learned: Sequence[tuple[str, str]]) -> Catalogue:
        """The same shipped names with other learned ones; nothing else is remembered."""
        return Catalogue(self._known, learned)

    def forget(self) -> None:
        """Drop the names remembered."""
        self._phrase.cache_clear()

    @property
    def editions(self) -> Mapping[str, Edition]:
        """The editions, by key."""
        return self._known.editions

    @property
    def generic(self) -> frozenset[str]:
        """Words too common to recognise a product by."""
        return self._known.generic

    @property
    def descriptors(self) -> frozenset[str]:
        """Words that never tell one product from another."""
        return self._known.descriptors

    @property
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
    def devices(self) -> frozenset[str]:
        """What publishers add to the name of a device: "Viper LT *system*"."""
        return self._known.devices

    @property
    def levels(self) -> frozenset[str]:
        """Words for levels of one offer: "Express", "Premium"."""
        return self._known.levels

    @property
    def telling(self) -> frozenset[str]:
        """Words that make another product of a name that is longer by them."""
        return self._telling

    def releases_of_build(self, family: str, numbers: tuple[int, ...]) -> tuple[str, ...]:
        """Names under which a build is sold: Windows (10, 0, 17763) is 1809 and 2019."""
        texts = [".".join(map(str, numbers[:length])) for length in (3, 2, 1)]
        return next((n for text in texts if (n := self._known.builds.get((family, text)))), ())

    def is_product(self, words: frozenset[str]) -> bool:
        """Whether these words, and no others, are a product that ships with the catalogue."""
        return words in self._products

    def recognises(self, name: Name) -> bool:
        """Whether a name is one that this catalogue or a bulletin has spoken of."""
        return any(known <= name.words for known in self._names_by_word(name.words))

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

    def vendor(self, text: str) -> tuple[str, frozenset[str]]:
        """Canonical vendor (or the words typed) and the words that name it."""
        words = [word for word in normal_words([text]) if word not in _COMPANY]
        if not words or text.strip().lower() in _NO_VENDOR:
            return "", frozenset()
        found = self._vendors.at(words, 0)
        canonical = found[1] if found else " ".join(words)
        return canonical, frozenset((*words, *normal_words([canonical])))

    def vendor_text(self, text: str) -> tuple[str, ...]:
        """Words of a vendor column as they would stand before a product."""
        if text.strip().lower() in _NO_VENDOR:
            return ()
        words = re.split(r"[\s_]+|-(?=project$)", fold(text).strip())
        kept = tuple(word for word in words if word.strip(".,") not in _COMPANY)
        known = self._vendors.at(spelt, 0) if (spelt := normal_words(kept)) else None
        # "B. Braun Medical" says no more than "B. Braun"
        return tuple(spelt[: known[0]]) if known else kept

    def without_nouns(self, phrase: Phrase) -> Phrase:
        """Put aside the common nouns that staff begin with: "Caméra AXIS P3245-V"."""
        words = phrase.words
        count = 0
        while count < len(words) - 1 and words[count] in self._known.nouns:
            count += 1
        common = self._known.generic | self._known.platforms.keys() | self._known.descriptors
        if not count or common.issuperset(normal_words(words[count:])):
            return phrase
        return replace(phrase, words=words[count:], asides=(*words[:count], *phrase.asides))

    def unpacked(self, phrase: Phrase) -> Phrase:
        """Part an abbreviation from the model number stuck to it: "WC7665" is a WC 7665."""
        words: list[str] = []
        numbers: list[str] = []
        for word in phrase.words:
            stuck = None if (word,) in self._abbreviations else _STUCK.match(word)
            if short := self._known.shorthand.get(word):
                words.extend(short[:-1])
                numbers.append(short[-1])
            elif stuck and (stuck[1],) in self._abbreviations:
                words.append(stuck[1])
                numbers.append(stuck[2])
            else:
                words.append(word)
        if not numbers:
            return phrase
        return replace(phrase, words=tuple(words), numbers=(*numbers, *phrase.numbers))

    def name(self, phrase: Phrase, vendor: str = "") -> Name:
        """Read a product; ``vendor`` is the column beside it, trusted only as a hint."""
        return self._phrase(phrase, vendor)

    def names(self, phrases: Sequence[Phrase], vendor: str = "", product: str = "") -> list[Name]:
        """Read the alternatives of one statement: "Data Center et Server", "RV110W, RV130".

        An alternative made only of editions, models or numbers borrows the words of the first.
        ``product`` names what a line without a product speaks of.
        """
        first = self.name(phrases[0], vendor) if phrases else Name(frozenset())
        if first.weak and phrases and first.words:
            said = (*self.vendor_text(vendor), *phrases[0].words)
            first = self.name(replace(phrases[0], words=said), vendor)
        if first.words <= self._known.optional and product.strip().lower() not in _NO_VENDOR:
            hint = self.name(Phrase(words=(product,)), vendor)
            vendor_of = first.vendor or hint.vendor
            words = hint.words | first.words
            first = replace(
                first, words=words, weak=hint.weak, family=hint.family, vendor=vendor_of
            )
        names = [first]
        for phrase in phrases[1:]:
            name = self.name(phrase, vendor)
            names.append(self._borrow(first, name))
        return [name for name in names if name.words]

    def _borrow(self, first: Name, name: Name) -> Name:
        """Complete an alternative that only says in what it differs from the first."""
        models = frozenset(filter(is_model, first.words))
        platforms = name.words & self._known.platforms.keys()
        if platforms == name.words != frozenset() and first.words.isdisjoint(platforms):
            name = replace(name, words=frozenset(), platforms=name.platforms | platforms)
        if not name.words:
            words = first.words
            name = replace(name, numbers=name.numbers or first.numbers)  # "20.04 ESM et LTS"
        elif all(map(is_model, name.words)) and models and first.words != models:
            words = (first.words - models) | name.words
        elif len(name.words) == 1 and name.weak and not first.weak:
            alike = len(first.words) > 1 and first.head not in name.words
            words = (first.words - {first.head} if alike else first.words) | name.words
        else:
            return name
        return replace(
            name,
            words=words,
            vendor=name.vendor or first.vendor,
            vendor_words=name.vendor_words | first.vendor_words,
            weak=first.weak,
            family=first.family,
        )

    def _rejoined(self, phrase: Phrase) -> Phrase:
        """ "Aria Operations | for Logs": a known name may go on behind "for"."""
        if not phrase.hosts:
            return phrase
        head, host = normal_words(phrase.words), normal_words(phrase.hosts[0])
        for joint in (("for",), ()):
            whole = [*head, *joint, *host]
            for position in range(len(head)):
                found = self._renames.at(whole, position)
                if found and position + found[0] > len(head) + len(joint):
                    words = (*phrase.words, *joint, *phrase.hosts[0])
                    return replace(phrase, words=words, hosts=phrase.hosts[1:])
        return phrase

    def _read_phrase(self, phrase: Phrase, vendor: str) -> Name:
        known = self._known
        phrase = self._rejoined(phrase)
        canonical, vendor_words = self.vendor(vendor)
        read = self._rewrite(phrase.words)
        qualifiers = self._around(phrase)
        platforms, architectures = set(qualifiers.platforms), set(qualifiers.architectures)
        asides = {*qualifiers.asides, *self._models_of(read.words, phrase.numbers)}
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
        if not core and phrase.hosts:  # "micrologiciel pour EDR-810"
            return self._read_phrase(
                replace(phrase, words=phrase.hosts[0], hosts=phrase.hosts[1:]), vendor
            )
        if not core:
            plain = [w for w in read.words if w not in known.codenames and len(w) > 3]
            core = [*said_vendor, *plain] or list(read.words)  # "Debian buster", "SonicWall Switch"
        elif (known.optional | known.umbrellas).issuperset(core):
            core.extend(said_vendor)  # "MongoDB Server" is not any server
        identifying = self._whole(frozenset(core))
        if identifying == {"windows"} and _SERVER_YEARS.issuperset(phrase.numbers[:1] or "-"):
            identifying |= {"server"}  # "Windows 2019"
        if "windows" in identifying and identifying <= _WINDOWS | _WINDOWS_EDITIONS:
            identifying -= _WINDOWS_EDITIONS  # one build serves them all
        return Name(
            words=identifying,
            asides=frozenset(asides),
            numbers=phrase.numbers,
            editions=frozenset(read.editions) | qualifiers.editions,
            platforms=frozenset(platforms),
            architectures=frozenset(architectures),
            models=qualifiers.models,
            hosts=qualifiers.hosts,
            vendor=canonical,
            vendor_words=vendor_words,
            weak=not sure and all(w in known.generic or len(w) < 3 for w in identifying),
            family=self._family(identifying, canonical),
            parts=frozenset(phrase.parts),
            carriers=qualifiers.hosts if "plugin" in identifying else qualifiers.carriers,
            spellings=spellings_of(core)
            | _of_product(spellings_of(normal_words(phrase.words)), vendor_words)
            | _initials(phrase.asides, [vendor, *phrase.words], core),
            firmware=self._firmware(identifying, phrase.numbers, canonical),
            host_numbers=tuple(
                text
                for host in phrase.hosts
                for text in host
                if _DOTTED.match(text) or (host[0] == "windows" and text.isdigit())
            ),
            head=core[-1] if core else "",
            whole_range=bool(phrase.words) and phrase.words[0] in _RANGES,
        )

    def _models_of(self, words: Sequence[str], numbers: Sequence[str]) -> Iterator[str]:
        """Models of a series that bear other numbers than it: the SMA 100 series."""
        for (series, number), models in self._known.series.items():
            if number in numbers and series <= frozenset(words):
                yield from models

    def _firmware(
        self, words: frozenset[str], numbers: tuple[str, ...], vendor: str
    ) -> frozenset[str]:
        """Words of the firmware that this hardware is known to run."""
        found: set[str] = set()
        for maker, word, digits, firmware in self._known.hardware:
            if vendor not in ("", maker):
                continue
            if word in words:
                said = not digits or any(text.startswith(digits) for text in numbers)
            else:
                models = (_DEVICE.match(w) for w in words if w.startswith(word))
                said = any(
                    m[2].startswith(digits) for m in models if m and (m[1] == word or vendor)
                )
            if said:
                found.update(firmware)
        return frozenset(found)

    def _whole(self, words: frozenset[str]) -> frozenset[str]:
        for name, meant in self._known.whole.items():
            if frozenset(name) == words:
                return frozenset(meant)
        return words

    def _family(self, words: frozenset[str], vendor: str) -> str:
        if vendor == "sap":
            return "sap"
        for family, needed in self._known.families:
            if needed <= words and (family != "windows" or words <= _WINDOWS):
                return family
        return ""

    def _rewrite(self, texts: Iterable[str]) -> _Rewritten:
        """Translate, take editions and the leading vendor out, apply former names."""
        words: list[str] = []
        for word in normal_words(texts):
            words.extend(self._known.translations.get(word, (word,)))
        out = _Rewritten()
        position = 0
        while position < len(words):
            renamed = self._renames.at(words, position)
            if renamed and not self._more_after_vendor(words, position, renamed[0]):
                length, target = renamed
                identity = length == 1 and target == (words[position],)
                sold = self._vendors.at(words, position)
                if sold and sold[0] < length and not out.vendor:
                    out.vendor = sold[1]  # "Microsoft Edge" says its vendor too
                out.words.extend(target)
                out.locks.extend([0 if identity else len(target)] * len(target))
                position += length
            elif edition := self._editions.at(words, position):
                out.editions.append(edition[1])
                position += edition[0]
            elif (
                (sold := self._vendors.at(words, position))
                and out.vendor in ("", sold[1])
                and sold[0] < len(words) - position
                and all(word in self._known.descriptors for word in out.words)
            ):
                out.vendor = sold[1]
                position += sold[0]
            else:
                out.words.append(words[position])
                out.locks.append(0)
                position += 1
        return out

    def _more_after_vendor(self, words: Sequence[str], position: int, length: int) -> bool:
        """Whether a longer former name stands behind the vendor: "VideoLAN | VLC media player"."""
        sold = self._vendors.at(words, position)
        if sold is None or position + sold[0] >= len(words):
            return False
        behind = self._renames.at(words, position + sold[0])
        return behind is not None and sold[0] + behind[0] > length

    def _around(self, phrase: Phrase) -> Name:
        """Read asides and hosts: words, hosts that are products, and qualifiers."""
        known = self._known
        asides = self._rewrite(phrase.asides)
        editions = list(asides.editions)
        series = "serie" in normal_words(phrase.asides)
        platforms = {word for word in asides.words if word in known.platforms}
        architectures = {known.architectures[w] for w in asides.words if w in known.architectures}
        models = {w for w in asides.words if series and w not in known.descriptors}
        hosts: list[frozenset[str]] = []
        for group in phrase.hosts:
            words = self._host_words(group, editions)
            found = {word for word in words if word in known.platforms}
            processors = {word for word in words if word in known.architectures}
            rest = words - found - processors
            architectures |= {known.architectures[word] for word in processors}
            if "bigendian" in processors:
                architectures.discard("ppc64le")  # what "for Power" stands for elsewhere
            if not rest - _PLATFORM_EDITIONS:
                platforms |= found
            elif len(words) == 1 and (is_model(*rest) or len(*rest) <= 4):
                models |= rest
            else:
                hosts.append(frozenset(rest | found))
        return Name(
            frozenset(),
            asides=frozenset(asides.words),
            editions=frozenset(editions),
            platforms=frozenset(platforms),
            architectures=frozenset(architectures),
            models=frozenset(models),
            hosts=tuple(hosts),
            carriers=tuple(frozenset(self._host_words(each, [])) for each in phrase.carriers),
        )

    def _host_words(self, group: tuple[str, ...], editions: list[str]) -> set[str]:
        read = self._rewrite(("for", *group))
        editions.extend(read.editions)
        words = set(read.words) - {"for"}
        return {w for w in words if w not in self._known.descriptors and not w[0].isdigit()} | {
            w for w in words if is_model(w)
        }


@dataclass
class _Rewritten:
    """Words after rewriting; ``locks`` says how many words the rename that gave each had."""

    words: list[str] = field(default_factory=list)
    locks: list[int] = field(default_factory=list)
    editions: list[str] = field(default_factory=list)
    vendor: str = ""


Spellings = frozenset[tuple[str, frozenset[str]]]


def _of_product(spellings: Spellings, vendor_words: frozenset[str]) -> Spellings:
    """Those that spell something of the product: *PAN* is only Palo Alto Networks."""
    return frozenset((short, words) for short, words in spellings if not words <= vendor_words)


_PLATFORM_EDITIONS = frozenset(
    {"server", "desktop", "client", "enterprise", "system", "red", "hat", "os"}
)
