"""An action: one upgrade at a facility, and every bulletin that it closes.

A bulletin asks for a version of each product that it concerns. The bulletins of one product
make one action, whose target is the version that all of them accept. Which version a
bulletin accepts is its own affair (branches, trains): the caller says.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.alert import CLOSING_ANSWERS, AnswerKind, Urgency
from bot.domain.facility import AssetCategory
from bot.domain.scope import Reopening
from feeds.versions import Level, read_version

UNCLEAR = "?"  # no version asked by one bulletin satisfies all: "selon votre branche"

Accepts = Callable[[int, int, str], bool]
"""Whether bulletin (advisory id) says that product (id), upgraded to this version, is safe."""


Outlives = Callable[[int, int, int], bool]
"""Whether, for product (id), what satisfies a bulletin that names no fix satisfies another one
too (advisory ids)."""


class ActionState(StrEnum):
    """Where an action stands."""

    OPEN = "open"
    TAKEN = "taken"  # answered, and not over: je m'en occupe, planifié…
    DONE = "done"
    PROPOSED = "proposed"  # the inventory shows no machine left: somebody is asked to confirm
    REMOVED = "removed"  # its machines left the inventory: nobody said that they were upgraded
    RELEASED = "released"  # the bulletins, or an answer, say that nothing is concerned any more
    SUPERSEDED = "superseded"


WAITING = (ActionState.OPEN, ActionState.TAKEN)


class Track(StrEnum):
    """What kind of upgrade: those of different tracks are never one action."""

    UPDATE = "update"  # to a version, or to a dated release that contains the earlier ones
    BULLETIN = "bulletin"  # the bulletin names no version


@dataclass(frozen=True, slots=True)
class Demand:
    """What one bulletin asks for the machines of one product and category."""

    product: int
    category: AssetCategory
    target: str  # version to reach; empty when the bulletin names none
    machines: int


@dataclass(frozen=True, slots=True)
class Member:
    """One bulletin that an action closes; a bulletin older than the inventory has no alert.

    ``release`` is the dated release of its vendor that it belongs to (``2026-03``), or empty.
    """

    advisory_id: int
    demands: tuple[Demand, ...]
    release: str = ""
    alert_id: uuid.UUID | None = None

    def target_of(self, product: int) -> str | None:
        """The version asked for a product; None when it does not concern it."""
        return next((each.target for each in self.demands if each.product == product), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the machines of an action that has none left."""

    fixed: int = 0
    removed: int = 0  # their lines left the inventory
    released: int = 0  # still there as they were: the bulletins changed, or somebody answered

    @property
    def state(self) -> ActionState:
        """What the action becomes: only an upgrade that was seen is proposed as done."""
        if self.fixed:
            return ActionState.PROPOSED
        return ActionState.REMOVED if self.removed else ActionState.RELEASED


@dataclass(frozen=True, slots=True)
class Action:
    """One upgrade. ``needs`` holds the version to reach by product id: empty when no bulletin
    names one, :data:`UNCLEAR` when none satisfies all."""

    id: uuid.UUID
    reference: str
    facility_id: int
    product: str  # key in the catalogue
    track: str
    name: str
    state: ActionState
    urgency: Urgency
    exploited: bool
    release: str
    needs: Mapping[int, str]
    counts: Mapping[AssetCategory, int]
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    superseded_by: uuid.UUID | None = None
    outcome: Outcome = field(default_factory=Outcome)
    reopened: Reopening | None = None

    @property
    def machines(self) -> int:
        """How many pieces of equipment it is about."""
        return sum(self.counts.values())

    @property
    def targets(self) -> tuple[str, ...]:
        """The versions to reach, each once, in order; none when a branch has no clear one."""
        found = dict.fromkeys(self.needs.values())
        return () if UNCLEAR in found else tuple(sorted(filter(None, found), key=_order))


def track_of(target: str, release: str, *, cumulative: bool) -> str:
    """The track of a demand: what can only be applied by itself is a track of its own."""
    if target or (release and cumulative):
        return Track.UPDATE.value
    return release or Track.BULLETIN.value


