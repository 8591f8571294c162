"""Small cleanings of foreign text. What comes out is still hostile: channels escape it."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import nh3

_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)
_BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6]|tr|ul|ol|blockquote)\s*>|<br\s*/?>", re.IGNORECASE)
_DROPPED_WITH_CONTENT = {"script", "style"}
_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # escapes of NUL and of surrogates


def load_json(body: bytes | str) -> Any:
    """Read JSON; texts come out free of what no database stores (NUL, lone surrogates).

    Raises:
        ValueError: not JSON, cut short, in a wrong encoding or nested too deeply; the text
            of the error says which.
    """
    try:
        text = body if isinstance(body, str) else body.decode(json.detect_encoding(body))
        values = json.loads(text.removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        reason = f"wrong encoding: byte {error.start} is not UTF-8; save as UTF-8"
        raise ValueError(reason) from error
    except RecursionError as error:
        raise ValueError("nested too deeply to be a bulletin") from error
    except ValueError as error:
        raise ValueError(f"not JSON, or cut short: {error}") from error
    return _storable_values(values) if _UNSTORABLE.search(text) else values


def _storable_values(values: Any) -> Any:
    if isinstance(values, str):
        return storable(values)
    if isinstance(values, list):
        return [_storable_values(value) for value in values]
    if isinstance(values, dict):
        return {storable(key): _storable_values(value) for key, value in values.items()}
    return values


def storable(text: str) -> str:
    """The text without NUL, lone surrogates made question marks."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def one_line(text: str) -> str:
    """The text with entities read and every run of white space made one space."""
    return storable(" ".join(html.unescape(text).split()))


def plain(markup: str) -> str:
    """HTML as plain text: a line per block, no tag, no script, no entity."""
    broken = _BLOCK_END.sub(lambda tag: f"{tag.group()}\n", storable(markup))
    bare = nh3.clean(broken, tags=set(), clean_content_tags=_DROPPED_WITH_CONTENT)
    lines = (" ".join(line.split()) for line in html.unescape(bare).splitlines())
    return "\n".join(line for line in lines if line)


def cves_in(*texts: str) -> tuple[str, ...]:
    """The CVE identifiers named in ``texts``: each once, in order, in capitals."""
    found = (match.upper() for text in texts for match in _CVE.findall(text))
    return tuple(dict.fromkeys(found))
