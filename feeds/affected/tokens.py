"""Cut one line of affected systems into the words of the grammar.

The table below is the catalogue of phrasings, most specific first: a phrase is one token
whatever the number of its words. Everything runs on *folded* text (lower case, no accent, one
character for one character), so that spans are those of the publisher's own line.

A rule is a kind, how it *opens* and what it matches. It is only tried where the text begins as
one of its openings does, of which the first two characters count (``0`` is any digit, ``_`` a
space, one character alone may be followed by anything): a phrase added to a rule wants its
opening there too. Trying every rule at each place would take three times as long.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from string import ascii_lowercase, digits
from typing import NamedTuple


class Kind(StrEnum):
    """The words of the grammar."""

    LE = "le"  # antérieures ou égales à
    LT = "lt"  # antérieures à
    GE = "ge"  # supérieures ou égales à, à partir de
    GT = "gt"  # postérieures à
    OLDER = "older"  # et (versions) antérieures
    NEWER = "newer"  # et postérieures
    UPTO = "upto"  # jusqu'à
    BETWEEN = "between"  # comprises entre
    INCLUSIVE = "inclusive"  # incluse
    ALL = "all"  # toutes versions
    VERSIONS = "versions"
    NOFIX = "nofix"  # sans le correctif
    PATCHED = "patched"  # avec le correctif: the fixed version only is with it
    DEFER = "defer"  # se référer au bulletin
    ON = "on"  # pour, sur: a platform, or a product that hosts this one
    WITH = "with"  # avec, utilisant: a condition
    COMMENT = "comment"  # a sentence about the fix: says nothing of the range
    NOISE = "noise"
    OPEN = "open"
    CLOSE = "close"
    SEP = "sep"  # , ; et ou /
    TO = "to"  # à, between two versions
    REF = "ref"  # CVE, part number
    WILD = "wild"  # 9.2.x
    VERSION = "version"
    WORD = "word"


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


def fold(text: str) -> str:
    """Lower case, accents off, odd spaces and quotes made plain; lengths never change."""
    return text.translate(_FOLD)


_A = r"(?:\s+(?:a|au|aux|before)\b|\s+a(?=v?\d))*(?:\s+l[ae]s?\b)?(?:\s+(?:versions?|releases?)\b)?"
_OLDER = r"(?:ant[eri]{2,7}ur|inferieur|precedent|ancien)e?s?"
_NEWER = r"(?:posterieur|superieur|ulterieur)e?s?"
_EQUAL = r"\s*,?\s*(?:ou|et)\s+egale?s?"
_FIXES = (
    r"(?:correctifs?|patchs?|patches|hotfix(?:es)?|mises?\s+a\s+jour|mise\s+\w+\s+jour|fix|"
    r"micrologiciels?|microgiciels?|firmwares?|mesures?)"
)
_OLDER_OPENS = "ant inferieur precedent ancien"
_NEWER_OPENS = "posterieur superieur ulterieur"
_PHRASES: tuple[tuple[Kind, str, str], ...] = (
    (
        Kind.COMMENT,
        ". , ( l' ce ces la versions aucun les correctif produit fin en ne n'est n'etant plus "
        "pour disponible prevue corrige actuellement suivre sont est",
        r"(?:\.\s*|,\s*|\(\s*)?\b(?:l'editeur\s+(?:indique|precise|ne|recommande|a\s)|"
        r"ces?\s+produits?\s|(?:ces?\s+|la\s+)?versions?\s+\S+\s+est\s+affectee|"
        r"aucun\s+correctif|les?\s+correctifs?\s+(?:est|sont|sera|seront|n')|"
        r"produits?\s+en\s+fin\s+de|(?:en\s+)?fin\s+de\s+(?:vie|support)|"
        r"(?:ne\s+(?:sont|sera|seront|recoit|recevra)|n'est|n'etant|plus)\s+\w*\s*"
        r"(?:maintenu|support|corrig)|"
        r"disponib(?:le|ilite)|prevue?s?\b|corrigee?s?\s+(?:par|dans|en)\b|actuellement|"
        r"pour\s+les\s+produits\s+(?:qui|encore|non)\b|suivre\s+la\s+procedure|sont\s+vulnerables?|"
        r"est\s+vulnerable|sont\s+affecte)[^)]*",
    ),
    (
        Kind.NOISE,
        "pour et vers: disposant suivant sont strictement uniquement seulement only inclus "
        "vulnerable affecte base",
        r"\bbasee?s?\s+sur\s+chromium(?:\s+versions?\s+[\d.]+(?:\s+et\s+[\d.]+)*)?|"
        r"\bpour\s+l[ae]s?\s+vulnerabilites?(?:(?:\s|,|et\b|ou\b)*cve-\d{4}-\d+)*|"
        r"\bvers:\w+/(?=\s|$)|\bet\s+ndcpp\b|"
        r"\bdisposant\s+d'un\s+correctif\b|"
        r"\b(?:suivante?s?\s+)?sont\s+en\s+attente\s+de\s+correctif\b|"
        r"\bsuivante?s?\b|"
        r"\bpour\s+la\s+branche\s+[\dx.]+|"
        r"\b(?:strictement|uniquement|seulement|only|inclusivement|vulnerables?|affectee?s?)\b",
    ),
    (
        Kind.NOFIX,
        f"{_OLDER_OPENS} avant sans hors sauf excepte n'integrant n'ayant n'incluant n'appliquant "
        "ne non",
        rf"(?:\b(?:avant|anterieure?s?\s+aux?)\s+(?:l[ae]s?\s+|l')?(?:dernie?re?s?\s+)?"
        rf"correctifs?\b(?!\s+\d)|\b(?:sans|hors|sauf|excepte)\s+(?:avoir\s+)?(?:applique\s+)?(?:l[ae]s?\s+|l'|un\s+|aucun\s+|"
        rf"application\s+de\s+)*(?:dernie?re?s?\s+|recente?s?\s+|\w+\s+)?{_FIXES}|"
        rf"\bn'(?:integrant|ayant|incluant|appliquant)\s+pas\b|"
        rf"\bsans\s+(?:l[ae]s?\s+|l')\w+|"
        rf"\bne\s+(?:disposant|beneficiant)\s+pas\b|"
        rf"\b{_OLDER}\s+au\s+(?:\d\d?|1er)\s+[a-z]{{3,9}}\s+20\d\d\b|"
        rf"\bnon\s+(?:mis(?:es)?\s+a\s+jour|corrige\w*)\b)",
    ),
    (
        Kind.PATCHED,
        "avec incluant integrant with",
        rf"\b(?:avec|incluant|integrant|with)\s+(?:l[ae]s?\s+|l'|un\s+)?(?:dernie?re?s?\s+)?{_FIXES}\b"
        r"(?!\s+(?:en\s+)?(?:versions?|anter|infer))",
    ),
    (
        Kind.DEFER,
        "se cf veuillez consulter voir verifier details",
        r"\b(?:se\s+referer|cf\b|veuillez\s+(?:vous\s+referer|consulter)|consulter\b|"
        r"voir\s+(?:l[ae]s?|l'|section|bulletin|site|documentation)|verifier\s+l'avis|"
        r"se\s+reporter|details?\s+dans)\b.*",
    ),
    (Kind.LE, f"{_OLDER_OPENS} jusqu'a <= ≤", rf"\b(?:{_OLDER}|jusqu'a){_EQUAL}{_A}|(?:<=|≤)"),
    (Kind.GE, f"{_NEWER_OPENS} >= ≥", rf"\b{_NEWER}{_EQUAL}{_A}|>=|≥"),
    (
        Kind.OLDER,
        ", ( ainsi et ou and or",
        rf"[,(]?\s*\b(?:ainsi\s+que|et|ou|and|or)\s+(?:toutes\s+)?(?:l[ae]s?\s+)?(?:versions?\s+)?"
        rf"(?:{_OLDER}|inferieurs|earlier|prior|below|older)\b"
        rf"(?!\s+(?:a|aux?)\b)(?!\s+a?v?\d)\)?",
    ),
    (
        Kind.NEWER,
        ", ( ainsi et ou and or",
        rf"[,(]?\s*\b(?:ainsi\s+que|et|ou|and|or)\s+(?:l[ae]s?\s+)?(?:versions?\s+)?"
        rf"(?:{_NEWER}|suivante?s?|plus|later|newer|above)\b(?!\s+(?:a|aux?)\b)(?!\s+a?v?\d)\)?",
    ),
    (
        Kind.LT,
        f"{_OLDER_OPENS} prior before earlier avant <",
        rf"\b{_OLDER}\b{_A}|\b(?:prior\s+to|before|earlier\s+than|avant)\b{_A}|<",
    ),
    (Kind.GT, f"{_NEWER_OPENS} >", rf"\b{_NEWER}\b{_A}|>"),
    (Kind.GE, "a depuis", rf"\b(?:a\s+partir\s+d(?:e|u)|depuis){_A}"),
    (Kind.UPTO, "jusqu up", rf"\bjusqu(?:'|e\s)?(?:a\b|au\b|aux\b|en\b)?{_A}|\bup\s+to\b"),
    (Kind.BETWEEN, "comprise entre", r"\b(?:comprise?s?\s+)?entre\b(?:\s+les)?(?:\s+versions?)?"),
    (
        Kind.INCLUSIVE,
        "( inclu comprise",
        r"\(\s*(?:inclu|compri)s?e?s?\s*\)|\b(?:incluse?s?|inclues?|comprise?s?)\b(?!\s+dans)",
    ),
    (Kind.ON, "pour sur", r"\b(?:pour|sur)\s+toutes\s+les\s+versions\s+d(?:e|u|es)\b"),
    (
        Kind.ALL,
        "toute all quelle",
        r"\btoutes?\s+(?:les?\s+)?versions?\b|\ball\s+versions?\b|"
        r"\bquelle\s+que\s+soit\s+la\s+version\b",
    ),
    (
        Kind.VERSIONS,
        "avec dans en ayant le la les version branche release microgiciel",
        r"\b(?:avec\s+(?:une?|le|la|les|des)\s+(?:microgiciels?|micrologiciels?|firmwares?)\s+"
        r"(?:multi-plateformes?\s+)?(?:d'une\s+|de\s+|en\s+)?|dans\s+une\s+|en\s+|avec\s+(?:une?|le|la)\s+|ayant\s+une\s+|l[ae]s?\s+)?"
        r"(?:versions?(?=v?\d)|versions?|branches?|releases?|microgiciel\s+(?=anter)|"
        r"microgiciel\s+en\s+version)(?:\b|(?<=[sn])(?=v?\d))"
        r"(?:\s+(?:logicielles?|logiciel|du\s+mic?rologiciel|du\s+microgiciel|du\s+firmware|"
        r"du\s+programme|"
        r"de\s+firmware))?",
    ),
    (
        Kind.ON,
        "installe pour for sur sous on dans",
        r"\b(?:install(?:ee?s?|ed)\s+)?(?:pour|for|sur|sous|on|dans)\b(?!-)(?:\s+l[ae]s?\b|\s+l')?",
    ),
    (
        Kind.WITH,
        "avec with utilisant executant disposant si lorsque configure ayant equipe incluant "
        "integrant comprenant qui dont possedant fonctionnant base en using",
        r"\b(?:avec|with|utilisant|executant|disposant|si|lorsque|configuree?s?|ayant|equipee?s?|"
        r"incluant|integrant|comprenant|qui|dont|possedant|fonctionnant|basee?s?(?=\s+sur\b)|"
        r"en\s+mode|using)\b",
    ),
    (
        Kind.REF,
        "cve kb 0",
        r"\bcve-\d{4}-\d+|\bkb\s?\d{4,8}\b|\b\d[a-z]{2}\d{4}-\w{5}-\w{4}(?:-\w+)?\b",
    ),
)
_NAMED_LEVEL = (
    r"service\s+packs?|cumulative\s+update|critical\s+patch|hot\s?patch|hot\s?fix|fix\s?pack|"
    r"feature\s+pack|update\s+package|interim\s+fix|maintenance\s+(?:release|pack)|patch\s?level|"
    r"mise\s+a\s+jour|updates?|upd|patchs?|rollup|build|bld|ifix|sp|cu|su|sr|"
    r"eap|cp(?=\d{1,2}\b)|hp|hf|fp|mp"
)
_LEVEL = rf"(?:{_NAMED_LEVEL}|cp(?=\d{{4}}\b(?!-))|ltsr|ltsb|ga|up|if|mr|tl|p|u|ru|ie|b)"
_STEP = (
    rf"(?:[\s,_-]*{_LEVEL}[\s.:]*(?:numero\s+|#|n°\s*)?[vrb]?\d[\w.]*|"
    rf"\s+(?:{_LEVEL})\b(?=\s+{_LEVEL}[\s.:]*\d))"
)
_NUMBER = (
    r"(?:ns|v\.?\s?(?=\d)|[csx](?=\d+\.\d)|r(?=\d+\.|\d{2,3}\b)|[a-z](?=\d+\.\d+\.\d)|"
    r"version\s(?=\d))?\d+[\w.]*(?:\([\w.]{1,8}\)[\w.]*)*"
    r"(?:[-+~:_]+[\w.]*\d[\w.]*(?:\([\w.]{1,8}\))?|-(?!ltss|bcl|espos)(?:[a-z]{2,6}|"
    r"x)\b)*(?:(?<=\d)/\.\d+\b(?!\.))*"
)
_WILD = (
    r"[a-z]?\d+[\d.]*(?:\w*)?(?:\.[xy*n]+|-[x*]|r[x*]|\(x\))(?:\.[\dx*]+)*\b|\bv?[x*](?:\.[x*])+"
)
_NUMBERED = " ".join(f"{letter}0" for letter in ascii_lowercase)
_LEVEL_OPENS = (
    "service cumulative critical hot fix feature update interim maintenance patch mise upd rollup "
    "build bld if sp cu su sr eap cp hp hf fp mp"
)
_WORDS: tuple[tuple[str, str, str], ...] = (
    ("OPEN", '( [ « "', r"[(\[«\"]"),
    ("CLOSE", ") ] »", r"[)\]»]"),
    ("WILD", f"0 {_NUMBERED} x. v. vx v* *", rf"\b{_WILD}"),
    ("BITS_32", "3", r"\b32[\s-]?bits?\b"),
    ("BITS_64", "6", r"\b64[\s-]?bits?\b"),
    (
        "SUPPORT",
        "4 update",
        r"\b4\s+years\s+of\s+updates\b|\bupdate\s+services\s+(?:for|pour)\s+sap(?:\s+solutions)?\b",
    ),
    (
        "MODEL",
        "0 b0 p0 et mp s/ office microsoft",
        r"(?<!\d\s)\bmp[2-9]\d\b|(?<=simatic\s)et\s?200\w*|\bet\s?200(?:sp|s|al|mp|pro|eco\w*|isp|is|clean)\b|"
        r"\b(?:office|microsoft)\s?365\b|\bs/4\s?hana\b|\b7-zip\b|\b[bp]2[bpcg]\b|\b\d+/\d+[a-z]\w*|\b\d{3,5}-[a-z]{1,3}\b|"
        r"\b\d{4,5}[a-z]{0,2}-(?!rc|sp|hf|cu|fp|[bhps]\d)[a-z]{1,3}\d?\b(?!\.)|"
        r"\b(?!(?:19|20)\d\d)\d{3,4}(?:[acefmpqstvwx]|sp|tq|yc)\b(?![.(-])|"
        r"\b(?!(?:19|20)\d\d-)\d{3,4}(?:[a-z]{2})?-\d{1,2}\b(?![.-]?\d)|"
        rf"\b\d(?!{_NAMED_LEVEL}|up|if|mr|ru|ga)[a-z]{{2}}\d{{2}}\b(?!\.)|"
        rf"\b\d(?!{_NAMED_LEVEL}|up|if|mr|ru|ga|rc|er|nd|th|rd|st|me)[a-z]{{2}}\d?\b(?![.\d-])|"
        r"\b\d+[a-z]{3,}\w*",
    ),
    (
        "VERSION",
        f"0 {_NUMBERED} ns v. v_ version es {_LEVEL_OPENS}",
        rf"(?:(?<![\w.])|(?<=\sa))(?:{_NUMBER}(?:{_STEP})*|"
        rf"(?:{_NAMED_LEVEL})[\s.:]*(?:numero\s+|#|n°\s*)?[vb]?\d[\w.]*(?:{_STEP})*|"
        rf"esxi?\d{{3}}-[\w-]+|patch\s+[a-z])(?![\w])",
    ),
    ("SEP", ", ; / et ou or and", r"[,;/]|\b(?:et|ou)\b(?:/ou\b)?|\b(?:or|and)\b(?=\s+v?\d)"),
    ("TO", "a au to through -", r"\ba\b|\bau\b|\bto\b|\bthrough\b|(?<=\s)-(?=\s)"),
    (
        "ARTICLE",
        "la le un de du des l' d'",
        r"\bl'application\b|\b(?:l[ae]s?|un|une|des|de|du)\b|\b[ld]'",
    ),
    ("WORD", "", r"[^\W_](?:[\w.+#&'@!*_-]|:(?!\d+\.\d))*|[.][a-z]\w*|&"),
    ("OTHER", "", r"[\s\S]"),
)
_RULES = (*((kind.name, opens, pattern) for kind, opens, pattern in _PHRASES), *_WORDS)
_SPELT = {"BITS_32": "32bits", "BITS_64": "64bits", "SUPPORT": "e4s", "MODEL": ""}  # words all
_SILENT = ("ARTICLE", "OTHER")
_JOINED = re.compile(r"(?P<first>\d+)(?P<low>(?:\.\d+)+)-(?P=first)(?P<high>(?:\.\d+)+)$")
LONGEST_LINE = 8_000  # characters read of a line; the longest of CERT-FR's has 2,700
_LONGEST_WORD = 120
_LONGEST_NUMBER = 20  # digits
_RUN = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")
_DIGITS = re.compile(rf"\d{{{_LONGEST_NUMBER + 1},}}")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);")
_PLURAL = re.compile(r"(?<=[a-zé])\((?:e?s|e)\)(?!\w)")
_DIGIT = re.compile(r"\d")
_EXPECT_VERSION = frozenset({Kind.LT, Kind.LE, Kind.GE, Kind.GT, Kind.UPTO, Kind.VERSIONS})
_LAST = ".:;,'!_-"

Cut = Callable[[str, int], re.Match[str] | None]
"""Matches one token at a position, and the spaces after it; its last group is the rule's."""