def needs(members: Sequence[Member], accepts: Accepts) -> dict[int, str]:
    """The version that each product must reach for every member to be closed."""
    asked: dict[int, dict[int, str]] = {}
    for member in members:
        for demand in member.demands:
            asked.setdefault(demand.product, {})[member.advisory_id] = demand.target
    return {product: _required(product, by, accepts) for product, by in asked.items()}


def _required(product: int, asked: Mapping[int, str], accepts: Accepts) -> str:
    """The highest of the versions asked, if every bulletin that names one accepts it.

    The highest may be another branch's, which some bulletin does not accept: then a lower
    one that all accept will do, and failing that the answer depends on the branch.
    """
    named = {bulletin: target for bulletin, target in asked.items() if target}
    targets = sorted(set(named.values()), key=_order, reverse=True)
    if len(targets) < 2:
        return targets[0] if targets else ""
    for target in targets:
        others = (each for each, own in named.items() if own != target)
        if all(accepts(product, bulletin, target) for bulletin in others):
            return target
    return UNCLEAR


def counts(members: Sequence[Member]) -> dict[AssetCategory, int]:
    """Machines by category: the same machine, named by several bulletins, counts once."""
    most: dict[tuple[int, AssetCategory], int] = {}
    for member in members:
        for demand in member.demands:
            key = (demand.product, demand.category)
            most[key] = max(most.get(key, 0), demand.machines)
    found: dict[AssetCategory, int] = {}
    for (_, category), machines in most.items():
        found[category] = found.get(category, 0) + machines
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def shown_release(members: Sequence[Member], required: Mapping[int, str]) -> str:
    """The dated release that closes everything, or empty when a later bulletin asks for more."""
    latest = max((member.release for member in members), default="")
    loose = [m for m in members if not m.release]
    dated = [m for m in members if m.release]
    for member in loose:
        for demand in member.demands:
            need = required.get(demand.product, "")
            if demand.target == need and all(m.target_of(demand.product) != need for m in dated):
                return ""
    return latest


def rises(before: Action, after: Mapping[int, str], release: str) -> bool:
    """Whether more is asked of a machine than before: that is another action.

    A machine gone, a machine more, or one more bulletin closed by the same version is not.
    """
    if before.release and release > before.release:
        return True
    return any(
        _higher(target, known)
        for product, target in after.items()
        if target and (known := before.needs.get(product))
    )


def _higher(target: str, than: str) -> bool:
    if UNCLEAR in (target, than):
        return target == UNCLEAR != than
    return _order(target) > _order(than)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lot that nobody answered: how far up the ladder its silence was told, and when next."""

    category: AssetCategory
    step: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an alert stands, for who wonders whether a later one stands for it too."""

    alert_id: uuid.UUID
    urgency: Urgency
    machines: int  # concerned for sure, by all its products
    to_check: int
    waiting: tuple[Waiting, ...] = ()

    def as_urgent_as(self, other: Standing) -> bool:
        """Whether nobody would hear later, or less, of ``self`` than of ``other``."""
        if other.urgency is Urgency.IMMEDIATE and self.urgency is not Urgency.IMMEDIATE:
            return False
        own = {each.category: each for each in self.waiting}
        return all(
            (mine := own.get(theirs.category)) is not None and _as_soon(mine, theirs)
            for theirs in other.waiting
        )


def _as_soon(mine: Waiting, theirs: Waiting) -> bool:
    if mine.step < theirs.step:
        return False
    return theirs.at is None or (mine.at is not None and mine.at <= theirs.at)


Plan = tuple[Mapping[int, str], Sequence[Member]]
"""What an action asks, by product id, and what it closes."""


