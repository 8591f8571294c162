"""What people write, made comparable. Pure."""

from __future__ import annotations

import unicodedata


def composed(text: str) -> str:
    """Text whose accents are parts of their letters, whatever keyboard it comes from."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Lower case, without accents, with straight apostrophes; as long as ``text`` stripped."""
    return "".join(_fold_character(character) for character in text.strip())


def _fold_character(character: str) -> str:
    if character in "’ʼ´`":
        return "'"
    base = unicodedata.normalize("NFKD", character)[:1].casefold()
    return base if len(base) == 1 else character
