"""What one sentence of a bulletin says of one asset, or of many."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from bot.domain.matching.assets import Asset, Showing
from bot.domain.matching.bounds import Bounds
from bot.domain.matching.identifiers import identified
from bot.domain.matching.judging import place, shows_fix
from bot.domain.matching.kinship import Kinship, Relation
from bot.domain.matching.numbering import carries_numbers
from bot.domain.matching.placement import IN, Inside, Placement
from bot.domain.matching.relating import relate
from bot.domain.matching.statements import REMEMBERED_ROWS, ROW, Sentence
from feeds.affected.tokens import fold
from feeds.names import Name
from feeds.products import Catalogue
from feeds.versions import Version

Related = tuple[Name, Relation]
"""A name of a sentence, and what it is to an asset."""

Placements = dict[int, Placement]
"""Where what assets show stands in the ranges of one claim, by its ``id``."""

_OUT = Inside.OUT
_UNMET = Placement(Inside.UNSURE, "condition-unknown")


class Ruling(NamedTuple):
    """What one sentence says of one asset. (A tuple: a bulletin makes hundreds of them.)"""

    sentence: Sentence
    name: Name
    inside: Inside
    reason: str
    target: str = ""


class Claim:
    """One name of a sentence, put to one asset after another: what they share is found once."""

    __slots__ = ("_doubt", "_out", "_placements", "_questions", "name", "sentence")

    def __init__(
        self, sentence: Sentence, name: Name, placements: Placements | None = None
    ) -> None:
        """Prepare a claim.

        ``placements`` are shared by claims of the same :func:`ranges_of`; whoever shares them
        keeps alive what they are remembered of.
        """
        self.sentence = sentence
        self.name = name
        self._placements = {} if placements is None else placements
        self._doubt = _doubt(sentence)
        self._questions = bool(name.numbers or sentence.statement.fix)
        self._out: dict[str, Ruling] = {}

    def may_hold(self, showing: Showing) -> bool:
        """Whether the ranges may hold what is shown; what follows only ever holds less."""
        if self.sentence.condition_bounds:
            return True  # unless it shows the component, which has ranges of its own
        return self._placed(showing).inside is not _OUT

    def ruling(self, relation: Relation, asset: Asset, showing: Showing) -> Ruling:
        """Rule on an asset, which shows ``showing``, whose kinship with the name is known."""
        if relation.kinship is Kinship.OTHER:
            return self._ruled_out(relation.reason)
        sentence = self.sentence
        unmet = component = False
        if sentence.statement.condition is not None:
            said = asset.known | asset.name.platforms | asset.name.editions
            unmet = not sentence.condition <= said
            component = bool(sentence.condition_bounds and sentence.condition) and not unmet
        placement = self._in_component(showing) if component else self._placed(showing)
        if placement.inside is Inside.OUT:
            return self._ruled_out(placement.reason)
        if unmet or self._questions:
            for each in self._reservations(asset, unmet=unmet):
                if each.inside < placement.inside:
                    placement = each
        if placement.inside is Inside.IN:
            if relation.kinship is Kinship.UNSURE:
                placement = Placement(Inside.UNSURE, relation.reason)
            elif self._doubt is not None:
                placement = self._doubt
        reason = "every-version" if placement is IN and not sentence.bounds else placement.reason
        target = "" if sentence.between else _target(sentence, showing.main)
        return Ruling(sentence, self.name, placement.inside, reason, target)

    def _ruled_out(self, reason: str) -> Ruling:
        known = self._out.get(reason)
        if known is None:
            known = self._out[reason] = Ruling(self.sentence, self.name, Inside.OUT, reason)
        return known

    def _placed(self, showing: Showing) -> Placement:
        """Where the versions shown stand in the ranges."""
        known = self._placements.get(id(showing))
        if known is None:
            sentence = self.sentence
            patchable = sentence.statement.fix is not None
            known = place_any(sentence.bounds, showing, self.name, patchable=patchable)
            self._placements[id(showing)] = known
        return known

    def _in_component(self, showing: Showing) -> Placement:
        """Where the version of a component stands in its own ranges."""
        sentence = self.sentence
        main = showing.main
        if sentence.bounds:
            alone = showing._replace(shown=(main,) if main is not None else ())
            own = place_any(sentence.bounds, alone, self.name)
            inner = next((v for v in showing.shown if v is not main and len(v.release) > 1), None)
            if own.inside is Inside.IN and inner is not None:  # "VIOS 4.1 (python 3.9.19.1)"
                showing = showing._replace(main=inner, shown=(inner,))
        patchable = sentence.statement.fix is not None
        return place_any(sentence.condition_bounds, showing, self.name, patchable=patchable)

    def _reservations(self, asset: Asset, *, unmet: bool) -> Iterator[Placement]:
        """What besides the range may hold this asset out, or leave a doubt."""
        statement, name = self.sentence.statement, self.name
        if name.numbers:
            said = statement.every_version or statement.fix or statement.deferred
            bounded = bool(self.sentence.bounds)
            yield carries_numbers(name, asset, alone=not (bounded or said), bounded=bounded)
        if unmet:
            yield _UNMET
        if statement.fix is not None:
            yield shows_fix(statement, asset, name)


def _doubt(sentence: Sentence) -> Placement | None:
    """The doubt that a sentence leaves whatever the asset is."""
    investigated = sentence.field.startswith(ROW)  # else it is the title, or the summary
    doubts = (
        (sentence.statement.deferred, "deferred"),
        (sentence.statement.leftover, "not-understood"),
        (sentence.only_named, "under-investigation" if investigated else "no-range"),
        (sentence.between, "between-branches"),
        (sentence.serials, "serial-unknown"),
    )
    reason = next((reason for doubtful, reason in doubts if doubtful), "")
    return Placement(Inside.UNSURE, reason) if reason else None


def related(catalogue: Catalogue, sentence: Sentence, asset: Asset) -> list[Related]:
    """Names of a sentence that may be the asset's, or are told apart by more than words."""
    found: list[Related] = []
    if sentence.keys.isdisjoint(asset.known):
        return found
    for name in sentence.names:
        relation = relate(catalogue, name, asset, sentence.siblings)
        if relation.named:
            found.append((name, relation))
    if sentence.identifiers:
        known = identified(sentence.identifiers, sentence.names, asset)
        found += [(sentence.names[0], known)] if known else []
    return found


