"""What a digest, or a first picture, asks people to decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from bot.domain.alert import AssetLine, Coverage
from bot.domain.facility import AssetCategory
from bot.domain.reason import Reason
from bot.domain.scope import Reopening
from feeds.advisory import Pap, Tlp


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How many pieces of equipment of one category."""

    category: AssetCategory
    count: int


def count_by_category(lines: Iterable[AssetLine]) -> tuple[CategoryCount, ...]:
    """Count pieces of equipment, the most numerous category first."""
    counts: Counter[AssetCategory] = Counter()
    for line in lines:
        counts[line.category] += line.quantity
    return tuple(CategoryCount(category, count) for category, count in counts.most_common())


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to decide: an upgrade, or an opinion that is awaited.

    ``title`` is the product; ``closes`` the advisories that the action closes; ``awaiting``
    whose move it is ("biomedical", "prestataire": a role of the templates' words), empty when
    it is the reader's own.
    """

    title: str
    target: str = ""  # version to reach, or those of each branch; or empty
    by_branch: bool = False  # the version depends on the branch, and there are too many to name
    release: date | None = None  # first day of the month of a vendor's dated release
    says_year: bool = False  # of the release: it is not this year's
    counts: tuple[CategoryCount, ...] = ()
    closes: tuple[str, ...] = ()
    reference: str = ""  # ACT-2026-0031: what to name to see more or answer
    replaces: str = ""  # the action whose target was lower
    exploited: bool = False
    reasons: tuple[Reason, ...] = ()  # why it is urgent, what matters most first
    late: date | None = None  # the day it was promised for, once gone by
    overdue: bool = False  # everybody to be told was told, and nobody answered
    again: Reopening | None = None
    awaiting: str = ""


@dataclass(frozen=True, slots=True)
class Released:
    """A bulletin that no longer concerns the facility since its publisher revised it."""

    advisory: str
    product: str
    on: date


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What is asked once per product: the answer settles ``settles`` bulletins.

    ``wants`` is "version", "concerned" when something else than a version decides, or
    "product" when the name is not recognised. ``facility`` is named where several are asked
    at once.
    """

    reference: str
    product: str
    settles: int
    wants: str = "version"
    facility: str = ""


@dataclass(frozen=True, slots=True)
class MutedCount:
    """How many open alerts a facility does not want to hear of, and the last day of the
    first and of the last mute that holds one."""

    alerts: int = 0
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class DigestView:
    """Everything a digest says: what to decide first, then how the rest stands.

    ``starts_on`` and ``ends_on`` are both included; seven days or less are called by their
    ISO week. ``decisions`` are the most useful ones, ``more`` counts the others. ``proposed``
    seem done by the latest inventory and wait for somebody's word; the machines of
    ``removed`` left it. ``late`` counts the decisions that should be over; ``fixed`` and
    ``set_aside`` those that ended over the period.
    """

    reference: str
    facility: str
    finess: str
    starts_on: date
    ends_on: date
    decisions: tuple[Decision, ...] = ()
    more: int = 0
    proposed: tuple[Decision, ...] = ()
    removed: tuple[Decision, ...] = ()
    released: tuple[Released, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()
    late: int = 0
    fixed: int = 0
    set_aside: int = 0
    muted: MutedCount = MutedCount()
    coverage: Coverage = field(default_factory=Coverage)
    tlp: Tlp = Tlp.CLEAR  # the highest of the bulletins it draws on; and so is the PAP
    pap: Pap = Pap.CLEAR
    exercise: bool = False
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class InitialStateView:
    """Day one: what the inventory already reveals, as its most useful actions.

    ``actions`` holds the ten most useful, best first; ``other_actions`` counts the rest.
    ``advisories`` counts the bulletins that concern the facility, ``exploited`` those whose
    flaw is being exploited.
    """

    reference: str
    facility: str
    finess: str
    actions: tuple[Decision, ...] = ()
    other_actions: int = 0
    advisories: int = 0
    exploited: int = 0
    questions: tuple[OpenQuestion, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    tlp: Tlp = Tlp.CLEAR  # the highest of the bulletins it draws on; and so is the PAP
    pap: Pap = Pap.CLEAR
    exercise: bool = False
    language: str = "fr"
