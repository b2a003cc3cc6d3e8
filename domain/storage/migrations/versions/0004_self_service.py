"""Self-service of accounts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENTS = ("phone_changed_at", "undo_until", "reset_waits_from", "locked_until", "seen_at", "reminded_at", "ended_at")


def upgrade() -> None:
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sessions_valid_from", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("phone_proven_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("failures", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("old_phone", sa.LargeBinary(), nullable=True))
        for moment in _MOMENTS:
            batch_op.add_column(sa.Column(moment, sa.DateTime(timezone=True), nullable=True))
    # Registered is the last moment at which anything is known of their phones and sessions.
    op.execute("UPDATE accounts SET sessions_valid_from = created_at, phone_proven_at = created_at, failures = 0")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.alter_column("sessions_valid_from", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.alter_column("phone_proven_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.alter_column("failures", existing_type=sa.Integer(), nullable=False)
    op.create_table(
        "account_addresses",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_addresses_account_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_account_addresses_conversation_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "conversation_id", name=op.f("pk_account_addresses")),
    )
    with op.batch_alter_table("account_addresses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_addresses_conversation_id"), ["conversation_id"], unique=False)
    op.execute(
        "INSERT INTO account_addresses (account_id, conversation_id, trusted, bound_at)"
        " SELECT accounts.id, flows.conversation_id, true, accounts.created_at"
        " FROM accounts JOIN flows ON flows.id = accounts.flow_id"
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("platform_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index("ix_requests_open", ["state", "platform_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_conversation_id"), ["conversation_id"], unique=False)
    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("account_id", sa.String(length=32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("pages", schema=None) as batch_op:
        batch_op.drop_column("account_id")
    op.drop_table("requests")
    op.drop_table("account_addresses")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        for column in (*_MOMENTS, "old_phone", "failures", "phone_proven_at", "sessions_valid_from"):
            batch_op.drop_column(column)
