"""Actions: the upgrades that close alerts, and what is answered to them."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("alert", sa.Column("cleared_at", INSTANT, nullable=True))
    op.add_column("alert", sa.Column("cleared_by", sa.String(length=16), nullable=True))
    _actions()
    _answers()
    _told()
    # alerts raised before there were actions get theirs when their facility is next followed
    facility = sa.table("facility", sa.column("id"), sa.column("changed_at", INSTANT))
    alert = sa.table("alert", sa.column("facility_id", sa.Integer()))
    op.execute(
        sa.update(facility)
        .where(facility.c.changed_at.is_(None), facility.c.id.in_(sa.select(alert.c.facility_id)))
        .values(changed_at=datetime.now(UTC))
    )


def _actions() -> None:
    op.create_table(
        "action",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("facility_id", KEY, nullable=False),
        sa.Column("product", sa.String(length=256), nullable=False),
        sa.Column("track", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("urgency", sa.String(length=16), nullable=False),
        sa.Column("exploited", sa.Boolean(), nullable=False),
        sa.Column("release", sa.String(length=7), nullable=False),
        sa.Column("needs", JSON, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("superseded_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", JSON, nullable=False),
        sa.Column("reopened", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_action_facility_id_facility")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        sa.UniqueConstraint("reference", name=op.f("uq_action_reference")),
    )
    op.create_index("ix_action_facility_id_product", "action", ["facility_id", "product"])
    op.create_index(op.f("ix_action_state"), "action", ["state"])
    op.create_table(
        "action_alert",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("advisory_id", KEY, nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.Column("release", sa.String(length=7), nullable=False),
        sa.Column("demands", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.id"], name=op.f("fk_action_alert_action_id_action")
        ),
        sa.ForeignKeyConstraint(
            ["advisory_id"], ["advisory.id"], name=op.f("fk_action_alert_advisory_id_advisory")
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alert.id"], name=op.f("fk_action_alert_alert_id_alert")
        ),
        sa.PrimaryKeyConstraint("action_id", "advisory_id", name=op.f("pk_action_alert")),
    )
    op.create_index(op.f("ix_action_alert_advisory_id"), "action_alert", ["advisory_id"])
    op.create_index(op.f("ix_action_alert_alert_id"), "action_alert", ["alert_id"])


def _answers() -> None:
    op.create_table(
        "action_lot",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.id"], name=op.f("fk_action_lot_action_id_action")
        ),
        sa.PrimaryKeyConstraint("action_id", "category", name=op.f("pk_action_lot")),
    )
    op.create_table(
        "action_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.id"], name=op.f("fk_action_answer_action_id_action")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_action_answer_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_answer")),
    )
    op.create_index(op.f("ix_action_answer_action_id"), "action_answer", ["action_id"])


def _told() -> None:
    op.create_table(
        "action_told",
        sa.Column("subscription_id", KEY, nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.id"], name=op.f("fk_action_told_action_id_action")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_action_told_subscription_id_subscription"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "subscription_id", "action_id", "said", name=op.f("pk_action_told")
        ),
    )
