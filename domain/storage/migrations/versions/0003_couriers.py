"""Couriers: fail-over and delivery receipts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("short_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ticket", sa.String(length=32), nullable=True))
        batch_op.add_column(
            sa.Column("calls", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True)
        )
        batch_op.add_column(sa.Column("conversation_id", sa.String(length=32), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_short_messages_ticket"), ["ticket"])
        batch_op.create_index(batch_op.f("ix_short_messages_claimed_at"), ["claimed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_short_messages_provider_ref"), ["provider_ref"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("short_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_short_messages_provider_ref"))
        batch_op.drop_index(batch_op.f("ix_short_messages_claimed_at"))
        batch_op.drop_constraint(batch_op.f("uq_short_messages_ticket"), type_="unique")
        batch_op.drop_column("conversation_id")
        batch_op.drop_column("calls")
        batch_op.drop_column("ticket")
        batch_op.drop_column("claimed_at")
        batch_op.drop_column("not_before")
