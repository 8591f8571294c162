"""The percentile that EPSS gives beside its probability."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exploit", sa.Column("epss_percentile", sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("exploit") as batch:
        batch.drop_column("epss_percentile")
