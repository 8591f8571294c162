"""Cut one line of affected systems into the words of the grammar.

The table below is the catalogue of phrasings, most specific first: a phrase is one token
whatever the number of its words. Everything runs on *folded* text (lower case, no accent, one
character for one character), so that spans are those of the publisher's own line.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Token:
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
_PHRASES: tuple[tuple[Kind, str], ...] = (
    (
        Kind.COMMENT,
        r"(?:\.\s*|,\s*|\(\s*)?\b(?:l'editeur\s+(?:indique|precise|ne|recommande|a\s)|"
        r"ces?\s+produits?\s|(?:ces?\s+|la\s+)?versions?\s+\S+\s+est\s+affectee|"
        r"aucun\s+correctif|les?\s+correctifs?\s+(?:est|sont|sera|seront|n')|"
        r"produits?\s+en\s+fin\s+de|(?:en\s+)?fin\s+de\s+(?:vie|support)|"
        r"(?:ne\s+(?:sont|sera|seront|recoit|recevra)|n'est|n'etant|plus)\s+\w*\s*"
        r"(?:maintenu|support|corrig)|"
        r"disponib(?:le|ilite)|prevue?s?\b|corrigee?s?\s+(?:par|dans|en)\b|actuellement|"
        r"suivre\s+la\s+procedure|sont\s+vulnerables?|"
        r"est\s+vulnerable|sont\s+affecte)[^)]*",
    ),
    (
        Kind.NOISE,
        r"\bpour\s+l[ae]s?\s+vulnerabilites?(?:(?:\s|,|et\b|ou\b)*cve-\d{4}-\d+)*|"
        r"\bdisposant\s+d'un\s+correctif\b|"
        r"\b(?:suivante?s?\s+)?sont\s+en\s+attente\s+de\s+correctif\b|"
        r"\bsuivante?s?\b|"
        r"\bpour\s+la\s+branche\s+[\dx.]+|"
        r"\b(?:strictement|uniquement|seulement|only|inclusivement|vulnerables?|affectee?s?)\b",
    ),
    (
        Kind.NOFIX,
        rf"(?:\b(?:sans|hors)\s+(?:avoir\s+)?(?:applique\s+)?(?:l[ae]s?\s+|l'|un\s+|aucun\s+|"
        rf"application\s+de\s+)*(?:dernie?re?s?\s+|recente?s?\s+|\w+\s+)?{_FIXES}|"
        rf"\bn'(?:integrant|ayant|incluant|appliquant)\s+pas\b|"
        rf"\bsans\s+(?:l[ae]s?\s+|l')\w+|"
        rf"\bne\s+(?:disposant|beneficiant)\s+pas\b|"
        rf"\bnon\s+(?:mis(?:es)?\s+a\s+jour|corrige\w*)\b)",
    ),
    (
        Kind.PATCHED,
        rf"\b(?:avec|incluant|integrant|with)\s+(?:l[ae]s?\s+|l'|un\s+)?(?:dernie?re?s?\s+)?{_FIXES}\b"
        r"(?!\s+(?:en\s+)?(?:versions?|anter|infer))",
    ),
    (
        Kind.DEFER,
        r"\b(?:se\s+referer|cf\b|veuillez\s+(?:vous\s+referer|consulter)|consulter\b|"
        r"voir\s+(?:l[ae]s?|l'|section|bulletin|site|documentation)|verifier\s+l'avis|"
        r"se\s+reporter|details?\s+dans)\b.*",
    ),
    (Kind.LE, rf"\b(?:{_OLDER}|jusqu'a){_EQUAL}{_A}|(?:<=|≤)"),
    (Kind.GE, rf"\b{_NEWER}{_EQUAL}{_A}|>=|≥"),
    (
        Kind.OLDER,
        rf"[,(]?\s*\b(?:ainsi\s+que|et|ou|and|or)\s+(?:toutes\s+)?(?:l[ae]s?\s+)?(?:versions?\s+)?"
        rf"(?:{_OLDER}|inferieurs|earlier|prior|below|older)\b"
        rf"(?!\s+(?:a|aux?|sans)\b)(?!\s+a?v?\d)\)?",
    ),
    (
        Kind.NEWER,
        rf"[,(]?\s*\b(?:ainsi\s+que|et|ou|and|or)\s+(?:l[ae]s?\s+)?(?:versions?\s+)?"
        rf"(?:{_NEWER}|suivante?s?|plus|later|newer|above)\b(?!\s+(?:a|aux?)\b)(?!\s+a?v?\d)\)?",
    ),
    (Kind.LT, rf"\b{_OLDER}\b{_A}|\b(?:prior\s+to|before|earlier\s+than|avant)\b{_A}|<"),
    (Kind.GT, rf"\b{_NEWER}\b{_A}|>"),
    (Kind.GE, rf"\b(?:a\s+partir\s+d(?:e|u)|depuis){_A}"),
    (Kind.UPTO, rf"\bjusqu(?:'|e\s)?(?:a\b|au\b|aux\b|en\b)?{_A}|\bup\s+to\b"),
    (Kind.BETWEEN, r"\b(?:comprise?s?\s+)?entre\b(?:\s+les)?(?:\s+versions?)?"),
    (Kind.INCLUSIVE, r"\(\s*(?:inclu|compri)s?e?s?\s*\)|\b(?:incluse?s?|comprise?s?)\b(?!\s+dans)"),
    (Kind.ON, r"\b(?:pour|sur)\s+toutes\s+les\s+versions\s+d(?:e|u|es)\b"),
    (
        Kind.ALL,
        r"\btoutes?\s+(?:les?\s+)?versions?\b|\ball\s+versions?\b|"
        r"\bquelle\s+que\s+soit\s+la\s+version\b",
    ),
    (
        Kind.VERSIONS,
        r"\b(?:avec\s+(?:une?|le|la|les|des)\s+(?:microgiciels?|micrologiciels?|firmwares?)\s+"
        r"(?:multi-plateformes?\s+)?(?:d'une\s+|en\s+)?|dans\s+une\s+|en\s+|avec\s+(?:une?|le|la)\s+|ayant\s+une\s+|l[ae]s?\s+)?"
        r"(?:versions?(?=v?\d)|versions?|branches?|releases?|microgiciel\s+(?=anter)|"
        r"microgiciel\s+en\s+version)(?:\b|(?<=[sn])(?=v?\d))"
        r"(?:\s+(?:logicielles?|logiciel|du\s+mic?rologiciel|du\s+microgiciel|du\s+firmware|"
        r"du\s+programme|"
        r"de\s+firmware))?",
    ),
    (Kind.ON, r"\b(?:installee?s?\s+)?(?:pour|for|sur|sous|on|dans)\b(?!-)(?:\s+l[ae]s?\b|\s+l')?"),
    (
        Kind.WITH,
        r"\b(?:avec|with|utilisant|executant|disposant|si|lorsque|configuree?s?|ayant|equipee?s?|"
        r"incluant|integrant|comprenant|qui|dont|possedant|fonctionnant|basee?s?|"
        r"en\s+mode|using)\b",
    ),
    (Kind.REF, r"\bcve-\d{4}-\d+|\bkb\s?\d{6,7}\b|\b\d[a-z]{2}\d{4}-\w{5}-\w{4}(?:-\w+)?\b"),
)
_NAMED_LEVEL = (
    r"service\s+packs?|cumulative\s+update|critical\s+patch|hot\s?patch|hot\s?fix|fix\s?pack|"
    r"feature\s+pack|update\s+package|interim\s+fix|maintenance\s+(?:release|pack)|patch\s?level|"
    r"mise\s+a\s+jour|updates?|upd|patchs?|rollup|build|bld|ifix|sp|cu|su|sr|"
    r"eap|cp(?=\d{1,2}\b)|hp|hf|fp|mp"
)
_LEVEL = rf"(?:{_NAMED_LEVEL}|ltsr|ltsb|ga|up|if|mr|p|u|ru|ie|b)"
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
_MAIN = re.compile(
    "|".join(
        (
            r"\s+",
            *(f"(?P<{kind.name}_{n}>{pattern})" for n, (kind, pattern) in enumerate(_PHRASES)),
            r"(?P<OPEN>[(\[«\"])|(?P<CLOSE>[)\]»])",
            rf"(?P<WILD>\b{_WILD})",
            r"(?P<ARCH>\b(?:32|64)[\s-]?bits?\b)",
            r"(?P<SUPPORT>\b4\s+years\s+of\s+updates\b|\bupdate\s+services\s+(?:for|"
            r"pour)\s+sap\s+solutions\b)",
            r"(?P<MODEL>\b7-zip\b|\b[bp]2[bpcg]\b|\b\d+/\d+[a-z]\w*|\b\d{3,5}-[a-z]{1,3}\b|"
            r"\b\d+[a-z]{3,}\w*)",
            rf"(?P<VERSION>(?:(?<![\w.])|(?<=\sa))(?:{_NUMBER}(?:{_STEP})*|"
            rf"(?:{_NAMED_LEVEL})[\s.:]*(?:numero\s+|#|n°\s*)?[vb]?\d[\w.]*(?:{_STEP})*|"
            rf"esxi?\d{{3}}-[\w-]+)(?![\w]))",
            r"(?P<SEP>[,;/]|\b(?:et|ou)\b(?:/ou\b)?|\b(?:or|and)\b(?=\s+v?\d))",
            r"(?P<TO>\ba\b|\bau\b|\bto\b|\bthrough\b|(?<=\s)-(?=\s))",
            r"(?P<ARTICLE>\b(?:l[ae]s?|un|une|des|de|du)\b|\b[ld]')",
            r"(?P<WORD>[^\W_][\w.+#&'@:!*_-]*|[.][a-z]\w*|&)",
            r"(?P<OTHER>.)",
        )
    )
)
_DIGIT = re.compile(r"\d")
_EXPECT_VERSION = frozenset({Kind.LT, Kind.LE, Kind.GE, Kind.GT, Kind.UPTO, Kind.VERSIONS})
_LAST = re.compile(r"[.:;,'!_-]+$")


def tokenize(folded: str) -> list[Token]:
    """Cut a folded line; spaces, articles and stray punctuation give no token."""
    tokens = []
    for match in _MAIN.finditer(folded):
        group = match.lastgroup
        if group is None or group in ("ARTICLE", "OTHER"):
            continue
        start, end = match.span()
        text = match.group()
        name = group.rpartition("_")[0] or group
        if name == "ARCH":
            text, kind = text[:2] + "bits", Kind.WORD
        elif name == "SUPPORT":
            text, kind = "e4s", Kind.WORD
        else:
            kind = Kind.WORD if name == "MODEL" else Kind[name]
        if kind in (Kind.WORD, Kind.VERSION):
            trimmed = _LAST.sub("", text)
            if not trimmed:
                continue
            end -= len(text) - len(trimmed)
            text = trimmed.partition("/.")[0]  # "134.0.6998.177/.178": the lower one
        tokens.append(Token(kind, text, start, end))
    return _versions_by_place(_without_alternatives(tokens))


def _without_alternatives(tokens: list[Token]) -> list[Token]:
    """ "102.0.5005.61/62/63": what follows the slashes only repeats the last part."""
    kept: list[Token] = []
    for token in tokens:
        if token.kind is Kind.VERSION and token.text.isdigit() and len(kept) > 1:
            slash, full = kept[-1], kept[-2]
            if slash.text == "/" and full.kind is Kind.VERSION and full.text.count(".") > 2:
                kept.pop()
                continue
        kept.append(token)
    return kept


def _versions_by_place(tokens: list[Token]) -> list[Token]:
    """After "antérieures à" or "versions", a word with a digit is a version: *WBS39.2*."""
    for position, token in enumerate(tokens):
        if token.kind is not Kind.WORD or position == 0 or not _DIGIT.search(token.text):
            continue
        before = tokens[position - 1].kind
        after = tokens[position + 1].kind if position + 1 < len(tokens) else None
        if before in _EXPECT_VERSION and after not in (Kind.VERSION, Kind.WILD, Kind.WORD):
            tokens[position] = Token(Kind.VERSION, token.text, token.start, token.end)
    return tokens
