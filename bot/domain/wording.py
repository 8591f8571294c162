"""What people write, made comparable. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


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


def read_wording(text: str, said_as: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """The value whose wording ``text`` begins with, and what follows; the longest one wins.

    Accents, capitals and the kind of apostrophe do not matter: « Pas concerné : on l'a
    retiré » is *pas concerné* with a note, and « prévu 12/12 » is *prévu le*.
    """
    said = text.strip()
    folded = fold(said)
    best: tuple[int, str] | None = None
    for wording, value in said_as:
        whole_words = fold(wording).rstrip(" .…")
        for words in (whole_words, whole_words.removesuffix(" le")):
            whole = folded == words or (
                folded.startswith(words) and not folded[len(words)].isalnum()
            )
            if words and whole and (best is None or len(words) > best[0]):
                best = (len(words), value)
    if best is None:
        return None
    return best[1], said[best[0] :].strip(" \t\n:,;.–—-…")
