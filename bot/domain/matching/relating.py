"""Is the product of a bulletin the product of an inventory line?

The words decide first: all of them there, or spelt otherwise, is the same product; a word that
differs is told other for a reason, else left to be checked (:mod:`nearness`). What qualifies
the product (edition, platform, model) may then tell it apart (:mod:`traits`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from bot.domain.matching.assets import Asset
from bot.domain.matching.kinship import OTHER, SAME, Kinship, Relation
from bot.domain.matching.nearness import near, shares
from bot.domain.matching.spelling import may_be_misspelt, misspelt, respelt
from bot.domain.matching.traits import editions, traits
from feeds.names import Name, is_model, widened
from feeds.products import Catalogue

_NUMBER = re.compile(r"^\d{3,}[\w-]*$")
SHORT_ACRONYM, LONG_ACRONYM = 3, 4
LONG_MODEL = 9
UNMISTAKABLE = 3  # common words that make a name of their own: "Session Smart Router"
_MARK = re.compile(r"^(?:[a-z]|\d\w*|[a-z]{1,2}\d{1,2})$")  # "m4", "100e", "v"
_OPERATING = frozenset({"windows", "macos"})  # where "Server" makes another product
_FIREWALL = frozenset({"firewall"})
_NONE = frozenset[str]()
_PART = Relation(Kinship.UNSURE, "component")
_SLIP = Relation(Kinship.UNSURE, "name-shorter")  # "Groupeware"
_VENDOR = Relation(Kinship.UNSURE, "vendor-unknown")
_EDITION = Relation(Kinship.UNSURE, "edition-unknown")


def relate(catalogue: Catalogue, name: Name, asset: Asset, confirmed: frozenset[str]) -> Relation:
    """Compare a bulletin's name with an asset.

    ``confirmed`` are words of the bulletin's condition or of its vendor, which the inventory
    may say without becoming another product.
    """
    allied = _allied(catalogue, name, asset)
    if allied:
        asset = replace(asset, name=asset.name._replace(vendor=name.vendor))
    if not name.parts.isdisjoint(asset.name.parts):
        return SAME  # the order number says it all
    relation = _by_words(catalogue, name, asset, confirmed)
    if allied and relation is SAME and (name.weak or name.words.isdisjoint(asset.words)):
        relation = _VENDOR
    if relation.kinship is Kinship.OTHER or relation is _PART:
        return relation
    for check in (editions(catalogue, name, asset), *traits(catalogue, name, asset)):
        if check.kinship is Kinship.OTHER:
            return OTHER if relation.near else check
        if check.kinship < relation.kinship:
            relation = check
    return relation


def _allied(catalogue: Catalogue, name: Name, asset: Asset) -> bool:
    """Whether the vendors said are two, and the product may be of both.

    One bought the other; or the bulletin's column is wrong: the inventory's vendor is known for
    a product of these words.
    """
    mine, theirs = asset.name.vendor, name.vendor
    if mine == theirs or not mine or not theirs:
        return False
    if mine.replace(" ", "") == theirs.replace(" ", ""):
        return True
    shared = asset.name.words & name.words
    if catalogue.akin(mine, theirs):
        return not shared <= catalogue.common or _abbreviated(name, asset, SHORT_ACRONYM)
    if _abbreviated(name, asset, LONG_ACRONYM):
        return True
    if shared <= catalogue.generic or not name.words <= asset.known:
        return False
    return any(not p <= catalogue.generic for p in catalogue.products_of(mine, shared))


def _abbreviated(name: Name, asset: Asset, shortest: int) -> bool:
    """Whether one side is written by the other's initials, which nobody else bears: *WFBS*."""
    mine, theirs = asset.name, name
    return _spelt_by(mine, theirs.words, shortest) or _spelt_by(theirs, mine.words, shortest)


def _spelt_by(name: Name, said: frozenset[str], shortest: int) -> bool:
    for short, full in name.spellings:
        if short in said and shortest <= len(short) == len(full) and name.words <= full:
            return True
    return False


