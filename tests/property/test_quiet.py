"""Quiet hours end in time, in the local zone, and are read as they are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.authority import WorkingHours
from bot.domain.delivery import Address
from bot.domain.facility import Facility, FacilityKind
from bot.domain.message import ChannelName
from bot.domain.quiet import LONGEST_HOLD, LONGEST_NIGHT, BadQuietHoursError, QuietHours
from bot.domain.routing import Rhythm, Subscription
from bot.inventory.authorities import Authorities
from bot.pipeline.concern import Concern
from bot.pipeline.quiet import Hush
from bot.resources import config_folder
from bot.store.advisories import StoredRevision
from feeds.advisory import Advisory, AdvisoryKind, Tlp

AUTHORITIES = Authorities.read((config_folder() / "authorities.toml").read_text("utf-8"))
moments = st.integers(0, 3 * 366 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
offices = st.sampled_from(list(AUTHORITIES)).map(lambda each: WorkingHours(each, each.time_zone))


@st.composite
def quiets(draw: st.DrawFn) -> QuietHours:
    if not draw(st.booleans()):
        return QuietHours(days_off=draw(st.booleans()))
    starts = draw(st.integers(0, 24 * 60 - 1))
    ends = (starts + draw(st.integers(1, int(LONGEST_NIGHT.total_seconds()) // 60))) % (24 * 60)
    return QuietHours(time(*divmod(starts, 60)), time(*divmod(ends, 60)), draw(st.booleans()))


@given(quiets())
def test_what_is_written_is_read_back(quiet: QuietHours) -> None:
    assert QuietHours.read(str(quiet)) == quiet


@given(quiets(), moments, offices)
def test_what_waits_goes_when_it_is_no_longer_quiet(
    quiet: QuietHours, moment: datetime, office: WorkingHours
) -> None:
    end = quiet.end_after(moment, office)
    assert moment <= end <= moment + LONGEST_HOLD
    assert (end == moment) or quiet.cover(moment, office)
    assert not quiet.cover(end, office) or end > moment + LONGEST_HOLD - timedelta(days=1)


@given(quiets(), moments, offices)
def test_it_waits_no_longer_than_the_quiet_lasts(
    quiet: QuietHours, moment: datetime, office: WorkingHours
) -> None:
    end = quiet.end_after(moment, office)
    between = (moment + (end - moment) * part / 7 for part in range(7))
    assert all(quiet.cover(each, office) for each in between if each != end)


@pytest.mark.parametrize(
    ("authority", "moment", "end"),
    [
        ("ars-bretagne", "2026-04-03 20:00", "2026-04-07 08:00"),  # Easter Monday
        ("ars-bretagne", "2026-03-10 03:00", "2026-03-10 08:00"),
        ("ars-bretagne", "2026-03-10 14:00", "2026-03-10 14:00"),
        ("ars-bretagne", "2026-03-28 23:00", "2026-03-30 08:00"),  # summer time
        ("ars-bretagne", "2026-05-21 20:00", "2026-05-22 08:00"),
        # abolition day on Friday, Whit Monday after: broken on the fourth morning
        ("ars-martinique", "2026-05-21 20:00", "2026-05-25 08:00"),
    ],
)
def test_nights_week_ends_and_local_holidays(authority: str, moment: str, end: str) -> None:
    found = AUTHORITIES.find(authority)
    zone = ZoneInfo(found.time_zone)
    quiet = QuietHours.read("19:00-08:00 week-ends")
    said, expected = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (moment, end))
    office = WorkingHours(found, found.time_zone)
    assert quiet.end_after(said, office) == expected


@pytest.mark.parametrize(
    ("text", "quiet"),
    [
        ("19h-8h", QuietHours(time(19), time(8))),
        ("19h30 - 07h15 week-ends", QuietHours(time(19, 30), time(7, 15), days_off=True)),
        ("Week-ends", QuietHours(days_off=True)),
        ("jamais", QuietHours()),
        ("", QuietHours()),
    ],
)
def test_the_usual_ways_to_write_them(text: str, quiet: QuietHours) -> None:
    assert QuietHours.read(text) == quiet


@pytest.mark.parametrize(
    "text", ["la nuit", "25:00-08:00", "08:00-08:00", "08:00-07:00", "19-8 lundi"]
)
def test_what_leaves_no_time_to_be_told_is_refused(text: str) -> None:
    with pytest.raises(BadQuietHoursError, match=r"quiet hours|hour must be"):
        QuietHours.read(text)


def test_abolition_day_is_quiet_in_martinique_only() -> None:
    quiet = QuietHours(days_off=True)
    noon = datetime.combine(date(2026, 5, 22), time(16), UTC)
    martinique, brittany = (AUTHORITIES.find(f"ars-{name}") for name in ("martinique", "bretagne"))
    assert quiet.cover(noon, WorkingHours(martinique, martinique.time_zone))
    assert not quiet.cover(noon, WorkingHours(brittany, brittany.time_zone))


@given(quiets(), quiets(), moments, offices, st.sampled_from(AdvisoryKind))
def test_an_alerte_is_never_delayed_whatever_is_quiet(
    usual: QuietHours,
    own: QuietHours,
    moment: datetime,
    office: WorkingHours,
    kind: AdvisoryKind,
) -> None:
    subscription = Subscription(
        1, 1, Address(ChannelName.EMAIL, "x"), Tlp.AMBER, Rhythm.WEEKLY, "fr", moment, quiet=own
    )
    advisory = Advisory("CERT-FR", "R", kind, "T", moment, moment)
    revision = StoredRevision(1, 1, 1, advisory, moment, "", None)
    facility = Facility("590999017", "CH", office.authority.code, FacilityKind.CH, id=1)
    hush = Hush(usual, lambda _: office, {1: [subscription]}, {}, moment)
    told = hush.until(Concern(revision, facility, ()), subscription)
    if kind is AdvisoryKind.ALERTE:
        assert told == moment
    else:
        assert told == own.end_after(moment, office)
