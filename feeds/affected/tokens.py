"""Cut one line of affected systems into the words of the grammar.

Everything runs on *folded* text (lower case, no accent, one character for one character), so
that spans are those of the publisher's own line.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, partial
from string import digits
from typing import NamedTuple

from feeds.affected.phrasings import RULES, SILENT, SPELT, Kind


class Token(NamedTuple):
    """One word of the grammar, standing at ``start:end`` of the line."""

    kind: Kind
    text: str  # folded
    start: int
    end: int


def _fold_table() -> dict[int, str]:
    table = {}
    for code in (*range(0x41, 0x5B), *range(0xC0, 0x180)):
        base = unicodedata.normalize("NFD", chr(code))[0].lower()
        table[code] = base if len(base) == 1 else chr(code)
    for odd in "\u00a0\u2009\u202f\t\n\r":
        table[ord(odd)] = " "
    for quote in "\u2019\u2018\u00b4`":
        table[ord(quote)] = "'"
    for quote in "\u201c\u201d\u201e":
        table[ord(quote)] = '"'
    for dash in "\u2010\u2011\u2012\u2013\u2014":
        table[ord(dash)] = "-"
    return table


_FOLD = _fold_table()
_FOLD_LATIN = bytes(ord(chr(code).translate(_FOLD)) for code in range(0x100))


def fold(text: str) -> str:
    """Lower case, accents off, odd spaces and quotes made plain; lengths never change."""
    try:
        latin = text.encode("latin-1")
    except UnicodeEncodeError:
        return text.translate(_FOLD)
    return latin.translate(_FOLD_LATIN).decode("latin-1")  # five times faster: most lines are


_JOINED = re.compile(r"(?P<first>\d+)(?P<low>(?:\.\d+)+)-(?P=first)(?P<high>(?:\.\d+)+)$")
LONGEST_LINE = 8_000  # characters read of a line; the longest of CERT-FR's has 2,700
_LONGEST_WORD = 120
_LONGEST_NUMBER = 20  # digits
_RUN = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")
_DIGITS = re.compile(rf"\d{{{_LONGEST_NUMBER + 1},}}")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);")
_PLURAL = re.compile(r"(?<=[a-zé])\((?:e?s|e)\)(?!\w)")
_IMAGES = re.compile(r"\b(?:[A-Z]{2}/)+[A-Z]{2}\.(?=\d+\.)")  # "KB/WB/WC.16.11.0004"
_DIGIT = re.compile(r"\d")
# "6.2 ESD#4", "V5.0 QU1", "2020 R2", "4.8 HF": a level that follows its number
_LEVEL_WORD = re.compile(
    r"(?!x(?:64|86|32)|el\d|fc\d|deb\d|ia64|aix|os|dsm|qts|ie\d|d\d)[a-z]{1,3}#?\d{1,3}$|hf$|sr$"
)
_LEVEL_NUMBER = re.compile(r"patch |r\d")  # "2020 patch E", "V10 R1.42.7"
_RELEASE = re.compile(r"[a-z]?\.?\d")
_NUMBERED = re.compile(r"v?\d")
_EXPECT_VERSION = frozenset({Kind.LT, Kind.LE, Kind.GE, Kind.GT, Kind.UPTO, Kind.VERSIONS})
_CONTINUES = frozenset({Kind.VERSION, Kind.WILD, Kind.WORD})
_WORD, _VERSION, _SEP = Kind.WORD, Kind.VERSION, Kind.SEP  # looked up once: every token asks
_token = partial(tuple.__new__, Token)  # a Token of its four fields, in half the time
_LETTERED = re.compile(r"([a-z_]+)\d[\w.]*$")
_LAST = ".:;,'!_-"

Cut = Callable[[str, int], re.Match[str] | None]
"""Matches one token at a position, and the spaces after it; its last group is the rule's."""


@cache
def _compiled(rules: frozenset[int]) -> Cut:
    """The first of ``rules``, numbers in the catalogue, that fits; groups carry that number."""
    table = [(number, *RULES[number]) for number in sorted(rules)]
    groups = (f"(?P<{name}_{number}>{pattern})" for number, name, _, pattern in table)
    return re.compile(rf"(?:{'|'.join(groups)})\s*").match


