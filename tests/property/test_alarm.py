"""An alarm about Tocsin itself is told in time, and never floods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.alarm import MEMORY, Course, Damping, Step, gone, seen

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
USUAL = Damping()
MOST_A_DAY = (
    9  # messages, at the worst pace: what half an hour, then two, then eight leave room for
)

spells = st.lists(st.integers(1, 2000), min_size=1, max_size=40)  # minutes: wrong, well, wrong…


def lived(spells: Sequence[int]) -> list[tuple[datetime, Step]]:
    """What is told of a problem that comes and goes, looked at every minute, then is gone."""
    course: Course | None = None
    told: list[tuple[datetime, Step]] = []
    minute = 0
    for position, length in enumerate([*spells, *([] if len(spells) % 2 == 0 else [3000])]):
        for _ in range(length):
            now = START + minute * MINUTE
            minute += 1
            if position % 2 == 0:
                course, step = seen(remembered(course, now), USUAL, now)
            elif course is not None and course.closed_at is None:
                course, step = gone(course, USUAL, now)
            else:
                continue
            if step is not Step.NOTHING:
                told.append((now, step))
    return told


def remembered(course: Course | None, now: datetime) -> Course | None:
    """The store forgets what ended a day ago."""
    if course is not None and course.closed_at is not None and course.closed_at <= now - MEMORY:
        return None
    return course


@example([2000])
@example([6, 40] * 20)  # comes and goes at the pace that would send the most
@example([1, 1] * 20)
@given(spells)
def test_each_end_follows_its_beginning_and_nothing_is_told_twice(spells: list[int]) -> None:
    told = [step for _, step in lived(spells)]
    assert not told or told[0] is Step.BEGUN
    for before, after in pairwise(told):
        assert (after is Step.BEGUN) is (before is Step.OVER)


@example([6, 31] * 20)
@example([6, 31, 6, 121, 6, 481, 6, 1441] * 5)
@given(spells)
def test_at_no_pace_is_the_operator_flooded(spells: list[int]) -> None:
    moments = [at for at, _ in lived(spells)]
    for first in moments:
        assert sum(first <= at < first + DAY for at in moments) <= MOST_A_DAY


@given(st.integers(6, 20_000))
def test_what_lasts_is_told_in_time_then_ever_more_rarely(minutes: int) -> None:
    told = lived([minutes])
    assert told[0] == (START + USUAL.after, Step.BEGUN)
    assert told[-1] == (START + minutes * MINUTE + USUAL.over_after, Step.OVER)
    pauses = [after - before for (before, _), (after, _) in pairwise(told[:-1])]
    assert pauses == sorted(pauses)
    assert all(DAY <= pause <= USUAL.longest for pause in pauses)


@given(st.integers(1, 5))
def test_what_heals_by_itself_is_not_told(minutes: int) -> None:
    assert lived([minutes]) == []
