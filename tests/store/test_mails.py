"""A mail is heard once, an address is bad until it is good again, a secret is made once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from bot.domain.delivery import Address, DeliveryKind, DeliveryState, NewDelivery
from bot.domain.message import Message
from bot.store import Database, mails, memos, outbox

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
GUARD = Address.mailbox("garde@ch-exemple.example")


def test_a_mail_is_heard_once(database: Database) -> None:
    assert database.call(mails.hear, "a" * 64, now=NOW)
    assert not database.call(mails.hear, "a" * 64, now=LATER)


def test_bounces_are_counted_from_the_first(database: Database) -> None:
    database.call(mails.mark_bad, GUARD, "5.2.2", now=NOW)
    database.call(mails.mark_bad, GUARD, "5.1.1", now=LATER)
    bad = database.call(mails.bad_addresses)[GUARD]
    assert (bad.status, bad.bounces, bad.since, bad.last_at) == ("5.1.1", 2, NOW, LATER)
    database.call(mails.mark_good, GUARD)
    assert database.call(mails.bad_addresses) == {}


def test_a_bounce_read_before_its_delivery_is_recorded_wins(database: Database) -> None:
    sent = NewDelivery(
        kind=DeliveryKind.ALERT,
        subject_id=uuid.UUID(int=1),
        subject="ALR-2026-0001",
        to=GUARD,
        message=Message("objet", "corps"),
        trace_id="t",
    )
    database.call(outbox.enqueue, [sent], now=NOW)
    (lease,) = database.call(outbox.lease_due, limit=1, now=NOW)
    assert database.call(outbox.mark_bounced, sent.key, "bounced 5.1.1", now=NOW)
    assert not database.call(outbox.mark_delivered, lease, "<r@s.example>", now=NOW)
    assert not database.call(outbox.mark_bounced, sent.key, "bounced 5.1.1", now=LATER)
    found = database.call(outbox.by_key, sent.key)
    assert found is not None
    assert (found.state, found.reason) == (DeliveryState.DEAD, "bounced 5.1.1")


def test_the_first_value_of_a_memo_stays(database: Database) -> None:
    assert database.call(memos.first, "mail secret", "un") == "un"
    assert database.call(memos.first, "mail secret", "deux") == "un"
