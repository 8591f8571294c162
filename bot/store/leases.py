"""What only one process may do at a time: read a source, match, own a Matrix account."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.store.database import database_now
from bot.store.schema import LeaseRow
from bot.store.statements import insert_ignoring


def take(session: Session, name: str, holder: uuid.UUID, *, life: timedelta) -> bool:
    """Take or renew a lease; False while another holder's runs.

    Both ends are judged by the database's clock, the one that all processes share.
    """
    now = database_now(session)
    fresh = {"name": name, "token": holder, "until": now + life}
    if insert_ignoring(session, LeaseRow, [fresh], conflict=["name"]):
        return True
    row = session.scalar(select(LeaseRow).where(LeaseRow.name == name).with_for_update())
    if row is None or (row.token != holder and row.until > now):
        return False
    row.token, row.until = holder, now + life
    return True


def release(session: Session, name: str, holder: uuid.UUID) -> None:
    """Give a lease back; nothing happens when another process holds it by now."""
    session.execute(delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.token == holder))
