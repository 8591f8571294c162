"""The picture of the outbox and the sources, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.delivery import DeliveryState
from bot.domain.message import ChannelName
from bot.store import Database, Session, health, outbox, sources
from feeds.errors import MalformedDocumentError
from tests.store.test_outbox import written

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def refuse_all(session: Session, *, now: datetime) -> None:
    for lease in outbox.lease_due(session, limit=50, now=now):
        due_at = now + MINUTE
        outbox.mark_due_again(session, lease, "451 no", due_at=due_at, uncertain=False)


def deliver_all(session: Session, *, now: datetime) -> None:
    for lease in outbox.lease_due(session, limit=50, now=now):
        outbox.mark_delivered(session, lease, f"r{lease.attempts}", now=now)


def test_a_source_never_read_has_only_its_name(database: Database) -> None:
    database.call(sources.failed, "certfr", "time-out", now=NOW)
    problem = MalformedDocumentError("certfr", "item 3", "no date")
    database.call(sources.keep_malformed, [problem], now=NOW)
    seen = database.call(health.snapshot, {"certfr": MINUTE, "kev": MINUTE}, now=NOW)
    certfr, kev = seen.sources
    assert (certfr.failures, certfr.error, certfr.unreadable) == (1, "time-out", 1)
    assert (kev.name, kev.attempted_at) == ("kev", None)


def test_a_chat_is_not_a_source(database: Database) -> None:
    database.call(sources.succeeded, "matrix", now=NOW)
    seen = database.call(
        health.snapshot, {"kev": MINUTE}, now=NOW, chats={"matrix": MINUTE, "slack": MINUTE}
    )
    assert [each.name for each in seen.sources] == ["kev"]
    assert [(each.name, each.succeeded_at) for each in seen.chats] == [
        ("matrix", NOW),
        ("slack", None),
    ]


def test_refusals_count_since_the_last_success(database: Database) -> None:
    database.call(outbox.enqueue, [written(1), written(2)], now=NOW)
    database.call(refuse_all, now=NOW)
    (queue,) = database.call(health.snapshot, {}, now=NOW).queues
    assert (queue.refusals, queue.refused_since, queue.reason) == (2, NOW, "451 no")
    assert queue.overdue_since is None
    assert queue.waiting_since == NOW
    later = NOW + 5 * MINUTE
    (queue,) = database.call(health.snapshot, {}, now=later).queues
    assert queue.overdue_since == NOW + MINUTE
    database.call(deliver_all, now=later)
    (queue,) = database.call(health.snapshot, {}, now=later).queues
    assert (queue.refusals, queue.delivered_at) == (0, later)
    assert queue.count(DeliveryState.DELIVERED) == 2


def test_a_delivery_dropped_is_never_sent_and_says_why(database: Database) -> None:
    database.call(outbox.enqueue, [written(1), written(2)], now=NOW)
    kept, given_up = database.call(outbox.listed)
    assert database.call(outbox.drop, given_up.id, "wrong room", now=NOW) == given_up.subject
    assert database.call(outbox.drop, given_up.id, "again", now=NOW) is None
    (lease,) = database.call(outbox.lease_due, limit=5, now=NOW)
    assert lease.delivery_id == kept.id
    assert database.call(outbox.drop, kept.id, "being sent", now=NOW) is None
    (dropped,) = database.call(outbox.listed, states=[DeliveryState.DROPPED])
    assert (dropped.reason, dropped.settled_at) == ("wrong room", NOW)


def test_the_dead_of_one_channel_are_replayed_together(database: Database) -> None:
    numbers = [written(1), written(2), written(3, channel=ChannelName.SLACK)]
    database.call(outbox.enqueue, numbers, now=NOW)
    for lease in database.call(outbox.lease_due, limit=5, now=NOW):
        database.call(outbox.mark_dead, lease, "550", now=NOW)
    again = database.call(outbox.replay_all, ChannelName.EMAIL, DeliveryState.DEAD, now=NOW)
    assert again == 2
    leases = database.call(outbox.lease_due, limit=5, now=NOW)
    assert {lease.to.channel for lease in leases} == {ChannelName.EMAIL}
    assert all(lease.uncertain for lease in leases)
