"""Ratings in both directions, sealed until all have spoken, and what each person's add up to kept beside them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)
# The lower bound of the Wilson score interval (95 %), of the share (mean - 1) / 9, as a score again.
LOWER_BOUND = """CREATE FUNCTION lower_bound(ratings_count integer, ratings_sum integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT RETURN CASE WHEN ratings_count = 0 THEN 0 ELSE (
        SELECT 1 + 9 * (p + 1.9208 / n - 1.96 * sqrt((p * (1 - p) + 0.9604 / n) / n)) / (1 + 3.8416 / n)
        FROM (SELECT ratings_count::float8 AS n, (ratings_sum::float8 / ratings_count - 1) / 9 AS p) AS share
    ) END"""
# Who rated was an accepted guest, whatever was said of his attendance since.
FILL = """UPDATE ratings SET update_time = ratings.create_time, booking_id = (
        SELECT b.id FROM bookings AS b
        WHERE b.announcement_id = ratings.announcement_id AND b.guest_id = ratings.rater_id
        ORDER BY b.state IN ('ACCEPTED', 'ATTENDED', 'NO_SHOW') DESC, b.id DESC LIMIT 1
    ), list_time = CASE WHEN (
        SELECT count(*) FROM ratings AS said WHERE said.announcement_id = ratings.announcement_id
    ) >= 3 THEN ratings.reveal_time ELSE greatest(ratings.reveal_time, a.end_time + interval '14 days') END,
    count_time = CASE WHEN ratings.reveal_time <= now() THEN now() END
    FROM announcements AS a WHERE a.id = ratings.announcement_id"""
KEEP = """INSERT INTO standings (person_id, of_host, ratings_count, ratings_sum)
    SELECT rated_id, of_host, count(*), sum(score) FROM ratings WHERE count_time IS NOT NULL
    GROUP BY rated_id, of_host"""


def upgrade() -> None:
    op.execute(LOWER_BOUND)
    op.create_table(
        "standings",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("of_host", sa.Boolean(), nullable=False),
        sa.Column("ratings_count", sa.Integer(), nullable=False),
        sa.Column("ratings_sum", sa.Integer(), nullable=False),
        sa.Column(
            "lower_bound", sa.Double(), sa.Computed("lower_bound(ratings_count, ratings_sum)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint("ratings_count >= 0", name="counts_up"),
        sa.CheckConstraint("ratings_sum BETWEEN ratings_count AND 10 * ratings_count", name="mean_in_range"),
        sa.PrimaryKeyConstraint("person_id", "of_host"),
    )  # fmt: skip
    op.create_index(
        "best_hosts", "standings", [sa.text("lower_bound DESC"), "person_id"],
        postgresql_where=sa.text("of_host AND ratings_count > 0"),
    )  # fmt: skip
    op.add_column("ratings", sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("bookings.id"), nullable=True))
    op.add_column("ratings", sa.Column("private_note", sa.Text(), server_default="", nullable=False))
    op.add_column("ratings", sa.Column("update_time", TIME, nullable=True))
    op.add_column("ratings", sa.Column("list_time", TIME, nullable=True))
    op.add_column("ratings", sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("ratings", sa.Column("count_time", TIME, nullable=True))
    op.execute(FILL)
    for column in ("booking_id", "update_time", "list_time"):
        op.alter_column("ratings", column, nullable=False)
    op.create_check_constraint(
        "counts_once_revealed", "ratings", "count_time IS NULL OR (count_time >= reveal_time AND NOT hidden)"
    )
    op.create_check_constraint("listed_once_revealed", "ratings", "list_time >= reveal_time")
    op.execute(KEEP)
    op.drop_index("by_rated", "ratings")
    uncounted = sa.text("count_time IS NULL AND NOT hidden")
    op.create_index("by_rated", "ratings", ["rated_id", "create_time", "id"])
    op.create_index(
        "uncounted_by_rated", "ratings", ["rated_id", "of_host", "reveal_time"], postgresql_where=uncounted,
        postgresql_include=["score"],
    )  # fmt: skip
    op.create_index("to_count", "ratings", ["reveal_time", "id"], postgresql_where=uncounted)


def downgrade() -> None:
    op.execute("DELETE FROM ratings WHERE NOT of_host")
    for index in ("to_count", "uncounted_by_rated", "by_rated"):
        op.drop_index(index, "ratings")
    op.create_index("by_rated", "ratings", ["rated_id", "of_host", "reveal_time"], postgresql_include=["score"])
    op.drop_constraint("listed_once_revealed", "ratings")
    op.drop_constraint("counts_once_revealed", "ratings")
    for column in ("count_time", "hidden", "list_time", "update_time", "private_note", "booking_id"):
        op.drop_column("ratings", column)
    op.drop_table("standings")
    op.execute("DROP FUNCTION lower_bound")
