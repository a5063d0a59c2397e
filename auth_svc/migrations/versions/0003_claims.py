"""Accounts whose address is only claimed, secrets that are mailed, the record of roles, and jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mesh import jobs
from mesh.migrate import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)
REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'what % says stays as it is', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$function$
"""
APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON role_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    op.add_column("users", sa.Column("verify_time", TIME, nullable=True))
    # Until now an address had one account, and nobody else could have had it.
    op.execute("UPDATE users SET verify_time = create_time")
    op.drop_constraint("one_account_per_address", "users")
    op.create_index(
        "one_verified_account_per_address",
        "users",
        ["email"],
        unique=True,
        postgresql_where=sa.text("verify_time IS NOT NULL"),
    )
    op.create_index("claims", "users", ["email", "id"], postgresql_where=sa.text("verify_time IS NULL"))
    op.create_check_constraint("verifies_an_address", "users", "verify_time IS NULL OR email <> ''")
    op.create_table(
        "mailed_secrets",
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.Column("expire_time", TIME, nullable=False),
        sa.CheckConstraint("octet_length(secret_hash) = 32", name="is_a_hash"),
        sa.CheckConstraint("purpose IN ('verify', 'reset')", name="known_purpose"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("secret_hash"),
    )
    op.create_index("by_owner", "mailed_secrets", ["user_id", "purpose", "create_time"])
    op.create_table(
        "role_changes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("by_whom", "role_changes", ["user_id", "id"])
    op.execute(REFUSE)
    op.execute(APPEND_ONLY)
    run_script(jobs.install_script())
    run_script(jobs.short_log_script())


def downgrade() -> None:
    run_script(jobs.long_log_script())
    run_script(jobs.uninstall_script())
    op.drop_table("role_changes")
    op.execute("DROP FUNCTION refuse_change")
    op.drop_table("mailed_secrets")
    op.execute(
        "DELETE FROM users AS one USING users AS other WHERE one.email = other.email AND one.verify_time IS NULL"
        " AND (other.verify_time IS NOT NULL OR one.id < other.id)"
    )
    op.drop_index("claims", "users")
    op.drop_index("one_verified_account_per_address", "users")
    op.drop_constraint("verifies_an_address", "users")
    op.create_unique_constraint("one_account_per_address", "users", ["email"])
    op.drop_column("users", "verify_time")