def superseded(
    plans: Iterable[Plan], standings: Mapping[uuid.UUID, Standing], outlives: Outlives
) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Alerts all of whose machines another one asks more of, at least as urgently; and alerts
    some of whose machines only are.

    ``plans`` are those of open actions of one facility; ``standings`` its alerts that nobody
    answered. What is to be checked belongs to no action: an alert that has any stays.
    """
    covered: dict[uuid.UUID, int] = {}
    for required, members in plans:
        told = [
            (member, own)
            for member in members
            if (own := standings.get(member.alert_id) if member.alert_id else None)
        ]
        heirs = _heirs(required, told)
        for member, own in told:
            for demand in member.demands:
                need = required.get(demand.product, "")
                asking = heirs.get((demand.product, demand.category), ())
                if any(_stands_for(each, member, own, demand, need, outlives) for each in asking):
                    covered[own.alert_id] = covered.get(own.alert_id, 0) + demand.machines
    sure = {id_ for id_ in covered if standings[id_].to_check == 0}
    whole = {id_ for id_ in sure if 0 < standings[id_].machines <= covered[id_]}
    return whole, sure - whole


_Heir = tuple[Member, Standing, Demand]


def _heirs(
    required: Mapping[int, str], told: Iterable[tuple[Member, Standing]]
) -> dict[tuple[int, AssetCategory], list[_Heir]]:
    """By product and category, the bulletins that ask what the action asks."""
    found: dict[tuple[int, AssetCategory], list[_Heir]] = {}
    for member, standing in told:
        for demand in member.demands:
            if demand.target == required.get(demand.product, "") != UNCLEAR:
                key = (demand.product, demand.category)
                found.setdefault(key, []).append((member, standing, demand))
    return found


def _stands_for(
    heir: _Heir, member: Member, own: Standing, demand: Demand, need: str, outlives: Outlives
) -> bool:
    """Whether ``heir`` asks, of the same machines, what satisfies ``member`` and more."""
    other, standing, asked = heir
    newer = other.release > member.release != ""
    named = need not in ("", UNCLEAR) and not member.release  # it is closed by that upgrade
    more = _higher(need, demand.target) if demand.target else newer or named
    enough = asked.machines >= demand.machines and standing.as_urgent_as(own)
    if more or not enough:
        return more and enough
    loose = need == other.release == member.release == "" and other is not member
    return loose and outlives(demand.product, other.advisory_id, member.advisory_id)


def lot_state(states: Iterable[str]) -> str:
    """The state of a whole from that of its parts, the one that needs most attention."""
    found = list(states)
    return min(found, key=lambda state: _ATTENTION.get(state, 0), default="open")


_ATTENTION = {
    state: rank
    for rank, state in enumerate(
        (
            "open",
            AnswerKind.UNKNOWN.value,
            AnswerKind.COMPROMISED.value,
            AnswerKind.TAKEN.value,
            AnswerKind.FORWARDED.value,
            AnswerKind.PLANNED.value,
            *sorted(kind.value for kind in CLOSING_ANSWERS),
        )
    )
}


def state_of(lots: Iterable[str]) -> ActionState:
    """The state of an action from those of its lots."""
    states = list(lots)
    if not states or "open" in states or AnswerKind.UNKNOWN.value in states:
        return ActionState.OPEN
    return (
        ActionState.DONE if all(each in CLOSING_ANSWERS for each in states) else ActionState.TAKEN
    )


def title(typed: Sequence[str]) -> str:
    """What products typed in several ways are called: what all begin with, or the commonest."""
    names = list(dict.fromkeys(each for each in typed if each))
    if len(names) < 2:
        return names[0] if names else ""
    split = [name.split() for name in names]
    common = []
    for words in zip(*split, strict=False):
        if len({word.casefold() for word in words}) > 1:
            break
        common.append(words[0])
    named = [word for word in common if not word[0].isdigit()]
    return " ".join(named) or max(names, key=list(typed).count)


def reaches(version: str, target: str) -> bool:
    """Whether ``version`` is ``target`` or a later one."""
    return not _higher(target, version)


def _order(text: str) -> tuple[tuple[int, ...], tuple[Level, ...]]:
    version = read_version(text)
    return version.key if version is not None else ((), ())
