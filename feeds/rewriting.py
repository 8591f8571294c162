"""Rewrite the words of a name as both sides write them, and tell its qualifiers from it.

:class:`Rewriting` knows what ships with Tocsin and what people taught; the catalogue, built on it,
makes names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from feeds.affected import Phrase
from feeds.affected.tokens import fold
from feeds.knowledge import Builtin
from feeds.names import Name, is_model, normal_words
from feeds.vocabulary import Vocabulary

NO_VENDOR = frozenset({"", "n/a", "na", "-", "inconnu", "unknown", "n.c.", "nc"})
WINDOWS = frozenset({"windows", "server", "r2", "xp", "vista", "rt", "nt", "me", "hlk"})
_DEVICE = re.compile(r"([a-z]+)-?(\d.*)")
_STUCK = re.compile(r"([a-z]{2,}(?=-?\d{3})|[a-z]{3,})-?(\d{1,5}[a-z]?)(?:-(sp\d))?$")  # tomcat9
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
_DOTTED = re.compile(r"\d+\.\d+$")
_PLATFORM_EDITIONS = frozenset(
    {"server", "desktop", "client", "enterprise", "system", "red", "hat", "os"}
)


class _Trie:
    """Longest phrases first: word tuples to values, found at a position of a word list."""

    def __init__(self, entries: Mapping[tuple[str, ...], Any]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Any]]] = {}
        for words, value in sorted(entries.items(), key=lambda item: -len(item[0])):
            self._by_first.setdefault(words[0], []).append((words, value))

    @property
    def openings(self) -> Set[str]:
        """First words of the phrases."""
        return self._by_first.keys()

    def at(self, words: Sequence[str], position: int) -> tuple[int, Any] | None:
        """The longest phrase that starts at ``position``: its length and its value."""
        for phrase, value in self._by_first.get(words[position], ()):
            length = len(phrase)
            if length == 1 or tuple(words[position : position + length]) == phrase:
                return length, value
        return None


@dataclass
class _Rewritten:
    """Words after rewriting; ``locks`` says how many words the rename that gave each had."""

    words: list[str] = field(default_factory=list)
    locks: list[int] = field(default_factory=list)
    editions: list[str] = field(default_factory=list)
    vendor: str = ""


def _said(meant: Mapping[str, tuple[str, ...]], words: Iterable[str]) -> list[str]:
    """Words, and what those of ``meant`` stand for."""
    return [each for word in words for each in meant.get(word, (word,))]


class Rewriting(Vocabulary):
    """Words as written to words as compared.

    Args:
        builtin: what ships with Tocsin.
        learned: pairs ``(what is typed, what it means)`` taught by people's answers.
    """

    def __init__(self, builtin: Builtin, learned: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(builtin)
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
        self._openings = self._renames.openings | self._vendors.openings | self._editions.openings
        nouns = {word for text in builtin.translations.values() for word in text}
        self._openers = builtin.descriptors | (builtin.generic & nouns)  # "Contrôleur Juniper …"
        self._abbreviations = {
            words for words in (*builtin.renames, *builtin.known) if len(words) == 1
        }
        self._whole_names = {frozenset(n): frozenset(of) for n, of in builtin.whole.items()}
        self._hardware: dict[str, list[tuple[str, str, str, tuple[str, ...]]]] = {}
        for known in builtin.hardware:
            self._hardware.setdefault(known[1][0], []).append(known)
        self.vendor = lru_cache(maxsize=4_096)(self._read_vendor)  # few are typed, over and over
        self._around = lru_cache(maxsize=4_096)(self._read_around)  # few platforms carry many names

    def _read_vendor(self, text: str) -> tuple[str, frozenset[str]]:
        """Canonical vendor (or the words typed) and the words that name it."""
        words = [
            word for word in _said(self._known.glued, normal_words([text])) if word not in _COMPANY
        ]
        if not words or text.strip().lower() in NO_VENDOR:
            return "", frozenset()
        found = self._vendors.at(words, 0)
        canonical = found[1] if found else " ".join(words)
        return canonical, frozenset((*words, *normal_words([canonical])))

    def vendor_text(self, text: str) -> tuple[str, ...]:
        """Words of a vendor column as they would stand before a product."""
        if text.strip().lower() in NO_VENDOR:
            return ()
        words = re.split(r"[\s_]+|-(?=project$)", fold(text).strip())
        kept = tuple(word for word in words if word.strip(".,") not in _COMPANY)
        spelt = _said(self._known.glued, normal_words(kept))
        known = self._vendors.at(spelt, 0) if spelt else None
        # "B. Braun Medical" says no more than "B. Braun"
        return tuple(spelt[: known[0]]) if known else kept

    def without_nouns(self, phrase: Phrase) -> Phrase:
        """Put aside the common nouns that staff begin with: "Caméra AXIS P3245-V"."""
        words = phrase.words
        count = 0
        known = self._known
        while count < len(words) - 1 and (
            words[count] in known.nouns or (count and words[count] in known.descriptors)
        ):
            count += 1  # "Point d'accès", "Caméra IP"
        if not count:
            return phrase
        common = known.generic | known.platforms.keys() | known.descriptors
        if common.issuperset(normal_words(words[count:])):
            return phrase
        return phrase._replace(words=words[count:], asides=(*words[:count], *phrase.asides))

    def unpacked(self, phrase: Phrase) -> Phrase:
        """Part an abbreviation from the model number stuck to it: "WC7665" is a WC 7665."""
        words: list[str] = []
        numbers: list[str] = []
        for word in phrase.words:
            if short := self._known.shorthand.get(word):
                words.extend(short[:-1])
                numbers.append(short[-1])
            elif (stuck := _STUCK.match(word)) and self._abbreviates(word, stuck[1]):
                words.append(stuck[1])
                numbers.append(f"{stuck[2]} {stuck[3]}" if stuck[3] else stuck[2])
            else:
                words.append(word)
        if not numbers:
            return phrase
        return phrase._replace(words=tuple(words), numbers=(*numbers, *phrase.numbers))

    def _abbreviates(self, word: str, stem: str) -> bool:
        if (word,) in self._abbreviations:
            return False
        return (stem,) in self._abbreviations or (len(stem) > 4 and stem in self._known.generic)

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
                    return phrase._replace(words=words, hosts=phrase.hosts[1:])
        return phrase

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
        for word in words:
            for maker, device, digits, firmware in self._hardware.get(word[0], ()):
                if vendor not in ("", maker) or not word.startswith(device):
                    continue
                if device in words:
                    said = not digits or any(text.startswith(digits) for text in numbers)
                elif model := _DEVICE.match(word):
                    said = model[2].startswith(digits) and (model[1] == device or bool(vendor))
                else:
                    said = False
                if said:
                    found.update(firmware)
        return frozenset(found)

    def _whole(self, words: frozenset[str]) -> frozenset[str]:
        return self._whole_names.get(words, words)

    def _family(self, words: frozenset[str], vendor: str, said: Sequence[str]) -> str:
        if vendor == "sap" or (vendor == "suse" and "module" in said):
            return vendor
        for family, needed in self._known.families:
            if needed <= words and (family != "windows" or words <= WINDOWS):
                return family
        return ""

    def _rewrite(self, texts: Iterable[str]) -> _Rewritten:
        """Translate, take editions and the leading vendor out, apply former names."""
        words = _said(self._known.translations, normal_words(texts))
        out = _Rewritten()
        position = 0
        while position < len(words):
            if words[position] not in self._openings:
                out.words.append(words[position])
                out.locks.append(0)
                position += 1
                continue
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
                and all(word in self._openers for word in out.words)
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

    def _read_around(
        self,
        said: tuple[str, ...],
        carried_by: tuple[tuple[str, ...], ...],
        part_of: tuple[tuple[str, ...], ...],
    ) -> Name:
        """Read asides, hosts and carriers: words, hosts that are products, and qualifiers."""
        known = self._known
        asides = self._rewrite(said)
        editions = list(asides.editions)
        series = "serie" in normal_words(said)
        platforms = {word for word in asides.words if word in known.platforms}
        architectures = {known.architectures[w] for w in asides.words if w in known.architectures}
        models = {w for w in asides.words if series and w not in known.descriptors}
        hosts: list[frozenset[str]] = []
        for group in carried_by:
            words = self._host_words(group, editions)
            found = {word for word in words if word in known.platforms}
            processors = {word for word in words if word in known.architectures}
            rest = words - found - processors
            architectures |= {known.architectures[word] for word in processors}
            if "bigendian" in processors:
                architectures.discard("ppc64le")  # what "for Power" stands for elsewhere
            if not rest - _PLATFORM_EDITIONS:
                platforms |= found
                hosts.extend([frozenset(rest)] if rest and not found and not processors else [])
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
            carriers=tuple(frozenset(self._host_words(each, [])) for each in part_of),
            host_numbers=tuple(
                text
                for host in carried_by
                for text in host
                if _DOTTED.match(text) or (host[0] == "windows" and text.isdigit())
            ),
        )

    def _host_words(self, group: tuple[str, ...], editions: list[str]) -> set[str]:
        read = self._rewrite(("for", *group))
        editions.extend(read.editions)
        words = set(read.words) - {"for"}
        return {w for w in words if w not in self._known.descriptors and not w[0].isdigit()} | {
            w for w in words if is_model(w)
        }
