"""An inventory product as the matcher sees it: its name, and every version it shows."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from bot.domain.matching.standing import is_installer_number, is_model_number, stands_as_version
from feeds.affected import Phrase, read_phrase
from feeds.affected.phrasings import Kind
from feeds.affected.tokens import Token, fold, is_level, tokenize
from feeds.identifiers import IS_PURL, purl_name
from feeds.names import Name, Spellings, is_model, normal_words, skeleton, widened
from feeds.products import Catalogue
from feeds.versions import Version, read_version

_UNKNOWN = frozenset(
    {
        "",
        "-",
        "--",
        "?",
        "n/a",
        "na",
        "nc",
        "n.c",
        "n.c.",
        "inconnu",
        "inconnue",
        "unknown",
        "*",
        "none",
    }
)
_CPE_SPLIT = re.compile(r"(?<!\\):")
_CPE_ESCAPE = re.compile(r"\\(.)")
PATCH = re.compile(
    r"(?<![a-z])[a-z]{2,}(?:-?\d{3}|\d\d[a-z]\d|_\d)(?:[\w.-]*\w)?|"
    r"(?<![\w.-])20\d\d-\d{2,3}(?![\w.-]*\d)"
)
LONGEST = 300  # characters read of a column: what is longer names no product
_SUFFIX = 4  # letters that are a word, not the end of a model
EDITION_MARKS = ("evo", "fips")  # 22.3R2-EVO is Junos OS Evolved's, 13.1-37.235-FIPS a train
_UNDERSCORE = re.compile(r"(?<!x86)_|_(?!64)")
_LONGEST_STEM = 5  # letters before the number of a model: EDR-810, not Office-2019
_MODEL_PART = re.compile(r"[a-zA-Z]?\d")  # EDR-810, EDS-G4012
_YEAR = re.compile(r"(?:19|20)\d\d")
_MARKS = re.compile(r"[®™]|\((?:r|tm)\)", re.IGNORECASE)
_PROJECT = re.compile(r"^(\w+)[-_ ]project\s+(?=\1\b)", re.IGNORECASE)  # CPE: glpi-project glpi
_MODEL_NUMBER = re.compile(r"\d{5,}|\d+[a-z]+\d+[a-z]+")  # the 15454 SDH, FortiOS-6K7K: no version
_SERIES_NUMBER = re.compile(r"(?!(?:19|20)\d\d$)[a-z]?\d{3,}[a-z]?")  # TN-4900, EDR-G902
_HANA = re.compile(r"\b(s|c|bw)/?(4)[ /]*hana\b", re.IGNORECASE)  # SAP S/4 HANA
_NOTHING = Token(Kind.NOISE, "", 0, 0)
_DOTTED = re.compile(r"\d\.\d")


class Showing(NamedTuple):
    """What an asset shows of its versions: nothing else decides where it stands in a range."""

    main: Version | None
    shown: tuple[Version, ...]
    worded: bool  # its name is of several words: the 170 of "Flex 170" is one of them


@dataclass(frozen=True, slots=True)
class Asset:
    """A product of an inventory, read once.

    Args:
        name: what it is; ``asides`` hold what may only confirm (parentheses, CPE).
        words: words of the name and the hardware families they belong to.
        known: every word said, with families: what a requirement may be found in.
        main: the version to compare with bounds, None when none was typed.
        shown: every version-like text, the main one first.
        patches: identifiers typed anywhere (*PH27414*), where a patch may be mentioned.
    """

    name: Name
    words: frozenset[str]
    known: frozenset[str]
    main: Version | None
    shown: tuple[Version, ...]
    patches: frozenset[str]

    @property
    def showing(self) -> Showing:
        """Its versions, to compare with ranges."""
        return Showing(self.main, self.shown, len(self.name.words) > 1)


@dataclass(frozen=True, slots=True)
class Cpe:
    """The fields of a CPE 2.3 name that matter here; ``*`` and ``-`` are empty."""

    vendor: str = ""
    product: str = ""
    version: str = ""
    update: str = ""
    edition: str = ""
    target: str = ""
    hardware: str = ""


def split_cpe(text: str) -> Cpe:
    """Split a CPE 2.3 formatted string; anything else gives an empty one.

    Source: NIST IR 7695, section 6.2.
    """
    fields = [_CPE_ESCAPE.sub(r"\1", field) for field in _CPE_SPLIT.split(text)]
    if fields[:2] != ["cpe", "2.3"] or len(fields) < 5:
        return Cpe()
    fields = ["" if field in ("*", "-") else field for field in fields] + [""] * 13
    _, _, _, vendor, product, version, update, edition, _, sw_edition, target, hardware, _ = fields[
        :13
    ]
    return Cpe(vendor, product, version, update, edition or sw_edition, target, hardware)


def read_asset(catalogue: Catalogue, vendor: str, product: str, version: str, cpe: str) -> Asset:
    """Read the four columns of an inventory; any may be empty."""
    vendor, version, cpe = vendor[:LONGEST], version[:LONGEST], cpe[:LONGEST]
    named = split_cpe(cpe)
    product = _tidy(product[:LONGEST])
    words = named.product.replace("_", " ")
    phrase, asides_numbers = read_phrase(product or words)
    phrase = catalogue.unpacked(catalogue.without_nouns(phrase))
    column, extra_words = _version_column(version)
    if not column and named.version:
        column = f"{named.version} {named.update}".strip()
    said = [*phrase.asides, *extra_words]
    if product:
        said.append(words)
    for qualifier in (named.edition, named.target, named.hardware):
        said.extend(qualifier.replace("_", " ").split())
    phrase = Phrase(phrase.words, phrase.numbers, phrase.hosts, tuple(said), phrase.parts)
    vendor = vendor or named.vendor.replace("_", " ")
    name = _name(catalogue, phrase, vendor)
    name = name._replace(spellings=_of_product(name))
    wide = frozenset(family for word in name.words for family in widened(word))
    known = wide | {family for word in name.asides for family in widened(word)}
    known |= {word for host in name.hosts for word in host} | name.vendor_words | name.models
    known |= {spelling for spelling, _ in name.spellings} | name.parts
    known |= {bones for word in name.words - catalogue.generic if (bones := skeleton(word))}
    known |= {text for text in phrase.numbers if _MODEL_NUMBER.fullmatch(text)}
    if IS_PURL.fullmatch(cpe):
        known |= {purl_name(cpe)}
    ends = [each for each in phrase.numbers if stands_as_version(product, each, name)]
    main, shown = _versions(catalogue, name, column, phrase.numbers, asides_numbers, ends)
    if main is not None and any(level[2] == "deb" for level in main.levels):
        known |= {"linux"}  # a Debian package's version: the kernel's, when nothing else is said
    patches = frozenset(PATCH.findall(fold(f"{product} {version}"))) - wide
    plain = name._replace(asides=name.asides - catalogue.descriptors, numbers=())
    return Asset(
        plain, wide, wide | name.firmware | (known - catalogue.descriptors), main, shown, patches
    )


def _of_product(name: Name) -> Spellings:
    """Spellings worth their memory: those with the vendor only as an acronym of four letters."""
    return frozenset(
        (short, words)
        for short, words in name.spellings
        if len(short) == len(words) >= _SUFFIX or words.isdisjoint(name.vendor_words)
    )


def _name(catalogue: Catalogue, phrase: Phrase, vendor: str) -> Name:
    """The name of a product: its vendor's words say nothing of it, unless it has no others.

    "Samba-TNG", by Samba-TNG, is not Samba; "squid", by squid-cache, is squid.
    """
    canonical, vendor_words = catalogue.vendor(vendor)
    if vendor_words.issuperset(normal_words(phrase.words)):
        name = catalogue.name(phrase)
        own = vendor_words | name.words  # a vendor that is its product excuses no word of it
        return name._replace(vendor=name.vendor or canonical, vendor_words=own)
    if not _repeats(vendor, phrase.words):
        phrase = phrase._replace(words=(*catalogue.vendor_text(vendor), *phrase.words))
    return catalogue.name(phrase, vendor)


def _tidy(product: str) -> str:
    """The product column without the marks of files: wrapping quotes, ®, signs for spaces.

    Underscores stand for spaces where there are none; so do hyphens, but those of a model.
    """
    text = " ".join(_MARKS.sub(" ", product).strip(" \"'«»“”").split())
    text = _HANA.sub(r"\1\2hana", _PROJECT.sub("", text))
    return text if " " in text else _spaced(_UNDERSCORE.sub(" ", text))


def _spaced(text: str) -> str:
    """Put spaces for the hyphens of "SQL-Server-2017", not for those of "XR328-4C".

    Where one hyphen surely stands for a space, so do all that follow a word.
    """
    first, *others = text.split("-")
    pairs = list(pairwise((first, *others)))
    spaced = len(others) > 1 and not all(_in_model(*pair) for pair in pairs)
    for before, part in pairs:
        model = len(before) < _SUFFIX and _SERIES_NUMBER.fullmatch(part.lower())
        joins = _in_model(before, part) and not (spaced and before.isalpha() and not model)
        first += ("-" if joins or (not others[1:] and _numbered(before, part)) else " ") + part
    return first


def _in_model(before: str, part: str) -> bool:
    """Whether a hyphen may join the pieces of a model: *EDR-810*, *EX4300-MP*, *BAT-C2-EU*."""
    numbered = bool(_MODEL_PART.match(part)) and not _DOTTED.match(part)
    short = part.isalnum() and len(part) < _SUFFIX
    if not before.isalpha():
        return not _YEAR.fullmatch(before) and (numbered or short)
    if len(before) < _SUFFIX + 1 and is_model(part.lower()) and part[0].isalpha():
        return True  # EDS-G4012
    if part.isalpha():
        return short and len(before) < _SUFFIX
    return len(before) <= _LONGEST_STEM and (numbered or (short and len(before) < _SUFFIX))


def _numbered(before: str, part: str) -> bool:
    """Whether both say a number: *LTE3202-M437*."""
    return not (before.isalpha() or part.isalpha() or _YEAR.fullmatch(before) or "." in part)


def _repeats(vendor: str, words: tuple[str, ...]) -> bool:
    """Whether the product column already begins with its vendor, or nothing follows it."""
    return not words or fold(vendor).split()[:1] == list(words[:1])


def _version_column(text: str) -> tuple[str, list[str]]:
    """The version typed, and the words beside it ("21.3R3 EVO", "x64")."""
    if text.strip().lower() in _UNKNOWN:
        return "", []
    tokens: Sequence[Token] = tokenize(fold(text))
    numbers: list[str] = []
    for before, token in pairwise((_NOTHING, *tokens)):
        levelled = before.kind is Kind.VERSION and is_level(before, token)
        if levelled or token.kind in (Kind.VERSION, Kind.WILD):
            numbers.append(token.text)
    words = [token.text for token in tokens if token.kind == Kind.WORD]
    words.extend(mark for mark in EDITION_MARKS if mark in text.lower())
    if not numbers:
        return text, words
    return " ".join(numbers), words


def _versions(
    catalogue: Catalogue,
    name: Name,
    column: str,
    numbers: tuple[str, ...],
    aside_numbers: tuple[str, ...],
    ends: Collection[str],
) -> tuple[Version | None, tuple[Version, ...]]:
    """The version to compare, and all that were shown.

    ``ends``: numbers of the name that stand where versions do. The others complete a version
    typed apart, and are none by themselves.
    """
    family = name.family
    named = _joined([each for text in numbers if (each := read_version(text, family))], family)
    beside = [each for text in aside_numbers if (each := read_version(text, family))]
    if family == "coldfusion" and named and len(column) < 3 and column.isdigit():
        column = f"{named[-1].text} update {column}"
    typed = read_version(column, family) if column else None
    likely = named if typed else [each for each in named if each.text in ends or not each.release]
    main = _main(typed, likely, family)
    if main is None:
        main = _main(None, [each for each in beside if len(each.release) > 2], family)
    shown = [each for each in (main, *named, *beside) if each is not None]
    if family:
        for each in tuple(shown):
            sold_as = catalogue.releases_of_build(family, each.release)
            shown.extend(v for text in sold_as if (v := read_version(text, family)))
    return main, tuple(dict.fromkeys(shown))


def _main(typed: Version | None, named: list[Version], family: str) -> Version | None:
    """The version typed, completed by the numbers of the name; else the last of those."""
    if typed is None:
        if family == "fortios":  # a FortiGate 200F is a model: FortiOS is numbered with dots
            named = [each for each in named if _DOTTED.search(each.text)]
        dotted = [each for each in named if _DOTTED.search(each.text)]
        levelled = [each for each in named if each.levels and each.release]
        return next(reversed(dotted or levelled), None)
    if not typed.release:
        bases = (v for v in reversed(named) if v.release and not is_model_number(v))
        base = next(bases, None)
        return (read_version(f"{base.text} {typed.text}", family) if base else None) or typed
    installed = (v for v in named if is_installer_number(typed, v))
    if (said := next(installed, None)) is not None:
        return said
    if not typed.levels:
        finer = (each for each in named if each.levels and each.release == typed.release)
        return next(finer, typed)
    return typed


def _joined(named: list[Version], family: str) -> list[Version]:
    """Join a level to the number before it: "2013 … SP1" is also 2013 SP1."""
    joined: list[Version] = []
    for each in named:
        if not each.release and joined and joined[-1].release:
            both = read_version(f"{joined[-1].text} {each.text}", family)
            joined.extend(v for v in (both,) if v)
        joined.append(each)
    return joined
