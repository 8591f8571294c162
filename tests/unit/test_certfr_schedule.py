"""When CERT-FR's bulletins are read again, and which numbers are missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from feeds.certfr.schedule import Followed, Missing, Schedule

NOW = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
PUBLISHED = datetime(2026, 3, 9, tzinfo=UTC)

seconds = st.integers(1_577_836_800, 1_893_456_000)  # 2020 to 2030
moments = seconds.map(lambda second: datetime.fromtimestamp(second, tz=UTC))
words = st.text(max_size=6)


def avis(number: int, year: int = 2026) -> str:
    """The reference of an avis."""
    return f"CERTFR-{year}-AVI-{number:04d}"


def test_daily_for_a_month_then_weekly_for_a_year() -> None:
    row = Followed(PUBLISHED, NOW)
    read = []
    for day in range(1, 500):
        now = NOW + timedelta(days=day)
        if row.is_due(now):
            read.append(day)
            row = Followed(PUBLISHED, now)
    assert read[:29] == list(range(1, 30))
    assert {later - earlier for earlier, later in pairwise(read[29:])} == {7}
    assert 350 < read[-1] < 365


@given(
    st.dictionaries(words, st.builds(Followed, moments, moments, words, st.booleans()), max_size=3),
    st.dictionaries(
        words, st.builds(Missing, moments, st.none() | moments, st.none() | moments), max_size=3
    ),
)
def test_the_cursor_keeps_everything(
    followed: dict[str, Followed], missing: dict[str, Missing]
) -> None:
    schedule = Schedule({"u": {"etag": "x"}}, followed, missing, {"2026": 3})
    assert Schedule.load(json.loads(json.dumps(schedule.dump()))) == schedule


@given(st.sets(st.integers(1, 60), min_size=1), st.sets(st.integers(1, 90), min_size=1))
def test_every_number_between_two_readings_is_either_seen_or_missing(
    first: set[int], second: set[int]
) -> None:
    schedule = Schedule().with_numbers(map(avis, first), NOW)
    for number in first:
        schedule = schedule.with_read(avis(number), Followed(PUBLISHED, NOW))
    schedule = schedule.with_numbers(map(avis, second), NOW)
    for number in second:
        schedule = schedule.with_read(avis(number), Followed(PUBLISHED, NOW))
    highest = max(first | second)
    accounted = set(schedule.missing) | set(schedule.followed)
    assert {avis(number) for number in range(min(first), highest + 1)} <= accounted
    assert not set(schedule.missing) & set(schedule.followed)


def test_a_year_that_begins_under_watch_begins_at_one() -> None:
    schedule = Schedule().with_numbers([avis(900, 2025)], NOW)
    assert not schedule.missing
    assert set(schedule.with_numbers([avis(3)], NOW).missing) == {avis(1), avis(2)}


def test_a_missing_number_is_told_again_after_a_week_and_dropped_after_a_month() -> None:
    schedule = Schedule().with_numbers([avis(1), avis(3)], NOW)
    assert schedule.to_tell(NOW) == [avis(2)]
    told = schedule.told([avis(2)], NOW)
    assert told.to_tell(NOW + timedelta(days=6)) == []
    assert told.to_tell(NOW + timedelta(days=7)) == [avis(2)]
    assert not told.tidied(NOW + timedelta(days=31)).missing


def test_a_missing_number_is_asked_for_once_an_hour() -> None:
    schedule = Schedule().with_numbers([avis(1), avis(3)], NOW)
    assert schedule.to_search(NOW) == [avis(2)]
    searched = schedule.searched(avis(2), NOW)
    assert searched.to_search(NOW + timedelta(minutes=59)) == []
    assert searched.to_search(NOW + timedelta(minutes=60)) == [avis(2)]


def test_announced_is_new_or_changed_and_oldest_first() -> None:
    schedule = Schedule().with_read(avis(2), Followed(PUBLISHED, NOW, "same"))
    schedule = schedule.with_read(avis(1), Followed(PUBLISHED, NOW, "before"))
    entries = {avis(3): "new", avis(2): "same", avis(1): "after"}
    assert schedule.announced(entries) == [avis(1), avis(3)]
