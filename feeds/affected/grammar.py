"""Assemble the words of a line into statements.

::

    line      := statement (SEP statement)*
    statement := product clause*
    product   := (WORD | number | aside | host)+ (SEP product)*
    clause    := VERSIONS | list | list? bound | list TO version | ALL | NOFIX … | WITH … | host
    list      := version (SEP version)*
    bound     := (LT | LE | GE | GT | UPTO) list | OLDER | NEWER | BETWEEN version SEP version

A clause that cannot be placed is kept as ``leftover``: the line is then not understood, which
the reader of the verdict is told, and nothing is concluded from it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from feeds.affected.draft import Draft
from feeds.affected.naming import BOUNDS, NUMERIC, Naming
from feeds.affected.statement import Condition, Fix, Range, Statement
from feeds.affected.tokens import Kind, Token

_ENDS_HOST = frozenset(
    {*BOUNDS, Kind.VERSIONS, Kind.ALL, Kind.NOFIX, Kind.DEFER, Kind.WITH, Kind.ON, Kind.OPEN}
    | {Kind.OLDER, Kind.NEWER, Kind.BETWEEN, Kind.COMMENT, Kind.NOISE}
)
_NOTATION = re.compile(r"(?:build )?\d+(?:\.\d+){2,}(?: p\d+)?$")
_MACS = frozenset({"mac", "macos", "macintosh"})
_YEAR = re.compile(r"20\d\d$")
_INTEGERS = re.compile(r"\d+")
_PROCESSORS = frozenset({"x86_64", "aarch64", "s390x", "ppc64le", "ppc64", "i386", "ia64"})


@lru_cache(maxsize=4_096)
def parse_line(text: str) -> tuple[Statement, ...]:
    """Read one line of affected systems; nothing in it gives no statement."""
    return _Parser(text).parse()


def _included(kind: Kind) -> Kind:
    """ "antérieures à 2.8.2.1 (comprise)" is an inclusive bound, whatever its first words."""
    return {Kind.LT: Kind.LE, Kind.GT: Kind.GE}.get(kind, kind)


def _is_level(token: Token) -> bool:
    return token.kind == Kind.VERSION and not token.text[0].isdigit()


def _starts(lowest: Token, limit: str) -> bool:
    """Whether a complete release of an older branch opens the range that ``limit`` closes."""
    mine, theirs = _INTEGERS.findall(lowest.text), _INTEGERS.findall(limit)
    if lowest.kind != Kind.VERSION or len(mine) < 3 or len(theirs) < 2:
        return False
    return list(map(int, mine)) < list(map(int, theirs[: len(mine)]))


def _second_notation(group: list[str]) -> bool:
    """Whether what stands in parentheses is the bound again: *9.8 SP3 FP1 (9.8.3.103)*."""
    return len(group) == 1 and bool(_NOTATION.match(group[0]))


def _of_models(written: Range) -> bool:
    """ "gammes MDS 9000 et Nexus 3000 à 9500, se référer au bulletin": models, not versions."""
    texts = (*written.branches, *written.le, *written.lt, written.ge, written.gt)
    return all(text.isdigit() and len(text) > 2 for text in texts if text)


class _Parser(Naming):
    def parse(self) -> tuple[Statement, ...]:
        while (token := self._peek()) is not None:
            self._at += 1
            self._draft.end = token.end
            self._clause(token)
        self._flush()
        return tuple(
            each._replace(ranges=())
            if each.deferred and all(map(_of_models, each.ranges))
            else each
            for each in self._share_ends()
        )

    def _clause(self, token: Token) -> None:
        """Place one token, and those that belong to it."""
        match token.kind:
            case Kind.WORD:
                self._word(token)
            case Kind.VERSION | Kind.WILD:
                self._number(token)
            case Kind.SEP:
                self._separator()
            case Kind.VERSIONS if token.text.startswith("avec") and self._has_versions():
                self._condition()  # "version 3.14 avec une version de WibuKey antérieure à 6.50"
            case Kind.VERSIONS:
                self._models()
                self._draft.keyword = True
            case Kind.ALL:
                self._models()
                self._draft.keyword = self._draft.every = True
            case Kind.LT | Kind.LE | Kind.GE | Kind.GT | Kind.UPTO:
                self._bound(token.kind)
            case Kind.OLDER | Kind.NEWER:
                self._open_ended(token.kind)
            case Kind.BETWEEN:
                self._between()
            case Kind.TO:
                self._upper_end(token)
            case Kind.OPEN if self._kind() == Kind.NOFIX:
                pass  # "3.5 (sauf le correctif X)"
            case Kind.OPEN if token.text not in "([" and self._names_a_part():
                self._unquote()
            case Kind.OPEN if self._other_name():
                self._at += 1
                self._draft.words.append([])
            case Kind.OPEN:
                self._aside()
            case Kind.ON:
                self._host(inside=token.text.startswith("dans"))
            case Kind.WITH if self._only_devices():
                self._draft.words = [[]]  # "Contrôleurs et passerelles utilisant ArubaOS"
            case Kind.WITH:
                if token.text != "with" or self._has_versions():
                    self._condition(of_itself=token.text.startswith("en"))
            case Kind.NOFIX:
                self._fix(token)
            case Kind.PATCHED:
                self._patched()
            case Kind.DEFER:
                self._models()
                self._draft.deferred = True
            case Kind.REF:
                self._draft.parts.append(token.text)
            case _:
                pass

    # -- versions ---------------------------------------------------------------------------

    def _list(self) -> list[str]:
        """Read ``version (SEP version)*``, stopping before a version that starts a new range."""
        values: list[str] = []
        self._closed = False
        while self._kind() in NUMERIC:
            if values and self._kind(1) in (Kind.LT, Kind.LE, Kind.TO, Kind.UPTO, Kind.OLDER):
                break
            token = self._tokens[self._at]
            values.append(token.text)
            self._draft.end = token.end
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
                if self._kind(2) in (Kind.LT, Kind.LE, Kind.TO, Kind.UPTO, Kind.OLDER):
                    break
                self._at += 1
            else:
                break
        return values

    def _bound(self, kind: Kind) -> None:
        draft = self._draft
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

    def _open_ended(self, kind: Kind) -> None:
        taken = self._draft.take_pending()
        if not taken:
            return
        ranges = self._draft.ranges
        if kind == Kind.OLDER and ranges and ranges[-1] == Range(le=ranges[-1].le):
            ranges[-1] = Range(le=(*ranges[-1].le, *taken))  # one bound a train
        elif kind == Kind.OLDER:
            self._draft.ranges.append(Range(le=taken))
        else:
            self._draft.ranges.append(Range(ge=taken[-1]))

    def _between(self) -> None:
        """ "comprises entre A et B", both included."""
        self._draft.keyword = True
        low, joint, high = self._peek(), self._kind(1), self._peek(2)
        if low is None or high is None or joint not in (Kind.SEP, Kind.TO):
            return
        if low.kind in NUMERIC and high.kind in NUMERIC:
            self._draft.close_list()
            self._at += 3
            self._draft.end = high.end
            self._draft.ranges.append(Range(ge=low.text, le=(high.text,)))

    def _upper_end(self, opening: Token) -> None:
        """``x à y``: the last pending version opens a range that the next one closes."""
        draft = self._draft
        if self._kind() == Kind.VERSIONS:
            self._at += 1
        if self._kind() not in NUMERIC:
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

    # -- the rest ---------------------------------------------------------------------------

    def _aside(self) -> None:
        """Read up to the closing parenthesis: platforms, part numbers, remarks."""
        draft = self._draft
        self._included_branches()
        depth, host, versioned = 1, False, False
        group: list[str] = []
        while depth and (token := self._peek()) is not None:
            self._at += 1
            draft.end = token.end
            depth += (token.kind == Kind.OPEN) - (token.kind == Kind.CLOSE)
            if token.kind == Kind.ON:
                host = host or not group  # "(pour Windows)", not "(Operations for Logs)"
            elif token.kind == Kind.DEFER:
                self._models()
                draft.deferred = True
            elif token.kind == Kind.VERSIONS:
                versioned = bool(group) and "platform" not in group[0]
            elif token.kind == Kind.REF:
                draft.parts.append(token.text)
            elif token.kind in (Kind.WORD, *NUMERIC):
                group.append(token.text)
        if versioned and self._named() and not self._has_versions():
            draft.condition = Condition(tuple(group))  # "(Java Version 6)"
        elif draft.ranges and not draft.pending and _second_notation(group):
            draft.ranges[-1] = draft.ranges[-1]._replace(also=group[0])
        elif host and group:
            draft.hosts.append(tuple(group))
        else:
            draft.asides.extend(group)

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

    def _host(self, *, inside: bool) -> None:
        """Read the platform, or the product, that follows "pour", "sur" or "dans"."""
        draft = self._draft
        groups = draft.hosts
        if inside or draft.carriers:  # "dans Veeam Backup pour Azure": nothing of Azure is said
            groups = draft.carriers if inside else []
        group: list[Token] = []
        while (token := self._peek()) is not None and token.kind not in _ENDS_HOST:
            if token.kind == Kind.SEP and self._new_statement_after_host(group):
                break
            if token.kind == Kind.TO and token.text == "-" and self._kind(1) in NUMERIC:
                break  # "for x86_64 - 9.0"
            self._at += 1
            draft.end = token.end
            if token.kind == Kind.SEP or token.kind == Kind.TO:
                if group:
                    groups.append(tuple(each.text for each in group))
                group = []
            elif token.kind == Kind.VERSION and not token.text[0].isdigit() and group:
                self._number(token)  # "pour systèmes x64 Service Pack 1"
            elif token.kind in (Kind.WORD, *NUMERIC):
                group.append(token)
        if len(group) > 2 and group[-2].kind in NUMERIC and group[-1].text in _PROCESSORS:
            draft.pending.append(group.pop(-2))  # "for ARM 64 9 aarch64"
        if len(group) == 2 and group[0].text in _MACS and _YEAR.match(group[1].text):
            draft.words[-1].append(group.pop())  # "Office LTSC pour Mac 2021"
        if (
            group
            and group[-1].kind in NUMERIC
            and not self._has_versions()
            and not self._bounded_ahead()
        ):
            draft.pending.append(group.pop())  # "for SAP 15": the version of the product
        if group:
            groups.append(tuple(each.text for each in group))

    def _new_statement_after_host(self, group: list[Token]) -> bool:
        words = 1
        while self._kind(words) == Kind.WORD:
            words += 1
        if words > 2 and self._kind(words) == Kind.ON and group and not self._draft.ranges:
            return True  # "X pour Windows et Y Z pour Windows"
        models = bool(group) and group[0].text.startswith(("model", "serie", "gamme"))
        return bool(self._draft.ranges) and self._kind(1) in NUMERIC and not models

    def _bounded_ahead(self) -> bool:
        kinds = (Kind.VERSIONS, Kind.ALL, *BOUNDS, Kind.OLDER)
        return any(token.kind in kinds for token in self._tokens[self._at :])

    def _condition(self, *, of_itself: bool = False) -> None:
        """Read what must be there besides; it may carry versions of its own.

        ``of_itself``: a way of running ("en mode appliance"), which has no versions.
        """
        draft = self._draft
        inner = Draft()
        outer_end = draft.end
        self._draft.close_list()
        self._draft = inner
        while (token := self._peek()) is not None:
            self._at += 1
            outer_end = token.end
            if token.kind == Kind.WITH:
                continue
            self._clause(token)
        self._draft.close_list()
        words = [each.text for group in inner.words for each in group]
        words.extend(word for group in inner.hosts for word in group)
        words.extend(inner.asides)
        self._draft = draft
        draft.end = max(outer_end, inner.end)
        draft.fix = draft.fix or inner.fix
        if inner.ranges and not draft.ranges and (of_itself or not words):
            draft.ranges.extend(inner.ranges)  # "avec une version antérieure à": its own
            draft.condition = Condition(tuple(words)) if words else draft.condition
        elif words or inner.ranges:
            draft.condition = Condition(tuple(words), tuple(inner.ranges))

    def _patched(self) -> None:
        """The fixed version is only fixed with a patch, whose name is skipped."""
        ranges = self._draft.ranges
        if not ranges or not ranges[-1].lt:
            self._condition()
            return
        ranges[-1] = ranges[-1]._replace(patched=True)
        while self._kind() in (Kind.WORD, Kind.REF, *NUMERIC):
            self._draft.end = self._tokens[self._at].end
            self._at += 1

    def _fix(self, opening: Token) -> None:
        """Read the name of the missing patch, to the end of the line."""
        draft = self._draft
        level = ""
        start = opening.start
        latest = "derni" in opening.text
        while (token := self._peek()) is not None:
            if token.kind == Kind.OPEN and token.text in "([":
                break
            if token.kind == Kind.OPEN:
                latest = False  # sans le dernier correctif "Patch 33": it has a name after all
            if token.kind in (Kind.ON, Kind.WITH) and not latest:
                break
            if token.kind == Kind.VERSION and not level and not token.text[0].isdigit():
                level = token.text
            elif token.kind == Kind.VERSION and token.start == opening.end + 1 and not latest:
                level = f"patch {token.text}"  # "sans le correctif 31.1"
            self._at += 1
            draft.end = token.end
        draft.fix = Fix(self._text[start : draft.end], "" if latest else level)

    def _share_ends(self) -> tuple[Statement, ...]:
        """A patch, a condition or a deferral at the end holds for the whole line."""
        if len(self._done) < 2:
            return tuple(self._done)
        last = self._done[-1]
        return tuple(
            statement._replace(
                fix=statement.fix or last.fix,
                condition=statement.condition or last.condition,
                deferred=statement.deferred or last.deferred,
            )
            for statement in self._done
        )
