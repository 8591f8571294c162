"""What cannot be decided is asked once per product; the answer is a lesson that stays.

A lesson is learned from an answer. It applies until it expires or is undone, and every
upload of the inventory goes through it again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.facility import InventoryLine
from bot.domain.matching import VerdictKind

LONGEST_VALUE = 128  # characters of a version or of a product given in an answer
LONGEST_REASON = 300

# codes of verdicts that a version would decide; the others are answered by yes or no
COARSE = "version-coarse"
VERSION_REASONS = frozenset(
    {"version-missing", "version-coarse", "release-unknown", "order-unknown"}
)


# what nobody at the facility can say: the publisher has not concluded
PUBLISHERS = frozenset({"under-investigation"})


class Wants(StrEnum):
    """What a question asks for."""

    VERSION = "version"
    CONCERNED = "concerned"  # a module, a setting or an edition decides
    PRODUCT = "product"  # nobody knows this name: it is not assessed


class ReplyKind(StrEnum):
    """What may be answered to a question."""

    VERSION = "version"
    CONCERNED = "concerned"
    NOT_CONCERNED = "not_concerned"
    OTHER_PRODUCT = "other_product"
    UNKNOWN = "unknown"


class Reach(StrEnum):
    """How far an answer applies."""

    LINE = "line"  # one piece of equipment
    FACILITY = "facility"  # this product, in this facility
    EVERYBODY = "everybody"  # confirmed by a person with role cert


LIFE: Mapping[ReplyKind, timedelta | None] = {
    ReplyKind.VERSION: timedelta(days=365),  # then a line without version is asked about again
    ReplyKind.CONCERNED: timedelta(days=365),
    ReplyKind.NOT_CONCERNED: timedelta(days=180),  # what a facility runs changes
    ReplyKind.OTHER_PRODUCT: None,  # a name keeps its meaning
    ReplyKind.UNKNOWN: timedelta(days=90),
}


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody answered; ``value`` is the version or the product."""

    kind: ReplyKind
    value: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Undecided:
    """A product as typed that one bulletin may concern, on which lines, and why nobody can
    tell."""

    line_ids: tuple[str, ...]
    name: str  # of the product, see :func:`product_name`
    advisory_id: int
    reason: str
    version: str = ""  # as typed


@dataclass(frozen=True, slots=True)
class Subject:
    """What to ask of one product of a facility; ``settles`` counts bulletins."""

    name: str
    wants: Wants
    settles: int
    machines: int

    @property
    def key(self) -> str:
        """What tells this product from another of the same facility."""
        return product_key(self.name)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was asked. ``answer`` is None while it waits."""

    reference: str
    facility_id: int
    name: str
    wants: Wants
    settles: int
    machines: int
    asked_at: datetime
    answer: ReplyKind | None = None
    answered_at: datetime | None = None
    answered_by: str = ""

    @property
    def key(self) -> str:
        """What tells this product from another of the same facility."""
        return product_key(self.name)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an answer taught.

    Args:
        name: of the product as the facility typed it.
        before: by line id, vendor, product, version and CPE before the lesson changed them.
        taught_by: a person's id, or ``operator``.
        ended_at: when it expired or was undone; None while it applies.
    """

    id: int
    question: str  # reference
    kind: ReplyKind
    reach: Reach
    facility_id: int
    line_id: str
    name: str
    value: str
    reason: str
    taught_at: datetime
    taught_by: str
    expires_at: datetime | None
    confirmed_by: str = ""
    ended_at: datetime | None = None
    ended: str = ""  # "expired" or who undid it
    before: Mapping[str, Sequence[str]] | None = None

    @property
    def key(self) -> str:
        """What tells the product from another."""
        return product_key(self.name)

    def speaks_of(self, facility_id: int, line_id: str, key: str) -> bool:
        """Whether the lesson is about this line of this product."""
        if key != self.key:
            return False
        if self.reach is Reach.EVERYBODY:
            return True
        return facility_id == self.facility_id and self.line_id in ("", line_id)


def product_name(vendor: str, product: str) -> str:
    """Vendor and product as typed, the vendor once."""
    name = product or vendor
    if vendor and vendor.casefold() not in name.casefold():
        return f"{vendor} {name}"
    return name


def product_key(name: str) -> str:
    """Two spellings that differ by case or blanks are one product."""
    return " ".join(name.casefold().split())


def subjects(undecided: Iterable[Undecided]) -> list[Subject]:
    """One question a product: those that settle the most bulletins first."""
    grouped: dict[str, list[Undecided]] = {}
    for each in undecided:
        if each.reason not in PUBLISHERS and (key := product_key(each.name)):
            grouped.setdefault(key, []).append(each)
    found = [
        Subject(
            name=_spelling(group),
            wants=_wanted(group),
            settles=len({each.advisory_id for each in group}),
            machines=len(set().union(*(each.line_ids for each in group))),
        )
        for group in grouped.values()
    ]
    return sorted(found, key=lambda each: (-each.settles, -each.machines, each.key))


def _spelling(group: Sequence[Undecided]) -> str:
    """The spelling that most lines of a product share."""
    lines = Counter[str]()
    for each in group:
        lines[each.name] += len(each.line_ids)
    return lines.most_common(1)[0][0]


def _wanted(group: Sequence[Undecided]) -> Wants:
    """A version where one is missing, or where most of what is open asks for a finer one."""
    lacking = [
        each
        for each in group
        if each.reason in VERSION_REASONS and (not each.version or each.reason == COARSE)
    ]
    missing = any(not each.version for each in lacking)
    mostly = 2 * _lines(lacking) > _lines(group)
    return Wants.VERSION if missing or mostly else Wants.CONCERNED


