"""One notice per schedule version, mails of notices, and who wants which."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)
OLD: tuple[sa.Column[Any], ...] = (
    sa.Column("is_host", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("schedule_version", sa.Text(), nullable=False, server_default=""),
    sa.Column("subject_id", sa.Uuid(), nullable=True),
    sa.Column("shown", sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column("facts", postgresql.JSONB(), nullable=False, server_default="{}"),
    sa.Column("edits", postgresql.JSONB(), nullable=True),
)
"""Columns with what the notices get that are there already."""


def upgrade() -> None:
    for column in OLD:
        op.add_column("notices", column.copy())
    op.execute("UPDATE notices SET subject_id = coalesce(booking_id, announcement_id), schedule_version = event_id")
    op.alter_column("notices", "subject_id", nullable=False)
    for column in OLD:
        op.alter_column("notices", column.name, server_default=None)
    op.drop_constraint("nobody_is_told_twice", "notices")
    op.create_unique_constraint(
        "nobody_is_told_twice", "notices", ["recipient_id", "subject_id", "kind", "schedule_version"]
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notices.id", ondelete="CASCADE"), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.Column("hold_time", TIME, nullable=True),
        sa.Column("due_time", TIME, nullable=False),
        sa.Column("finish_time", TIME, nullable=True),
        sa.CheckConstraint("state IN ('pending', 'sent', 'skipped', 'dead')", name="known_state"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("notice_id", "revision", name="one_mail_per_telling"),
    )
    op.create_index("due", "deliveries", ["due_time"], postgresql_where=sa.text("state = 'pending'"))
    op.create_index("held", "deliveries", ["hold_time"], postgresql_where=sa.text("state = 'pending'"))
    op.create_index("by_state", "deliveries", ["state", "id"])
    op.create_index("finished", "deliveries", ["finish_time"], postgresql_where=sa.text("state IN ('sent', 'skipped')"))
    op.create_table(
        "preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("inbox", sa.Boolean(), nullable=False),
        sa.Column("email", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind"),
    )


def downgrade() -> None:
    op.drop_table("preferences")
    op.drop_table("deliveries")
    op.drop_constraint("nobody_is_told_twice", "notices")
    op.execute(
        "DELETE FROM notices AS one USING notices AS other WHERE one.event_id = other.event_id"
        " AND one.recipient_id = other.recipient_id AND one.id > other.id"
    )
    op.create_unique_constraint("nobody_is_told_twice", "notices", ["event_id", "recipient_id"])
    for column in OLD:
        op.drop_column("notices", column.name)
