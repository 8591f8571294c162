"""Upgrades: nothing is dropped, and what an action asks closes what it says it closes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.action import (
    UNCLEAR,
    Demand,
    Member,
    Standing,
    Waiting,
    counts,
    needs,
    superseded,
    title,
)
from bot.domain.alert import Urgency
from bot.domain.facility import AssetCategory
from bot.domain.matching.judging import below
from bot.domain.matching.placement import Inside
from feeds.versions import Version, read_version

CATEGORY = st.sampled_from([AssetCategory.SERVER, AssetCategory.NETWORK])
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
MACHINES = 3  # of each product: every bulletin that concerns one concerns them all

# a bulletin gives a fixed version for each train that it fixes: {13: 49, 14: 8} is 13.1.49, 14.1.8
bulletins = st.dictionaries(st.integers(13, 15), st.integers(1, 30), min_size=1)
worlds = st.dictionaries(st.integers(1, 6), bulletins, min_size=1)
products = st.dictionaries(
    st.integers(1, 4), st.tuples(st.integers(13, 15), CATEGORY), min_size=1
)  # each in its train, at its first version


def written(train: int, build: int) -> str:
    return f"{train}.1.{build}"


def read(train: int, build: int) -> Version:
    version = read_version(written(train, build))
    assert version is not None
    return version


def accepted(fixes: Mapping[int, int], version: str) -> bool:
    """What the matcher says of a bare enumeration of fixed versions."""
    reached = read_version(version)
    assert reached is not None
    limits = tuple(read(train, build) for train, build in fixes.items())
    return below(limits, reached).inside is Inside.OUT


def members(
    world: Mapping[int, Mapping[int, int]], owned: Mapping[int, tuple[int, AssetCategory]]
) -> list[Member]:
    """What each bulletin asks: the lowest fixed version above the product's."""
    found = []
    for bulletin, fixes in world.items():
        demands = []
        for product, (train, category) in owned.items():
            above = [(t, b) for t, b in sorted(fixes.items()) if t >= train]
            if above:
                demands.append(Demand(product, category, written(*above[0]), MACHINES))
        if demands:
            found.append(Member(bulletin, tuple(demands), alert_id=uuid.UUID(int=bulletin)))
    return found


def required(world: Mapping[int, Mapping[int, int]], found: Sequence[Member]) -> dict[int, str]:
    return needs(found, lambda _, bulletin, version: accepted(world[bulletin], version))


@given(world=worlds, owned=products)
def test_what_an_action_asks_closes_every_bulletin_it_names(
    world: dict[int, dict[int, int]], owned: dict[int, tuple[int, AssetCategory]]
) -> None:
    found = members(world, owned)
    asked = required(world, found)
    assert asked.keys() == {demand.product for member in found for demand in member.demands}
    for member in found:
        for demand in member.demands:
            need = asked[demand.product]
            assert need == UNCLEAR or accepted(world[member.advisory_id], need)


@given(world=worlds, owned=products)
def test_the_order_in_which_bulletins_come_does_not_matter(
    world: dict[int, dict[int, int]], owned: dict[int, tuple[int, AssetCategory]]
) -> None:
    found = members(world, owned)
    assert required(world, found) == required(world, found[::-1])
    assert counts(found) == counts(found[::-1])


@given(world=worlds, owned=products)
def test_a_machine_counts_once_whatever_the_bulletins(
    world: dict[int, dict[int, int]], owned: dict[int, tuple[int, AssetCategory]]
) -> None:
    found = members(world, owned)
    concerned = {demand.product for member in found for demand in member.demands}
    assert sum(counts(found).values()) == MACHINES * len(concerned)


@st.composite
def standings(draw: st.DrawFn, found: Sequence[Member]) -> dict[uuid.UUID, Standing]:
    """How each alert stands; some have machines to check besides."""
    known = {}
    for member in found:
        assert member.alert_id is not None
        at = draw(st.none() | st.integers(0, 3).map(lambda day: NOW + timedelta(days=day)))
        known[member.alert_id] = Standing(
            member.alert_id,
            draw(st.sampled_from(Urgency)),
            sum(demand.machines for demand in member.demands),
            draw(st.sampled_from([0, 0, 0, 1])),
            tuple(
                Waiting(category, draw(st.integers(0, 3)), at)
                for category in dict.fromkeys(demand.category for demand in member.demands)
            ),
        )
    return known


@given(data=st.data(), world=worlds, owned=products)
def test_nothing_is_dropped_and_nothing_urgent_is_quieter(
    data: st.DataObject,
    world: dict[int, dict[int, int]],
    owned: dict[int, tuple[int, AssetCategory]],
) -> None:
    """Each machine of a superseded alert has, by a living one, a demand that satisfies it."""
    found = members(world, owned)
    known = data.draw(standings(found))
    asked = required(world, found)
    gone, _ = superseded([(asked, found)], known, lambda *_: False)
    living = [member for member in found if member.alert_id not in gone]
    assert living or not found
    for member in found:
        if member.alert_id not in gone:
            continue
        assert member.alert_id is not None
        own = known[member.alert_id]
        assert own.to_check == 0
        for demand in member.demands:
            heirs = [
                each
                for each in living
                if each.target_of(demand.product) == asked[demand.product] != UNCLEAR
            ]
            assert any(each.alert_id and known[each.alert_id].as_urgent_as(own) for each in heirs)
            assert accepted(world[member.advisory_id], asked[demand.product])


@given(data=st.data(), last=st.dictionaries(st.integers(1, 6), st.integers(1, 4), min_size=1))
def test_of_bulletins_without_a_fix_the_one_that_reaches_highest_lives(
    data: st.DataObject, last: dict[int, int]
) -> None:
    """« X et antérieures »: what goes beyond the highest X goes beyond every other."""
    machines = data.draw(st.fixed_dictionaries(dict.fromkeys(last, st.integers(1, 3))))
    found = [
        Member(id_, (Demand(1, AssetCategory.SERVER, "", machines[id_]),), "", uuid.UUID(int=id_))
        for id_ in last
    ]
    known = data.draw(standings(found))
    gone, _ = superseded([({1: ""}, found)], known, lambda _, a, b: last[a] > last[b])
    living = [each for each in found if each.alert_id not in gone]
    assert living
    for member in found:
        if member.alert_id in gone:
            assert member.alert_id is not None
            assert any(
                last[each.advisory_id] > last[member.advisory_id]
                and machines[each.advisory_id] >= machines[member.advisory_id]
                and each.alert_id
                and known[each.alert_id].as_urgent_as(known[member.alert_id])
                for each in living
            )


@given(names=st.lists(st.text(alphabet="ab 12", min_size=1, max_size=8), min_size=1))
def test_a_product_always_has_a_name(names: list[str]) -> None:
    if any(name.strip() for name in names):
        assert title([name for name in names if name.strip()]).strip()
