"""Sentences of an advisory, ruled one by one on an asset, then taken together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from bot.domain.matching.assets import EDITION_MARKS, Asset, split_cpe
from bot.domain.matching.bounds import Bounds, forget_bounds, read_bounds
from bot.domain.matching.identifiers import identified, identifiers_of, names_serials
from bot.domain.matching.judging import place, shows_fix
from bot.domain.matching.kinship import Kinship, Relation
from bot.domain.matching.numbering import carries_numbers
from bot.domain.matching.placement import IN, Inside, Placement
from bot.domain.matching.relating import relate
from feeds.advisory import Advisory, AffectedProduct
from feeds.affected import (
    Condition,
    Grade,
    Phrase,
    Range,
    Statement,
    lines_of,
    parse_line,
    read_row,
    subject_of,
)
from feeds.affected.tokens import fold
from feeds.names import Name, is_model, skeleton
from feeds.products import Catalogue
from feeds.versions import Version

REMEMBERED_ROWS = 8_192  # publishers repeat themselves: Windows, Red Hat and SUSE lines above all
_STATES = frozenset(
    {"active", "activee", "actives", "activees", "installe", "installee", "enabled", "installed"}
)
_NONE = frozenset[str]()
_PACKAGED = re.compile(r"deb|^\d+(?:\.\d+){2,}-\d")  # 5.10.179-3~deb10u1, 4.9.258-1


class Sentence(NamedTuple):
    """A statement ready to be ruled upon. (A tuple: every line makes some.)

    ``negative`` sentences declare products fixed or not affected. ``keys`` hold, for each
    name, one word without which no asset can be that product.
    """

    names: tuple[Name, ...]
    statement: Statement
    bounds: tuple[Bounds, ...]
    condition: frozenset[str]
    condition_bounds: tuple[Bounds, ...]
    bare: tuple[Version, ...]  # its only bound, when it is an upper one without a lower one
    branch: tuple[Version, ...]  # the branch of its only bound: bounds of one branch compare
    siblings: frozenset[str]  # words an asset may say besides one name: other names, condition
    keys: frozenset[str]
    field: str
    start: int
    end: int
    text: str
    negative: bool = False
    only_named: bool = False  # read from a title: names a product, bounds nothing
    between: bool = False  # what no line names, between two that are: see gaps
    identifiers: frozenset[str] = _NONE  # any of them tells the product: see identifiers
    serials: bool = False  # only certain serial numbers are meant

    def of_row(self, position: int) -> Sentence:
        """The same sentence, said by the row at ``position``."""
        return self._replace(field=f"{ROW}{position}].{self.field}")

    @property
    def grade(self) -> Grade:
        """How far the sentence can be decided."""
        if not self.names or any(bounds.unreadable for bounds in self.bounds):
            return Grade.UNREAD
        return Grade.REVIEW if self.only_named else self.statement.grade


ROW = "affected["  # how the field of a sentence read from a row begins


class Ruling(NamedTuple):
    """What one sentence says of one asset. (A tuple: a bulletin makes hundreds of them.)"""

    sentence: Sentence
    name: Name
    inside: Inside
    reason: str
    target: str = ""


def sentences_of(catalogue: Catalogue, advisory: Advisory) -> Iterator[Sentence]:
    """Everything an advisory affirms: its rows; else its content; else its title or summary."""
    for position, row in enumerate(advisory.affected):
        yield from _row(catalogue, row, position)
    if advisory.affected:
        return
    found = False
    for text, start in lines_of(advisory.affected_content):
        for each in _placed(catalogue, advisory.affected_content, text, "affected_content", start):
            found = found or bool(each.names)
            yield each
    if not found:
        yield from _named_only(catalogue, advisory)


def _row(catalogue: Catalogue, row: AffectedProduct, position: int) -> Iterator[Sentence]:
    for made in _row_sentences(catalogue, row):
        yield made.of_row(position)


@lru_cache(maxsize=REMEMBERED_ROWS)
def _row_sentences(catalogue: Catalogue, row: AffectedProduct) -> tuple[Sentence, ...]:
    """Sentences of a row; ``field`` is that of the row, wherever the row stands."""
    prose = row.description or (row.product if not row.versions else "")
    field = "description" if row.description else "product"
    if prose:
        statements = parse_line(prose)
    else:
        product = row.product or split_cpe(row.cpe).product.replace("_", " ")
        prose = row.versions
        field = "versions"
        statements = read_row(product, row.versions)
    made = (
        sentence(catalogue, statement, prose, field, row.vendor, row.product)
        for statement in statements
    )
    if field == "versions":
        made = (each._replace(start=0, end=len(prose), text=prose) for each in made)
    if not row.description:
        made = (each._replace(names=tuple(map(_of_its_vendor, each.names))) for each in made)
    negative = row.status in ("fixed", "not_affected")
    unsure = row.status == "investigating"
    if negative or unsure:
        made = (each._replace(negative=negative, only_named=unsure) for each in made)
    if row.identifiers:
        known, serials = identifiers_of(row.identifiers), names_serials(row.identifiers)
        made = (
            each._replace(identifiers=known, serials=serials, keys=each.keys | known)
            if each.names
            else each
            for each in made
        )
    return tuple(made)


def _of_its_vendor(name: Name) -> Name:
    """The Windows of a medical device is not every Windows: its maker tells it apart."""
    if name.family != "windows" or name.vendor in ("", "microsoft"):
        return name
    return name._replace(words=name.words | name.vendor_words)


def forget_rows() -> None:
    """Drop the rows, the names and the bounds remembered."""
    _row_sentences.cache_clear()
    _named.cache_clear()
    forget_bounds()


def _placed(
    catalogue: Catalogue, whole: str, line: str, field: str, start: int
) -> Iterator[Sentence]:
    """Sentences of one ``line`` that stands at ``start`` of the ``whole`` text of ``field``."""
    for statement in parse_line(line):
        made = sentence(catalogue, statement, line, field)
        begin, end = made.start + start, made.end + start
        yield made._replace(start=begin, end=end, text=whole[begin:end])


def _named_only(catalogue: Catalogue, advisory: Advisory) -> Iterator[Sentence]:
    """A title or a summary names products, and bounds none of their versions."""
    for where, text in (("title", advisory.title), ("summary", advisory.summary)):
        subject = subject_of(text)
        if subject is None:
            continue
        product, start = subject
        for made in _placed(catalogue, text, product, where, start):
            if made.names:
                yield made._replace(only_named=True)
                return


def sentence(
    catalogue: Catalogue,
    statement: Statement,
    text: str,
    field: str,
    vendor: str = "",
    product: str = "",
) -> Sentence:
    """Prepare one statement of ``text``."""
    statement = _of_packages(statement)
    phrases = statement.phrases
    if not phrases and (statement.ranges or statement.every_version):
        said = product if catalogue.vendor(product)[0] else vendor
        phrases = (Phrase((said,)),) if catalogue.vendor(said)[0] else ()  # "version 1.10"
    names, keys = _named(catalogue, phrases, vendor, product)
    texts = " ".join([text for each in statement.ranges for text in (*each.branches, *each.lt)])
    marks = [mark for mark in EDITION_MARKS if mark in texts]
    if marks:
        editions = catalogue.plain_words(marks)
        names = tuple(name._replace(editions=name.editions | editions) for name in names)
    first = names[0] if names else Name(_NONE)
    condition = statement.condition
    if statement.every_version:
        written = tuple(r for r in statement.ranges if r.bounded or not _single_digit(r))
        statement = statement._replace(ranges=written)
    wanted = catalogue.plain_words(condition.words) if condition else _NONE
    if wanted - _STATES and "directory" not in wanted:
        wanted -= _STATES
    bounds = tuple(read_bounds(each, first) for each in statement.ranges)
    return Sentence(
        names=names,
        statement=statement,
        bounds=bounds,
        bare=_bare(bounds),
        branch=bounds[0].branches if len(bounds) == 1 else (),
        condition=wanted,
        siblings=wanted.union(*(name.words for name in names)),
        condition_bounds=tuple(read_bounds(r, first) for r in condition.ranges)
        if condition
        else (),
        keys=keys,
        field=field,
        start=statement.start,
        end=statement.end,
        text=text[statement.start : statement.end],
    )


@lru_cache(maxsize=REMEMBERED_ROWS)  # its bounds change every month, a product's name seldom
def _named(
    catalogue: Catalogue, phrases: tuple[Phrase, ...], vendor: str, product: str
) -> tuple[tuple[Name, ...], frozenset[str]]:
    """Names of a statement, and their keys."""
    names = tuple(catalogue.names(tuple(map(catalogue.unpacked, phrases)), vendor, product))
    return names, frozenset(key for name in names for key in keys_of(catalogue, name))


def _bare(bounds: tuple[Bounds, ...]) -> tuple[Version, ...]:
    if len(bounds) != 1:
        return ()
    only = bounds[0]
    return () if only.ge or only.gt or any(only.wild) else only.lt or only.le


def _single_digit(written: Range) -> bool:
    """A lone digit before "toutes versions" belongs to the name: "PoE 1 toutes versions"."""
    return all(text.isdigit() and len(text) == 1 for text in written.branches)


def _of_packages(statement: Statement) -> Statement:
    """Debian's kernel packages are bounded under the name of the distribution."""
    if not any(_PACKAGED.search(text) for each in statement.ranges for text in each.lt):
        return statement
    words = {word for phrase in statement.phrases for word in phrase.words}
    if not any(word.startswith("debian") for word in words):
        return statement
    return statement._replace(ranges=(), condition=Condition(("linux",), statement.ranges))


