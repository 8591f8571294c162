"""The columns that each facility chose for its inventory files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.store.schema import ColumnMappingRow


def chosen(session: Session, facility_id: int) -> dict[str, str]:
    """What was chosen, from fields to headers; empty when nothing was."""
    found = session.scalar(
        select(ColumnMappingRow.columns).where(ColumnMappingRow.facility_id == facility_id)
    )
    return dict(found or {})


def choose(
    session: Session, facility_id: int, columns: Mapping[str, str], *, now: datetime
) -> None:
    """Remember these columns, and no others, for the next files of the facility."""
    forget(session, facility_id)
    if columns:
        row = ColumnMappingRow(facility_id=facility_id, columns=dict(columns), chosen_at=now)
        session.add(row)
        session.flush()


def forget(session: Session, facility_id: int) -> bool:
    """Go back to columns recognised by their names; False when nothing was chosen."""
    gone = session.execute(
        delete(ColumnMappingRow)
        .where(ColumnMappingRow.facility_id == facility_id)
        .returning(ColumnMappingRow.facility_id)
    )
    return gone.first() is not None
