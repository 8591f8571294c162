"""How soon an alert is told, and why: points for each thing that is known, added up.

The rule fits in :func:`judge`; ``docs/priority.md`` explains it with examples, and
``tocsin priority ALR-…`` shows the sum for one alert.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.domain.alert import Urgency
from bot.domain.reason import Reason, ReasonCode

MOST_POINTS = 1000  # far above any sum that means something


@dataclass(frozen=True, slots=True)
class Exploitation:
    """What is known of the exploitation of the vulnerabilities that a bulletin names.

    ``probability`` (EPSS, within 30 days) and ``percentile`` are the highest among them, 0
    to 1; None when no list gave any.
    """

    exploited: bool = False
    ransomware: bool = False
    probability: float | None = None
    percentile: float | None = None


NOT_EXPLOITED = Exploitation()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the urgency of an alert rests on.

    ``sure``: a machine is concerned for sure, not only to be checked. ``aimed``: the
    bulletin speaks to the facility's people. ``ended_on``: the earliest end of support
    among its machines, when that day is over.
    """

    alerte: bool = False
    sure: bool = False
    aimed: bool = False
    exploitation: Exploitation = NOT_EXPLOITED
    exposed: bool = False
    biomedical: bool = False
    ended_on: date | None = None
    cvss: float | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """Points for each reason, and from which sum on people are told at once.

    Raises:
        ValueError: a value is out of bounds, or the scale could delay an *alerte*, or
            something exploited would weigh less than something likely to be.
    """

    immediate_from: int = 60
    alerte: int = 100
    exploited: int = 60
    ransomware: int = 30
    exposed: int = 30
    epss: int = 30
    biomedical: int = 10
    end_of_support: int = 10
    cvss: int = 10
    epss_from: float = 0.5  # probability from which EPSS counts
    epss_percentile_from: float = 0.99  # or percentile, whichever is reached first
    cvss_from: float = 9.0  # base score from which CVSS counts

    def __post_init__(self) -> None:
        for name in (*POINTS, "immediate_from"):
            if not 0 <= getattr(self, name) <= MOST_POINTS:
                raise ValueError(f"{name} must be between 0 and {MOST_POINTS}")
        if not 0 < self.immediate_from <= self.alerte:
            raise ValueError(
                f"alerte ({self.alerte}) must reach immediate_from ({self.immediate_from}), which"
                " must be above 0: an alerte is never delayed"
            )
        if self.exploited < self.epss:
            raise ValueError(
                f"exploited ({self.exploited}) must be at least epss ({self.epss}): what is"
                " exploited is worse than what may be"
            )
        for name, highest in (("epss_from", 1), ("epss_percentile_from", 1), ("cvss_from", 10)):
            if not 0 <= getattr(self, name) <= highest:
                raise ValueError(f"{name} must be between 0 and {highest}")

    def points(self, code: ReasonCode) -> int:
        """What a reason weighs."""
        weight: int = getattr(self, POINTS_OF[code])
        return weight

    def is_likely(self, probability: float | None, percentile: float | None) -> bool:
        """Whether what EPSS says of a vulnerability counts."""
        if probability is None:
            return False
        unusual = percentile is not None and percentile >= self.epss_percentile_from
        return probability >= self.epss_from or unusual


POINTS_OF = {code: code.value for code in ReasonCode} | {
    ReasonCode.END_OF_SUPPORT: "end_of_support"
}
POINTS = tuple(POINTS_OF.values())
USUAL_SCALE = Scale()


@dataclass(frozen=True, slots=True)
class Weighed:
    """A reason and its points."""

    reason: Reason
    points: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """How soon, and why: ``weighed`` holds what matters most first."""

    urgency: Urgency
    weighed: tuple[Weighed, ...]

    @property
    def points(self) -> int:
        """The sum."""
        return sum(each.points for each in self.weighed)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons that weigh something, what matters most first."""
        return tuple(each.reason for each in self.weighed)


def judge(facts: Facts, scale: Scale) -> Judgement:
    """How soon an alert is told.

    At once: an *alerte*, even only to be checked; a bulletin aimed at people; and what
    concerns the facility for sure with enough points. Everything else waits for the
    digest: what is only to be checked never interrupts, unless it is an *alerte*.
    """
    found = [Weighed(reason, scale.points(reason.code)) for reason in _reasons(facts, scale)]
    weighed = tuple(sorted((w for w in found if w.points), key=lambda w: -w.points))
    enough = facts.sure and sum(each.points for each in weighed) >= scale.immediate_from
    at_once = facts.alerte or facts.aimed or enough
    return Judgement(Urgency.IMMEDIATE if at_once else Urgency.DIGEST, weighed)


def _reasons(facts: Facts, scale: Scale) -> list[Reason]:
    """What is true, in the order of :class:`ReasonCode`."""
    known = facts.exploitation
    found = [
        (facts.alerte, Reason(ReasonCode.ALERTE)),
        (known.exploited, Reason(ReasonCode.EXPLOITED)),
        (known.ransomware, Reason(ReasonCode.RANSOMWARE)),
        (facts.exposed, Reason(ReasonCode.EXPOSED)),
        (_likely(known, scale), Reason(ReasonCode.EPSS, known.probability)),
        (facts.biomedical, Reason(ReasonCode.BIOMEDICAL)),
        (facts.ended_on is not None, Reason(ReasonCode.END_OF_SUPPORT, on=facts.ended_on)),
        (
            facts.cvss is not None and facts.cvss >= scale.cvss_from,
            Reason(ReasonCode.CVSS, facts.cvss),
        ),
    ]
    return [reason for is_so, reason in found if is_so]


def _likely(known: Exploitation, scale: Scale) -> bool:
    """Whether EPSS counts; of what is exploited already, it says nothing more."""
    return not known.exploited and scale.is_likely(known.probability, known.percentile)
