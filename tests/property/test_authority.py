"""Holidays and working hours hold whatever the year, the place and the moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.authority import LEGAL_HOLIDAYS, Authority, WorkingHours, easter
from bot.inventory.authorities import Authorities

TABLE = Authorities.read(
    (Path(__file__).parents[2] / "config" / "authorities.toml").read_text(encoding="utf-8")
)
years = st.integers(1900, 2199)
moments = st.integers(0, 36_500 * 24 * 60).map(
    lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
hours = st.sampled_from(list(TABLE)).map(lambda each: WorkingHours(each, each.time_zone))


@given(years)
def test_easter_is_a_sunday_between_22_march_and_25_april(year: int) -> None:
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


@pytest.mark.parametrize(
    "known", ["2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2026-04-05", "2038-04-25"]
)
def test_easter_of_known_years(known: str) -> None:
    assert easter(int(known[:4])) == date.fromisoformat(known)


@given(years, st.sampled_from(list(TABLE)))
def test_local_holidays_come_on_top_of_the_legal_ones(year: int, authority: Authority) -> None:
    legal = TABLE.by_code["ars-bretagne"].holidays(year)
    assert set(legal) <= set(authority.holidays(year))
    assert len(legal) >= len(LEGAL_HOLIDAYS) - 1  # the Ascension may fall on 1 or 8 May


@pytest.mark.parametrize(
    ("code", "department", "day"),
    [
        ("ars-guadeloupe", "9A", "2026-05-27"),
        ("ars-guadeloupe", "978", "2026-05-28"),
        ("ars-guadeloupe", "977", "2026-10-09"),
        ("ars-martinique", "", "2026-05-22"),
        ("ars-guyane", "", "2026-06-10"),
        ("ars-la-reunion", "", "2026-12-20"),
        ("ars-mayotte", "", "2026-04-27"),
        ("ars-grand-est", "67", "2026-04-03"),
        ("ars-grand-est", "67", "2026-12-26"),
        ("polynesie-francaise", "", "2026-11-20"),
    ],
)
def test_local_holidays_are_local(code: str, department: str, day: str) -> None:
    assert date.fromisoformat(day) in TABLE.by_code[code].holidays(2026, department)
    assert date.fromisoformat(day) not in TABLE.by_code["ars-bretagne"].holidays(2026)
    assert date(2026, 12, 26) not in TABLE.by_code["ars-grand-est"].holidays(2026, "51")


@given(hours, moments)
def test_the_next_opening_is_open_and_not_before(hours: WorkingHours, moment: datetime) -> None:
    opening = hours.next_open(moment)
    assert hours.contains(opening)
    assert opening >= moment
    assert hours.next_open(opening) == opening


@given(hours, moments, st.floats(0, 0.999))
def test_nobody_works_between_now_and_the_next_opening(
    hours: WorkingHours, moment: datetime, share: float
) -> None:
    opening = hours.next_open(moment)
    between = moment + (opening - moment) * share
    assert opening == moment or not hours.contains(between)
    assert opening - moment <= timedelta(days=6)


def test_hours_are_those_of_the_place() -> None:
    moment = datetime(2026, 11, 20, 14, tzinfo=UTC)  # 15:00 in Paris, 18:00 in La Réunion
    assert WorkingHours(TABLE.by_code["ars-bretagne"], "Europe/Paris").contains(moment)
    reunion = WorkingHours(TABLE.by_code["ars-la-reunion"], "Indian/Reunion")
    assert not reunion.contains(moment)
    assert reunion.next_open(moment) == datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Indian/Reunion"))
