"""What names no version to reach, closed by an upgrade that another bulletin of the product asks.

« FortiOS 7.2.4 et antérieures » names no fix: by itself it is an action of its own. Once another
bulletin asks for 7.2.12, and the first says nothing of 7.2.12, one upgrade closes both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.domain.action import UNCLEAR, Action, Member, Track, needs
from bot.pipeline.actions.asked import Group, Place

Judge = Callable[[int, int, str], bool]
"""Whether a bulletin (advisory id) says that a product (id) is safe at this version."""


@dataclass(slots=True)
class Draft:
    """One place: the action that waits there, and what it is to close."""

    place: Place
    action: Action | None
    group: Group
    before: Mapping[int, Member]
    members: dict[int, Member] = field(default_factory=dict)
    adopted: Place | None = None  # where what it closed went, once it closes nothing


def adopt(drafts: Iterable[Draft], judge: Judge) -> list[Draft]:
    """Put what names no version where an upgrade closes it, or back by itself; the upgrades of
    a product come first."""
    found = {draft.place: draft for draft in drafts}
    for update in [each for each in found.values() if each.place[2] == Track.UPDATE]:
        alone = _alone(update.place)
        bulletin = found.get(alone)
        loose = _take_loose(update)
        if bulletin is not None:
            loose |= bulletin.members
        if not loose:
            continue
        named = list(update.members.values())
        required = needs(named, judge)
        closed = {id_: m for id_, m in loose.items() if _closes(required, m, judge)}
        left = {id_: m for id_, m in loose.items() if id_ not in closed}
        for id_, member in closed.items():
            update.members[id_] = _joined(update.members.get(id_), member)
        if bulletin is None and left:
            group = Group(title=update.group.name or (update.action.name if update.action else ""))
            bulletin = found[alone] = Draft(alone, None, group, {})
        if bulletin is not None:
            bulletin.members = left
            bulletin.adopted = update.place if closed and not left else None
    return sorted(found.values(), key=lambda each: each.place[2] != Track.UPDATE)


def _alone(place: Place) -> Place:
    return (place[0], place[1], Track.BULLETIN.value)


def _take_loose(update: Draft) -> dict[int, Member]:
    """Take out of an upgrade what names no version."""
    loose: dict[int, Member] = {}
    for id_, member in list(update.members.items()):
        if member.release:
            continue  # the release is what is asked
        vague = tuple(each for each in member.demands if not each.target)
        named = tuple(each for each in member.demands if each.target)
        if vague:
            loose[id_] = replace(member, demands=vague)
            if named:
                update.members[id_] = replace(member, demands=named)
            else:
                del update.members[id_]
    return loose


def _closes(required: Mapping[int, str], member: Member, judge: Judge) -> bool:
    """Whether the upgrade says a version of every product of ``member``, and is enough for it."""
    return all(
        (need := required.get(demand.product, "")) not in ("", UNCLEAR)
        and judge(demand.product, member.advisory_id, need)
        for demand in member.demands
    )


def _joined(known: Member | None, member: Member) -> Member:
    """One bulletin may name a version for one product and none for another."""
    if known is None:
        return member
    return replace(known, demands=(*known.demands, *member.demands))