def rule(sentence: Sentence, names: Iterable[Related], asset: Asset) -> Ruling | None:
    """Rule on an asset by the most worrying of the names it is related to."""
    showing = asset.showing
    rulings = [Claim(sentence, name).ruling(relation, asset, showing) for name, relation in names]
    return max(rulings, key=lambda ruling: ruling.inside, default=None)


def ranges_of(sentence: Sentence, name: Name) -> Hashable:
    """What where a version stands depends on, besides the version; valid while both live."""
    numbers = () if name.family == "windows" else name.numbers
    patchable = sentence.statement.fix is not None
    return (*map(id, sentence.bounds), name.family, numbers, patchable)


def place_any(
    ranges: Sequence[Bounds], showing: Showing, name: Name, *, patchable: bool = False
) -> Placement:
    """The most worrying of several ranges; everything, when there is none."""
    if not ranges:
        return IN
    if showing.main is None and name.numbers and name.family != "windows":
        # the 320 of "Gateway Security 320" is no version
        said = tuple(each for each in showing.shown if each.text not in name.numbers)
        showing = showing._replace(shown=said)
    if len(ranges) == 1:
        return place(ranges[0], showing, name.family, patchable=patchable)
    placements = [place(bounds, showing, name.family, patchable=patchable) for bounds in ranges]
    best = max(placements, key=lambda placement: placement.inside)
    if best.inside is Inside.OUT:
        return next((each for each in placements if each.reason == "fixed"), best)
    return best


def _target(sentence: Sentence, main: Version | None) -> str:
    """The version to reach, in the publisher's own spelling."""
    limits = [limit for bounds in sentence.bounds for limit in bounds.lt]
    if not limits:
        return ""
    higher = [each for each in limits if main is None or main.key < each.key]
    chosen = min(higher or limits, key=lambda limit: limit.key)
    return _spelt(sentence.text, chosen.text)


@lru_cache(maxsize=REMEMBERED_ROWS)  # one bulletin asks it of every version in the country
def _spelt(text: str, folded: str) -> str:
    """What stands in ``text`` where ``folded`` does in its folded form."""
    at = fold(text).find(folded)
    return text[at : at + len(folded)] if at >= 0 else folded
