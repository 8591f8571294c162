"""Bulletins that name no fix (« 13.1-48.47 et antérieures »): which upgrade ends them."""

from __future__ import annotations

import pytest

from bot.domain.action import ActionState
from bot.domain.alert import AlertState
from bot.domain.facility import Facility
from tests.acceptance.conftest import Town
from tests.acceptance.upgrades import FIRST, bulletin, closed_by, listed, netscalers, states

OLDER, OTHER = "13.1.x jusqu'à 13.1-48.60", "14.1.x jusqu'à 14.1-8.20"


@pytest.fixture
def hospital(town: Town) -> Facility:
    return netscalers(town)


LATEST = "NetScaler ADC versions {} et antérieures"  # no fix is named


@pytest.mark.usefixtures("hospital")
async def test_what_names_no_fix_is_closed_by_a_later_bulletin_that_does(town: Town) -> None:
    await town.publish(bulletin(town, 1, LATEST.format("13.1-48.47")))
    (alone,) = listed(town)
    assert alone.targets == ()
    await town.publish(bulletin(town, 2, *FIRST))
    (action,) = listed(town)
    assert action.targets == ("13.1-49.13", "14.1-8.50")
    (former,) = listed(town, ActionState.SUPERSEDED)
    assert (former.id, former.superseded_by) == (alone.id, action.id)
    assert closed_by(town, action) == {"CERTFR-2026-AVI-9001", "CERTFR-2026-AVI-9002"}
    await town.application.match()
    assert [each.id for each in listed(town)] == [action.id]


@pytest.mark.usefixtures("hospital")
async def test_a_fix_that_what_names_none_still_concerns_closes_nothing_of_it(town: Town) -> None:
    await town.publish(bulletin(town, 1, LATEST.format("13.1-50.1")))
    await town.publish(bulletin(town, 2, *FIRST))
    assert sorted(action.targets for action in listed(town)) == [(), ("13.1-49.13", "14.1-8.50")]
    await town.publish(bulletin(town, 3, "NetScaler ADC versions antérieures à 13.1-51.1"))
    (action,) = listed(town)
    assert action.targets == ("13.1-51.1", "14.1-8.50")
    assert len(closed_by(town, action)) == 3


@pytest.mark.usefixtures("hospital")
async def test_what_named_no_fix_stands_alone_again_when_the_fix_is_withdrawn(town: Town) -> None:
    await town.publish(bulletin(town, 1, LATEST.format("13.1-48.47")))
    later = bulletin(town, 2, *FIRST)
    await town.publish(later)
    assert states(town)["CERTFR-2026-AVI-9001"] is AlertState.SUPERSEDED
    gone = bulletin(town, 2, "FortiOS versions antérieures à 7.2.12", at=later.published_at)
    await town.publish(gone)
    assert states(town)["CERTFR-2026-AVI-9001"] is AlertState.OPEN
    (action,) = listed(town)
    assert action.targets == ()
    assert closed_by(town, action) == {"CERTFR-2026-AVI-9001"}


@pytest.mark.usefixtures("hospital")
async def test_of_two_that_name_no_fix_the_one_that_reaches_higher_stands_for_both(
    town: Town,
) -> None:
    former, later = LATEST.format("13.1-48.47"), LATEST.format("13.1-50.2")
    await town.publish(bulletin(town, 1, former))
    await town.publish(bulletin(town, 2, later))
    assert states(town) == {
        "CERTFR-2026-AVI-9001": AlertState.SUPERSEDED,
        "CERTFR-2026-AVI-9002": AlertState.OPEN,
    }
    (action,) = listed(town)
    assert action.targets == ()
    assert len(closed_by(town, action)) == 2
    await town.publish(bulletin(town, 3, later))  # as high: neither stands for the other
    assert [state for _, state in sorted(states(town).items())] == [
        AlertState.SUPERSEDED,
        AlertState.OPEN,
        AlertState.OPEN,
    ]


@pytest.mark.usefixtures("hospital")
async def test_one_that_concerns_another_train_too_is_not_ended_by_the_first_alone(
    town: Town,
) -> None:
    """Going beyond 13.1-50.2 leaves 14.1-8.10 where it was."""
    both = [f"NetScaler ADC versions {each}" for each in (OLDER, OTHER)]
    await town.publish(bulletin(town, 1, *both))
    await town.publish(bulletin(town, 2, "NetScaler ADC versions 13.1.x jusqu'à 13.1-50.2"))
    assert set(states(town).values()) == {AlertState.OPEN}
