"""A reminder only ever goes in somebody's working hours, after a night has passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.authority import WorkingHours
from bot.domain.escalation import LADDER, next_rung
from bot.domain.facility import Contact
from bot.inventory.authorities import Authorities
from bot.resources import config_folder

AUTHORITIES = list(Authorities.read((config_folder() / "authorities.toml").read_text("utf-8")))
moments = st.integers(0, 3 * 366 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
hours = st.sampled_from(AUTHORITIES).map(lambda each: WorkingHours(each, each.time_zone))
people = st.lists(
    st.builds(
        Contact,
        st.just("x"),
        st.sampled_from(["rssi", "suppleant", "direction"]),
        st.sampled_from(["", "x@ch.example"]),
    ),
    max_size=3,
)


@given(st.integers(0, 3), moments, hours, people)
def test_in_working_hours_of_a_later_day(
    step: int, since: datetime, office: WorkingHours, contacts: list[Contact]
) -> None:
    rung = next_rung(step, since, office, contacts)
    if rung is None:
        assert step > 0
        return
    assert rung.step >= step
    assert office.contains(rung.at)
    assert rung.at.date() > since.astimezone(rung.at.tzinfo).date()
    assert rung.role == LADDER[rung.step]
    assert not rung.role or any(c.role == rung.role and c.email for c in contacts)
