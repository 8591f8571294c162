"""Find the affected lines in the Markdown or HTML of bulletins that have no rows.

Offsets never change: tags and entities are blanked, so that the span of a verdict is that of
the publisher's own text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_BLOCK = re.compile(r"</?(?:p|li|ul|ol|div|br|tr|td|th|table|h\d|dl|dd|dt)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|\w+);")
_MARKUP = re.compile(r"\*\*|__|`|\\(?=[\[\]*_#.()-])")
_BREAK = re.compile(r"\n|;(?=\s|$)|(?<=[.])\s+(?=[A-ZÉÈÀ*-])")
_BULLET = re.compile(r"^[\s*•–-]+")
_INTRODUCES = re.compile(r":\s*$")
_ABOUT = re.compile(
    r"(?:vuln[ée]rabilit[ée]s?|failles?|mises? [àa] jour|correctifs?|probl[èe]mes?)\b.{0,60}?"
    r"\b(?:dans|de|du|des|d'|sur|affectant|pour|sous)\s+"
    r"(?:les\s+produits?\s+|le\s+|la\s+|les\s+|l['’]\s*)?(?P<product>\S.*)$",
    re.IGNORECASE,
)


def lines_of(content: str) -> Iterator[tuple[str, int]]:
    """Each line that may name a product, with where it starts in ``content``.

    Lines that only introduce a list ("Les produits suivants sont affectés :") are left out.
    """
    blanked = _BLOCK.sub(lambda m: "\n" + " " * (len(m[0]) - 1), content)
    blanked = _TAG.sub(lambda m: " " * len(m[0]), blanked)
    blanked = _ENTITY.sub(_decoded, blanked)
    blanked = _MARKUP.sub(lambda m: " " * len(m[0]), blanked)
    start = 0
    for end in (*(match.start() for match in _BREAK.finditer(blanked)), len(blanked)):
        piece = blanked[start:end].lstrip("\n;")
        begin = end - len(piece)
        bullet = _BULLET.match(piece)
        begin += bullet.end() if bullet else 0
        piece = (piece[bullet.end() :] if bullet else piece).rstrip()
        if len(piece) > 2 and not _INTRODUCES.search(piece):
            yield piece, begin
        start = end


def subject_of(title: str) -> tuple[str, int] | None:
    """What a title or a sentence says the vulnerability is in, and where; None when unsaid."""
    match = _ABOUT.search(title)
    return (match["product"].rstrip(" ."), match.start("product")) if match else None


def _decoded(match: re.Match[str]) -> str:
    text = html.unescape(match[0])
    return text.ljust(len(match[0])) if len(text) <= len(match[0]) else " " * len(match[0])
