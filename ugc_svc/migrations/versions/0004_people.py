"""Friends and their requests, blocks, privacy, and jobs: booking is told of blocks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mesh import jobs
from mesh.migrate import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("follows", sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False))
    op.create_index("movies_of_subscriber", "subscriptions", ["user_id", "create_time", "movie_id"])
    op.create_table(
        "friend_requests",
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("sender_id <> receiver_id", name="nobody_asks_himself"),
        sa.PrimaryKeyConstraint("sender_id", "receiver_id"),
    )
    op.create_index("requests_to_person", "friend_requests", ["receiver_id", "create_time", "sender_id"])
    op.create_index("requests_of_person", "friend_requests", ["sender_id", "create_time", "receiver_id"])
    op.create_table(
        "friendships",
        sa.Column("lower_id", sa.Uuid(), nullable=False),
        sa.Column("higher_id", sa.Uuid(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.CheckConstraint("lower_id < higher_id", name="one_row_per_pair"),
        sa.PrimaryKeyConstraint("lower_id", "higher_id"),
    )
    op.create_index("friends_of_lower", "friendships", ["lower_id", "create_time", "higher_id"])
    op.create_index("friends_of_higher", "friendships", ["higher_id", "create_time", "lower_id"])
    op.create_table(
        "privacy",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("show_evenings_to_friends", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "blocks",
        sa.Column("blocker_id", sa.Uuid(), nullable=False),
        sa.Column("blocked_id", sa.Uuid(), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("change_time", TIME, nullable=False),
        sa.CheckConstraint("blocker_id <> blocked_id", name="nobody_blocks_himself"),
        sa.PrimaryKeyConstraint("blocker_id", "blocked_id"),
    )
    op.create_index(
        "blocked_by_person",
        "blocks",
        ["blocker_id", "change_time", "blocked_id"],
        postgresql_where=sa.text("blocked"),
    )
    run_script(jobs.install_script())
    run_script(jobs.short_log_script())


def downgrade() -> None:
    run_script(jobs.long_log_script())
    run_script(jobs.uninstall_script())
    for table in ("blocks", "privacy", "friendships", "friend_requests"):
        op.drop_table(table)
    op.drop_index("movies_of_subscriber", table_name="subscriptions")
    # Whom the followed person had blocked must not become a follower.
    op.execute("DELETE FROM follows WHERE hidden")
    op.drop_column("follows", "hidden")
