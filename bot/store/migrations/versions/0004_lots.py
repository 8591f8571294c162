"""Each lot of an alert is reminded by itself; absences; destinations of some lots only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column(
        "lot", sa.Column("reminder_step", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("lot", sa.Column("reminder_at", STAMP, nullable=True))
    op.create_index(op.f("ix_lot_reminder_at"), "lot", ["reminder_at"])
    op.execute(
        "UPDATE lot SET"
        " reminder_step = (SELECT a.reminder_step FROM alert a WHERE a.id = lot.alert_id),"
        " reminder_at = (SELECT a.reminder_at FROM alert a"
        " WHERE a.id = lot.alert_id AND lot.state = 'open')"
    )
    op.drop_index(op.f("ix_alert_reminder_at"), table_name="alert")
    for column in ("reminder_step", "reminder_at"):  # in place: other tables refer to this one
        op.execute(f"ALTER TABLE alert DROP COLUMN {column}")
    with op.batch_alter_table("answer") as answer:
        answer.alter_column("person_id", existing_type=sa.Uuid(), nullable=True)
        answer.add_column(sa.Column("contact", sa.Text(), server_default="", nullable=False))
    op.add_column("contact", sa.Column("ceiling", sa.Integer(), server_default="1", nullable=False))
    op.add_column(
        "subscription", sa.Column("categories", JSON, server_default="[]", nullable=False)
    )
    _create_absence()


def _create_absence() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(length=256), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("substitute_email", sa.String(length=256), nullable=False),
        sa.Column("substitute_name", sa.Text(), nullable=False),
        sa.Column("noted_at", STAMP, nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("ended_at", STAMP, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_email"), "absence", ["email"])
    op.create_index(op.f("ix_absence_substitute_email"), "absence", ["substitute_email"])
