"""Days in answers are read as they are written in France, and slips of the pen are refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answers import LONGEST, BadDayError, read_day

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("le 12/12", date(2026, 12, 12)),
        ("12/01", date(2027, 1, 12)),
        ("22/11", TODAY),
        ("le 12/12/2026, avec l'éditeur", date(2026, 12, 12)),
        ("12.12.26", date(2026, 12, 12)),
        ("2027-02-03", date(2027, 2, 3)),
        ("1er mars", date(2027, 3, 1)),
        ("le 5 décembre 2026 au soir", date(2026, 12, 5)),
        ("3 Déc.", date(2026, 12, 3)),
        ("demain", TODAY + timedelta(days=1)),
        ("aujourd’hui", TODAY),
        ("après-demain", TODAY + timedelta(days=2)),
        ("lors du prochain arrêt", None),
        ("passer en 13.1-49.13", None),
        ("en 7.2, le 12/12", date(2026, 12, 12)),
        ("10 serveurs", None),
        ("", None),
    ],
)
def test_a_day_is_read(text: str, day: date | None) -> None:
    assert read_day(text, today=TODAY) == day


@pytest.mark.parametrize(
    "text", ["31/02", "le 31/02/2027", "12/13", "29/02", "12/12/2020", "01/01/2031", "31 avril"]
)
def test_a_day_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(BadDayError):
        read_day(text, today=TODAY)


@given(st.dates(date(2024, 1, 1), date(2040, 1, 1)), st.integers(0, LONGEST.days), st.text())
def test_a_day_to_come_is_read_back_whatever_follows(today: date, days: int, note: str) -> None:
    day = today + timedelta(days=days)
    assert read_day(f"le {day:%d/%m/%Y} {note}", today=today) in (day, *_spoken(today))
    if days < 365:
        assert read_day(f"{day:%d/%m}", today=today) == day


@given(st.text(), st.dates(date(2024, 1, 1), date(2040, 1, 1)))
def test_anything_may_be_written(text: str, today: date) -> None:
    try:
        day = read_day(text, today=today)
    except BadDayError:
        return
    assert day is None or today <= day <= today + LONGEST


def _spoken(today: date) -> list[date]:
    """What a note that says « demain » may add."""
    return [today + timedelta(days=days) for days in range(3)]
