"""Small values that must survive a restart and be shared by all processes."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.store.schema import MemoRow
from bot.store.statements import insert_ignoring, upsert


def first(session: Session, name: str, value: str) -> str:
    """The value kept under a name: ``value`` when nobody wrote one before."""
    insert_ignoring(session, MemoRow, [{"name": name, "value": value}], conflict=["name"])
    return session.get_one(MemoRow, name).value


def read(session: Session, name: str) -> str:
    """The value kept under a name; empty when there is none."""
    row = session.get(MemoRow, name)
    return row.value if row else ""


def write(session: Session, name: str, value: str) -> None:
    """Keep a value under a name instead of the former one."""
    upsert(session, MemoRow, {"name": name, "value": value}, key=["name"])
