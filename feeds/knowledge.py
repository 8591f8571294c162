"""What ``config/products.toml`` and ``product-names.json`` say, read and checked once."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from feeds.names import normal_words

NAMES = "product-names.json"
_COMPANIES = ("software", "networks", "systems")


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition word.

    ``silent`` says what to conclude when only the bulletin has it, ``extra`` when only the
    inventory has it: ``same`` product, ``review``, or an ``other`` product. Editions of one
    ``group`` exclude one another.
    """

    key: str
    words: tuple[tuple[str, ...], ...]
    silent: str
    extra: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Builtin:
    """What ``config/products.toml`` says, ready to use."""

    descriptors: frozenset[str]
    generic: frozenset[str]
    codenames: frozenset[str]
    optional: frozenset[str]
    umbrellas: frozenset[str]
    nouns: frozenset[str]
    shorthand: Mapping[str, tuple[str, ...]]
    series: Mapping[tuple[frozenset[str], str], tuple[str, ...]]
    """``(words, number)`` of a series: models that bear other numbers"""
    levels: frozenset[str]
    devices: frozenset[str]
    parts: frozenset[str]
    machines: frozenset[str]
    families_typed: frozenset[frozenset[str]]
    systems: frozenset[frozenset[str]]
    hardware: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    """``(vendor, word, first digits, words of its firmware)``"""
    translations: Mapping[str, tuple[str, ...]]
    glued: Mapping[str, tuple[str, ...]]
    """vendors as CPE names write them, in one word"""
    vendors: Mapping[tuple[str, ...], str]
    kin: Mapping[str, frozenset[str]]
    """by vendor, those that bought, sold or were named like it"""
    renames: Mapping[tuple[str, ...], tuple[str, ...]]
    whole: Mapping[tuple[str, ...], tuple[str, ...]]
    editions: Mapping[str, Edition]
    platforms: Mapping[str, frozenset[str]]
    architectures: Mapping[str, str]
    families: tuple[tuple[str, frozenset[str]], ...]
    builds: Mapping[tuple[str, str], tuple[str, ...]]
    known: tuple[tuple[str, ...], ...]
    products: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """names that are products of their own, by vendor; see ``tests/bench/product_names.py``"""


class CatalogueError(ValueError):
    """The catalogue file cannot be used; the message says where and why."""


def read_builtin(folder: Path) -> Builtin:
    """Read what ships in ``config/``: ``products.toml`` and ``product-names.json``.

    Raises:
        CatalogueError: a file cannot be used.
        OSError: a file cannot be read.
    """
    builtin = load_builtin((folder / "products.toml").read_text("utf-8"))
    text = (folder / NAMES).read_text("utf-8")
    try:
        products = {vendor: tuple(names) for vendor, names in json.loads(text).items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise CatalogueError(f"{NAMES}: {error!r}: compare with the one shipped") from error
    translations = {**_stuck(builtin.vendors, products), **builtin.translations}
    return replace(builtin, products=products, translations=translations)


def load_builtin(toml_text: str) -> Builtin:
    """Read ``products.toml``.

    Raises:
        CatalogueError: not TOML, or a section is missing or of the wrong shape.
    """
    try:
        return _builtin(tomllib.loads(toml_text))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"products.toml: {error!r}: compare with the one shipped") from error


def _hardware(text: str) -> tuple[str, str, str]:
    """``"cisco catalyst 9"``: vendor, word, and how its number begins (empty: any)."""
    vendor, word, *digits = text.split(" ")
    return vendor.replace("_", " "), word, "".join(digits)


def _glued(vendors: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Vendors as CPE names glue them: *paloaltonetworks*, *foxitsoftware*, *arubanetworks*."""
    glued: dict[str, tuple[str, ...]] = {}
    for canonical, spellings in vendors.items():
        for spelling in (canonical, *spellings):
            words = normal_words([spelling])
            if len(words) > 1 and all(map(str.isalpha, words)):
                glued["".join(words)] = tuple(words)
        if len(words := normal_words([canonical])) == 1 and words[0].isalpha():
            glued |= {normal_words([words[0] + end])[0]: tuple(words) for end in _COMPANIES}
    return glued


def _stuck(
    vendors: Mapping[tuple[str, ...], str], products: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Products of one word stuck to their vendor: *saphana* is SAP HANA."""
    known = {name for names in products.values() for name in names}
    return {
        vendor + name: (vendor, name)
        for (vendor, *more), canonical in vendors.items()
        for name in products.get(canonical, ())
        if not more and name.isalpha() and len(name) > 2 and vendor + name not in known
    }


def _kin(houses: list[list[str]]) -> dict[str, frozenset[str]]:
    kin: dict[str, frozenset[str]] = {}
    for house in houses:
        for vendor in house:
            kin[vendor] = kin.get(vendor, frozenset()).union(house)
    return kin


def _builtin(values: dict[str, Any]) -> Builtin:
    return Builtin(
        descriptors=frozenset(normal_words(values["descriptors"])),
        generic=frozenset(normal_words(values["generic"])),
        optional=frozenset(normal_words(values["optional"])),
        levels=frozenset(normal_words(values["levels"])),
        series={
            (frozenset(normal_words([name.rpartition(" ")[0]])), name.rpartition(" ")[2]): tuple(of)
            for name, of in values["series"].items()
        },
        shorthand={word: tuple(text.split()) for word, text in values["shorthand"].items()},
        devices=frozenset(normal_words(values["devices"])),
        parts=frozenset(normal_words(values["parts"])),
        machines=frozenset(normal_words(values["machines"])),
        systems=frozenset(frozenset(normal_words([n])) for n in values["systems"]),
        families_typed=frozenset(frozenset(normal_words([n])) for n in values["families_typed"]),
        nouns=frozenset(word for text in values["nouns"] for word in text.split()),
        umbrellas=frozenset(normal_words(values["umbrellas"])),
        hardware=tuple(
            (*_hardware(text), tuple(normal_words([firmware])))
            for firmware, texts in values["hardware"].items()
            for text in texts
        ),
        codenames=frozenset(normal_words(values["codenames"])),
        glued=_glued(values["vendors"]),
        translations=_glued(values["vendors"])
        | {
            normal_words([word])[0]: tuple(normal_words([to]))
            for word, to in values["translate"].items()
        },
        vendors={
            tuple(normal_words([spelling])): canonical
            for canonical, spellings in values["vendors"].items()
            for spelling in (canonical, *spellings)
        },
        kin=_kin(values["kin"]),
        renames={
            tuple(normal_words([spelling])): tuple(normal_words([to]))
            for to, spellings in values["renames"].items()
            for spelling in (to, *spellings)
        },
        whole={
            tuple(normal_words([name])): tuple(normal_words([to]))
            for name, to in values["whole"].items()
        },
        editions={
            key: Edition(
                key,
                tuple(tuple(normal_words([text])) for text in edition["words"]),
                edition["silent"],
                edition["extra"],
                edition.get("group", ""),
            )
            for key, edition in values["editions"].items()
        },
        platforms={
            normal_words([word])[0]: frozenset({normal_words([word])[0], *parents})
            for word, parents in values["platforms"].items()
        },
        architectures={normal_words([word])[0]: to for word, to in values["architectures"].items()},
        families=tuple(
            (family, frozenset(normal_words([name])))
            for family, names in values["families"].items()
            for name in names
        ),
        builds={
            (family, build): tuple(names)
            for family, builds in values["builds"].items()
            for build, names in builds.items()
        },
        known=tuple(tuple(normal_words([name])) for name in values["known"]),
    )
