"""The versions of a line: lists, bounds and what lies between two of them."""

from __future__ import annotations

import re

from feeds.affected.naming import BOUNDS, NUMERIC, Naming
from feeds.affected.phrasings import Kind
from feeds.affected.statement import Fix, Range
from feeds.affected.tokens import Token, is_level

_BRANCH = re.compile(r"\d[\d.]*x")  # "9.5.4 et versions 9.x antérieures"
_YEARLY = re.compile(r"\D+ 20\d\d-\d{3}$")
_CLOSES_RANGE = frozenset({Kind.LT, Kind.LE, Kind.TO, Kind.UPTO, Kind.OLDER})
_INTEGERS = re.compile(r"\d+")


def _included(kind: Kind) -> Kind:
    """ "antérieures à 2.8.2.1 (comprise)" is an inclusive bound, whatever its first words."""
    return {Kind.LT: Kind.LE, Kind.GT: Kind.GE}.get(kind, kind)


def _is_level(token: Token) -> bool:
    return token.kind == Kind.VERSION and not token.text[0].isdigit()


def _continues(number: Token, following: Token) -> bool:
    """Whether a token just behind a version is a level of it."""
    if is_level(number, following):
        return True
    joined = following.start <= number.end + 1 and _is_level(following)
    return joined and following.text[:1] not in ("v", "r")


def _starts(lowest: Token, limit: str) -> bool:
    """Whether a complete release of an older branch opens the range that ``limit`` closes."""
    mine, theirs = _INTEGERS.findall(lowest.text), _INTEGERS.findall(limit)
    if lowest.kind != Kind.VERSION or lowest.text[-1] == "x" or len(mine) < 3 or len(theirs) < 2:
        return False
    return list(map(int, mine)) < list(map(int, theirs[: len(mine)]))


