"""When digests go: by the local clock, one after the other, none skipped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digest import Schedule
from bot.domain.routing import Rhythm

rhythms = st.sampled_from([Rhythm.DAILY, Rhythm.WEEKLY, Rhythm.MONTHLY])
zones = st.sampled_from(["Europe/Paris", "America/Martinique", "Indian/Reunion", "Pacific/Noumea"])
moments = st.integers(0, 3 * 366 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
schedules = st.builds(Schedule, st.integers(0, 23), st.integers(0, 6))


@given(schedules, rhythms, zones, moments)
def test_the_next_follows_the_last_at_the_same_local_hour(
    schedule: Schedule, rhythm: Rhythm, zone: str, now: datetime
) -> None:
    last = schedule.latest(rhythm, time_zone=zone, now=now)
    following = schedule.following(rhythm, time_zone=zone, now=now)
    assert last <= now < following
    assert schedule.following(rhythm, time_zone=zone, now=last) == following
    for moment in (last, following):
        assert moment.astimezone(ZoneInfo(zone)).hour == schedule.hour
    longest = {Rhythm.DAILY: 2, Rhythm.WEEKLY: 8, Rhythm.MONTHLY: 37}[rhythm]
    assert following - last < timedelta(days=longest)
