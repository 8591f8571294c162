"""Versions are totally ordered, whatever is typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feeds.versions import Order, Version, order, read_version

numbers = st.lists(st.integers(0, 40), min_size=1, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)
suffixes = st.sampled_from(
    [
        "",
        "a",
        "za",
        "-rc1",
        "-beta2",
        " SP1",
        " Patch 16",
        "R3-S5",
        "(3)",
        "-h15",
        " CU7",
        "u351",
        "-cert13",
    ]
)
typed = st.builds(lambda number, suffix: number + suffix, numbers, suffixes)
anything = st.text("0123456789abrcsp.-_() ", min_size=1, max_size=14)
versions = st.one_of(typed, anything).map(read_version).filter(lambda v: v is not None)


@given(first=versions, second=versions)
def test_of_two_versions_one_is_lower_or_both_are_equal(first: Version, second: Version) -> None:
    assert [first.key < second.key, first.key == second.key, second.key < first.key].count(
        True
    ) == 1


@given(three=st.lists(versions, min_size=3, max_size=3))
def test_order_is_transitive(three: list[Version]) -> None:
    low, middle, high = sorted(three)
    assert low.key <= middle.key <= high.key
    assert low.key <= high.key


@given(number=numbers, suffix=suffixes, zeros=st.integers(1, 3))
def test_padding_is_not_a_difference(number: str, suffix: str, zeros: int) -> None:
    plain = read_version(number + (suffix if suffix != "(3)" else ""))
    padded = read_version(number + ".0" * zeros + (suffix if suffix != "(3)" else ""))
    assert plain is not None
    assert padded is not None
    assert plain.key == padded.key


@given(first=versions, second=versions)
def test_what_is_told_agrees_with_the_order(first: Version, second: Version) -> None:
    told = order(first, second)
    if told is Order.EQUAL:
        assert first.key == second.key
    if told is Order.BELOW:
        assert first.key < second.key
    if told is Order.ABOVE:
        assert first.key > second.key


@given(version=versions)
def test_case_and_a_leading_v_are_not_differences(version: Version) -> None:
    again = read_version(version.text.upper())
    assert again is not None
    assert again.key == version.key
