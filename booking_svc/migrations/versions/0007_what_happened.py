"""How late places were given up or taken away, which evenings did not take place, and moderation of ratings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)
LATE = (("announcements", "late_minutes"), ("bookings", "guest_late_minutes"), ("bookings", "host_late_minutes"))
TABLES = ("moderations", "reports", "reported", "not_held")
# It guards another table, too, by now.
REFUSE = """CREATE OR REPLACE FUNCTION refuse_to_rewrite_history() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"""
APPEND_ONLY = """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history()"""


def upgrade() -> None:
    for table, column in LATE:
        op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
    op.create_index(
        "let_down_late", "bookings", ["announcement_id"], postgresql_where=sa.text("host_late_minutes IS NOT NULL")
    )
    op.create_table(
        "not_held",
        sa.Column("announcement_id", sa.Uuid(), sa.ForeignKey("announcements.id"), primary_key=True),
        sa.Column("guest_id", sa.Uuid(), primary_key=True),
        sa.Column("create_time", TIME, nullable=False),
    )
    create_moderation()
    op.execute(REFUSE)
    op.execute(APPEND_ONLY)


def create_moderation() -> None:
    op.create_table(
        "reported",
        sa.Column("rating_id", sa.Uuid(), sa.ForeignKey("ratings.id"), primary_key=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
    )
    op.create_index("open_first", "reported", ["closed", "create_time", "rating_id"])
    op.create_table(
        "reports",
        sa.Column("rating_id", sa.Uuid(), sa.ForeignKey("ratings.id"), primary_key=True),
        sa.Column("reporter_id", sa.Uuid(), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
    )
    op.create_table(
        "moderations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column("rating_id", sa.Uuid(), sa.ForeignKey("ratings.id"), nullable=False),
        sa.Column("moderator_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.CheckConstraint("action IN ('HIDE', 'RESTORE', 'DISMISS')", name="known_action"),
    )
    op.create_index("moderations_of_rating", "moderations", ["rating_id", "id"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("let_down_late", "bookings")
    for table, column in LATE:
        op.drop_column(table, column)