def keys_of(catalogue: Catalogue, name: Name) -> Iterator[str]:
    """Words of which any asset that may be of that name says one.

    They are those that are not common, or the longest when all are; its other spellings; the
    models that it lists; the words of what carries it.
    """
    rare = name.words - catalogue.generic - catalogue.umbrellas - name.vendor_words
    yield from rare or [
        max(name.words, key=lambda word: (word not in catalogue.generic, len(word), word))
    ]
    yield from filter(None, map(skeleton, rare))
    for spelling, _ in name.spellings:
        yield spelling
    yield from filter(is_model, name.asides)
    for carrier in name.carriers:
        yield from carrier - name.vendor_words


Related = tuple[Name, Relation]
"""A name of a sentence, and what it is to an asset."""


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
    rulings = [rule_related(sentence, name, relation, asset) for name, relation in names]
    return max(rulings, key=lambda ruling: ruling.inside, default=None)


def rule_related(sentence: Sentence, name: Name, relation: Relation, asset: Asset) -> Ruling:
    """Rule on an asset whose kinship with one name of the sentence is known."""
    if relation.kinship is Kinship.OTHER:
        return Ruling(sentence, name, Inside.OUT, relation.reason)
    condition = sentence.statement.condition
    confirmed = condition is not None and bool(
        sentence.condition <= asset.known | asset.name.platforms | asset.name.editions
    )
    component = confirmed and bool(sentence.condition_bounds and sentence.condition)
    if component and sentence.bounds:
        alone = (asset.main,) if asset.main is not None else ()
        own = place_any(sentence.bounds, replace(asset, shown=alone), name)
        inner = next((v for v in asset.shown if v is not asset.main and len(v.release) > 1), None)
        if own.inside is Inside.IN and inner is not None:  # "VIOS 4.1 (python 3.9.19.1)"
            asset = replace(asset, main=inner, shown=(inner,))
    ranges = sentence.condition_bounds if component else sentence.bounds
    patchable = sentence.statement.fix is not None
    placement = place_any(ranges, asset, name, patchable=patchable)
    if placement.inside is Inside.OUT:
        return Ruling(sentence, name, Inside.OUT, placement.reason)
    unmet = condition is not None and not confirmed
    for each in _reservations(sentence, name, relation, asset, unmet=unmet):
        if each.inside < placement.inside:
            placement = each
    reason = "every-version" if placement is IN and not sentence.bounds else placement.reason
    target = "" if sentence.between else _target(sentence, asset)
    return Ruling(sentence, name, placement.inside, reason, target)


