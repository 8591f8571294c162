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
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile

from feeds.affected.bounding import Bounding
from feeds.affected.draft import Draft
from feeds.affected.naming import BOUNDS, NUMERIC
from feeds.affected.phrasings import MONTHS, Kind
from feeds.affected.statement import Condition, Fix, Range, Statement
from feeds.affected.tokens import Token, is_level_alone

_ENDS_HOST = frozenset(
    {*BOUNDS, Kind.VERSIONS, Kind.ALL, Kind.NOFIX, Kind.DEFER, Kind.WITH, Kind.ON, Kind.OPEN}
    | {Kind.OLDER, Kind.NEWER, Kind.BETWEEN, Kind.COMMENT, Kind.NOISE}
)
_YEARLY = re.compile(r"(?<![\w.-])20\d\d-\d{3}(?![\w.-])")
_LEVEL_NAME = re.compile(rf"(?!{MONTHS}\b)\D")  # "sans la mise à jour d'avril" names no level
_NOTATION = re.compile(r"(?:build )?\d+(?:\.\d+){2,}(?: p\d+)?$")
_MACS = frozenset({"mac", "macos", "macintosh"})
_YEAR = re.compile(r"20\d\d$")
_NUMBERED_HOSTS = frozenset(
    (
        *("solaris", "aix", "hp-ux", "netware", "framework", "office", "rhel", "ubuntu", "debian"),
        *("explorer", "centos", "dsm", "qts", "hero", "android", "ios", "esxi", "esx", "vsphere"),
    )
)
_WINDOWS = re.compile(r"(?:7|8|8\.1|10|11|9[58]|nt|[45]\.\d|20\d\d|r2)(?: sp\d)?$")
_FEATURE_RELEASE = re.compile(r"(?:1[5-9]0[379]|1511|2004|2\dh\d)$")
_SOFTWARE = frozenset({"microgiciel", "micrologiciel", "firmware", "verion", "est"})
_PROCESSORS = frozenset({"x86_64", "aarch64", "s390x", "ppc64le", "ppc64", "i386", "ia64"})


@lru_cache(maxsize=4_096)
def parse_line(text: str) -> tuple[Statement, ...]:
    """Read one line of affected systems; nothing in it gives no statement."""
    return _Parser(text).parse()


def _bounds_once(draft: Draft) -> bool:
    """Whether the last that was read is a range with no more than one bound above."""
    return bool(draft.ranges) and not draft.pending and len(draft.ranges[-1].lt) < 2


def _second_notation(group: list[str]) -> bool:
    """Whether what stands in parentheses is the bound again: *9.8 SP3 FP1 (9.8.3.103)*."""
    return len(group) == 1 and bool(_NOTATION.match(group[0]))


def _of_models(written: Range) -> bool:
    """ "gammes MDS 9000 et Nexus 3000 à 9500, se référer au bulletin": models, not versions."""
    texts = (*written.branches, *written.le, *written.lt, written.ge, written.gt)
    return all(text.isdigit() and len(text) > 2 for text in texts if text)


def _without_models(said: Statement) -> Statement:
    deferred = said.deferred and all(map(_of_models, said.ranges))
    return said._replace(ranges=()) if deferred else said


def _ends_in_version(host: list[Token]) -> bool:
    """Whether the number behind a host is the product's: *for SAP 15*, not *pour Windows 10*."""
    if not host or host[-1].kind not in NUMERIC:
        return False
    number, words = host[-1].text, {token.text for token in host}
    before = host[-2].text if len(host) > 1 else ""
    if "windows" in words:
        return _WINDOWS.match(number) is None
    if before in ("x", "os", "macos"):
        return not number.startswith("10.")
    return before not in _NUMBERED_HOSTS and not ("enterprise" in words and before == "linux")