class _Cuts(dict[str, Cut]):
    """What to try on a text, by its first two characters; made when first met.

    A word is held against the few rules that open as it does, instead of the whole catalogue.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rules: dict[str, set[int]] = {}
        self._everywhere = {n for n, (_, opens, _) in enumerate(RULES) if not opens}
        for number, (_, opens, _) in enumerate(RULES):
            for opening in map(_first_two, opens.split()):
                for digit in digits if "0" in opening else "0":
                    self._rules.setdefault(opening.replace("0", digit), set()).add(number)

    def __missing__(self, opening: str) -> Cut:
        if not opening.isascii():  # digits and letters of other alphabets: too many to be kept
            return every_rule()
        found = (self._rules.get(begins, ()) for begins in {opening, opening[0]})
        self[opening] = _compiled(frozenset(self._everywhere.union(*found)))
        return self[opening]


def _first_two(opening: str) -> str:
    return opening[:2].replace("_", " ")


def every_rule() -> Cut:
    """The whole catalogue, tried in its order: what a text of another alphabet is held against."""
    return _compiled(frozenset(range(len(RULES))))


_CUTS: Mapping[str, Cut] = _Cuts()
_MADE: Mapping[str | None, tuple[Kind, str]] = {
    f"{name}_{number}": (Kind.WORD if name in SPELT else Kind[name], SPELT.get(name, ""))
    for number, (name, _, _) in enumerate(RULES)
    if name not in SILENT
}


def tokenize(folded: str, cuts: Mapping[str, Cut] = _CUTS) -> list[Token]:
    """Cut a folded line; spaces, articles and stray punctuation give no token."""
    tokens: list[Token] = []
    length = len(folded)
    at = length - len(folded.lstrip())
    while at < length:
        match = cuts[folded[at : at + 2]](folded, at)
        if match is None or (group := match.lastgroup) is None:
            raise ValueError(f"nothing can be made of {folded[at:]!r}")
        start, at = at, match.end()
        if group not in _MADE:
            continue
        kind, spelt = _MADE[group]
        text = match[group]
        if kind is _WORD or kind is _VERSION:
            text = text.rstrip(_LAST)
            if not text:
                continue
        end = start + len(text)
        if kind is _VERSION:
            if "-" in text and (ends := _JOINED.match(text)) and _ascending(ends):
                tokens.extend(_range(ends, start))
                continue
            if "/" in text:
                text = text.partition("/.")[0]  # "134.0.6998.177/.178": the lower one
        tokens.append(_token((kind, spelt or text, start, end)))
    if "/" in folded:
        tokens = _without_alternatives(tokens)
    return _versions_by_place(tokens)


def is_numbered(token: Token) -> bool:
    """Whether a version begins with a number, its *v* apart: not a level by itself."""
    return bool(_NUMBERED.match(token.text))


def is_level_alone(token: Token) -> bool:
    """Whether a version says no release: *Service Pack 1*, not *B.11.31*, *r8*."""
    return not _RELEASE.match(token.text)


def is_level(number: Token, following: Token) -> bool:
    """Whether a word says the level of the number just before it: *6.2 ESD#4*, *2020 patch E*."""
    if not is_numbered(number) or following.start > number.end + 1:
        return False
    if following.kind is Kind.VERSION:
        return bool(_LEVEL_NUMBER.match(following.text))
    return following.kind is Kind.WORD and bool(_LEVEL_WORD.match(following.text))


def _plain(text: str) -> str:
    """Entities decoded and optional plurals dropped ("antérieure(s)"); lengths never change."""
    if len(text) > _LONGEST_WORD:  # no word is that long, and a row of digits costs its cube
        text = _RUN.sub(lambda m: m[0][:_LONGEST_WORD].ljust(len(m[0])), text[:LONGEST_LINE])
        text = _DIGITS.sub(lambda m: m[0][:_LONGEST_NUMBER].ljust(len(m[0])), text)
    if "&" in text:
        text = _ENTITY.sub(lambda m: html.unescape(m[0])[:1].ljust(len(m[0])), text)
    if "/" in text:
        text = _IMAGES.sub(lambda m: " " * len(m[0]), text)
    if "(" in text:
        text = _PLURAL.sub(lambda m: " " * len(m[0]), text)
    return text


