"""Short links, and the notices that lead through them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "links",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("target_hash", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.CheckConstraint("code ~ '^[A-Za-z0-9_-]{10,64}$'", name="code_fits_an_address"),
        sa.CheckConstraint("target ~ '^https?://[!-~]+$'", name="target_fits_a_header"),
        sa.PrimaryKeyConstraint("code"),
        sa.UniqueConstraint("target_hash", name="one_link_per_target"),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("announcement_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link_code", sa.Text(), sa.ForeignKey("links.code"), nullable=False),
        sa.Column("occur_time", TIME, nullable=False),
        sa.Column("read_time", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id", "recipient_id", name="nobody_is_told_twice"),
    )
    op.create_index("inbox", "notices", ["recipient_id", "occur_time", "id"], unique=False)
    op.create_index(
        "unread",
        "notices",
        ["recipient_id", "occur_time", "id"],
        unique=False,
        postgresql_where=sa.text("read_time IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("notices")
    op.drop_table("links")
