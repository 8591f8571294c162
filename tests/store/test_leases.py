"""One holder at a time, and a dead one blocks no longer than its lease."""

from __future__ import annotations

import uuid
from datetime import timedelta

from bot.store import Database, leases

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
LIFE = timedelta(minutes=5)


def test_only_one_holder(database: Database) -> None:
    assert database.call(leases.take, "matrix", ONE, life=LIFE)
    assert not database.call(leases.take, "matrix", OTHER, life=LIFE)
    assert database.call(leases.take, "matrix", ONE, life=LIFE)


def test_given_back_or_run_out_it_may_be_taken(database: Database) -> None:
    database.call(leases.take, "matrix", ONE, life=-LIFE)
    assert database.call(leases.take, "matrix", OTHER, life=LIFE)
    database.call(leases.release, "matrix", ONE)
    assert not database.call(leases.take, "matrix", ONE, life=LIFE)
    database.call(leases.release, "matrix", OTHER)
    assert database.call(leases.take, "matrix", ONE, life=LIFE)
