"""Sentences of an advisory, ruled one by one on an asset, then taken together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from bot.domain.matching.assets import EDITION_MARKS, split_cpe
from bot.domain.matching.bounds import Bounds, forget_bounds, read_bounds
from bot.domain.matching.identifiers import identifiers_of, names_serials
from bot.domain.matching.software import with_software
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
        said = f"{ROW}{position}].{self.field}"
        return Sentence._make((*self[:_FIELD], said, *self[_FIELD + 1 :]))  # quicker than _replace

    @property
    def grade(self) -> Grade:
        """How far the sentence can be decided."""
        if not self.names or any(bounds.unreadable for bounds in self.bounds):
            return Grade.UNREAD
        return Grade.REVIEW if self.only_named else self.statement.grade


_FIELD = Sentence._fields.index("field")


ROW = "affected["  # how the field of a sentence read from a row begins


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
        lines = parse_line(prose)
        statements = tuple(with_software(catalogue, lines, row.vendor, row.product))
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
    bounds = tuple([read_bounds(each, first) for each in statement.ranges])
    alone = len(names) == 1 and not wanted
    return Sentence(
        names=names,
        statement=statement,
        bounds=bounds,
        bare=_bare(bounds),
        branch=bounds[0].branches if len(bounds) == 1 else (),
        condition=wanted,
        siblings=first.words if alone else wanted.union(*[each.words for each in names]),
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
    yield from name.parts
    for carrier in name.carriers:
        yield from carrier - name.vendor_words or carrier