def _reservations(
    sentence: Sentence, name: Name, relation: Relation, asset: Asset, *, unmet: bool
) -> Iterator[Placement]:
    """What besides the range may hold the asset out, or leave a doubt."""
    statement = sentence.statement
    if name.numbers:
        said = statement.every_version or statement.fix or statement.deferred
        bounded = bool(sentence.bounds)
        yield carries_numbers(name, asset, alone=not (bounded or said), bounded=bounded)
    if unmet:
        yield Placement(Inside.UNSURE, "condition-unknown")
    if statement.fix is not None:
        yield shows_fix(statement, asset, name)
    if relation.kinship is Kinship.UNSURE:
        yield Placement(Inside.UNSURE, relation.reason)
    if statement.deferred:
        yield Placement(Inside.UNSURE, "deferred")
    if statement.leftover:
        yield Placement(Inside.UNSURE, "not-understood")
    if sentence.only_named:
        investigated = sentence.field.startswith(ROW)  # else it is the title, or the summary
        yield Placement(Inside.UNSURE, "under-investigation" if investigated else "no-range")
    if sentence.between:
        yield Placement(Inside.UNSURE, "between-branches")
    if sentence.serials:
        yield Placement(Inside.UNSURE, "serial-unknown")


def place_any(
    ranges: Sequence[Bounds], asset: Asset, name: Name, *, patchable: bool = False
) -> Placement:
    """The most worrying of several ranges; everything, when there is none."""
    if not ranges:
        return IN
    numbered = asset.main is None and name.numbers and name.family != "windows"
    if numbered:  # the 320 of "Gateway Security 320" is no version
        said = tuple(each for each in asset.shown if each.text not in name.numbers)
        asset = asset if said == asset.shown else replace(asset, shown=said)
    if len(ranges) == 1:
        return place(ranges[0], asset, name.family, patchable=patchable)
    placements = [place(bounds, asset, name.family, patchable=patchable) for bounds in ranges]
    best = max(placements, key=lambda placement: placement.inside)
    if best.inside is Inside.OUT:
        return next((each for each in placements if each.reason == "fixed"), best)
    return best


def _target(sentence: Sentence, asset: Asset) -> str:
    """The version to reach, in the publisher's own spelling."""
    limits = [limit for bounds in sentence.bounds for limit in bounds.lt]
    if not limits:
        return ""
    higher = [each for each in limits if asset.main is None or asset.main.key < each.key]
    chosen = min(higher or limits, key=lambda limit: limit.key)
    return _spelt(sentence.text, chosen.text)


@lru_cache(maxsize=REMEMBERED_ROWS)  # one bulletin asks it of every version in the country
def _spelt(text: str, folded: str) -> str:
    """What stands in ``text`` where ``folded`` does in its folded form."""
    at = fold(text).find(folded)
    return text[at : at + len(folded)] if at >= 0 else folded
