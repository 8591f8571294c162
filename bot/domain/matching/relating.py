"""Is the product of a bulletin the product of an inventory line?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from bot.domain.matching.assets import Asset
from feeds.names import Name, is_model, widened
from feeds.products import Catalogue


class Kinship(IntEnum):
    """How sure it is that both are the same product."""

    OTHER = 0
    UNSURE = 1
    SAME = 2


@dataclass(frozen=True, slots=True)
class Relation:
    """Kinship, and the reason when it is not certain (a code of ``REASONS``)."""

    kinship: Kinship
    reason: str = ""


EVERY_PLATFORM = frozenset({"windows", "macos", "linux"})
_NUMBER = re.compile(r"^\d{3,}[\w-]*$")
UNMISTAKABLE = 3  # common words that make a name of their own: "Session Smart Router"
_MOBILE = frozenset({"android", "ios"})
_MARK = re.compile(r"^(?:[a-z]|\d\w*|[a-z]{1,2}\d{1,2})$")  # "m4", "100e", "v"
_OPERATING = frozenset({"windows", "macos"})  # where "Server" makes another product
_KINDS = frozenset({"linux", "unix"})  # AIX and Solaris are both Unix, and not the same
_WINDOWS = frozenset({"7", "8", "8.1", "10", "11"})
_VARIANT = re.compile(r"^([a-z]{1,4})\d{2,4}$")
_NONE = frozenset[str]()
SAME = Relation(Kinship.SAME)
_OTHER = Relation(Kinship.OTHER, "other-product")


def relate(catalogue: Catalogue, name: Name, asset: Asset, confirmed: frozenset[str]) -> Relation:
    """Compare a bulletin's name with an asset.

    ``confirmed`` are words of the bulletin's condition or of its vendor, which the inventory
    may say without becoming another product.
    """
    missing, spelt = name.words - asset.known, _NONE
    if name.spellings or asset.name.spellings:
        spelt = _spelt(name, asset)
        missing -= spelt
    if missing and not missing.isdisjoint(catalogue.umbrellas) and _specific(catalogue, name):
        missing -= catalogue.umbrellas
    same_vendor = name.vendor == asset.name.vendor != ""
    if same_vendor and missing and _is_device(catalogue, name):
        missing -= catalogue.devices
    listed = _listed(name, asset)
    if not name.words or not (listed or _holds(catalogue, name, asset, missing, spelt)):
        if _shortened(name, asset, missing) and not _extra(catalogue, name, asset, confirmed):
            return Relation(Kinship.UNSURE, "name-shorter")
        return _hosted(name, asset)
    relation = _vendors_agree(catalogue, name, asset)
    by_firmware = name.words <= asset.name.firmware
    if by_firmware and name.vendor not in ("", asset.name.vendor):
        return _OTHER  # a Catalyst runs Cisco's IOS, not Apple's
    if listed or by_firmware or name.whole_range:
        extra = _NONE
    else:
        extra = _extra(catalogue, name, asset, confirmed | spelt)
    if extra:
        own = name.words - catalogue.optional - name.vendor_words
        common = own <= catalogue.generic or not extra.isdisjoint(catalogue.telling)
        # "CARESCAPE B450" is GE's B450
        ranged = bool(own) and all(map(is_model, own)) and same_vendor
        if not ranged and (len(own) < 2 or common) and not extra <= catalogue.levels:
            return _OTHER
        rivals = name.vendor and asset.name.vendor and name.vendor != asset.name.vendor
        if rivals and name.words.isdisjoint(asset.name.vendor_words):
            return _OTHER
        relation = min(relation, Relation(Kinship.UNSURE, "name-longer"), key=_kinship)
    if missing and not listed and _other_number(missing, name, asset):
        return Relation(Kinship.OTHER, "other-model")
    if (
        missing
        and not listed
        and missing <= catalogue.optional
        and not any(map(is_model, name.words))
    ):
        relation = min(relation, Relation(Kinship.UNSURE, "edition-unknown"), key=_kinship)
    for check in (_editions(catalogue, name, asset), *_traits(catalogue, name, asset)):
        if check.kinship is Kinship.OTHER:
            return check
        if check.kinship < relation.kinship:
            relation = check
    return relation


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


def _shortened(name: Name, asset: Asset, missing: frozenset[str]) -> bool:
    """Whether staff left one word out of a long name, and not the one that says what it is."""
    return (
        len(name.words) > 2
        and len(missing) == 1
        and name.head not in missing
        and name.vendor == asset.name.vendor != ""
        and not any(map(is_model, missing))
    )


def _holds(
    catalogue: Catalogue,
    name: Name,
    asset: Asset,
    missing: frozenset[str],
    spelt: frozenset[str],
) -> bool:
    """Whether every word that identifies the product is there, or its model is."""
    common = name.words <= catalogue.generic and name.vendor != asset.name.vendor
    loose = _OPERATING.isdisjoint(name.words) and not common
    rest = name.words - missing
    driver = "driver" in missing and catalogue.is_product(rest)  # for ESXi, and not ESXi
    if not missing or (loose and missing <= catalogue.optional and not driver):
        return not asset.known.isdisjoint(name.words) or bool(spelt)
    models = {word for word in name.words if is_model(word)}
    return bool(models) and not models & missing and len(missing) < len(name.words)


def _hosted(name: Name, asset: Asset) -> Relation:
    """The bulletin speaks of a part of what the inventory names."""
    core = asset.name.words
    if core and any(core <= host | name.vendor_words for host in name.carriers):
        return Relation(Kinship.UNSURE, "component")
    return _OTHER


def _specific(catalogue: Catalogue, name: Name) -> bool:
    """Whether the name still identifies the product without the range it belongs to."""
    return bool(name.words - catalogue.umbrellas - catalogue.generic - name.vendor_words)


def _spelt(name: Name, asset: Asset) -> frozenset[str]:
    """Words that one side spells out and the other writes short or as one word."""
    known = {
        word
        for short, words in name.spellings
        if short in asset.name.words
        for word in (short, *words)
    }
    for short, words in asset.name.spellings:
        if short in name.words and short not in asset.words:
            known.update(words)
    if known and name.vendor and asset.name.vendor and name.vendor != asset.name.vendor:
        return _NONE
    return frozenset(known)


def _extra(
    catalogue: Catalogue, name: Name, asset: Asset, confirmed: frozenset[str]
) -> frozenset[str]:
    """Words that the inventory says and the bulletin does not, and that may tell products apart."""
    by_vendor = name.words <= asset.name.vendor_words - asset.name.words
    if by_vendor and catalogue.is_product(name.words):  # "C Driver", by MongoDB, is not MongoDB
        return asset.name.words - catalogue.descriptors
    vendor = name.vendor_words
    if name.vendor != asset.name.vendor:
        vendor -= catalogue.generic  # "Secure Network Analytics" is not Juniper Networks'
    allowed = name.words | name.asides | vendor | confirmed
    if not asset.name.words <= asset.name.vendor_words:  # GLPI Dashboard, by "GLPI Dashboard"
        allowed |= asset.name.vendor_words
    allowed |= {word for host in name.hosts for word in host} | name.models
    if _specific(catalogue, name) or len(name.words) > 1:
        allowed |= catalogue.umbrellas
    optional = catalogue.optional if _OPERATING.isdisjoint(name.words) else _NONE
    if name.editions:  # "GitLab Enterprise" beside "GitLab Enterprise Edition"
        written = (words for key in name.editions for words in catalogue.editions[key].words)
        optional &= {word for words in written for word in words}
    found = set()
    for word in asset.name.words - allowed - optional - catalogue.descriptors:
        if _MARK.match(word) or len(widened(word)) > 1 or is_model(word):
            continue  # a model, a generation: says more, not something else
        found.add(word)
    return frozenset(found)


def _vendors_agree(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
    if not name.weak or not name.vendor:
        return SAME
    mine, theirs = asset.name.vendor, name.vendor
    said = (name.vendor_words - catalogue.generic) & asset.known
    if mine == theirs or said or not asset.name.weak:
        return SAME
    if not mine and name.words == asset.name.words and len(name.words) >= UNMISTAKABLE:
        return SAME
    return Relation(Kinship.UNSURE, "vendor-unknown") if not mine else _OTHER


def _editions(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
    """Compare edition words: Firefox ESR, Server Core, SLES for SAP…"""
    relation = SAME
    mine, theirs = asset.name.editions, name.editions
    for key in theirs - mine:
        edition = catalogue.editions[key]
        group = {
            k for k, each in catalogue.editions.items() if k == key or each.group == edition.group
        }
        if edition.group and not mine.isdisjoint(group):
            if mine.isdisjoint(theirs & group):
                return Relation(Kinship.OTHER, "other-edition")
        elif edition.silent == "other":
            return Relation(Kinship.OTHER, "other-edition")
        elif edition.silent == "review":
            relation = Relation(Kinship.UNSURE, "edition-unknown")
    for key in mine - theirs:
        extra = catalogue.editions[key].extra
        if extra == "other":
            return Relation(Kinship.OTHER, "other-edition")
        if extra == "review":
            relation = Relation(Kinship.UNSURE, "edition-unknown")
    return relation


def _traits(catalogue: Catalogue, name: Name, asset: Asset) -> list[Relation]:
    """Compare platforms, architectures, models, hosts and part numbers."""
    checks = []
    if name.platforms and name.platforms <= _MOBILE and "x64" in asset.name.architectures:
        checks.append(Relation(Kinship.OTHER, "other-platform"))
    elif name.platforms:
        checks.append(_platform(catalogue, name, asset))
    elif _is_mobile(asset) and name.words.isdisjoint(_MOBILE | {"ipados"}):
        checks.append(Relation(Kinship.UNSURE, "platform-unknown"))
    if name.architectures:
        mine = asset.name.architectures or {"x64"}
        agree = not mine.isdisjoint(name.architectures)
        silent = not asset.name.architectures
        checks.append(SAME if agree else _unsure_or_other(silent, "architecture"))
    if name.models:
        checks.append(_model(catalogue, name, asset))
    if name.asides and _other_variant(name, asset):
        checks.append(Relation(Kinship.OTHER, "other-model"))
    if name.host_numbers and _other_host(name, asset):
        checks.append(Relation(Kinship.OTHER, "other-platform"))
    if name.hosts or asset.name.hosts:
        checks.append(_host(catalogue, name, asset))
    if name.parts and asset.name.parts and name.parts.isdisjoint(asset.name.parts):
        checks.append(Relation(Kinship.OTHER, "other-model"))
    return checks


def _other_host(name: Name, asset: Asset) -> bool:
    """Whether the inventory says another version of the host: DSM 7.1 beside "pour DSM 6.2"."""
    if "windows" in name.platforms & asset.name.platforms:
        mine = {v.text for v in asset.shown if v is not asset.main} & _WINDOWS
        return bool(mine) and mine.isdisjoint(name.host_numbers)
    if not any(host & asset.known for host in (*name.hosts, name.models)):
        return False
    said = {
        version.text
        for version in asset.shown
        if version is not asset.main and len(version.release) == 2 and not version.levels
    }
    return bool(said) and said.isdisjoint(name.host_numbers)


def _other_variant(name: Name, asset: Asset) -> bool:
    """Whether both say a model in parentheses, not the same: "(CP300)" and "(CP100)"."""
    said = asset.name.words | asset.name.asides | asset.name.models
    for word in name.asides:
        match = _VARIANT.match(word)
        if match is None or word in said:
            continue
        rivals = {each for each in said if (m := _VARIANT.match(each)) and m[1] == match[1]}
        if rivals and rivals.isdisjoint(name.asides | name.words):
            return True
    return False


def _host(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
    """Compare what follows "pour": *Tanzu pour MySQL* is neither Tanzu nor *Tanzu pour Valkey*."""
    common = name.words | catalogue.optional
    hosts = [host - common for host in name.hosts if not host <= common]
    if hosts:
        agree = any(not asset.known.isdisjoint(host) for host in hosts)
        return SAME if agree else _unsure_or_other(not asset.name.hosts, "host")
    said = _NONE.union(*asset.name.hosts) - common - name.asides - name.models
    return Relation(Kinship.UNSURE, "host-unknown") if said and not name.platforms else SAME


def _is_mobile(asset: Asset) -> bool:
    """Whether it is an application of telephones, which has versions of its own."""
    ours = asset.name.platforms
    return bool(ours) and not ours.isdisjoint(_MOBILE) and asset.name.vendor != "cisco"


def _unsure_or_other(silent: bool, what: str) -> Relation:
    if silent:
        return Relation(Kinship.UNSURE, f"{what}-unknown")
    return Relation(Kinship.OTHER, f"other-{what}")


def _platform(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
    wanted = {each for word in name.platforms for each in catalogue.platform(word)}
    said = asset.name.platforms.union(*asset.name.hosts)
    mine = {each for word in said for each in catalogue.platform(word)} & catalogue.platforms
    shared = mine & wanted
    if shared - _KINDS or not shared.isdisjoint(said | name.platforms):
        return SAME
    if not mine and wanted >= EVERY_PLATFORM:
        return SAME
    return _unsure_or_other(not mine, "platform")


def _model(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
    if not name.models.isdisjoint(asset.known):
        return SAME
    hardware = {
        word
        for word in asset.name.words | asset.name.asides | asset.name.models
        if (len(widened(word)) > 1 or is_model(word)) and word not in catalogue.architectures
    }
    return _unsure_or_other(not hardware, "model")
