"""A mute always ends, and never holds what must be told."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answers import BadDayError
from bot.domain.mute import (
    Mute,
    Muteable,
    MuteRequest,
    MuteScope,
    covers,
    ends_at,
    holds,
    muted_until,
    read_mute,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TODAY = NOW.date()
names = st.sampled_from(["FortiOS", "Fortinet FortiOS", "Google Chrome", "Windows 10", "Windows"])
references = st.sampled_from(["ALR-2026-0001", "ALR-2026-0002"])


@st.composite
def mutes(draw: st.DrawFn) -> Mute:
    scope = draw(st.sampled_from(MuteScope))
    targets = {MuteScope.ALERT: references, MuteScope.PRODUCT: names, MuteScope.ALL: st.just("")}
    last = TODAY + timedelta(days=draw(st.integers(-30, 90)))
    return Mute(
        reference="SRD-2026-0001",
        facility_id=1,
        scope=scope,
        target=draw(targets[scope]),
        explicit=scope is MuteScope.ALERT and draw(st.booleans()),
        reason="motif",
        last_day=last,
        until=ends_at(last, "Europe/Paris"),
        created_at=NOW,
        created_by="x",
    )


alerts = st.builds(
    Muteable,
    reference=references,
    products=st.frozensets(names, max_size=3),
    protected=st.booleans(),
)


@given(mutes(), alerts)
def test_what_must_be_told_is_only_held_by_name_and_explicitly(mute: Mute, alert: Muteable) -> None:
    if holds(mute, dataclasses.replace(alert, protected=True)):
        assert mute.scope is MuteScope.ALERT
        assert mute.explicit
        assert mute.target == alert.reference


@given(st.lists(mutes(), max_size=4), alerts)
def test_it_is_held_until_the_last_mute_that_holds_it_ends(
    several: list[Mute], alert: Muteable
) -> None:
    until = muted_until(several, alert, NOW)
    holding = [each for each in several if holds(each, alert) and each.until > NOW]
    assert (until is None) == (not holding)
    if until is not None:
        assert until == max(each.until for each in holding)
        assert muted_until(several, alert, until) is None


@given(mutes(), alerts)
def test_a_product_holds_an_alert_only_when_all_its_machines_are_that_product(
    mute: Mute, alert: Muteable
) -> None:
    if mute.scope is MuteScope.PRODUCT and holds(mute, alert):
        assert alert.products
        assert all(covers(mute.target, name) for name in alert.products)


@given(st.dates(date(2026, 1, 1), date(2027, 1, 1)))
def test_it_ends_in_the_morning_of_a_weekday_after_its_last_day(last: date) -> None:
    end = ends_at(last, "Indian/Reunion")
    assert end.date() > last
    assert end.weekday() < 5
    assert end.hour == 9
    assert end.date() - last <= timedelta(days=3)


@pytest.mark.parametrize(
    ("text", "scope", "target", "day", "reason"),
    [
        ("FortiOS jusqu'au 12/08 remplacement en cours", "product", "FortiOS", "2026-08-12",
         "remplacement en cours"),
        ("Google Chrome jusqu’au 12 août 2026 : mise à jour automatique", "product",
         "Google Chrome", "2026-08-12", "mise à jour automatique"),
        ("alr-2026-0412 jusqu'au 1er avril fournisseur prévenu", "alert", "ALR-2026-0412",
         "2026-04-01", "fournisseur prévenu"),
        ("tout jusqu'au 2026-03-15 migration", "all", "", "2026-03-15", "migration"),
        ("everything until 2026-03-15 move to the new building", "all", "", "2026-03-15",
         "move to the new building"),
    ],
)  # fmt: skip
def test_what_people_write(text: str, scope: str, target: str, day: str, reason: str) -> None:
    expected = MuteRequest(MuteScope(scope), target, date.fromisoformat(day), reason)
    assert read_mute(text, today=TODAY) == expected


@pytest.mark.parametrize(
    "text", ["FortiOS", "FortiOS jusqu'au 12/08", "jusqu'au 12/08 motif", "FortiOS motif 12/08"]
)
def test_without_an_end_or_a_reason_nothing_is_muted(text: str) -> None:
    assert read_mute(text, today=TODAY) is None


def test_a_day_that_does_not_exist_is_said() -> None:
    with pytest.raises(BadDayError):
        read_mute("FortiOS jusqu'au 31/02 motif", today=TODAY)