class _Parser(Bounding):
    def parse(self) -> tuple[Statement, ...]:
        while (token := self._peek()) is not None:
            self._at += 1
            self._draft.end = token.end
            self._clause(token)
        self._end_statement()
        return tuple([_without_models(each) for each in self._share_ends()])

    def _clause(self, token: Token) -> None:
        """Place one token, and those that belong to it; some kinds say nothing."""
        place = _CLAUSES.get(token.kind)
        if place is not None:
            place(self, token)

    def _versions(self, token: Token) -> None:
        self._models()
        if token.text.startswith("avec") and self._has_versions():
            self._condition()  # "version 3.14 avec une version de WibuKey antérieure à 6.50"
        else:
            self._draft.keyword = True

    def _every(self, _: Token) -> None:
        self._models()
        self._draft.keyword = self._draft.every = True

    def _open(self, token: Token) -> None:
        if self._kind() == Kind.NOFIX or self._bounds_the_product():
            return  # "3.5 (sauf le correctif X)", "Orme (versions antérieures à 2.33)"
        if token.text not in "([" and self._names_a_part():
            self._unquote()
        elif self._other_name():
            self._at += 1
            self._draft.words.append([])
        else:
            self._aside()

    def _bounds_the_product(self) -> bool:
        """Whether parentheses hold the only versions of the line so far."""
        versions = self._kind() == Kind.VERSIONS and self._kind(1) in (*BOUNDS, *NUMERIC)
        return versions and self._named() and not self._has_versions()

    def _with(self, token: Token) -> None:
        if self._only_devices():
            self._draft.words = [[]]  # "Contrôleurs et passerelles utilisant ArubaOS"
            return
        self._models()  # "IP Phone 7940/7960 exécutant le micrologiciel 7.4"
        if token.text != "with" or self._has_versions():
            self._condition(of_itself=token.text.startswith("en"))

    def _deferred(self, _: Token) -> None:
        self._models()
        self._draft.deferred = True

    def _reference(self, token: Token) -> None:
        self._draft.parts.append(token.text)

    def _aside(self) -> None:
        """Read up to the closing parenthesis: platforms, part numbers, remarks."""
        draft = self._draft
        self._included_branches()
        depth, host, versioned = 1, False, False
        group: list[str] = []
        while depth and (token := self._peek()) is not None:
            self._at += 1
            draft.end = token.end
            closed = token.kind == Kind.CLOSE or token.text[-1:] == ")"  # "(2.x et antérieures)"
            depth += (token.kind == Kind.OPEN) - closed
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
        elif _bounds_once(draft) and _second_notation(group):
            self._noted_again(group[0])
        elif host and group:
            draft.hosts.append(tuple(group))
        elif len(group) == 1 and self._kind() in (Kind.OLDER, Kind.NEWER) and not draft.pending:
            draft.pending.append(self._tokens[self._at - 2])  # "Reader X (10.1.1) et antérieures"
        else:
            self._abbreviated(group)
            draft.asides.extend(group)

    def _noted_again(self, also: str) -> None:
        """Keep the other notation of a bound; of several bounds, none: "6.1 HF5 (…) ou 6.2 SP1"."""
        ranges = self._draft.ranges
        ranges[-1] = ranges[-1]._replace(also=also)
        self._or_another()

    def _abbreviated(self, group: list[str]) -> None:
        """ "Management Card 3 (NMC3)": the short name says that the number is of the name."""
        draft = self._draft
        if len(group) == len(draft.pending) == 1 and not (draft.keyword or draft.ranges):
            stem = group[0].removesuffix(draft.pending[0].text)
            if stem.isalpha() and stem != group[0]:
                self._into_words()

    def _host(self, opening: Token) -> None:
        """Read the platform, or the product, that follows "pour", "sur" or "dans"."""
        draft = self._draft
        groups, inside = draft.hosts, opening.text.startswith("dans")
        if inside or draft.carriers:  # "dans Veeam Backup pour Azure": nothing of Azure is said
            groups = draft.carriers if inside else []
        group: list[Token] = []
        released = False  # "Internet Explorer 10 et 11": both are of the host
        while (token := self._peek()) is not None and not self._ends_host(token, group, inside):
            self._at += 1
            draft.end = token.end
            if token.kind == Kind.SEP or token.kind == Kind.TO:
                if group:
                    released = group[-1].kind in NUMERIC and not _ends_in_version(group)
                    groups.append(tuple(each.text for each in group))
                group = []
            elif group and not inside and token.kind == Kind.VERSION and is_level_alone(token):
                self._number(token)  # "pour systèmes x64 Service Pack 1"
            elif token.kind in (Kind.WORD, *NUMERIC):
                group.append(token)
        self._own_numbers(group, others=inside or (released and len(group) == 1))
        bounded = draft.ranges and draft.ranges[-1].bounded and not draft.carriers
        if group and bounded and self._kind() == Kind.VERSIONS:
            self._condition(group)  # "antérieures à 3.5 sur FortiOS versions 5.6 et antérieures"
        elif group:
            groups.append(tuple(each.text for each in group))

    def _ends_host(self, token: Token, group: list[Token], inside: bool) -> bool:
        if token.kind in _ENDS_HOST:
            return token.kind != Kind.VERSIONS or not self._of_windows()
        if token.kind == Kind.SEP:
            listed = not inside and self._listed(group)
            return listed or self._new_statement_after_host(group)
        # "for x86_64 - 9.0"
        return token.kind == Kind.TO and token.text == "-" and self._kind(1) in NUMERIC

    def _own_numbers(self, group: list[Token], *, others: bool) -> None:
        """Take from a host the number that is the product's; none when it is of ``others``."""
        draft = self._draft
        if len(group) > 2 and group[-2].kind in NUMERIC and group[-1].text in _PROCESSORS:
            draft.pending.append(group.pop(-2))  # "for ARM 64 9 aarch64"
        if len(group) == 2 and group[0].text in _MACS and _YEAR.match(group[1].text):
            several = self._kind() == Kind.SEP and self._kind(1) in NUMERIC
            place = draft.pending if several else draft.words[-1]
            place.append(group.pop())  # "Office LTSC pour Mac 2021"
        closes = self._kind() in (Kind.OLDER, Kind.NEWER) or not self._bounded_ahead()
        if closes and not (others or self._has_versions()) and _ends_in_version(group):
            draft.pending.append(group.pop())  # "for SAP 15": the version of the product

    def _listed(self, host: list[Token]) -> bool:
        """Whether the product's versions begin here: "for the Enterprise r8, r8.1"."""
        ahead = self._kind(1) in NUMERIC and not self._has_versions() and not self._bounded_ahead()
        return ahead and _ends_in_version(host)

    def _of_windows(self) -> bool:
        """Whether a version is a release of the platform: "pour Windows 10 version 1709"."""
        release, windows = self._peek(1), self._peek(-2)
        feature = release is not None and _FEATURE_RELEASE.match(release.text)
        return bool(feature) and windows is not None and windows.text == "windows"

    def _new_statement_after_host(self, group: list[Token]) -> bool:
        words = 1
        while self._kind(words) == Kind.WORD:
            words += 1
        if words > 2 and self._kind(words) == Kind.ON and group and not self._draft.ranges:
            return True  # "X pour Windows et Y Z pour Windows"
        said = takewhile(lambda token: token.kind != Kind.ON, reversed(self._tokens[: self._at]))
        ahead = self._kind(2)
        hosts = bool(group) and group[-1].kind in NUMERIC and ahead in (None, Kind.SEP)
        models = hosts or any(token.text.startswith(("model", "serie", "gamme")) for token in said)
        return bool(self._draft.ranges) and self._kind(1) in NUMERIC and not models

    def _bounded_ahead(self) -> bool:
        kinds = (Kind.VERSIONS, Kind.ALL, *BOUNDS, Kind.OLDER)
        return any(token.kind in kinds for token in self._tokens[self._at :])

    def _condition(self, named: list[Token] | None = None, *, of_itself: bool = False) -> None:
        """Read what must be there besides; it may carry versions of its own.

        Args:
            named: words of it that were read already.
            of_itself: a way of running ("en mode appliance"), which has no versions.
        """
        draft = self._draft
        inner = Draft(words=[named or []])
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
        if _SOFTWARE.issuperset(words):
            words = []  # "avec un micrologiciel 7.4": its own
        self._draft = draft
        draft.end = max(outer_end, inner.end)
        draft.fix = draft.fix or inner.fix
        if inner.ranges and not draft.ranges and (of_itself or not words):
            draft.ranges.extend(inner.ranges)  # "avec une version antérieure à": its own
            draft.condition = Condition(tuple(words)) if words else draft.condition
        elif words or inner.ranges:
            draft.condition = Condition(tuple(words), tuple(inner.ranges))

    def _patched(self, _: Token) -> None:
        """The fixed version is only fixed with a patch, whose name is skipped."""
        ranges = self._draft.ranges
        if not ranges or not ranges[-1].lt:
            self._condition()
            return
        ranges[-1] = ranges[-1]._replace(patched=True)
        while self._kind() in (Kind.WORD, Kind.REF, *NUMERIC):
            self._draft.end = self._tokens[self._at].end
            self._at += 1
        self._or_another()

    def _or_another(self) -> None:
        """Read the bounds that follow "ou": "6.4.0.9 avec les correctifs ou 6.4.0.10"."""
        joint, ranges = self._peek(), self._draft.ranges
        if joint is not None and joint.text == "ou" and self._kind(1) in NUMERIC and ranges[-1].lt:
            self._at += 1
            ranges[-1] = ranges[-1]._replace(lt=(*ranges[-1].lt, *self._list()), also="")

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
            if token.kind == Kind.VERSION and not level and _LEVEL_NAME.match(token.text):
                level = token.text
            elif token.kind == Kind.VERSION and token.start == opening.end + 1 and not latest:
                level = f"patch {token.text}"  # "sans le correctif 31.1"
            self._at += 1
            draft.end = token.end
        text = self._text[start : draft.end]
        yearly = _YEARLY.search(text)  # Apple's 2019-003
        draft.fix = Fix(text, "" if latest else level or (yearly[0] if yearly else ""))
        last = draft.ranges[-1] if draft.ranges else None
        if last is not None and len(last.lt) > 1 and not level:
            draft.ranges[-1] = last._replace(lt=(), le=last.lt)  # "12, 13 et 14 avant le correctif"
        elif last is not None and last.lt and level:
            draft.ranges[-1] = last._replace(patched=True)

    def _share_ends(self) -> Sequence[Statement]:
        """A patch, a condition or a deferral at the end holds for the whole line."""
        if len(self._done) < 2:
            return self._done
        last = self._done[-1]
        return [
            statement._replace(
                fix=statement.fix or last.fix,
                condition=statement.condition or last.condition,
                deferred=statement.deferred or last.deferred,
            )
            for statement in self._done
        ]


_CLAUSES: Mapping[Kind, Callable[[_Parser, Token], None]] = {
    Kind.WORD: _Parser._word,
    Kind.VERSION: _Parser._number,
    Kind.WILD: _Parser._number,
    Kind.SEP: _Parser._separator,
    Kind.VERSIONS: _Parser._versions,
    Kind.ALL: _Parser._every,
    **dict.fromkeys(BOUNDS, _Parser._bound),
    Kind.OLDER: _Parser._open_ended,
    Kind.NEWER: _Parser._open_ended,
    Kind.BETWEEN: _Parser._between,
    Kind.TO: _Parser._upper_end,
    Kind.OPEN: _Parser._open,
    Kind.ON: _Parser._host,
    Kind.WITH: _Parser._with,
    Kind.NOFIX: _Parser._fix,
    Kind.PATCHED: _Parser._patched,
    Kind.DEFER: _Parser._deferred,
    Kind.REF: _Parser._reference,
}
