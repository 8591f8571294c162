"""The catalogue of phrasings: the words of the grammar, and how publishers write each.

Most specific first: a phrase is one token whatever the number of its words. A rule is a kind,
how it *opens* and what it matches. It is only tried where the text begins as
one of its openings does, of which the first two characters count (``0`` is any digit, ``_`` a
space, one character alone may be followed by anything): a phrase added to a rule wants its
opening there too. Trying every rule at each place would take three times as long.
"""

from __future__ import annotations

from enum import StrEnum
from string import ascii_lowercase


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
        ". , ( l' ce ces cette mettre la versions aucun les correctif produit fin en ne n'est "
        "n'etant plus pour disponible prevue corrige actuellement suivre sont est",
        r"(?:\.\s*|,\s*|\(\s*)?\b(?:l'editeur\s+(?:indique|precise|ne|recommande|a\s)|"
        r"ces?\s+produits?\s|(?:ces?\s+|la\s+)?versions?\s+\S+\s+est\s+affectee|"
        r"cette\s+version\s+est\s|mettre\s+a\s+jour\s|aucun\s+correctif|les?\s+correctifs?\s+(?:est|sont|sera|seront|n')|"
        r"produits?\s+en\s+fin\s+de|(?:en\s+)?fin\s+de\s+(?:vie|support)|"
        r"(?:ne\s+(?:sont|sera|seront|recoit|recevra)|n'est|n'etant|plus)\s+\w*\s*"
        r"(?:maintenu|support|corrig)|"
        r"disponib(?:le|ilite)|prevue?s?\b|corrigee?s?\s+(?:par|dans|en)\b|actuellement|"
        r"pour\s+les\s+produits\s+(?:qui|encore|non)\b|suivre\s+la\s+procedure|sont\s+vulnerables?|"
        r"est\s+vulnerable|sont\s+affecte)[^)]*",
    ),
    (
        Kind.NOISE,
        ", pour et vers: disposant suivant sont strictement uniquement seulement only inclus "
        "vulnerable affecte base",
        r"\bbasee?s?\s+sur\s+chromium(?:\s+versions?\s+[\d.]+(?:\s+et\s+[\d.]+)*)?|"
        r"\bpour\s+l[ae]s?\s+vulnerabilites?(?:(?:\s|,|et\b|ou\b)*cve-\d{4}-\d+)*|"
        r",\s*(?:\d+x)?(?:12|24|48|54|110|120|220|230)v\b(?!\.)|\bvers:\w+/(?=\s|$)|\bet\s+ndcpp\b|"
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
        "se cf veuillez consulter voir verifier details pour executant utilisant avec ayant",
        r"\b(?:(?:executant|utilisant|avec|ayant)\s+(?:une|des|la|les)\s+versions?\s+"
        r"(?:vulnerables?|affectees?)\b|se\s+referer|cf\b(?!\s+deployment)|pour\s+plus\s+d'informations?|"
        r"veuillez[\s-]+(?:vous\s+referer|consulter)|consulter\b|"
        r"voir\s+(?:l[ae]s?|l'|section|bulletin|site|documentation)|verifier\s+l'avis|"
        r"se\s+reporter|details?\s+dans)\b.*",
    ),
    (Kind.LE, f"{_OLDER_OPENS} jusqu'a <= ≤", rf"\b(?:{_OLDER}|jusqu'a){_EQUAL}{_A}|(?:<=|≤)"),
    (Kind.GE, f"{_NEWER_OPENS} >= ≥", rf"\b{_NEWER}{_EQUAL}{_A}|>=|≥"),
    (
        Kind.OLDER,
        ", ( ainsi et ou and or",
        rf"[,(]?\s*\b(?:ainsi\s+que|et|ou|and|or)\s+(?:toutes\s+)?(?:l[ae]s?\s+)?"
        rf"(?:versions?\s+(?:\d+\.[\d.]*x\s+)?)?(?:{_OLDER}|inferieurs|earlier|prior|below|older)\b"
        rf"(?:\s+\d+\.[\d.]*x\b)?(?!\s+(?:a|aux?|to|than)\b)(?!\s+a?v?\d)\)?",
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
        "avec dans dont en ayant le la les version branche release microgiciel",
        r"\b(?:avec\s+(?:une?|le|la|les|des)\s+(?:microgiciels?|micrologiciels?|firmwares?)\s+"
        r"(?:multi-plateformes?\s+)?(?:d'une\s+|de\s+|en\s+)?|dans\s+une\s+|en\s+|avec\s+(?:une?|le|la)\s+|ayant\s+une\s+|l[ae]s?\s+)?"
        r"(?:versions?(?=v?\d)|versions?|branches?|releases?|microgiciel\s+(?=anter)|"
        r"microgiciel\s+en\s+version|dont\s+la\s+version(?:\s+du\s+\w+)?\s+est)(?:\b|(?<=[sn])(?=v?\d))"
        r"(?:\s+(?:logicielles?|logiciel|du\s+mic?rologiciel|du\s+microgiciel|du\s+firmware|"
        r"du\s+programme|"
        r"de\s+firmware))?",
    ),
    (
        Kind.ON,
        "install s' fonctionnant tournant deploye heberge embarque pour for sur sous on dans",
        r"\b(?:(?:install(?:ee?s?|ed)|s'executant|fonctionnant|tournant|"
        r"(?:deploy|heberg|embarqu)ee?s?)\s+(?=(?:sur|sous|dans)\b))?(?:pour|for|sur|sous|(?<!ruby\s)on|dans)\b(?!-)(?:\s+l[ae]s?\b|\s+l')?",
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
        r"\bcve-\d{4}-\d+|\bkb\s?\d{4,8}\b|\b\d[a-z]{2}\d{4}-\w{5}(?:-\w{4}(?:-\w+)?)?\b",
    ),
)
MONTHS = r"(?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)"
_DATE = rf"(?:(?:\d\d?|1er)\s+{MONTHS}(?:\s+20\d\d)?|{MONTHS}\s+20\d\d)(?!\w)"
_MONTHS_OPEN = (
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre"
)
_NAMED_LEVEL = (
    r"niveau\s+de\s+correctif|service\s+packs?|cumulative\s+update|critical\s+patch|hot\s?patch|hot\s?fix(?:\s?rev)?|fix\s?pack|"
    r"feature\s+pack|update\s+pack(?:age)?|interim\s+fix|maintenance\s+(?:release|pack)|patch\s?level|"
    r"mise\s+a\s+jour|updates?|upd|patchs?|rollup|build|bld|ifix|sp|cu|su|sr|"
    r"eap|cp(?=\d{1,2}\b)|hp|hf|fp|mp"
)
_LEVEL = rf"(?:{_NAMED_LEVEL}|cp(?=\d{{4}}\b(?!-))|ltsr|ltsb|ga|up|if|mr|tl|p|u|ru|ie|b(?!\.))"
_STEP = (
    rf"(?:[\s,_-]*{_LEVEL}[\s.:]*(?:numero\s+|#|n°\s*)?[vrb]?\d[\w.]*|"
    rf"\s+(?:{_LEVEL})\b(?=\s+{_LEVEL}[\s.:]*\d))"
)
_NUMBER = (
    r"(?:ns|v\.?\s?(?=\d)|[csx](?=\d+\.\d)|r(?=\d+\.|\d{2,3}\b)|[a-z](?=\d+\.\d+\.\d)|b\.(?=\d\d\.\d\d)|"
    r"version\s(?=\d))?\d+[\w.]*(?:\([\w.]{1,8}\)[\w.]*)*"
    r"(?:[-+~:_]+[\w.]*\d[\w.]*(?:\([\w.]{1,8}\))?|-(?!ltss|bcl|espos)(?:[a-z]{2,6}|"
    r"[xs])\b|-[a-z](?=-\d))*(?:(?<=\d)/\.\d+\b(?!\.))*"
)
# What a version most often is, told at once: figures and dots, and nothing behind that goes on
_ALONE = (
    r"(?:(?<![\w.])|(?<=\sa))(?!802\.\d)\d+(?:\.\d+)*"
    r"(?=\s*(?:[;)]|$|,\s*\d)|\s+(?:et|ou|sans|pour|versions?|anterieure?s?)\b)"
)
_WILD = (
    r"(?=[\w.(-]*[xyn*])[a-z]?\d+[\d.]*(?:\w*)?(?:\.[xy*n]+|-[x*]|r[x*]|\(x\))(?:\.[\dx*]+)*\b|"
    r"\bv?[x*](?:\.[x*])+"
)
_NUMBERED = " ".join(f"{letter}0" for letter in ascii_lowercase)
_LEVEL_OPENS = (
    "niveau service cumulative critical hot fix feature update interim maintenance patch mise upd "
    "rollup build bld if sp cu su sr eap cp hp hf fp mp"
)
_WORDS: tuple[tuple[str, str, str], ...] = (
    ("VERSION", "0", _ALONE),
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
        r"\b802\.\d\w*(?:/[a-z]{1,2}\b)*|(?<!\d\s)\bmp[2-9]\d\b|(?<=simatic\s)et\s?200\w*|\bet\s?200(?:sp|s|al|mp|pro|eco\w*|isp|is|clean)\b|"
        r"\b(?:office|microsoft)\s?365\b|\bs/4\s?hana\b|\b7-zip\b|\b[bp]2[bpcg]\b|\b\d+/\d+[a-z]\w*|\b\d{3,5}-[a-z]{1,3}\b|"
        r"\b\d{4,5}[a-z]{0,2}-(?!rc|sp|hf|cu|fp|[bhps]\d)[a-z]{1,3}\d?\b(?!\.)|"
        r"\b(?!(?:19|20)\d\d)\d{3,4}(?:[acefmpqstvwx]|sp|tq|yc)\b(?![.(-])|"
        r"\b(?!(?:19|20)\d\d-)\d{3,4}(?:[a-z]{2})?-\d{1,2}\b(?![.-]?\d)|"
        rf"\b\d(?!{_NAMED_LEVEL}|up|if|mr|ru|ga)[a-z]{{2}}\d{{2,3}}\b(?!\.)|"
        r"\b\d+x\d+[a-z]*\b|\b\d\d\d?v\b|"
        rf"\b\d(?!{_NAMED_LEVEL}|up|if|mr|ru|ga|rc|er|nd|th|rd|st|me)[a-z]{{2}}\d?\b(?![.\d-])|"
        r"\b\d{1,2}[a-z]-(?!rc|beta|alpha)[a-z]{2,4}\b|\b\d+[a-z]{3,}\w*",
    ),
    ("VERSION", f"0 {_MONTHS_OPEN}", rf"\b{_DATE}"),
    (
        "VERSION",
        f"0 {_NUMBERED} b. ns v. v_ version es {_LEVEL_OPENS}",
        rf"(?:(?<![\w.])|(?<=\sa))(?:11i\s+v[123]|20\d\d\s+release\s+wave\s+\d|{_NUMBER}(?:{_STEP})*|"
        rf"(?:{_NAMED_LEVEL})[\s.:]*(?:numero\s+|#|n°\s*)?(?:20\d\d-\d{{3}}\b|[vb]?\d[\w.]*)"
        rf"(?:{_STEP})*|"
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
RULES = (*((kind.name, opens, pattern) for kind, opens, pattern in _PHRASES), *_WORDS)
SPELT = {"BITS_32": "32bits", "BITS_64": "64bits", "SUPPORT": "e4s", "MODEL": ""}  # words all
SILENT = ("ARTICLE", "OTHER")
