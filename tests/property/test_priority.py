"""Nothing that makes a thing worse makes it less urgent, and an *alerte* is never delayed."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.alert import Urgency
from bot.domain.priority import Exploitation, Facts, Judgement, Scale, judge
from bot.domain.reason import Reason, ReasonCode, all_reasons

shares = st.none() | st.floats(0, 1)
exploitations = st.builds(
    Exploitation,
    exploited=st.booleans(),
    ransomware=st.booleans(),
    probability=shares,
    percentile=shares,
)
facts = st.builds(
    Facts,
    alerte=st.booleans(),
    sure=st.booleans(),
    aimed=st.booleans(),
    exploitation=exploitations,
    exposed=st.booleans(),
    biomedical=st.booleans(),
    ended_on=st.none() | st.dates(date(2010, 1, 1), date(2026, 1, 1)),
    cvss=st.none() | st.floats(0, 10),
)
weights = st.integers(0, 200)


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    immediate = draw(st.integers(1, 200))
    likely = draw(weights)
    return Scale(
        immediate_from=immediate,
        alerte=draw(st.integers(immediate, 400)),
        exploited=draw(st.integers(likely, 400)),
        ransomware=draw(weights),
        exposed=draw(weights),
        epss=likely,
        biomedical=draw(weights),
        end_of_support=draw(weights),
        cvss=draw(weights),
        epss_from=draw(st.floats(0, 1)),
        epss_percentile_from=draw(st.floats(0, 1)),
        cvss_from=draw(st.floats(0, 10)),
    )


def not_less(after: Judgement, before: Judgement) -> bool:
    sooner = {Urgency.DIGEST: 0, Urgency.IMMEDIATE: 1}
    return after.points >= before.points and sooner[after.urgency] >= sooner[before.urgency]


@given(scales(), facts)
def test_an_alerte_is_told_at_once_whatever_the_configuration(scale: Scale, known: Facts) -> None:
    alerte = judge(dataclasses.replace(known, alerte=True), scale)
    assert alerte.urgency is Urgency.IMMEDIATE
    assert alerte.points >= scale.immediate_from


@given(scales(), facts, st.sampled_from(["alerte", "sure", "aimed", "exposed", "biomedical"]))
def test_what_is_worse_is_never_less_urgent(scale: Scale, known: Facts, worse: str) -> None:
    def with_it(is_so: bool) -> Facts:
        changed: dict[str, Any] = {worse: is_so}
        return dataclasses.replace(known, **changed)

    assert not_less(judge(with_it(True), scale), judge(with_it(False), scale))


@given(scales(), facts, st.sampled_from(["exploited", "ransomware"]))
def test_exploitation_is_never_less_urgent(scale: Scale, known: Facts, worse: str) -> None:
    def with_it(is_so: bool) -> Facts:
        changed = dataclasses.replace(known.exploitation, **{worse: is_so})
        return dataclasses.replace(known, exploitation=changed)

    assert not_less(judge(with_it(True), scale), judge(with_it(False), scale))


@given(scales(), facts, shares, shares, st.floats(0, 10))
def test_higher_scores_are_never_less_urgent(
    scale: Scale, known: Facts, probability: float | None, percentile: float | None, cvss: float
) -> None:
    seen = known.exploitation
    higher = dataclasses.replace(
        seen,
        probability=max(seen.probability or 0, probability or 0),
        percentile=max(seen.percentile or 0, percentile or 0),
    )
    after = dataclasses.replace(known, exploitation=higher, cvss=max(known.cvss or 0, cvss))
    assert not_less(judge(after, scale), judge(known, scale))


@given(scales(), facts)
def test_what_is_only_to_be_checked_never_interrupts(scale: Scale, known: Facts) -> None:
    assume(not (known.alerte or known.aimed))
    unsure = judge(dataclasses.replace(known, sure=False), scale)
    assert unsure.urgency is Urgency.DIGEST


@given(scales(), facts)
def test_the_heaviest_reason_is_said_first_and_all_add_up(scale: Scale, known: Facts) -> None:
    judgement = judge(known, scale)
    weights = [each.points for each in judgement.weighed]
    assert weights == sorted(weights, reverse=True)
    assert all(weights)
    assert judgement.points == sum(weights)
    for reason in judgement.reasons:
        assert Reason.read(str(reason)) == reason


@given(st.lists(facts, max_size=4))
def test_facilities_told_together_read_each_reason_once(several: list[Facts]) -> None:
    judged = [judge(each, Scale()).reasons for each in several]
    together = all_reasons(judged)
    codes = [reason.code for reason in together]
    assert len(codes) == len(set(codes))
    assert set(codes) == {reason.code for reasons in judged for reason in reasons}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"alerte": 50}, "never delayed"),
        ({"immediate_from": 0}, "above 0"),
        ({"exploited": 10}, "what is exploited is worse"),
        ({"exposed": -1}, "exposed must be between"),
        ({"epss_from": 1.5}, "epss_from must be between 0 and 1"),
        ({"cvss_from": 11.0}, "cvss_from must be between 0 and 10"),
    ],
)
def test_a_scale_that_could_do_harm_is_refused(values: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Scale(**values)  # type: ignore[arg-type]


def test_the_usual_scale() -> None:
    exploited = Exploitation(exploited=True, probability=0.97)
    assert judge(Facts(sure=True, exploitation=exploited), Scale()).urgency is Urgency.IMMEDIATE
    likely = Exploitation(probability=0.92)
    assert judge(Facts(sure=True, exploitation=likely), Scale()).urgency is Urgency.DIGEST
    both = judge(Facts(sure=True, exploitation=likely, exposed=True), Scale())
    assert both.urgency is Urgency.IMMEDIATE
    assert [reason.code for reason in both.reasons] == [ReasonCode.EXPOSED, ReasonCode.EPSS]
