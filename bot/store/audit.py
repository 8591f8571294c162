"""Who did what: appended, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.schema import AuditRow


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. ``actor`` is a person's id, or the account of a stranger."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    payload: Mapping[str, Any]


def note(
    session: Session,
    actor: str,
    action: str,
    subject: str,
    *,
    now: datetime,
    **payload: Any,
) -> None:
    """Append an entry; ``payload`` holds JSON values."""
    session.add(AuditRow(at=now, actor=actor, action=action, subject=subject, payload=payload))


def latest(session: Session, *, limit: int = 100) -> list[AuditEntry]:
    """The last entries, latest first."""
    rows = session.scalars(select(AuditRow).order_by(AuditRow.seq.desc()).limit(limit))
    return [
        AuditEntry(row.seq, row.at, row.actor, row.action, row.subject, row.payload) for row in rows
    ]