def _by_words(
    catalogue: Catalogue, name: Name, asset: Asset, confirmed: frozenset[str]
) -> Relation:
    missing, spelt = name.words - asset.known, _NONE
    if missing or name.spellings or asset.name.spellings:
        spelt = respelt(name, asset)
        missing = _needed(catalogue, name, asset, missing - spelt)
    listed = _listed(name, asset)
    holds = name.words and (listed or _holds(catalogue, name, asset, missing, spelt))
    if not holds and not _comparable(catalogue, name, asset, missing):
        return _hosted(catalogue, name, asset)
    by_firmware = name.words <= asset.name.firmware
    if listed or by_firmware or name.whole_range:
        extra = _NONE
    else:
        extra = _extra(catalogue, name, asset, confirmed | spelt)
    if misspelt(missing, extra) and asset.name.vendor in ("", name.vendor):
        return _SLIP
    if not holds:
        relation = near(catalogue, name, asset, missing, extra, spelt)
        return _hosted(catalogue, name, asset) if relation is OTHER else relation
    if by_firmware and name.vendor not in ("", asset.name.vendor):
        return OTHER  # a Catalyst runs Cisco's IOS, not Apple's
    relation = _vendors_agree(catalogue, name, asset)
    if extra and relation.kinship is not Kinship.OTHER:
        relation = near(catalogue, name, asset, missing, extra, spelt)
        if relation is OTHER:
            relation = _hosted(catalogue, name, asset)
    if relation.kinship is Kinship.OTHER or not missing or listed:
        return relation
    if _other_number(missing, name, asset):
        return Relation(Kinship.OTHER, "other-model")
    if missing == _FIREWALL and name.head not in missing:
        return relation  # "FireWalls NSa 2700"
    if missing <= catalogue.optional and not any(map(is_model, name.words)):
        return min(relation, _EDITION, key=_kinship)
    return relation


def _comparable(catalogue: Catalogue, name: Name, asset: Asset, missing: frozenset[str]) -> bool:
    """Whether a name that the inventory does not hold may still be near, or misspelt there."""
    if shares(catalogue, name, asset, missing):
        return True
    return asset.name.vendor in ("", name.vendor) and may_be_misspelt(missing)


def _needed(
    catalogue: Catalogue, name: Name, asset: Asset, missing: frozenset[str]
) -> frozenset[str]:
    """What is missing, without the words that staff leave out: ranges, "system", "monitor"."""
    told = _specific(catalogue, name) or (
        name.vendor == asset.name.vendor != ""
        and len(name.words - catalogue.umbrellas) >= UNMISTAKABLE
    )
    if told and not missing.isdisjoint(catalogue.umbrellas):
        missing -= catalogue.umbrellas
    if name.vendor == asset.name.vendor != "" and missing and _is_device(catalogue, name):
        missing -= catalogue.devices
    return missing


def _other_number(missing: frozenset[str], name: Name, asset: Asset) -> bool:
    """Whether both say a number of a range, not the same: S7-1500 CPU *1516-3* and *1515-2*."""
    theirs = {word for word in missing if _NUMBER.match(word)}
    mine = {word for word in asset.name.words - name.words if _NUMBER.match(word)}
    return bool(theirs and mine)


def _is_device(catalogue: Catalogue, name: Name) -> bool:
    """Whether a name says its device by other words than "system" or "monitor".

    Azure Monitor is not Azure with a monitor.
    """
    own = name.words - catalogue.devices
    return not (own <= catalogue.generic or catalogue.is_product(own))


def _kinship(relation: Relation) -> Kinship:
    return relation.kinship


def _listed(name: Name, asset: Asset) -> bool:
    """Whether the inventory gives a model that the bulletin lists: "SCADAPack … (312E, 330E)".

    A model that is long enough says it all (BMECXM0100); another needs a word of the name.
    """
    found = name.asides & asset.name.words
    return any(
        len(word) > 7 or not name.words.isdisjoint(asset.known - {word})
        for word in found
        if is_model(word)
    )


def _holds(
    catalogue: Catalogue,
    name: Name,
    asset: Asset,
    missing: frozenset[str],
    spelt: frozenset[str],
) -> bool:
    """Whether every word that identifies the product is there, or its model is."""
    if not missing or (missing <= catalogue.optional and _loose(catalogue, name, asset, missing)):
        return not asset.known.isdisjoint(name.words) or bool(spelt)
    if any(len(word) >= LONG_MODEL and is_model(word) for word in name.words & asset.name.words):
        return True  # BMXNOC0401 is nothing else, whatever range and words stand before it
    if len(missing) >= len(name.words):
        return False
    models = [word for word in name.words if is_model(word)]
    return bool(models) and missing.isdisjoint(models)


