"""Whatever the limits of destinations, every lot is told to somebody; the safe reading wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import CLOSING_ANSWERS, AlertState, AnswerKind
from bot.domain.delivery import Address
from bot.domain.facility import AssetCategory
from bot.domain.lots import (
    EVERY_LOT,
    LotAnswer,
    contradicts,
    duties,
    orphans,
    read_lots,
    split_lots,
    state_after,
    with_lots,
)
from bot.domain.message import ChannelName
from bot.domain.people import AT_FACILITY, Role
from bot.domain.routing import Rhythm, Subscription, by_lot
from bot.domain.speaker import Speaker
from feeds.advisory import Tlp

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CALLED = {
    AssetCategory.WORKSTATION: "postes de travail",
    AssetCategory.SERVER: "Serveurs",
    AssetCategory.NETWORK: "équipements actifs",
    AssetCategory.BIOMEDICAL: "équipements biomédicaux",
    AssetCategory.GENERAL: "général",
}
lots = st.frozensets(st.sampled_from(AssetCategory))
some_lots = st.frozensets(st.sampled_from(AssetCategory), min_size=1)
subscriptions = st.lists(
    st.builds(
        Subscription,
        st.integers(1, 9),
        st.just(1),
        st.sampled_from([Address(ChannelName.MATRIX, f"!{name}:x") for name in "abcd"]),
        st.sampled_from(Tlp),
        st.just(Rhythm.WEEKLY),
        st.just("fr"),
        st.just(NOW),
        lots,
    ),
    max_size=5,
)
roles = st.frozensets(st.sampled_from(sorted(AT_FACILITY)))
answers = st.builds(
    LotAnswer,
    st.sampled_from(["claire", "marc", "jean"]),
    st.sampled_from([kind for kind in AnswerKind if kind is not AnswerKind.REOPENED]),
    st.integers(0, 3_000_000).map(lambda us: NOW + timedelta(microseconds=us)),
)


@given(subscriptions, some_lots)
def test_every_lot_is_told_somewhere_once_an_address(
    subscribed: list[Subscription], wanted: frozenset[AssetCategory]
) -> None:
    told = by_lot(subscribed, wanted)
    reached = frozenset[AssetCategory]().union(*(some for _, some in told))
    assert reached == (wanted if subscribed else frozenset())
    assert len({each.to for each, _ in told}) == len(told)


@given(subscriptions, some_lots)
def test_who_is_limited_is_told_of_another_lot_only_where_nobody_else_is(
    subscribed: list[Subscription], wanted: frozenset[AssetCategory]
) -> None:
    for each, some in by_lot(subscribed, wanted):
        for lot in some - each.lots if each.lots else ():
            assert all(other.lots and lot not in other.lots for other in subscribed)


@given(st.lists(roles, min_size=1, max_size=4))
def test_every_lot_has_somebody_who_may_answer(team: list[frozenset[Role]]) -> None:
    held = [role for person in team for role in person]
    people = [
        Speaker("x", "x@ch.example", duties={1: duties(each)}, orphans={1: orphans(held)})
        for each in team
        if each
    ]
    for lot in EVERY_LOT if people else ():
        there = frozenset({lot})
        assert any(each.lots_of(1, there, frozenset())[0] == there for each in people)


@given(st.lists(answers, max_size=4), answers)
def test_at_the_same_instant_nobody_closes_what_another_leaves_open(
    earlier: list[LotAnswer], later: LotAnswer
) -> None:
    state = state_after("open", earlier, later)
    at_once = [
        each
        for each in earlier
        if contradicts(each, later) and abs(each.at - later.at) <= timedelta(seconds=1)
    ]
    left_open = [each for each in (*at_once, later) if each.kind not in CLOSING_ANSWERS]
    assert (AlertState.of_lots([state]) is AlertState.DONE) is not bool(left_open)


@given(lots)
def test_a_subject_gives_back_its_lots(wanted: frozenset[AssetCategory]) -> None:
    reference = "ALR-2026-0412+0413"
    assert split_lots(with_lots(reference, wanted)) == (reference, wanted)


@given(some_lots, st.sampled_from(["", "en 7.2.12", "Mis à jour hier"]))
def test_lots_are_read_as_people_name_them(wanted: frozenset[AssetCategory], note: str) -> None:
    named = " et les ".join(sorted(CALLED[lot] for lot in wanted))
    assert read_lots(f"pour les {named} : {note}") == (wanted, note)
    assert read_lots(note) == (frozenset(), note)
