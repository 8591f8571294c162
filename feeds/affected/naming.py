"""The words of a line that name its products, and the hand that holds its place.

:class:`Naming` walks through the tokens and places those of names; the grammar, built on it,
places those of versions.
"""

from __future__ import annotations

import re

from feeds.affected.draft import Draft
from feeds.affected.phrasings import Kind
from feeds.affected.statement import Statement
from feeds.affected.tokens import Token, is_numbered, read_tokens

NUMERIC = frozenset({Kind.VERSION, Kind.WILD})
BOUNDS = frozenset({Kind.LT, Kind.LE, Kind.GE, Kind.GT, Kind.UPTO})
_GOES_ON = NUMERIC | BOUNDS | {Kind.SEP, Kind.ALL, Kind.VERSIONS}
_SAYS_VERSIONS = NUMERIC | {Kind.VERSIONS, Kind.ALL, Kind.LT, Kind.LE}
_SAYS_OTHERWISE = frozenset({Kind.NOFIX, Kind.DEFER, Kind.WITH, Kind.OPEN})
_MODEL_NUMBER = re.compile(r"(?!19|20\d\d)\d{3,5}$|v\d{4}$")
_SERIES = ("serie", "gamme", "famille")
_FORMER = frozenset({"precedemment", "anciennement", "formerly", "ex", "aka"})
_DEVICES = frozenset(
    [
        "controleur",
        "passerelle",
        "produit",
        "equipement",
        "systeme",
        "appareil",
        "serveur",
        "boitier",
        "commutateur",
        "routeur",
        "terminaux",
        "poste",
        "materiel",
        "imprimante",
        "telephone",
        "version",
    ]
)
_PARTS = frozenset({"greffon", "plugin", "plug-in", "extension", "module", "composant"})
_DIGITS = re.compile(r"\d")


