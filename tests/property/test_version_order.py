"""Versions are totally ordered, whatever is typed."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from feeds.ordering import Cover, Order, cover, order
from feeds.versions import Version, read_version

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


def without_builds(version: Version) -> tuple[object, ...]:
    return version.key[0], [level for level in version.levels if level[2] != "b"]


@given(first=versions, second=versions)
@example(first=read_version("a"), second=read_version("b0"))
@example(first=read_version("3.2 P7 build 542"), second=read_version("3.2 P7"))
@example(first=read_version("3.2 build 5 P9"), second=read_version("3.2 P3"))
def test_what_is_told_agrees_with_the_order(first: Version, second: Version) -> None:
    told = order(first, second)
    if told is Order.EQUAL:  # "3.2 P7 build 542" is 3.2 P7
        assert without_builds(first) == without_builds(second)
    if told is Order.BELOW:
        assert first.key < second.key
    if told is Order.ABOVE:
        assert first.key > second.key


kinds = st.sampled_from([" SP", " Patch ", " CU", "R", " Update ", " HF", " FP"])
levels = st.integers(1, 40)


@given(number=numbers, one=kinds, other=kinds, mine=levels, theirs=levels)
def test_levels_of_two_kinds_prove_nothing(
    number: str, one: str, other: str, mine: int, theirs: int
) -> None:
    told = said(f"{number}{one}{mine}", f"{number}{other}{theirs}")
    if one != other:
        assert told in (Order.UNKNOWN, Order.COARSE)
    else:
        assert told is by_number(mine, theirs)


@given(number=numbers, kind=kinds, mine=levels, theirs=levels, build=st.integers(100, 9999))
def test_a_build_before_a_patch_says_nothing_of_the_patch(
    number: str, kind: str, mine: int, theirs: int, build: int
) -> None:
    if kind != "R":  # 21.2.0.542R3 is nobody's
        told = said(f"{number}.0.{build}{kind}{mine}", f"{number}{kind}{theirs}")
        assert told is by_number(mine, theirs)


@given(number=numbers, kind=kinds, more=st.integers(1, 9999), level=levels)
def test_a_number_where_the_bound_says_a_level_is_above_it_only_when_larger(
    number: str, kind: str, more: int, level: int
) -> None:
    told = said(f"{number}.{more}", f"{number}{kind}{level}")
    assert told is not Order.ABOVE or more > level


@given(number=numbers, kind=kinds, more=st.integers(1, 9999), level=levels)
def test_a_level_where_the_bound_goes_on_with_a_number_proves_nothing(
    number: str, kind: str, more: int, level: int
) -> None:
    assert said(f"{number}{kind}{level}", f"{number}.{more}") is Order.UNKNOWN


@given(stem=numbers, small=st.integers(0, 99), build=st.integers(1000, 9999))
def test_a_build_is_not_above_a_release_number(stem: str, small: int, build: int) -> None:
    assert said(f"{stem}.{build}", f"{stem}.{small}") is not Order.ABOVE or not small


@given(number=numbers, kind=kinds, level=levels, zeros=st.integers(0, 2))
def test_a_branch_that_is_a_level_leaves_out_only_other_levels_of_its_kind(
    number: str, kind: str, level: int, zeros: int
) -> None:
    branch = read_version(f"{number}{kind}{level}")
    for typed in (f"{number}{'.0' * zeros}", f"{number}.0.542", f"{number}{kind}{level}"):
        version = read_version(typed)
        assert branch is not None
        assert version is not None
        assert cover(version, branch) is not Cover.OUTSIDE


def said(version: str, bound: str) -> Order:
    """What is told of two texts."""
    one, other = read_version(version), read_version(bound)
    assert one is not None
    assert other is not None
    return order(one, other)


def by_number(mine: int, theirs: int) -> Order:
    """What two numbers of one scale say."""
    if mine == theirs:
        return Order.EQUAL
    return Order.BELOW if mine < theirs else Order.ABOVE


@given(version=versions)
def test_case_and_a_leading_v_are_not_differences(version: Version) -> None:
    again = read_version(version.text.upper())
    assert again is not None
    assert again.key == version.key


@given(version=versions, branch=versions)
def test_a_version_that_begins_otherwise_is_in_no_branch(version: Version, branch: Version) -> None:
    """Matching leaves it out before anything is compared."""
    first = branch.release[:1]
    if first > (0,) and version.release[:1] != first:
        assert cover(version, branch) is Cover.OUTSIDE
