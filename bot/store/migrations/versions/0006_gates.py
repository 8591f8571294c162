"""Links in mails, what they were used for, PAP ceilings, and what was withheld from whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the gates need."""
    op.add_column(
        "subscription", sa.Column("links", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("subscription", sa.Column("pap", sa.Integer(), nullable=True))
    op.create_table(
        "answer_link",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "lot", name=op.f("pk_answer_link")),
    )
    op.create_table(
        "withheld",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=256), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_withheld")),
    )
