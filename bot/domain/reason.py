"""Why an alert is urgent, in codes that templates put into words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self


class ReasonCode(StrEnum):
    """What may make an alert urgent; at equal points, the first one is said first."""

    ALERTE = "alerte"  # the publisher raised an alerte
    EXPLOITED = "exploited"  # CISA KEV
    RANSOMWARE = "ransomware"  # CISA KEV: a ransomware campaign uses it
    EXPOSED = "exposed"  # a machine is reachable from the Internet
    EPSS = "epss"  # FIRST: it is likely to be exploited
    BIOMEDICAL = "biomedical"
    END_OF_SUPPORT = "eol"  # no correction will come any more
    CVSS = "cvss"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, with what makes it precise.

    ``value`` is EPSS's probability (0 to 1) or CVSS's base score (0 to 10); ``on`` the last
    day of support.
    """

    code: ReasonCode
    value: float | None = None
    on: date | None = None

    @property
    def is_public(self) -> bool:
        """Whether it says something of the bulletin only, and nothing of a facility."""
        return self.code in OF_THE_BULLETIN

    def __str__(self) -> str:
        """``exploited``, ``epss=0.92``, ``eol=2025-10-14``; :meth:`read` reads it back."""
        said = self.on.isoformat() if self.on else self.value
        return self.code.value if said is None else f"{self.code.value}={said}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what ``str`` wrote."""
        word, _, said = text.partition("=")
        code = ReasonCode(word)
        if code is ReasonCode.END_OF_SUPPORT:
            return cls(code, on=date.fromisoformat(said) if said else None)
        return cls(code, float(said) if said else None)


OF_THE_BULLETIN = frozenset(
    {
        ReasonCode.ALERTE,
        ReasonCode.EXPLOITED,
        ReasonCode.RANSOMWARE,
        ReasonCode.EPSS,
        ReasonCode.CVSS,
    }
)


def all_reasons(several: Iterable[Iterable[Reason]]) -> tuple[Reason, ...]:
    """The reasons of several alerts told together: each code once, at its worst, in the order
    of :class:`ReasonCode`."""
    worst: dict[ReasonCode, Reason] = {}
    for reason in (reason for reasons in several for reason in reasons):
        known = worst.get(reason.code)
        if known is None or _worse(reason, known):
            worst[reason.code] = reason
    return tuple(worst[code] for code in ReasonCode if code in worst)


def _worse(reason: Reason, known: Reason) -> bool:
    """An earlier end of support, or a higher score."""
    earlier = reason.on is not None and known.on is not None and reason.on < known.on
    return earlier or (reason.value or 0) > (known.value or 0)
