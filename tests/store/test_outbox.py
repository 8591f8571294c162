"""The outbox: once written never lost, never recorded by who lost the lease."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from bot.domain.delivery import Address, DeliveryKind, DeliveryState, NewDelivery
from bot.domain.message import ChannelName, Message
from bot.store import Database, outbox
from bot.store.database import synced_later
from bot.store.schema import DeliveryRow
from feeds.advisory import Tlp

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)


def written(number: int = 1, *, channel: ChannelName = ChannelName.EMAIL) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.ALERT,
        subject_id=uuid.UUID(int=number),
        subject=f"ALR-2026-{number:04}",
        to=Address(channel, "ssi@hospital.example"),
        message=Message("objet", "corps", marking=Tlp.AMBER),
        trace_id="t",
    )


def let_leases_expire(session: Session) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    session.execute(update(DeliveryRow).values(lease_until=past))


def test_the_same_message_is_written_once(database: Database) -> None:
    assert database.call(outbox.enqueue, [written(), written()], now=NOW) == 1
    assert database.call(outbox.enqueue, [written()], now=NOW) == 0


def test_a_leased_delivery_is_not_leased_again(database: Database) -> None:
    database.call(outbox.enqueue, [written()], now=NOW)
    assert len(database.call(outbox.lease_due, limit=10, now=NOW)) == 1
    assert database.call(outbox.lease_due, limit=10, now=NOW) == []


def test_a_message_comes_back_as_it_was_written(database: Database) -> None:
    database.call(outbox.enqueue, [written()], now=NOW)
    (lease,) = database.call(outbox.lease_due, limit=10, now=NOW)
    assert lease.message == written().message
    assert lease.key == written().key
    assert not lease.uncertain


def test_who_lost_the_lease_records_nothing(database: Database) -> None:
    database.call(outbox.enqueue, [written()], now=NOW)
    (stalled,) = database.call(outbox.lease_due, limit=1, now=NOW)
    database.call(let_leases_expire)
    (second,) = database.call(outbox.lease_due, limit=1, now=NOW)
    assert second.uncertain
    assert not database.call(outbox.mark_delivered, stalled, "late", now=NOW)
    assert not database.call(outbox.mark_dead, stalled, "late", now=NOW)
    assert database.call(outbox.mark_delivered, second, "receipt", now=NOW)
    (row,) = database.call(outbox.listed)
    assert (row.state, row.receipt) == (DeliveryState.DELIVERED, "receipt")


@pytest.mark.parametrize("uncertain", [False, True])
def test_a_delivery_put_back_waits_for_its_hour(database: Database, uncertain: bool) -> None:
    database.call(outbox.enqueue, [written()], now=NOW)
    (lease,) = database.call(outbox.lease_due, limit=1, now=NOW)
    later = NOW + timedelta(minutes=5)
    database.call(outbox.mark_due_again, lease, "busy", due_at=later, uncertain=uncertain)
    assert database.call(outbox.lease_due, limit=1, now=NOW) == []
    (row,) = database.call(outbox.listed)
    assert row.due_at == later
    (again,) = database.call(outbox.lease_due, limit=1, now=later)
    assert (again.attempts, again.uncertain) == (2, uncertain)


def test_only_the_channels_at_hand_are_leased(database: Database) -> None:
    both = [written(1), written(2, channel=ChannelName.SLACK)]
    database.call(outbox.enqueue, both, now=NOW)
    slack = database.call(outbox.lease_due, limit=9, now=NOW, channels=[ChannelName.SLACK])
    assert [lease.to.channel for lease in slack] == [ChannelName.SLACK]


def test_a_dead_delivery_can_be_replayed_once(database: Database) -> None:
    database.call(outbox.enqueue, [written()], now=NOW)
    (lease,) = database.call(outbox.lease_due, limit=1, now=NOW)
    database.call(outbox.mark_dead, lease, "no such mailbox", now=NOW)
    assert database.call(outbox.replay, lease.delivery_id, now=NOW)
    assert not database.call(outbox.replay, lease.delivery_id, now=NOW)
    (again,) = database.call(outbox.lease_due, limit=1, now=NOW)
    assert again.uncertain


def test_counts_by_channel_and_state(database: Database) -> None:
    database.call(outbox.enqueue, [written(1), written(2)], now=NOW)
    database.call(outbox.lease_due, limit=1, now=NOW)
    counts = database.call(outbox.counts)
    assert counts[(ChannelName.EMAIL, DeliveryState.DUE)] == 1
    assert counts[(ChannelName.EMAIL, DeliveryState.LEASED)] == 1


def synchronous(session: Session) -> str:
    """How SQLite writes this transaction: 1 leaves the disk's answer to the next, 2 waits."""
    return str(session.execute(text("PRAGMA synchronous")).scalar_one())


def synchronous_later(session: Session) -> str:
    synced_later(session)
    return synchronous(session)


def test_only_a_record_that_others_follow_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    assert database.call(synchronous) == "2"
    assert database.call(synchronous_later) == "1"
    assert database.call(synchronous) == "2"
    database.dispose()
