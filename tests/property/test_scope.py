"""When a difference is worth a message: what is worse is told, what is better is not."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.scope import Scope, change, of_part

machines = st.frozensets(st.integers(1, 9))
scopes = st.builds(
    Scope,
    affected=machines,
    to_check=machines,
    target=st.sampled_from(["", "1.0", "2.0"]),
    exploited=st.booleans(),
)


@given(scopes)
def test_the_same_scope_is_no_news(scope: Scope) -> None:
    assert not change(scope, scope).is_news
    assert Scope.from_json(scope.to_json()) == scope


@given(scopes, machines)
def test_machines_that_go_are_no_news(scope: Scope, gone: frozenset[int]) -> None:
    less = dataclasses.replace(
        scope, affected=scope.affected - gone, to_check=scope.to_check - gone
    )
    assert not change(scope, less).is_news


@given(scopes, st.integers(1, 9))
def test_a_machine_newly_concerned_is_always_news(scope: Scope, machine: int) -> None:
    more = dataclasses.replace(scope, affected=scope.affected | {machine})
    assert change(scope, more).is_news is (machine not in scope.affected)


@given(scopes, st.integers(1, 9))
def test_a_machine_that_was_concerned_and_is_to_check_is_no_news(
    scope: Scope, machine: int
) -> None:
    before = dataclasses.replace(scope, affected=scope.affected | {machine})
    after = dataclasses.replace(
        before, affected=before.affected - {machine}, to_check=before.to_check | {machine}
    )
    assert not change(before, after).is_news


@given(scopes)
def test_exploited_from_now_on_is_news(scope: Scope) -> None:
    calm = dataclasses.replace(scope, exploited=False)
    assert change(calm, dataclasses.replace(scope, exploited=True)).is_news


@given(scopes, scopes, machines)
def test_the_parts_of_a_change_add_up_to_it(before: Scope, after: Scope, team: set[int]) -> None:
    worse = change(before, after)
    parts = [
        dataclasses.replace(after, affected=after.affected & each, to_check=after.to_check & each)
        for each in (frozenset(team), frozenset(range(1, 10)) - team)
    ]
    told = [of_part(worse, before, part, None) for part in parts]
    assert all(each.is_news is worse.is_news for each in told)
    if all(each != worse for each in told):
        assert sum(each.newly_affected for each in told) == worse.newly_affected
        assert sum(each.newly_to_check for each in told) == worse.newly_to_check


@given(scopes)
def test_a_version_that_was_asked_of_a_team_before_is_no_news_to_it(after: Scope) -> None:
    before = Scope(affected=after.affected, target="1.0 / 2.0")
    worse = change(before, dataclasses.replace(after, target="2.0", exploited=True))
    part = dataclasses.replace(after, target="2.0", exploited=True)
    assert not of_part(worse, before, part, None).former_target
