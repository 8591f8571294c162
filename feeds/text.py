"""Small cleanings of foreign text. What comes out is still hostile: channels escape it."""

from __future__ import annotations

import html
import re

import nh3

_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)
_BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6]|tr|ul|ol|blockquote)\s*>|<br\s*/?>", re.IGNORECASE)
_DROPPED_WITH_CONTENT = {"script", "style"}


def one_line(text: str) -> str:
    """The text with entities read and every run of white space made one space."""
    return " ".join(html.unescape(text).split())


def plain(markup: str) -> str:
    """HTML as plain text: a line per block, no tag, no script, no entity."""
    broken = _BLOCK_END.sub(lambda tag: f"{tag.group()}\n", markup)
    bare = nh3.clean(broken, tags=set(), clean_content_tags=_DROPPED_WITH_CONTENT)
    lines = (" ".join(line.split()) for line in html.unescape(bare).splitlines())
    return "\n".join(line for line in lines if line)


def cves_in(*texts: str) -> tuple[str, ...]:
    """The CVE identifiers named in ``texts``: each once, in order, in capitals."""
    found = (match.upper() for text in texts for match in _CVE.findall(text))
    return tuple(dict.fromkeys(found))
