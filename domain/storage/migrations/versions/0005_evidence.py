"""Evidence: time stamps and rows that cannot be changed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_RESTS_ON_SERVED = "'clause_shown', 'clause_opened', 'explained', 'acknowledged', 'decided', 'formed', 'declined'"

# --- SQLite ---------------------------------------------------------------------------------------------
# INSERT OR REPLACE deletes the row it meets without firing its trigger: also by the other unique column.
_SQLITE_REPLACE = (
    "CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger "
    "WHEN EXISTS (SELECT 1 FROM ledger WHERE platform_id = NEW.platform_id AND seq = NEW.seq) "
    "{more}"
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
)
_SQLITE = [
    "CREATE TRIGGER ledger_served_before BEFORE INSERT ON ledger "
    f"WHEN NEW.type IN ({_RESTS_ON_SERVED}) AND NOT EXISTS ("
    "SELECT 1 FROM ledger WHERE entry_id = json_extract(NEW.entry, '$.served') AND platform_id = NEW.platform_id "
    "AND subject = NEW.subject AND seq < NEW.seq AND type = 'served' AND json_extract(entry, '$.agreement.id') "
    "IS json_extract(NEW.entry, '$.agreement.id')) "
    "BEGIN SELECT RAISE(ABORT, 'nothing was served before'); END",
    "CREATE TRIGGER ledger_decided_before BEFORE INSERT ON ledger "
    "WHEN NEW.type = 'withdrawn' AND NOT EXISTS ("
    "SELECT 1 FROM ledger WHERE entry_id = json_extract(NEW.entry, '$.withdraws') AND platform_id = NEW.platform_id "
    "AND subject = NEW.subject AND seq < NEW.seq AND type = 'decided') "
    "BEGIN SELECT RAISE(ABORT, 'nothing was decided before'); END",
    "CREATE TRIGGER receipts_no_update BEFORE UPDATE ON receipts "
    "BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END",
    "CREATE TRIGGER receipts_no_delete BEFORE DELETE ON receipts "
    "BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END",
    "CREATE TRIGGER receipts_no_replace BEFORE INSERT ON receipts "
    "WHEN EXISTS (SELECT 1 FROM receipts WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END",
    "CREATE TRIGGER anchors_no_update BEFORE UPDATE ON anchors WHEN OLD.state = 'stamped' "
    "BEGIN SELECT RAISE(ABORT, 'a time stamp is never changed'); END",
    "CREATE TRIGGER anchors_no_delete BEFORE DELETE ON anchors WHEN OLD.state = 'stamped' "
    "BEGIN SELECT RAISE(ABORT, 'a time stamp is never changed'); END",
    "CREATE TRIGGER anchors_no_replace BEFORE INSERT ON anchors WHEN EXISTS ("
    "SELECT 1 FROM anchors WHERE platform_id = NEW.platform_id AND to_seq = NEW.to_seq AND authority = NEW.authority) "
    "BEGIN SELECT RAISE(ABORT, 'a time stamp is never changed'); END",
]
_SQLITE_NAMES = (
    "ledger_served_before", "ledger_decided_before", "receipts_no_update", "receipts_no_delete", "receipts_no_replace",
)

# --- PostgreSQL -----------------------------------------------------------------------------------------
_POSTGRESQL = [
    "CREATE FUNCTION ledger_rests_on_earlier() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF NEW.type IN ({_RESTS_ON_SERVED}) AND NOT EXISTS ("
    "SELECT 1 FROM ledger l WHERE l.entry_id = NEW.entry::json->>'served' AND l.platform_id = NEW.platform_id "
    "AND l.subject = NEW.subject AND l.seq < NEW.seq AND l.type = 'served' AND l.entry::json->'agreement'->>'id' "
    "IS NOT DISTINCT FROM NEW.entry::json->'agreement'->>'id') "
    "THEN RAISE EXCEPTION 'nothing was served before'; END IF; "
    "IF NEW.type = 'withdrawn' AND NOT EXISTS ("
    "SELECT 1 FROM ledger l WHERE l.entry_id = NEW.entry::json->>'withdraws' AND l.platform_id = NEW.platform_id "
    "AND l.subject = NEW.subject AND l.seq < NEW.seq AND l.type = 'decided') "
    "THEN RAISE EXCEPTION 'nothing was decided before'; END IF; "
    "RETURN NEW; END $$",
    "CREATE TRIGGER ledger_rests_on_earlier BEFORE INSERT ON ledger "
    "FOR EACH ROW EXECUTE FUNCTION ledger_rests_on_earlier()",
    "CREATE FUNCTION receipts_are_kept() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'a receipt is never changed'; END $$",
    "CREATE TRIGGER receipts_no_change BEFORE UPDATE OR DELETE ON receipts "
    "FOR EACH ROW EXECUTE FUNCTION receipts_are_kept()",
    "CREATE TRIGGER receipts_no_truncate BEFORE TRUNCATE ON receipts "
    "FOR EACH STATEMENT EXECUTE FUNCTION receipts_are_kept()",
    "CREATE FUNCTION anchors_are_kept() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'a time stamp is never changed'; END $$",
    "CREATE TRIGGER anchors_no_change BEFORE UPDATE OR DELETE ON anchors "
    "FOR EACH ROW WHEN (OLD.state = 'stamped') EXECUTE FUNCTION anchors_are_kept()",
    "CREATE TRIGGER anchors_no_truncate BEFORE TRUNCATE ON anchors "
    "FOR EACH STATEMENT EXECUTE FUNCTION anchors_are_kept()",
]


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    op.create_table(
        "anchors",
        sa.Column("platform_id", sa.String(length=32), nullable=False),
        sa.Column("to_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("nonce", sa.String(length=16), nullable=True),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("certificates", sa.Text(), nullable=True),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(length=200), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform_id", "to_seq", "authority", name=op.f("pk_anchors")),
    )
    with op.batch_alter_table("anchors", schema=None) as batch_op:
        batch_op.create_index("ix_anchors_due", ["state", "not_before"], unique=False)
    if _is_sqlite():
        op.execute("DROP TRIGGER ledger_no_replace")
        op.execute(
            _SQLITE_REPLACE.format(more="OR EXISTS (SELECT 1 FROM ledger WHERE entry_id = NEW.entry_id) ")
        )
    for statement in _SQLITE if _is_sqlite() else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if _is_sqlite():
        for name in _SQLITE_NAMES:
            op.execute(f"DROP TRIGGER {name}")
        op.execute("DROP TRIGGER ledger_no_replace")
        op.execute(_SQLITE_REPLACE.format(more=""))
    else:
        op.execute("DROP TRIGGER ledger_rests_on_earlier ON ledger")
        op.execute("DROP TRIGGER receipts_no_change ON receipts")
        op.execute("DROP TRIGGER receipts_no_truncate ON receipts")
    op.drop_table("anchors")
    if not _is_sqlite():
        for name in ("ledger_rests_on_earlier", "receipts_are_kept", "anchors_are_kept"):
            op.execute(f"DROP FUNCTION {name}()")
