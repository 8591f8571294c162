"""What qualifies a product: editions, platforms, architectures, models, hosts.

A qualifier that the bulletin says and the inventory contradicts makes another product; one that
the inventory does not say is a question.
"""

from __future__ import annotations

import re

from bot.domain.matching.assets import Asset
from bot.domain.matching.kinship import SAME, Kinship, Relation
from feeds.names import Name, is_model, widened
from feeds.products import Catalogue

EVERY_PLATFORM = frozenset({"windows", "macos", "linux"})
_ADOBE = frozenset({"windows", "macos"})  # Acrobat, Photoshop… run nowhere else
_ELSEWHERE = frozenset({"flash", "air", "coldfusion"})
_MOBILE = frozenset({"android", "ios"})
_KINDS = frozenset({"linux", "unix"})  # AIX and Solaris are both Unix, and not the same
_WINDOWS = frozenset({"7", "8", "8.1", "10", "11"})
_VARIANT = re.compile(r"^([a-z]{1,4})\d{2,4}$")
_NONE = frozenset[str]()


def editions(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
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


def traits(catalogue: Catalogue, name: Name, asset: Asset) -> list[Relation]:
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
    if _other_release(catalogue, name, asset):
        checks.append(Relation(Kinship.OTHER, "other-edition"))
    if name.asides and _other_variant(name, asset):
        checks.append(Relation(Kinship.OTHER, "other-model"))
    if name.host_numbers and _other_host(name, asset):
        checks.append(Relation(Kinship.OTHER, "other-platform"))
    if name.hosts or asset.name.hosts:
        checks.append(_host(catalogue, name, asset))
    if name.parts and asset.name.parts and name.parts.isdisjoint(asset.name.parts):
        checks.append(Relation(Kinship.OTHER, "other-model"))
    return checks


def _other_release(catalogue: Catalogue, name: Name, asset: Asset) -> bool:
    """Whether both say the name of a release, not the same: Mojave is no Catalina."""
    theirs = name.asides & catalogue.codenames
    mine = asset.name.asides & catalogue.codenames
    return bool(theirs and mine) and theirs.isdisjoint(mine)


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
        if version is not asset.main and len(version.release) in (2, 3) and not version.levels
    }
    return bool(said) and not any(
        f"{one}.".startswith(f"{other}.")
        for mine in said
        for theirs in name.host_numbers
        for one, other in ((mine, theirs), (theirs, mine))
    )


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


def _of_adobe(name: Name) -> bool:
    return name.vendor == "adobe" and name.words.isdisjoint(_ELSEWHERE)


def _platform(catalogue: Catalogue, name: Name, asset: Asset) -> Relation:
    wanted = {each for word in name.platforms for each in catalogue.platform(word)}
    said = asset.name.platforms.union(*asset.name.hosts)
    mine = {each for word in said for each in catalogue.platform(word)} & catalogue.platforms
    shared = mine & wanted
    if shared - _KINDS or not shared.isdisjoint(said | name.platforms):
        return SAME
    if not mine and wanted >= (_ADOBE if _of_adobe(name) else EVERY_PLATFORM):
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
