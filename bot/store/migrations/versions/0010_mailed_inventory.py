"""Inventories that came by mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "mailed_inventory",
        sa.Column("id", KEY, nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("facility_id", KEY, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("said", JSON, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_mailed_inventory_facility_id_facility")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mailed_inventory_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailed_inventory")),
        sa.UniqueConstraint("reference", name=op.f("uq_mailed_inventory_reference")),
    )
    op.create_index(op.f("ix_mailed_inventory_state"), "mailed_inventory", ["state"])
    op.create_index(op.f("ix_mailed_inventory_received_at"), "mailed_inventory", ["received_at"])


def downgrade() -> None:
    op.drop_table("mailed_inventory")