class Bounding(Naming):
    """Places the tokens of versions; the grammar, built on it, knows when."""

    def _list(self) -> list[str]:
        """Read ``version (SEP version)*``, stopping before a version that starts a new range."""
        values: list[str] = []
        self._closed = False
        while self._kind() in NUMERIC:
            if values and self._kind(1) in _CLOSES_RANGE:
                break
            token = self._tokens[self._at]
            values.append(token.text)
            self._draft.end = token.end
            self._at += 1
            while (following := self._peek()) is not None and _continues(token, following):
                values[-1] = f"{values[-1]} {following.text}"  # "V7R1 FR5 HF43"
                token = token._replace(end=following.end)
                self._draft.end = following.end
                self._at += 1
            while self._kind() == Kind.INCLUSIVE:
                self._closed = True
                self._at += 1
            level = self._peek(1)
            if self._kind() == Kind.WORD and level is not None and _is_level(level):
                self._draft.asides.append(self._tokens[self._at].text)  # "8.8.15 Joule Patch 42"
                values[-1] = f"{values[-1]} {level.text}"
                self._draft.end = level.end
                self._at += 2
            if self._kind() == Kind.SEP and self._kind(1) in NUMERIC:
                if self._kind(2) in _CLOSES_RANGE:
                    break
                self._at += 1
            else:
                break
        return values

    def _bound(self, opening: Token) -> None:
        kind, draft = opening.kind, self._draft
        draft.keyword = True
        while self._kind() in (Kind.WORD, Kind.VERSIONS):  # "antérieures à LibreOffice 3.5.4"
            token = self._tokens[self._at]
            if token.kind == Kind.WORD and not self._named():
                while self._kind() == Kind.WORD:
                    draft.words[-1].append(self._tokens[self._at])
                    self._at += 1
            else:
                self._at += 1
        values = tuple(self._list())
        if kind == Kind.LT and len(values) == 1 and _YEARLY.match(values[0]):
            draft.fix = draft.fix or Fix(
                values[0], values[0]
            )  # "antérieures à la mise à jour 2021-006"
            return
        kind = _included(kind) if self._closed else kind
        last = draft.ranges[-1] if draft.ranges else None
        if not values:
            if self._kind() not in (Kind.NOFIX, *BOUNDS):  # "antérieures à antérieures à 8.7.14"
                draft.leftover.append(kind)
            return
        if kind in (Kind.GE, Kind.GT):
            self._lower(kind, values)
            return
        lt, le = (values, ()) if kind == Kind.LT else ((), values)
        if len(draft.pending) == 1 and _starts(draft.pending[-1], values[0]):
            lowest = draft.pending.pop().text  # "16.1R1 antérieures à 18.4R3-S10"
            draft.close_list()
            draft.ranges.append(Range(ge=lowest, lt=lt, le=le))
            return
        starts = bool(draft.pending) and draft.pending[-1].kind == Kind.VERSION
        if kind == Kind.UPTO and starts and values[0][0].isdigit():  # "9.0 jusqu'à 9.4"
            lowest = draft.pending.pop().text
            draft.close_list()
            draft.ranges.append(Range(ge=lowest, le=le))
            return
        if not draft.pending and last and (last.ge or last.gt) and not last.lt:
            draft.ranges[-1] = last._replace(lt=lt, le=le)
        else:
            draft.ranges.append(Range(self._draft.take_pending(), lt=lt, le=le))

    def _lower(self, kind: Kind, values: tuple[str, ...]) -> None:
        branches = tuple(text for text in self._draft.take_pending() if not text[-1].isdigit())
        if kind == Kind.GE:
            self._draft.ranges.append(Range(branches=branches, ge=values[0]))
        else:
            self._draft.ranges.append(Range(branches=branches, gt=values[0]))

    def _open_ended(self, token: Token) -> None:
        kind, branch = token.kind, _BRANCH.search(token.text)
        taken = self._draft.take_pending()
        ranges = self._draft.ranges
        if not taken:  # "3.2 à 3.2.5, 3.1 à 3.1.8 et versions antérieures"
            if kind == Kind.OLDER and ranges and ranges[-1].ge and ranges[-1].le:
                ranges.append(Range(le=ranges[-1].le))
            return
        if kind == Kind.OLDER and branch is not None:
            ranges.append(Range((branch[0],), le=taken))
        elif kind == Kind.OLDER and ranges and ranges[-1] == Range(le=ranges[-1].le):
            ranges[-1] = Range(le=(*ranges[-1].le, *taken))  # one bound a train
        elif kind == Kind.OLDER:
            self._draft.ranges.append(Range(le=taken))
        else:
            self._draft.ranges.append(Range(ge=taken[-1]))

    def _between(self, _: Token) -> None:
        """ "comprises entre A et B", both included."""
        self._draft.keyword = True
        low, joint, high = self._peek(), self._kind(1), self._peek(2)
        if low is None or high is None or joint not in (Kind.SEP, Kind.TO):
            return
        if low.kind in NUMERIC and high.kind in NUMERIC:
            wild = all(token.kind == Kind.WILD for token in self._draft.pending)
            branches = self._draft.take_pending() if wild else ()  # "10.1.x entre 10.1.2 et 10.1.8"
            self._draft.close_list()
            self._at += 3
            self._draft.end = high.end
            self._draft.ranges.append(Range(branches, ge=low.text, le=(high.text,)))

    def _upper_end(self, opening: Token) -> None:
        """``x à y``: the last pending version opens a range that the next one closes."""
        draft = self._draft
        if self._kind() == Kind.VERSIONS:
            self._at += 1
        if self._kind() not in NUMERIC:
            self._last_of_models(opening)
            return
        token = self._tokens[self._at]
        if not draft.pending:
            last = draft.ranges[-1] if draft.ranges else None
            if last and (last.ge or last.gt) and not last.le and not last.lt:
                self._at += 1
                draft.ranges[-1] = last._replace(le=(token.text,))
            elif not draft.ranges and opening.text != "-":  # "versions à 7.0": a word is missing
                draft.leftover.append(Kind.TO)
            return
        self._at += 1
        draft.end = token.end
        lower = draft.pending.pop()
        self._draft.close_list()
        draft.ranges.append(Range(ge=lower.text, le=(token.text,)))

    def _last_of_models(self, opening: Token) -> None:
        """ "SIMATIC CP 1242-7 à SIMATIC CP 1243-8": the first model, then the last."""
        draft, word = self._draft, self._peek()
        if opening.text == "-" or word is None or draft.keyword or draft.ranges:
            return
        if [token.text for token in draft.words[-1][:1]] == [word.text]:
            if draft.pending:
                self._into_words()
            draft.words.append([])

    # -- the rest ---------------------------------------------------------------------------

    def _included_branches(self) -> None:
        """ "version 16.11 (includes 16.0 - 16.10)": all of them, below a bound that may follow."""
        word, pending = self._peek(), self._draft.pending
        if word is None or not word.text.startswith("inclu") or not pending:
            return
        ahead = 2 if self._kind(1) == Kind.VERSIONS else 1
        low, joint, high = (self._peek(ahead + step) for step in range(3))
        if low is None or joint is None or high is None or joint.kind != Kind.TO:
            return
        first, *minors = low.text.split(".")
        last = high.text.removeprefix(f"{first}.")
        if len(minors) == 1 and minors[0].isdigit() and last.isdigit():
            branches = (f"{first}.{minor}" for minor in range(int(minors[0]), int(last) + 1))
            pending[:0] = [low._replace(text=branch) for branch in branches]
