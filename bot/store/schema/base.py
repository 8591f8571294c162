"""What all tables share: the types of their columns, how constraints are named, new keys."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    Dialect,
    Float,
    Integer,
    MetaData,
    Text,
    Uuid,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import DateTime, TypeDecorator
from uuid6 import uuid7


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; a naive one is a fault of the caller.

    SQLite forgets time zones: what it gives back is UTC and is made aware again.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: pass an aware one")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(postgresql.JSONB(), "postgresql")
BigKey = BigInteger().with_variant(Integer(), "sqlite")  # SQLite only counts up INTEGER keys


class Base(DeclarativeBase):
    """All tables; constraints are named, so that migrations can name them on both engines."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - declared by SQLAlchemy as a plain class attribute
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[str]: Json,
        list[Any]: Json,
        str: Text,
        uuid.UUID: Uuid,
        date: Date,
        bool: Boolean,
        float: Float,
    }


def new_id() -> uuid.UUID:
    """A time-ordered identifier (UUIDv7)."""
    return uuid.UUID(int=uuid7().int)
