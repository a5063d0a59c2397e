"""Reviews, reactions to them, film subscriptions, and who follows whom."""

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
        "reviews",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("movie_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.CheckConstraint("score BETWEEN 1 AND 10", name="score_in_range"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("author_id", "movie_id", name="one_review_per_author_and_film"),
    )
    op.create_table(
        "reactions",
        sa.Column("review_id", sa.Uuid(), sa.ForeignKey("reviews.id"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.SmallInteger(), nullable=False),
        sa.Column("update_time", TIME, nullable=False),
        sa.CheckConstraint("value IN (1, -1)", name="like_or_dislike"),
        sa.PrimaryKeyConstraint("review_id", "person_id"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("movie_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.PrimaryKeyConstraint("movie_id", "user_id"),
    )
    op.create_index("subscribers_of_movie", "subscriptions", ["movie_id", "create_time", "user_id"], unique=False)
    op.create_table(
        "follows",
        sa.Column("follower_id", sa.Uuid(), nullable=False),
        sa.Column("followed_id", sa.Uuid(), nullable=False),
        sa.Column("create_time", TIME, nullable=False),
        sa.CheckConstraint("follower_id <> followed_id", name="nobody_follows_himself"),
        sa.PrimaryKeyConstraint("follower_id", "followed_id"),
    )
    op.create_index("followers_of_person", "follows", ["followed_id", "create_time", "follower_id"], unique=False)


def downgrade() -> None:
    for table in ("follows", "subscriptions", "reactions", "reviews"):
        op.drop_table(table)
