"""Guardians: invitations, what they decided, and for whom"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guardianships",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("platform_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("band", sa.String(length=12), nullable=False),
        sa.Column("relation", sa.String(length=12), nullable=True),
        sa.Column("ward_flow_id", sa.String(length=32), nullable=False),
        sa.Column("ward_conversation_id", sa.String(length=32), nullable=False),
        sa.Column("ward_account_id", sa.String(length=32), nullable=True),
        sa.Column("guardian_flow_id", sa.String(length=32), nullable=True),
        sa.Column("guardian_conversation_id", sa.String(length=32), nullable=True),
        sa.Column("evidence_key_id", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("guardian_index", sa.LargeBinary(), nullable=True),
        sa.Column("ward_index", sa.LargeBinary(), nullable=True),
        sa.Column("code_digest", sa.LargeBinary(), nullable=True),
        sa.Column("code_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("served", sa.String(length=36), nullable=True),
        sa.Column("request_id", sa.String(length=32), nullable=True),
        sa.Column("turns_in", sa.String(length=7), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardianships")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_guardianships_code_digest")),
    )
    with op.batch_alter_table("guardianships", schema=None) as batch_op:
        for column in _INDEXED:
            batch_op.create_index(batch_op.f(f"ix_guardianships_{column}"), [column], unique=False)
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("given_by", sa.String(length=8), server_default="self", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_column("given_by")
    op.drop_table("guardianships")


_INDEXED = (
    "state",
    "ward_flow_id",
    "ward_conversation_id",
    "ward_account_id",
    "guardian_flow_id",
    "guardian_conversation_id",
    "phone_index",
    "guardian_index",
    "ward_index",
    "request_id",
    "turns_in",
)