def _lines(group: Iterable[Undecided]) -> int:
    return sum(len(each.line_ids) for each in group)


def said(
    lessons: Iterable[Lesson], verdict: VerdictKind, *, alerte: bool, published_at: datetime
) -> VerdictKind:
    """What a verdict becomes once a facility has answered.

    Only ``review`` gives way: what a version decides is told whatever was answered. An
    *alerte* published after « non concerné » is told too: nobody had read it then. When
    people disagree, the last word counts.
    """
    if verdict is not VerdictKind.REVIEW:
        return verdict
    for lesson in sorted(lessons, key=lambda each: (each.taught_at, each.id), reverse=True):
        if lesson.kind is ReplyKind.CONCERNED:
            return VerdictKind.AFFECTED
        if lesson.kind is ReplyKind.NOT_CONCERNED:
            newer = alerte and published_at > lesson.taught_at
            return VerdictKind.REVIEW if newer else VerdictKind.NOT_AFFECTED
    return verdict


@dataclass(frozen=True, slots=True)
class Step:
    """What one lesson changes in one line."""

    lesson: Lesson
    before: InventoryLine
    after: InventoryLine


def steps(facility_id: int, line: InventoryLine, lessons: Sequence[Lesson]) -> list[Step]:
    """How the facility's answers complete a line: its product first, then its version.

    Of several answers of a kind, the first of ``lessons`` (the latest) is heard.
    """
    found: list[Step] = []
    for kind in (ReplyKind.OTHER_PRODUCT, ReplyKind.VERSION):
        for lesson in lessons:
            if lesson.kind is not kind or not _about(facility_id, line, lesson):
                continue
            after = _with(line, lesson)
            if after != line:
                found.append(Step(lesson, line, after))
                line = after
                break
    return found


def taught(facility_id: int, line: InventoryLine, lessons: Sequence[Lesson]) -> InventoryLine:
    """The line as :func:`steps` leave it."""
    done = steps(facility_id, line, lessons)
    return done[-1].after if done else line


def _with(line: InventoryLine, lesson: Lesson) -> InventoryLine:
    if lesson.kind is ReplyKind.OTHER_PRODUCT:
        return replace(line, vendor="", product=lesson.value, cpe="")
    return replace(line, version=lesson.value) if completes(line.version, lesson.value) else line


def _about(facility_id: int, line: InventoryLine, lesson: Lesson) -> bool:
    if lesson.reach is Reach.EVERYBODY and lesson.kind is ReplyKind.OTHER_PRODUCT:
        return False  # everybody's names are the catalogue's: the inventory stays as typed
    key = product_key(product_name(line.vendor, line.product))
    return lesson.speaks_of(facility_id, line.line_id, key)


def completes(typed: str, version: str) -> bool:
    """Whether ``version`` says more than what was typed: nothing, or its first numbers."""
    if not typed.strip():
        return True
    rest = version[len(typed) :]
    return version.startswith(typed) and bool(rest) and not rest[0].isdigit()


def restored(line: InventoryLine, lesson: Lesson) -> InventoryLine:
    """The line without what the lesson changed; what was changed since stays."""
    if lesson.before is None or line.line_id not in lesson.before:
        return line
    vendor, product, version, cpe = lesson.before[line.line_id]
    if lesson.kind is ReplyKind.VERSION and line.version == lesson.value:
        return replace(line, version=version)
    if lesson.kind is ReplyKind.OTHER_PRODUCT and line.product == lesson.value:
        return replace(line, vendor=vendor, product=product, cpe=cpe)
    return line


def former(changed: Iterable[InventoryLine]) -> dict[str, list[str]]:
    """What :attr:`Lesson.before` keeps of lines about to change."""
    return {line.line_id: [line.vendor, line.product, line.version, line.cpe] for line in changed}


_NO = re.compile(
    r"(?:non|pas|not)[ -]+(?:concern[ée]e?s?|concerned|affected)\b[ :,.]*(.*)", re.IGNORECASE
)
_YES = re.compile(r"(?:concern[ée]e?s?|concerned|affected)\b[ :,.]*(.*)", re.IGNORECASE)
_OTHER = re.compile(
    r"(?:c['’]est un )?autre(?: produit)?[ :]+(.+)|(?:it is )?(?:an)?other(?: product)?[ :]+(.+)",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"(?:je ne sais pas|ne sais pas|nsp|inconnue?|(?:i )?don'?t know|unknown)\W*", re.IGNORECASE
)
_VERSION = re.compile(r"(?:version|v\.?)?\s*(\S.*)", re.IGNORECASE)


def read_answer(text: str) -> Given | None:
    """What somebody wrote after a question's reference; None when it is no answer.

    « 7.2.8 », « concerné », « non concerné : motif », « autre produit : X », « je ne sais
    pas », or the same in English. A version has a digit.
    """
    text = " ".join(text.split()).strip(" :,")
    if no := _NO.fullmatch(text):
        return Given(ReplyKind.NOT_CONCERNED, reason=no[1][:LONGEST_REASON])
    if yes := _YES.fullmatch(text):
        return Given(ReplyKind.CONCERNED, reason=yes[1][:LONGEST_REASON])
    if _UNKNOWN.fullmatch(text):
        return Given(ReplyKind.UNKNOWN)
    if other := _OTHER.fullmatch(text):
        return Given(ReplyKind.OTHER_PRODUCT, (other[1] or other[2]).strip()[:LONGEST_VALUE])
    version = _VERSION.fullmatch(text)
    if version and any(character.isdigit() for character in version[1]):
        return Given(ReplyKind.VERSION, version[1][:LONGEST_VALUE])
    return None