class Naming:
    """A line being read: its tokens, where the reading stands, and what was read so far."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = read_tokens(text)
        self._at = 0
        self._done: list[Statement] = []
        self._draft = Draft()
        self._closed = False  # the list just read ends with "incluse"

    def _peek(self, ahead: int = 0) -> Token | None:
        position = self._at + ahead
        return self._tokens[position] if position < len(self._tokens) else None

    def _kind(self, ahead: int = 0) -> Kind | None:
        position = self._at + ahead
        return self._tokens[position].kind if position < len(self._tokens) else None

    def _has_versions(self) -> bool:
        draft = self._draft
        return bool(draft.ranges or draft.pending or draft.every or draft.fix)

    def _word(self, token: Token) -> None:
        draft = self._draft
        if draft.ranges and not draft.pending:  # "antérieures à 9.12.15 LTS"
            draft.asides.append(token.text)
            return
        if draft.pending and not draft.ranges:
            if draft.keyword:  # "PI_BASIS 740, SAP_BW 750": a label before its own versions
                if self._kind() in NUMERIC:
                    return
            elif len(draft.pending) > 1:  # "7.3, 7.4 et 7.7 ppc64le"
                draft.asides.append(token.text)
                return
            else:  # "Outlook 2013 RT": the number stood inside the name
                draft.words[-1].extend(draft.pending)
                draft.pending.clear()
        elif draft.keyword and self._named():
            if self._kind() not in NUMERIC:  # "avec une version de SD-WAN antérieure à"
                draft.asides.append(token.text)
            return
        draft.words[-1].append(token)

    def _named(self) -> bool:
        return any(self._draft.words)

    def _number(self, token: Token) -> None:
        draft = self._draft
        following = self._kind()
        inside = following == Kind.WORD and not draft.keyword
        if following == Kind.VERSIONS and self._kind(1) in NUMERIC and not draft.keyword:
            inside = True
        if inside and not draft.pending and self._named():
            draft.words[-1].append(token)
        elif self._named_by_a_digit(token):
            self._into_words()  # "STEP 7 V19"
            draft.pending.append(token)
        elif draft.pending and (joined := self._level_of(draft.pending[-1], token)):
            draft.pending[-1] = joined
        else:
            draft.pending.append(token)

    def _of_a_series(self) -> bool:
        return any(token.text.startswith(_SERIES) for token in self._draft.words[-1])

    def _named_by_a_digit(self, token: Token) -> bool:
        """Whether what stands before a version with its *v* is a number of the name."""
        draft = self._draft
        if not token.text.startswith("v") or draft.keyword or draft.ranges or not self._named():
            return False
        return [each.text.isdigit() for each in draft.pending] == [True] and (
            self._tokens[self._at - 2].kind != Kind.SEP
        )

    def _models(self) -> None:
        """Numbers that stand before the word "versions" and are no versions: *SMA 100*."""
        if self._modelled():
            self._into_words()

    def _modelled(self) -> bool:
        """Whether the numbers met so far can only be models: *SMA 100*."""
        draft = self._draft
        if draft.keyword or draft.ranges or not self._named() or not draft.pending:
            return False
        return all(_MODEL_NUMBER.match(token.text) for token in draft.pending)

    def _into_words(self) -> None:
        """Pending numbers belong to the name; several are so many names."""
        draft = self._draft
        first, *others = draft.pending
        draft.pending.clear()
        draft.words[-1].append(first)
        draft.words.extend([other] for other in others)

    def _level_of(self, number: Token, level: Token) -> Token | None:
        """ "7 … Service Pack 1" is one release, "2019 CU 13 et 14" are two of 2019."""
        before = self._tokens[self._at - 2]
        if is_numbered(level) or before.kind == Kind.SEP:
            return None
        if is_numbered(number):
            return Token(Kind.VERSION, f"{number.text} {level.text}", number.start, level.end)
        return None

    def _separator(self, separator: Token) -> None:
        draft, following = self._draft, self._kind()
        if self._joins_words(separator) or following is None or following in _GOES_ON:
            return
        if following == Kind.WORD and self._modelled():
            self._into_words()  # "CP 1616 et CP 1604 versions antérieures à"
            draft.words.append([])
        elif following == Kind.WORD and self._has_versions() and self._versions_ahead():
            if draft.keyword and draft.pending and self._kind(1) in NUMERIC and not draft.ranges:
                return  # "PI_BASIS 740, SAP_BW 750"
            self._flush()
        elif following == Kind.WORD and not draft.ranges and draft.words[-1]:
            if draft.pending and not draft.keyword:
                self._into_words()
            draft.words.append([])

    def _only_devices(self) -> bool:
        draft = self._draft
        said = {token.text.removesuffix("s") for group in draft.words for token in group}
        return bool(said) and said <= _DEVICES and not self._has_versions()

    def _names_a_part(self) -> bool:
        (*_, last) = self._draft.words
        return bool(last) and last[-1].text in _PARTS

    def _unquote(self) -> None:
        """Drop the closing quote of 'Greffon "WASM Client"': the quotes hold a name."""
        ahead = 0
        while (token := self._peek(ahead)) is not None:
            if token.text in ('"', "»"):
                del self._tokens[self._at + ahead]
                return
            ahead += 1

    def _other_name(self) -> bool:
        """Whether a parenthesis gives the product's other name: "(ou …)", "(anciennement …)"."""
        opening, draft = self._peek(), self._draft
        if opening is None or not self._named() or draft.ranges or draft.pending:
            return False
        if not (opening.text == "ou" or opening.text in _FORMER) or self._kind(1) != Kind.WORD:
            return False
        ahead = 1
        while self._kind(ahead) == Kind.WORD:
            ahead += 1
        return self._kind(ahead) == Kind.CLOSE

    def _joins_words(self, separator: Token) -> bool:
        """ "PN/DP", "PROSet/Wireless" are one name; "SMA/SRA", "RV110W/RV130W" are two."""
        after = self._peek()
        if separator.text != "/" or after is None or self._at < 2:
            return False
        before = self._tokens[self._at - 2]
        tight = before.end == separator.start and separator.end == after.start
        words: tuple[str, ...] = (before.text, after.text)
        alike = len(before.text) == len(after.text) > 2
        words = words[1:] if "-" in after.text else words  # "typo3/cms-setup"
        named = before.kind == after.kind == Kind.WORD and not any(map(_DIGITS.search, words))
        return tight and named and not alike

    def _versions_ahead(self) -> bool:
        for ahead in range(len(self._tokens) - self._at):
            kind = self._kind(ahead)
            if kind in _SAYS_VERSIONS:
                return True
            if kind in _SAYS_OTHERWISE:
                return False
        return False

    def _end_statement(self) -> None:
        if self._modelled() and self._of_a_series():
            self._into_words()  # "Séries de processeurs Intel Celeron 5000"
        statement = self._draft.statement()
        if statement is not None:
            self._done.append(statement)

    def _flush(self) -> None:
        self._end_statement()
        self._draft = Draft(start=self._draft.end, end=self._draft.end)