@cache
def _compiled(rules: frozenset[int]) -> Cut:
    """The first of ``rules``, numbers in the catalogue, that fits; groups carry that number."""
    table = [(number, *_RULES[number]) for number in sorted(rules)]
    groups = (f"(?P<{name}_{number}>{pattern})" for number, name, _, pattern in table)
    return re.compile(rf"(?:{'|'.join(groups)})\s*").match


class _Cuts(dict[str, Cut]):
    """What to try on a text, by its first two characters; made when first met.

    A word is held against the few rules that open as it does, instead of the whole catalogue.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rules: dict[str, set[int]] = {}
        self._everywhere = {n for n, (_, opens, _) in enumerate(_RULES) if not opens}
        for number, (_, opens, _) in enumerate(_RULES):
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
    return _compiled(frozenset(range(len(_RULES))))


_CUTS: Mapping[str, Cut] = _Cuts()
_GROUPS = {
    f"{name}_{number}": (Kind.WORD if name in _SPELT else Kind[name], _SPELT.get(name, ""))
    for number, (name, _, _) in enumerate(_RULES)
    if name not in _SILENT
}


def tokenize(folded: str, cuts: Mapping[str, Cut] = _CUTS) -> list[Token]:
    """Cut a folded line; spaces, articles and stray punctuation give no token."""
    tokens = []
    at = len(folded) - len(folded.lstrip())
    while at < len(folded):
        match = cuts[folded[at : at + 2]](folded, at)
        if match is None or (group := match.lastgroup) is None:
            raise ValueError(f"nothing can be made of {folded[at:]!r}")
        start, at = at, match.end()
        if group not in _GROUPS:
            continue
        kind, spelt = _GROUPS[group]
        text = match[group]
        if kind is Kind.WORD or kind is Kind.VERSION:
            text = text.rstrip(_LAST)
            if not text:
                continue
        end = start + len(text)
        if kind is Kind.VERSION:
            if (ends := _JOINED.match(text)) and _ascending(ends):
                tokens.extend(_range(ends, start))
                continue
            text = text.partition("/.")[0]  # "134.0.6998.177/.178": the lower one
        tokens.append(Token(kind, spelt or text, start, end))
    if "/" in folded:
        tokens = _without_alternatives(tokens)
    return _versions_by_place(tokens)


def _plain(text: str) -> str:
    """Entities decoded and optional plurals dropped ("antérieure(s)"); lengths never change."""
    if len(text) > _LONGEST_WORD:  # no word is that long, and a row of digits costs its cube
        text = _RUN.sub(lambda m: m[0][:_LONGEST_WORD].ljust(len(m[0])), text[:LONGEST_LINE])
        text = _DIGITS.sub(lambda m: m[0][:_LONGEST_NUMBER].ljust(len(m[0])), text)
    if "&" in text:
        text = _ENTITY.sub(lambda m: html.unescape(m[0])[:1].ljust(len(m[0])), text)
    if "(" in text:
        text = _PLURAL.sub(lambda m: " " * len(m[0]), text)
    return text


def read_tokens(text: str) -> list[Token]:
    """Cut a line as it was written: a capital "ET" among small letters joins nothing (ET 200SP)."""
    folded = fold(_plain(text))
    tokens = tokenize(folded)
    if '"' in folded or "ET" in text:
        _mend_quotes(tokens, text)
    return tokens


def _mend_quotes(tokens: list[Token], text: str) -> None:
    opened = False
    for position, token in enumerate(tokens):
        if token.text == '"':
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
    """After "antérieures à" or "versions", a word with a digit is a version: *WBS39.2*."""
    for position in range(1, len(tokens)):
        token = tokens[position]
        if token.kind is not Kind.WORD or tokens[position - 1].kind not in _EXPECT_VERSION:
            continue
        after = tokens[position + 1].kind if position + 1 < len(tokens) else None
        if _DIGIT.search(token.text) and after not in (Kind.VERSION, Kind.WILD, Kind.WORD):
            tokens[position] = token._replace(kind=Kind.VERSION)
    return tokens
