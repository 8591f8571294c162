"""One ruling out of all the sentences of an advisory: siblings correct one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.matching.assets import Asset
from bot.domain.matching.bounds import Bounds
from bot.domain.matching.judging import below
from bot.domain.matching.placement import Inside
from bot.domain.matching.rulings import Ruling, place_any
from bot.domain.matching.statements import Sentence
from bot.domain.matching.traits import EVERY_PLATFORM
from feeds.names import Name
from feeds.versions import Version, parts, read_version

FOUR_PARTS = 4  # a version so long is one build, not a release of every platform
_NONE = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Peers:
    """What all sentences of an advisory say of one product.

    ``limits``: bare upper bounds by branch; ``ranges``: those of the platforms named.
    """

    limits: Mapping[tuple[Version, ...], tuple[Version, ...]]
    platforms: frozenset[str]
    ranges: tuple[tuple[Bounds, ...], ...]


def combine(rulings: Sequence[Ruling], asset: Asset, chorus: Chorus) -> Ruling | None:
    """One ruling out of all sentences: siblings first correct one another."""
    if not rulings:
        return None
    positive = [each for each in rulings if not each.sentence.negative]
    denied = [each for each in rulings if each.sentence.negative and each.inside is Inside.IN]
    if denied:
        return denied[0]._replace(inside=Inside.OUT, reason="declared-not-affected")
    if not positive:
        return None
    positive = _most_specific(positive, asset)
    corrected = [
        _corrected(each, positive, asset, chorus) if each.inside else each for each in positive
    ]
    return _of_own_train(max(corrected, key=lambda ruling: ruling.inside), corrected)


def _of_own_train(best: Ruling, rulings: Sequence[Ruling]) -> Ruling:
    """Of the lines that say the same of one product, the one whose fix is the nearest.

    "antérieures à 140.2" beside "antérieures à 115.27": what runs 115.20 must reach 115.27.
    Fixes that differ by their last number are of one train, where the highest closes all.
    """
    if not best.target:
        return best
    alike = [
        (version, each)
        for each in rulings
        if each.inside is best.inside and each.target and each.name.words == best.name.words
        if (version := read_version(each.target, best.name.family)) is not None
    ]
    if len(alike) < 2:
        return best
    nearest = parts(min(version for version, _ in alike))
    same = [pair for pair in alike if parts(pair[0])[:-1] == nearest[:-1]]
    return max(same, key=lambda pair: pair[0].key)[1]


def _most_specific(rulings: list[Ruling], asset: Asset) -> list[Ruling]:
    """Leave out a line whose name another line of the bulletin completes, as the asset does.

    "Nextcloud Enterprise Server antérieures à 22.2.10.5" answers for a Nextcloud Enterprise
    Server, and not "Nextcloud Server antérieures à 23.0.9".
    """
    if len(rulings) < 2:
        return rulings
    said = {each.name.words for each in rulings if each.name.words <= asset.words}
    names = {each.name.words for each in rulings}
    completed = {words for words in names if any(words < longer for longer in said)}
    return [each for each in rulings if each.name.words not in completed]


def _corrected(ruling: Ruling, rulings: Sequence[Ruling], asset: Asset, chorus: Chorus) -> Ruling:
    """Lower a bare bound that a sibling line answers, and say what all lines say together.

    "versions antérieures à 140.2" beside "versions antérieures à 115.27": 115.27 is fixed.
    "versions antérieures à 12.1.4" beside "11.2.x antérieures à 11.2.7": 11.2.7 is fixed.
    """
    bare = ruling.sentence.bare
    if not bare and ruling.reason != "platform-unknown":
        return ruling
    peers = chorus.peers(ruling.name)
    if peers is None:
        return ruling
    if bare:
        ruling = _lowered(ruling, rulings, peers, asset)
    if ruling.reason == "platform-unknown":
        if _is_fix_elsewhere(peers, asset):
            return ruling._replace(inside=Inside.OUT, reason="fixed")
        if _every_platform(ruling, peers, asset):
            return ruling._replace(inside=Inside.IN, reason="in-range")
    return ruling


def _is_fix_elsewhere(peers: Peers, asset: Asset) -> bool:
    """Whether the version is the very one that fixes another platform.

    Chrome is numbered by platform: 107.0.5304.62 is fixed, and is no Linux.
    """
    if asset.main is None or len(asset.main.release) < FOUR_PARTS:
        return False
    limits = (limit for bounds in peers.ranges for b in bounds for limit in b.lt)
    return any(limit.key == asset.main.key for limit in limits)


def _lowered(ruling: Ruling, rulings: Sequence[Ruling], peers: Peers, asset: Asset) -> Ruling:
    mine = ruling.sentence
    for each in rulings:
        if each.reason != "fixed" or each.name.words != ruling.name.words:
            continue
        other = each.sentence
        if other.branch != mine.branch and any(b.branches or b.ge for b in other.bounds):
            return ruling._replace(inside=Inside.OUT, reason="fixed", sentence=other)
    limits = peers.limits.get(mine.branch, ())
    if len(limits) > 1 and asset.main is not None:
        inclusive = not mine.bounds[0].lt
        together = below(limits, asset.main, inclusive=inclusive, family=ruling.name.family)
        if together.inside < ruling.inside:
            return ruling._replace(inside=together.inside, reason=together.reason)
    return ruling


def _every_platform(ruling: Ruling, peers: Peers, asset: Asset) -> bool:
    """Whether the lines of the same product list every platform, all with the same answer."""
    if not peers.platforms >= EVERY_PLATFORM:
        return False
    showing = asset.showing
    answers = (place_any(bounds, showing, ruling.name) for bounds in peers.ranges)
    return all(answer.inside is not Inside.OUT for answer in answers)


class Chorus:
    """All sentences of an advisory, asked what they say together of one product.

    Bounds only answer one another when platform and branch are the same.
    """

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._groups: dict[frozenset[str], list[tuple[Name, Sentence]]] = {}
        for each in sentences:
            for name in each.names:
                self._groups.setdefault(name.words, []).append((name, each))
        self._known: dict[tuple[frozenset[str], ...], Peers] = {}

    def peers(self, name: Name) -> Peers | None:
        """What is said besides one sentence of this product; None when nothing is."""
        group = self._groups[name.words]
        if len(group) < 2:
            return None
        identity = (name.words, name.editions, name.platforms)
        known = self._known.get(identity)
        if known is None:
            known = self._known[identity] = _peers(name, group)
        return known


def _peers(name: Name, group: Sequence[tuple[Name, Sentence]]) -> Peers:
    alike = [(other, each) for other, each in group if other.editions == name.editions]
    limits: dict[tuple[Version, ...], dict[Version, None]] = {}
    for other, each in group:  # whatever the edition: a Firefox 128.12 is an ESR, typed or not
        if other.platforms in (name.platforms, _NONE) and each.bare:
            limits.setdefault(each.branch, {}).update(dict.fromkeys(each.bare))
    platforms = {platform for other, _ in alike for platform in other.platforms}
    return Peers(
        limits={branch: tuple(found) for branch, found in limits.items()},
        platforms=frozenset(platforms | ({"macos"} if "mac" in platforms else set())),
        ranges=tuple(each.bounds for other, each in alike if other.platforms),
    )
