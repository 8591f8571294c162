"""Small values that must survive a restart and be shared by all processes."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.store.schema import MemoRow
from bot.store.statements import insert_ignoring


def first(session: Session, name: str, value: str) -> str:
    """The value kept under a name: ``value`` when nobody wrote one before."""
    insert_ignoring(session, MemoRow, [{"name": name, "value": value}], conflict=["name"])
    return session.get_one(MemoRow, name).value
