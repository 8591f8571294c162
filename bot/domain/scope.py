"""What an alert concerns at a facility, and whether a difference is worth a message."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Self

VERSIONS_BETWEEN = " / "  # in a target: the version to reach of each branch


class Over(StrEnum):
    """What its publisher says of the life of a bulletin."""

    NOT = ""
    CLOSED = "closed"  # an alerte that CERT-FR ended
    WITHDRAWN = "withdrawn"  # it should not have been published


@dataclass(frozen=True, slots=True)
class Scope:
    """Which machines, up to which version, how badly. Assets are the store's ids.

    ``words`` is a digest of what a bulletin aimed at people says; empty for machines.
    """

    affected: frozenset[int] = frozenset()
    to_check: frozenset[int] = frozenset()
    target: str = ""
    exploited: bool = False
    words: str = ""
    over: Over = Over.NOT

    def to_json(self) -> dict[str, Any]:
        """The scope as plain JSON values; :meth:`from_json` reads it back."""
        return {
            "affected": sorted(self.affected),
            "to_check": sorted(self.to_check),
            "target": self.target,
            "exploited": self.exploited,
            "words": self.words,
            "over": self.over.value,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(
            frozenset(values["affected"]),
            frozenset(values["to_check"]),
            values["target"],
            values["exploited"],
            values["words"],
            Over(values["over"]),
        )

    @property
    def digest(self) -> str:
        """SHA-256 (hex): equal scopes, and only they, have the same."""
        return hashlib.sha256(json.dumps(self.to_json()).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reopening:
    """Why something waits again: answered *corrigé*, and a later inventory disagrees."""

    answered_on: date
    inventory_on: date
    machines: int
    versions: tuple[str, ...] = ()  # still seen

    def __add__(self, other: Reopening) -> Reopening:
        return Reopening(
            max(self.answered_on, other.answered_on),
            max(self.inventory_on, other.inventory_on),
            self.machines + other.machines,
            tuple(dict.fromkeys([*self.versions, *other.versions])),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What is worse, or else to be done, than when the facility was last told."""

    newly_affected: int = 0
    newly_to_check: int = 0
    former_target: str = ""  # the version asked for before; empty when it did not change
    newly_exploited: bool = False
    reworded: bool = False
    over: Over = Over.NOT  # when the bulletin has just ended; nothing else matters then
    again: Reopening | None = None  # an answer that the inventory contradicts
    promoted: bool = False  # it waited for a digest, and has become urgent

    @property
    def is_news(self) -> bool:
        """Whether people are told."""
        return self != NO_CHANGE

    @property
    def occurrence(self) -> str:
        """What tells this change apart from another one that leads to the same machines."""
        if self.again:
            return f"again-{self.again.inventory_on}"
        return "promoted" * self.promoted


NO_CHANGE = Change()


def change(before: Scope, after: Scope) -> Change:
    """Compare two scopes of one alert.

    A machine that was upgraded, removed or set aside is no news: it is what was asked. A
    machine that was to be checked and turns out to be concerned is. So is the end of the
    bulletin, and once it has ended nothing is.
    """
    if after.over:
        return Change(over=after.over) if after.over is not before.over else NO_CHANGE
    return Change(
        newly_affected=len(after.affected - before.affected),
        newly_to_check=len(after.to_check - before.to_check - before.affected),
        former_target=before.target if _asks_for_more(before, after) else "",
        newly_exploited=after.exploited and not before.exploited,
        reworded=before.words != after.words,
    )


def of_part(worse: Change, before: Scope, part: Scope, again: Reopening | None) -> Change:
    """What of a change is about some of the machines: what their team is told.

    What the bulletin says (exploited, reworded, ended) is for everybody. The surprising
    case: where nothing of the change is about that part, it is told whole; somebody is
    written to all the same, and must read why.

    Args:
        part: what now concerns those machines.
        again: the answer of theirs that the inventory denies.
    """
    asked = set(before.target.split(VERSIONS_BETWEEN))
    same = bool(part.target) and asked.issuperset(part.target.split(VERSIONS_BETWEEN))
    found = dataclasses.replace(
        worse,
        newly_affected=len(part.affected - before.affected),
        newly_to_check=len(part.to_check - before.to_check - before.affected),
        former_target="" if same else worse.former_target,
        again=again,
    )
    return found if found.is_news else worse


def together(changes: Sequence[Change]) -> Change:
    """What is worse at several facilities that one message speaks of."""
    return dataclasses.replace(
        changes[0],
        newly_affected=sum(each.newly_affected for each in changes),
        newly_to_check=sum(each.newly_to_check for each in changes),
        former_target=next((each.former_target for each in changes if each.former_target), ""),
        newly_exploited=any(each.newly_exploited for each in changes),
        reworded=any(each.reworded for each in changes),
        promoted=any(each.promoted for each in changes),
    )


def _asks_for_more(before: Scope, after: Scope) -> bool:
    """Whether another version is asked for, and not only because some machines are gone."""
    named = before.target and after.target and before.target != after.target
    return bool(named) and after.affected >= before.affected