def _loose(catalogue: Catalogue, name: Name, asset: Asset, missing: frozenset[str]) -> bool:
    """Whether optional words may be left out: the rest still says which product it is."""
    if not _OPERATING.isdisjoint(name.words):
        return False
    if name.vendor != asset.name.vendor and name.words <= catalogue.generic:
        return False
    # a driver for ESXi is not ESXi
    return "driver" not in missing or not catalogue.is_product(name.words - missing)


def _hosted(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
    """The bulletin speaks of a part of what the inventory names, or of what brackets say."""
    core = asset.name.words
    if name.words and name.words <= asset.name.asides:
        machine = not catalogue.machines.isdisjoint(core | asset.name.asides)
        own = asset.name.vendor in ("", name.vendor) and not _sold(catalogue, asset)
        if machine or own:  # "Tablette … (Android)", "MacBook Air (macOS)"
            return Relation(Kinship.UNSURE, "name-longer")
    if core and any(core <= host | name.vendor_words for host in name.carriers):
        return Relation(Kinship.UNSURE, "component")
    return OTHER


def _sold(catalogue: Catalogue, asset: Asset) -> bool:
    """Whether the words before the brackets are a product that is known."""
    core = asset.name.words
    known = catalogue.products_of(asset.name.vendor, core)
    return catalogue.is_product(core) or any(each == core for each in known)


def _specific(catalogue: Catalogue, name: Name) -> bool:
    """Whether the name still identifies the product without the range it belongs to."""
    return bool(name.words - catalogue.umbrellas - catalogue.generic - name.vendor_words)


def _extra(
    catalogue: Catalogue, name: Name, asset: Asset, confirmed: frozenset[str]
) -> frozenset[str]:
    """Words that the inventory says and the bulletin does not, and that may tell products apart."""
    by_vendor = name.words <= asset.name.vendor_words - asset.name.words
    if by_vendor and catalogue.is_product(name.words):  # "C Driver", by MongoDB, is not MongoDB
        return asset.name.words - catalogue.descriptors
    left = asset.name.words - name.words - name.asides - confirmed - catalogue.descriptors
    if not left:
        return _NONE
    vendor = name.vendor_words
    if name.vendor != asset.name.vendor:
        vendor -= catalogue.generic  # "Secure Network Analytics" is not Juniper Networks'
    left = left.difference(vendor, name.models, *name.hosts)
    if not asset.name.words <= asset.name.vendor_words:  # GLPI Dashboard, by "GLPI Dashboard"
        left -= asset.name.vendor_words
    if left and (len(name.words) > 1 or _specific(catalogue, name)):
        left -= catalogue.umbrellas
    optional = catalogue.optional if _OPERATING.isdisjoint(name.words) else _NONE
    if name.editions:  # "GitLab Enterprise" beside "GitLab Enterprise Edition"
        written = (words for key in name.editions for words in catalogue.editions[key].words)
        optional &= {word for words in written for word in words}
    return frozenset(word for word in left - optional if not _says_more(word))


@lru_cache(maxsize=50_000)
def _says_more(word: str) -> bool:
    """Whether a word is a model or a generation: it says more, not something else."""
    return bool(_MARK.match(word)) or len(widened(word)) > 1 or is_model(word)


def _vendors_agree(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
    mine, theirs = asset.name.vendor, name.vendor
    if not theirs or mine == theirs:
        return SAME
    common = asset.name.weak or asset.name.words <= catalogue.generic
    if not common or (name.vendor_words - catalogue.generic) & asset.known:
        return SAME
    if not name.weak:  # "Endpoint Security" is one name, by several makers
        sold = not mine or not name.words <= catalogue.generic or catalogue.akin(mine, theirs)
        return SAME if sold else OTHER
    said_whole = name.words == asset.name.words and len(name.words) >= UNMISTAKABLE
    if not mine and said_whole:
        return SAME
    return Relation(Kinship.UNSURE, "vendor-unknown") if not mine or said_whole else OTHER
