"""Read versions that a publisher gives as data: CSAF ranges, ``vers:`` and their relatives.

Source: OASIS CSAF 2.0, sections 3.1.2.2 and 3.1.2.3; package-url/vers-spec. The documents seen
also hold ``<=1.9.4.1``, ``1.2 | 1.3``, ``>= 2018-1 | <= 2021-1`` and English prose.
"""

from __future__ import annotations

import re

from feeds.affected.grammar import parse_line
from feeds.affected.phrase import read_phrase
from feeds.affected.statement import Range, Statement

_SCHEME = re.compile(r"^vers:[\w.+-]+/", re.IGNORECASE)
_EVERY = frozenset({"", "*", "all", "all versions", "any", "unspecified", "0", "all/*"})
_OPERATOR = re.compile(r"(<=|>=|!=|<|>|=|≤|≥)\s*(?=[^\s<>=])")
_SIGN = re.compile(r"([<>≤≥]) *(?=\S)")
_PLAIN = re.compile(r"^[\w.()+:~-]+(?: [\w.()-]+){0,2}$")
_PROSE = re.compile(
    r"\b(?:prior|earlier|through|before|older|and|to|versions?|all)\b", re.IGNORECASE
)
_SERIES = re.compile(r"\b([A-Z]{1,3})\d+-(?:\1)?\d+\b")
# figures that a slash enumerates, outside parentheses
_LISTED = re.compile(r"(?<![\w./(])[A-Za-z]*\d[\w.]*(?:/[A-Za-z]*\d[\w.]*)+(?![\w/])")
MOST_ALTERNATIVES = 12
_LETTERS = re.compile(r"rev(?:ision|\.)?\s*([a-z])\s*-\s*([a-z])$")
_NUMBER = re.compile(r"\d")


def read_row(product: str, versions: str) -> tuple[Statement, ...]:
    """Read one structured row: the name of a product and its versions as data."""
    text = _SCHEME.sub("", versions.strip()).strip()
    phrases = (read_phrase(each)[0] for each in _alternatives(product))
    whole = Statement(tuple(each for each in phrases if each.words or each.numbers))
    if text.lower() in _EVERY:
        return (whole._replace(every_version=True),)
    if (ranges := read_ranges(text)) is not None:
        return (whole._replace(ranges=ranges),)
    said = parse_line(f"X versions {text}")
    prose = said[0].ranges if len(said) == 1 else ()
    if prose and not said[0].leftover:
        return (whole._replace(ranges=prose),)
    if not _NUMBER.match(text):  # "Accu-Chek Inform II": a product, where its version should be
        whole = whole._replace(phrases=(*whole.phrases, read_phrase(text)[0]))
    return (whole._replace(leftover=(text,)),)


def _alternatives(product: str) -> list[str]:
    """ "Paradigm 515/715 pumps" is two pumps; "MP2-MP90" are the MP series."""
    product = _SERIES.sub(r"\1 series", product)
    listed = _LISTED.search(product)
    if listed is None:
        return [product]
    before, after = product[: listed.start()], product[listed.end() :]
    return [f"{before}{each}{after}" for each in listed[0].split("/")[:MOST_ALTERNATIVES]]


def spoken_versions(text: str) -> str:
    """Versions given as data, as a person reads them: ``vers:generic/>=9.5|<12.3`` is
    "≥ 9.5, < 12.3". Empty when it is every version."""
    text = _SCHEME.sub("", text.strip()).strip()
    if text.lower() in _EVERY:
        return ""
    parts = [" ".join(part.split()) for part in re.split(r"\s*\|\s*", text) if part]
    said = ", ".join(parts).replace("<=", "≤").replace(">=", "≥")
    return _SIGN.sub(r"\1 ", said)


def read_ranges(text: str) -> tuple[Range, ...] | None:
    """Ranges of an operator expression or of an enumeration; None when it is neither."""
    pieces = [piece for each in re.split(r"[|,]", text) for piece in _constraints(each)]
    if any(operator for operator, _ in pieces):
        return _intervals(pieces)
    if _PROSE.search(text) or not all(_is_version(value) for _, value in pieces):
        return None
    return tuple(_enumerated(value.lower()) for _, value in pieces)


def _enumerated(value: str) -> Range:
    """One value of an enumeration; "Rev B-M" is every revision from B to M."""
    if letters := _LETTERS.match(value):
        return Range(ge=f"rev {letters[1]}", le=(f"rev {letters[2]}",))
    return Range(branches=(value,))


def _is_version(value: str) -> bool:
    """Whether a text may be a version: *B.02*, *Rev J*, *N*, and not *CoaguChek XS Plus*."""
    lettered = len(value) < 4 or value.lower().startswith("rev")
    return bool(_PLAIN.match(value)) and (lettered or bool(_NUMBER.search(value)))


def _constraints(text: str) -> list[tuple[str, str]]:
    """``>=1.2 <1.5`` is two constraints; a bare version has no operator."""
    parts = _OPERATOR.split(text.strip())
    found = [("", parts[0].strip())] if parts[0].strip() else []
    for operator, value in zip(parts[1::2], parts[2::2], strict=True):
        found.append((operator.replace("≤", "<=").replace("≥", ">="), value.strip()))
    return found


def _intervals(pieces: list[tuple[str, str]]) -> tuple[Range, ...] | None:
    """Pair each lower bound with the upper one that follows it."""
    ranges: list[Range] = []
    lower: Range | None = None
    for operator, value in pieces:
        bound = value.lower()
        if not _NUMBER.search(bound) and len(bound) > 2:
            return None  # "< august 28"
        if operator in (">", ">="):
            if lower is not None:
                ranges.append(lower)
            lower = Range(ge=bound) if operator == ">=" else Range(gt=bound)
        elif operator in ("<", "<="):
            upper = lower or Range()
            lt, le = ((bound,), ()) if operator == "<" else ((), (bound,))
            ranges.append(upper._replace(lt=lt, le=le))
            lower = None
        elif operator != "!=":
            ranges.append(Range(branches=(bound,)))
    if lower is not None:
        ranges.append(lower)
    return tuple(ranges)
