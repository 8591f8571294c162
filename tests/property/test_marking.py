"""Nobody is sent more than their ceiling, and nobody is left without a word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.marking import Form, message_marking, passage, subject_may_speak
from feeds.advisory import Tlp

tlps = st.sampled_from(Tlp)


@given(bulletin=tlps, ceiling=tlps, floor=tlps, names=st.booleans())
def test_what_goes_is_never_above_the_ceiling(
    bulletin: Tlp, ceiling: Tlp, floor: Tlp, names: bool
) -> None:
    may = passage(bulletin, ceiling, names_machines=names, floor=floor)
    assert may.marking <= ceiling


@given(bulletin=tlps, ceiling=tlps, floor=tlps, names=st.booleans())
def test_nothing_of_a_bulletin_above_the_ceiling_goes(
    bulletin: Tlp, ceiling: Tlp, floor: Tlp, names: bool
) -> None:
    may = passage(bulletin, ceiling, names_machines=names, floor=floor)
    assert may.form is Form.NOTICE or bulletin <= ceiling


@given(bulletin=tlps, ceiling=tlps, floor=tlps)
def test_machines_are_named_only_at_or_above_the_floor(
    bulletin: Tlp, ceiling: Tlp, floor: Tlp
) -> None:
    may = passage(bulletin, ceiling, names_machines=True, floor=floor)
    assert may.form is not Form.FULL or (ceiling >= floor and may.marking >= floor)


@given(bulletin=tlps, floor=tlps)
def test_without_machines_the_marking_is_the_publishers(bulletin: Tlp, floor: Tlp) -> None:
    assert message_marking(bulletin, names_machines=False, floor=floor) is bulletin


def test_counts_of_a_facility_do_not_go_to_the_public() -> None:
    assert passage(Tlp.CLEAR, Tlp.GREEN, names_machines=True).form is Form.REDUCED
    assert passage(Tlp.CLEAR, Tlp.CLEAR, names_machines=True).form is Form.NOTICE


def test_a_subject_speaks_up_to_green() -> None:
    assert [tlp for tlp in Tlp if subject_may_speak(tlp)] == [Tlp.CLEAR, Tlp.GREEN]
