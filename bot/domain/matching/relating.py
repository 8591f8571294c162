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
_MARK = re.compile(r"^(?:[a-z]|\d\w*|[a-z]{1,2}\d{1,2})$")  # "m4", "100e", "v"
_OPERATING = frozenset({"windows", "macos"})  # where "Server" makes another product
_NO_WORDS = frozenset[str]()
SAME = Relation(Kinship.SAME)
_OTHER = Relation(Kinship.OTHER, "other-product")


def relate(catalogue: Catalogue, name: Name, asset: Asset, confirmed: frozenset[str]) -> Relation:
    """Compare a bulletin's name with an asset.

    ``confirmed`` are words of the bulletin's condition or of its vendor, which the inventory
    may say without becoming another product.
    """
    missing = name.words - asset.known
    if not name.words or not _holds(catalogue, name, asset, missing):
        return _hosted(name, asset)
    if _distinct(catalogue, name, asset, confirmed):
        return _OTHER
    relation = _vendors_agree(name, asset)
    if missing and missing <= catalogue.optional and not any(map(is_model, name.words)):
        relation = min(relation, Relation(Kinship.UNSURE, "edition-unknown"), key=_kinship)
    for check in (_editions(catalogue, name, asset), *_traits(catalogue, name, asset)):
        if check.kinship is Kinship.OTHER:
            return check
        if check.kinship < relation.kinship:
            relation = check
    return relation


def _kinship(relation: Relation) -> Kinship:
    return relation.kinship


def _holds(catalogue: Catalogue, name: Name, asset: Asset, missing: frozenset[str]) -> bool:
    """Whether every word that identifies the product is there, or its model is."""
    common = name.words <= catalogue.generic and name.vendor != asset.name.vendor
    loose = _OPERATING.isdisjoint(name.words) and not common
    if not missing or (loose and missing <= catalogue.optional):
        return not asset.name.words.isdisjoint(name.words) or _touches(name, asset)
    models = {word for word in name.words if is_model(word)}
    return bool(models) and not models & missing and len(missing) < len(name.words)


def _touches(name: Name, asset: Asset) -> bool:
    return not asset.known.isdisjoint(name.words)


def _hosted(name: Name, asset: Asset) -> Relation:
    """The bulletin speaks of a part of what the inventory names."""
    core = asset.name.words
    if core and any(core <= host | name.vendor_words for host in name.carriers):
        return Relation(Kinship.UNSURE, "component")
    return _OTHER


def _distinct(catalogue: Catalogue, name: Name, asset: Asset, confirmed: frozenset[str]) -> bool:
    """Whether the inventory says words that make it another product."""
    allowed = name.words | name.asides | name.vendor_words | confirmed
    if not asset.name.words <= asset.name.vendor_words:  # GLPI Dashboard, by "GLPI Dashboard"
        allowed |= asset.name.vendor_words
    allowed |= {word for host in name.hosts for word in host} | name.models
    optional = catalogue.optional if _OPERATING.isdisjoint(name.words) else _NO_WORDS
    if name.editions:  # "GitLab Enterprise" beside "GitLab Enterprise Edition"
        written = (words for key in name.editions for words in catalogue.editions[key].words)
        optional &= {word for words in written for word in words}
    for word in asset.name.words - allowed:
        if _MARK.match(word) or len(widened(word)) > 1 or is_model(word):
            continue  # a model, a generation: says more, not something else
        if word in catalogue.descriptors:
            continue
        if word in optional:
            continue
        return True
    return False


def _vendors_agree(name: Name, asset: Asset) -> Relation:
    if not name.weak or not name.vendor:
        return SAME
    mine, theirs = asset.name.vendor, name.vendor
    if mine == theirs or name.vendor_words & asset.known or not asset.name.weak:
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
    if name.platforms:
        checks.append(_platform(catalogue, name, asset))
    if name.architectures:
        mine = asset.name.architectures or {"x64"}
        agree = not mine.isdisjoint(name.architectures)
        silent = not asset.name.architectures
        checks.append(SAME if agree else _unsure_or_other(silent, "architecture"))
    if name.models:
        checks.append(_model(name, asset))
    if name.hosts and not any(host <= asset.known or host & asset.known for host in name.hosts):
        checks.append(Relation(Kinship.UNSURE, "host-unknown"))
    if name.parts and asset.name.parts and name.parts.isdisjoint(asset.name.parts):
        checks.append(Relation(Kinship.OTHER, "other-model"))
    return checks


def _unsure_or_other(silent: bool, what: str) -> Relation:
    if silent:
        return Relation(Kinship.UNSURE, f"{what}-unknown")
    return Relation(Kinship.OTHER, f"other-{what}")


def _platform(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
    wanted = {each for word in name.platforms for each in catalogue.platform(word)}
    said = asset.name.platforms.union(*asset.name.hosts)
    mine = {each for word in said for each in catalogue.platform(word)} & catalogue.platforms
    if not mine.isdisjoint(wanted) or (not mine and wanted >= EVERY_PLATFORM):
        return SAME
    return _unsure_or_other(not mine, "platform")


def _model(name: Name, asset: Asset) -> Relation:
    if not name.models.isdisjoint(asset.known):
        return SAME
    hardware = {
        word
        for word in asset.name.words | asset.name.asides | asset.name.models
        if len(widened(word)) > 1 or is_model(word)
    }
    return _unsure_or_other(not hardware, "model")
