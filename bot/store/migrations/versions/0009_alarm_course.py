"""The course of an alarm: when it was told, how often, since when it is well."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alarm", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("alarm", sa.Column("well_since", sa.DateTime(timezone=True), nullable=True))
    for name in ("times", "relapses"):
        op.add_column("alarm", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE alarm SET told_at = opened_at, times = 1")  # each was told when it began


def downgrade() -> None:
    with op.batch_alter_table("alarm") as batch:
        for name in ("told_at", "well_since", "times", "relapses"):
            batch.drop_column(name)
