"""Challenges know who asked and for which account"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_challenges_subject"))
        batch_op.alter_column("phone_index", existing_type=sa.LargeBinary(), nullable=True)
        batch_op.add_column(sa.Column("named_index", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("named_prefix", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("phone_prefix", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("conversation_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("channel", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("high_water", sa.DateTime(timezone=True), nullable=True))

    # What was used up stays used up. Codes on their way were bound to less than codes are now: they end here.
    op.execute(
        "UPDATE challenges SET named_index = phone_index, high_water = sent_at,"
        " conversation_id = coalesce((SELECT conversation_id FROM flows WHERE flows.id = challenges.subject), ''),"
        " channel = coalesce((SELECT conversations.channel FROM flows JOIN conversations"
        " ON conversations.id = flows.conversation_id WHERE flows.id = challenges.subject), ''),"
        " closed = coalesce(closed, 'void')"
    )
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.alter_column("named_index", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.alter_column("conversation_id", existing_type=sa.String(length=32), nullable=False)
        batch_op.alter_column("channel", existing_type=sa.String(length=16), nullable=False)
        batch_op.alter_column("high_water", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_index("ix_challenges_named_sent_at", ["named_index", "sent_at"], unique=False)
        batch_op.create_index("ix_challenges_conversation_sent_at", ["conversation_id", "sent_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_challenges_sent_at"), ["sent_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_challenges_high_water"), ["high_water"], unique=False)


def downgrade() -> None:
    # Where nothing was sent there is no phone, and the earlier table cannot say so.
    op.execute("DELETE FROM challenges WHERE phone_index IS NULL")
    op.execute("UPDATE challenges SET closed = coalesce(closed, 'void')")
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_challenges_high_water"))
        batch_op.drop_index(batch_op.f("ix_challenges_sent_at"))
        batch_op.drop_index("ix_challenges_conversation_sent_at")
        batch_op.drop_index("ix_challenges_named_sent_at")
        batch_op.drop_column("high_water")
        batch_op.drop_column("channel")
        batch_op.drop_column("conversation_id")
        batch_op.drop_column("phone_prefix")
        batch_op.drop_column("named_prefix")
        batch_op.drop_column("named_index")
        batch_op.alter_column("phone_index", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.create_index(batch_op.f("ix_challenges_subject"), ["subject"], unique=False)
