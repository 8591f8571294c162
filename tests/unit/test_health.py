"""When something is wrong with Tocsin itself, and who is told by which way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delivery import Address, DeliveryState
from bot.domain.health import (
    ChannelQueue,
    Finding,
    Problem,
    Snapshot,
    SourceState,
    Thresholds,
    judge,
    route,
)
from bot.domain.message import ChannelName

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
MAIL = ChannelName.EMAIL
REFUSING = ChannelQueue(MAIL, refusals=3, refused_since=NOW - HOUR, reason="554 no")


def codes(**parts: object) -> list[str]:
    snapshot = replace(Snapshot(NOW), **parts)  # type: ignore[arg-type]
    return [each.code for each in judge(snapshot, Thresholds())]


def source(**parts: object) -> SourceState:
    fresh = SourceState("certfr", timedelta(minutes=15), NOW, NOW)
    return replace(fresh, **parts)  # type: ignore[arg-type]


def test_nothing_is_wrong_at_first() -> None:
    assert codes(sources=(SourceState("certfr", timedelta(minutes=15)),)) == []


def test_a_source_is_silent_after_hours_or_four_of_its_paces() -> None:
    assert codes(sources=(source(succeeded_at=NOW - 5 * HOUR, failures=9),)) == []
    assert codes(sources=(source(succeeded_at=NOW - 6 * HOUR),)) == ["source-silent:certfr"]
    daily = source(every=timedelta(days=1), succeeded_at=NOW - 30 * HOUR)
    assert codes(sources=(daily,)) == []
    assert codes(sources=(source(succeeded_at=None, failures=4),)) == ["source-silent:certfr"]


def test_a_chat_is_silent_after_a_quarter_of_an_hour_or_four_of_its_paces() -> None:
    matrix = replace(source(), name="matrix", every=timedelta(seconds=30))
    assert codes(chats=(replace(matrix, succeeded_at=NOW - HOUR / 5),)) == []
    assert codes(chats=(replace(matrix, succeeded_at=NOW - HOUR / 4),)) == ["chat-silent:matrix"]
    mailbox = replace(matrix, name="mailbox", every=HOUR, succeeded_at=NOW - 3 * HOUR)
    assert codes(chats=(mailbox,)) == []
    assert codes(chats=(replace(mailbox, attempted_at=None, succeeded_at=None),)) == []


def test_what_is_heard_no_more_by_a_chat_is_told_by_another_way() -> None:
    silent = replace(source(), name="matrix", succeeded_at=NOW - HOUR)
    (finding,) = judge(Snapshot(NOW, chats=(silent,)), Thresholds())
    targets = [Address(ChannelName.MATRIX, "!ops:x"), Address.mailbox("ops@x.example")]
    assert route(finding, [finding], targets) == targets[1]


def test_a_queue_is_old_when_nobody_takes_what_is_due() -> None:
    late = ChannelQueue(MAIL, overdue_since=NOW - timedelta(minutes=15))
    assert codes(queues=(late,)) == ["queue-old:email"]
    assert codes(queues=(ChannelQueue(MAIL, overdue_since=NOW, waiting_since=NOW - HOUR),)) == []


@pytest.mark.parametrize(
    ("queue", "wrong"),
    [
        (REFUSING, True),
        (replace(REFUSING, refusals=2), False),
        (replace(REFUSING, refused_since=NOW - timedelta(minutes=5)), False),
        (replace(REFUSING, delivered_at=NOW - timedelta(minutes=5)), False),
        (replace(REFUSING, delivered_at=NOW - timedelta(minutes=20)), True),
    ],
)
def test_a_channel_refuses_everything_when_nothing_went_through_for_long(
    queue: ChannelQueue, wrong: bool
) -> None:
    assert codes(queues=(queue,)) == ["channel-refusing:email"] * wrong


def test_what_waits_for_the_operator_is_said_until_they_decide() -> None:
    states = ((DeliveryState.DEAD, 2), (DeliveryState.HELD, 1), (DeliveryState.DROPPED, 5))
    said = codes(queues=(ChannelQueue(MAIL, states),))
    assert said == ["deliveries-dead:email", "deliveries-held:email"]


def test_a_certificate_near_its_end() -> None:
    assert codes(certificate_ends=NOW + timedelta(days=31)) == []
    assert codes(certificate_ends=NOW + timedelta(days=30)) == ["certificate-ends:email"]


addresses = st.lists(
    st.builds(Address, st.sampled_from(ChannelName), st.sampled_from(["a", "b"])), min_size=1
)
channels = st.none() | st.sampled_from(ChannelName)
findings = st.builds(Finding, st.just(Problem.CHANNEL_REFUSING), st.just("x"), channel=channels)


@given(finding=findings, others=st.lists(findings), targets=addresses)
def test_a_channel_never_carries_the_news_of_its_own_fault_while_there_is_another(
    finding: Finding, others: list[Finding], targets: list[Address]
) -> None:
    everything = [finding, *others]
    chosen = route(finding, everything, targets)
    faulty = {each.channel for each in everything}
    elsewhere = [each for each in targets if each.channel is not finding.channel]
    if any(each.channel not in faulty for each in elsewhere):
        assert chosen.channel not in faulty
    if elsewhere:
        assert chosen.channel is not finding.channel
    better = targets[: targets.index(chosen)]
    assert all(each.channel in faulty for each in better)


def test_with_nobody_to_tell_there_is_no_way() -> None:
    with pytest.raises(ValueError, match="nobody"):
        route(Finding(Problem.DATABASE, "database"), [], [])