def read_tokens(text: str) -> list[Token]:
    """Cut a line as it was written: a capital "ET" among small letters joins nothing (ET 200SP)."""
    folded = fold(_plain(text))
    tokens = tokenize(folded)
    if '"' in folded or "ET" in text:
        _mend_quotes(tokens, text)
    while tokens and tokens[-1].kind is Kind.SEP:
        tokens.pop()  # "… for Linux 4.65 ;"
    return tokens


def _mend_quotes(tokens: list[Token], text: str) -> None:
    opened = False
    for position, token in enumerate(tokens):
        if token.text == '"' and not opened and text[: token.start][-1:].isdigit():
            for place in (position - 1, position):  # panels of 4" - 15" are no versions
                tokens[place] = tokens[place]._replace(kind=Kind.NOISE)
        elif token.text == '"':
            tokens[position] = token._replace(kind=Kind.CLOSE if opened else Kind.OPEN)
            opened = not opened
        if token.kind is Kind.SEP and text[token.start : token.end] == "ET" and not text.isupper():
            tokens[position] = token._replace(kind=Kind.WORD)


def _ascending(ends: re.Match[str]) -> bool:
    low, high = ([int(part) for part in ends[name][1:].split(".")] for name in ("low", "high"))
    return len(low) == len(high) and low < high


def _range(ends: re.Match[str], start: int) -> list[Token]:
    """ "19.3-19.21" is written without spaces; 13.1-49.13 is one version."""
    dash = start + ends.end("low")
    return [
        Token(Kind.VERSION, ends[0][: dash - start], start, dash),
        Token(Kind.TO, "-", dash, dash + 1),
        Token(Kind.VERSION, ends[0][dash - start + 1 :], dash + 1, start + ends.end()),
    ]


def _without_alternatives(tokens: list[Token]) -> list[Token]:
    """ "102.0.5005.61/62/63": what follows the slashes stands for the last part."""
    kept: list[Token] = []
    for token in tokens:
        if token.kind is Kind.VERSION and token.text.isdigit() and len(kept) > 1:
            slash, full = kept[-1], kept[-2]
            if slash.text == "/" and full.kind is Kind.VERSION and full.text.count(".") > 2:
                stem = full.text.rpartition(".")[0]
                token = token._replace(text=f"{stem}.{token.text}")
        kept.append(token)
    return kept


def _versions_by_place(tokens: list[Token]) -> list[Token]:
    """After "antérieures à" or "versions", a word with a digit is a version: *WBS39.2*.

    So is one that a list joins to a version of the same letters: *r7, r6.1*, *XCP2400, XCP3100*.
    """
    for position, before in enumerate(tokens[:-1], 1):
        if before.kind is _SEP:
            if position > 1:
                _alike(tokens, position - 2, position)
        elif before.kind in _EXPECT_VERSION and (token := tokens[position]).kind is _WORD:
            after = tokens[position + 1].kind if position + 1 < len(tokens) else None
            if _DIGIT.search(token.text) and after not in _CONTINUES:
                tokens[position] = token._replace(kind=_VERSION)
    return tokens


def _alike(tokens: list[Token], left: int, right: int) -> None:
    """Of two neighbours in a list, one a version and the other a word, both are versions."""
    kinds = (tokens[left].kind, tokens[right].kind)
    if kinds == (_VERSION, _WORD) or kinds == (_WORD, _VERSION):
        one, other = _LETTERED.match(tokens[left].text), _LETTERED.match(tokens[right].text)
        if one and other and one[1] == other[1]:
            for position in (left, right):
                tokens[position] = tokens[position]._replace(kind=Kind.VERSION)
