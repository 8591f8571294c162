"""What a list of equipment reveals by itself, before or after it is imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.facility import InventoryLine
from bot.domain.matching import InventoryProduct, Matcher, Reading, Verdict, VerdictKind
from bot.domain.matching.readings import ReadingIndex
from bot.domain.question import Subject, Undecided, Wants, product_key, product_name, subjects
from bot.domain.support import EndsOfSupport
from bot.store import Session, advisories, inventory, verdicts
from feeds.names import Name


@dataclass(frozen=True, slots=True)
class AssessedLine:
    """One line and what it lacks or reveals.

    Args:
        ended: the last day of corrections, when it is over.
        exploited: reference of an exploited bulletin that concerns it for sure, or empty.
        target: the version that bulletin asks for.
    """

    line: InventoryLine
    recognised: bool
    versioned: bool
    ended: date | None = None
    exploited: str = ""
    target: str = ""

    @property
    def label(self) -> str:
        """What people call the line: its name, else its product as they typed it."""
        line = self.line
        return line.name or f"{line.vendor} {line.product}".strip() or line.cpe or line.line_id

    @property
    def complete(self) -> bool:
        """Whether bulletins can be held against the line: its product and version are known."""
        return self.recognised and self.versioned


@dataclass(frozen=True, slots=True)
class Assessment:
    """An inventory as bulletins see it; ``questions`` are the most useful first."""

    lines: tuple[AssessedLine, ...]
    questions: tuple[Subject, ...]

    @property
    def recognised(self) -> int:
        """Lines that can be assessed."""
        return sum(each.complete for each in self.lines)

    @property
    def to_complete(self) -> int:
        """Lines whose product or version is to be said."""
        return len(self.lines) - self.recognised

    @property
    def ended(self) -> int:
        """Lines whose publisher no longer corrects them."""
        return sum(each.ended is not None for each in self.lines)

    @property
    def exploited(self) -> int:
        """Lines that an exploited vulnerability concerns for sure."""
        return sum(bool(each.exploited) for each in self.lines)


def assess(
    session: Session,
    matcher: Matcher,
    ends: EndsOfSupport,
    lines: Sequence[InventoryLine],
    *,
    today: date,
) -> Assessment:
    """Hold each line against every stored bulletin. Nothing is written.

    Args:
        matcher: its catalogue learns here what the bulletins name; give one of your own.
    """
    matcher.catalogue.learn(Name(words) for words in advisories.known_names(session))
    readings: ReadingIndex[Reading] = ReadingIndex(matcher)
    bulletins: dict[int, tuple[int, str]] = {}
    for revision in advisories.current(session):
        reading = matcher.read(revision.advisory)
        matcher.catalogue.learn(reading.names)
        readings.add(revision.advisory_id, revision.id, reading)
        bulletins[revision.id] = (revision.advisory_id, revision.advisory.reference)
    exploited = advisories.exploited(session, [id_ for id_, _ in bulletins.values()])
    assessed: list[AssessedLine] = []
    undecided: list[Undecided] = []
    for line in lines:
        product = InventoryProduct(line.vendor, line.product, line.version, line.cpe)
        told = [(bulletins[id_], verdict) for id_, verdict in readings.judge(product)]
        undecided += _undecided(line, told)
        worst = _worst(told, exploited)
        end = ends.ended(product, today)
        assessed.append(
            AssessedLine(
                line=line,
                recognised=matcher.recognised(product) or any(each.names_it for _, each in told),
                versioned=matcher.has_version(product),
                ended=end.on if end else None,
                exploited=worst[0] if worst else "",
                target=worst[1] if worst else "",
            )
        )
    return Assessment(tuple(assessed), tuple(_questions(assessed, undecided)))


def assess_stored(
    session: Session, ends: EndsOfSupport, facility_id: int, *, today: date
) -> Assessment:
    """What matching wrote of the inventory of a facility, without its questions.

    No bulletin is read: what is not matched yet is not seen.
    """
    exploited = verdicts.exploited_products(session, facility_id)
    ended: dict[int, date | None] = {}
    assessed: list[AssessedLine] = []
    for line, product_id, recognised, versioned in inventory.assessed(session, facility_id):
        if product_id not in ended:
            product = InventoryProduct(line.vendor, line.product, line.version, line.cpe)
            end = ends.ended(product, today)
            ended[product_id] = end.on if end else None
        reference, target = exploited.get(product_id, ("", ""))
        assessed.append(
            AssessedLine(line, recognised, versioned, ended[product_id], reference, target)
        )
    return Assessment(tuple(assessed), ())


def note_of(each: AssessedLine, words: Mapping[str, str]) -> str:
    """What a sheet to complete asks of a line, or tells of it."""
    if not each.recognised:
        return words["note_product"]
    parts = [words["note_version"]] if not each.versioned else []
    if each.exploited:
        parts.append(words["note_exploited"].format(reference=each.exploited))
    if each.ended:
        parts.append(words["note_ended"].format(day=f"{each.ended:%d/%m/%Y}"))
    return " ; ".join(parts)


def _undecided(
    line: InventoryLine, told: Iterable[tuple[tuple[int, str], Verdict]]
) -> list[Undecided]:
    name = product_name(line.vendor, line.product)
    return [
        Undecided((line.line_id,), name, advisory_id, verdict.reason, line.version)
        for (advisory_id, _), verdict in told
        if verdict.kind is VerdictKind.REVIEW
    ]


def _worst(
    told: Iterable[tuple[tuple[int, str], Verdict]], exploited: set[int]
) -> tuple[str, str] | None:
    """The latest exploited bulletin that concerns the line for sure, and its target."""
    sure = [
        (reference, verdict.target)
        for (advisory_id, reference), verdict in told
        if verdict.kind is VerdictKind.AFFECTED and advisory_id in exploited
    ]
    return sure[-1] if sure else None


def _questions(assessed: Sequence[AssessedLine], undecided: Iterable[Undecided]) -> list[Subject]:
    """What bulletins leave open, then the names nobody knows, then the missing versions."""
    found = {each.key: each for each in subjects(undecided)}
    for wants, lacking in (
        (Wants.PRODUCT, [each.line for each in assessed if not each.recognised]),
        (Wants.VERSION, [each.line for each in assessed if each.recognised and not each.versioned]),
    ):
        for line in lacking:
            name = product_name(line.vendor, line.product)
            if name:
                found.setdefault(product_key(name), Subject(name, wants, 0, 1))
    return list(found.values())
