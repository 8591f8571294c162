"""How sure it is that two names are one product."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

NEAR = frozenset({"name-shorter", "name-longer"})


class Kinship(IntEnum):
    """How sure it is that both are the same product."""

    OTHER = 0
    UNSURE = 1
    SAME = 2


@dataclass(frozen=True, slots=True)
class Relation:
    """Kinship, and the reason when it is not certain (a code of ``REASONS``)."""

    kinship: Kinship
    reason: str = ""

    @property
    def near(self) -> bool:
        """Whether it is only in doubt because a word differs."""
        return self.kinship is Kinship.UNSURE and self.reason in NEAR

    @property
    def named(self) -> bool:
        """Whether there is anything to rule upon."""
        return self.kinship is not Kinship.OTHER or self.reason != OTHER.reason

    @property
    def named_in_full(self) -> bool:
        """Whether the words are the bulletin's own: lines that only come near say nothing more."""
        return self.kinship is not Kinship.OTHER and not self.near


SAME = Relation(Kinship.SAME)
OTHER = Relation(Kinship.OTHER, "other-product")
