"""Likes and film scores are counted where they change, so that lists can be ordered by them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNT_REACTION = """
CREATE FUNCTION count_reaction() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    UPDATE reviews SET
        likes = likes + coalesce((NEW.value = 1)::int, 0) - coalesce((OLD.value = 1)::int, 0),
        dislikes = dislikes + coalesce((NEW.value = -1)::int, 0) - coalesce((OLD.value = -1)::int, 0)
    WHERE id = coalesce(NEW.review_id, OLD.review_id);
    RETURN NULL;
END
$function$
"""
COUNTS_REACTIONS = """
CREATE TRIGGER counts_reactions AFTER INSERT OR UPDATE OF value OR DELETE ON reactions
    FOR EACH ROW EXECUTE FUNCTION count_reaction()
"""
COUNT_REVIEW = """
CREATE FUNCTION count_review() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO film_scores (movie_id, reviews_count, score_sum) VALUES (NEW.movie_id, 1, NEW.score)
        ON CONFLICT (movie_id) DO UPDATE SET
            reviews_count = film_scores.reviews_count + 1, score_sum = film_scores.score_sum + excluded.score_sum;
    ELSE
        UPDATE film_scores SET
            reviews_count = reviews_count - (TG_OP = 'DELETE')::int,
            score_sum = score_sum + coalesce(NEW.score, 0) - OLD.score
        WHERE movie_id = OLD.movie_id;
    END IF;
    RETURN NULL;
END
$function$
"""
COUNTS_REVIEWS = """
CREATE TRIGGER counts_reviews AFTER INSERT OR UPDATE OF score OR DELETE ON reviews
    FOR EACH ROW EXECUTE FUNCTION count_review()
"""


def upgrade() -> None:
    op.add_column("reviews", sa.Column("edit_time", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("reviews", sa.Column("likes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("reviews", sa.Column("dislikes", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        """UPDATE reviews SET likes = counted.likes, dislikes = counted.dislikes FROM (
            SELECT review_id, count(*) FILTER (WHERE value = 1) AS likes, count(*) FILTER (WHERE value = -1) AS dislikes
            FROM reactions GROUP BY review_id
        ) AS counted WHERE id = counted.review_id"""
    )
    op.create_check_constraint("counts_are_counts", "reviews", "likes >= 0 AND dislikes >= 0")
    op.create_index("reviews_of_movie", "reviews", ["movie_id", "create_time", "id"])
    op.create_index("reviews_by_likes", "reviews", ["movie_id", "likes", "id"])
    op.drop_constraint("reactions_review_id_fkey", "reactions")
    op.create_foreign_key("reactions_review_id_fkey", "reactions", "reviews", ["review_id"], ["id"], ondelete="CASCADE")
    op.create_table(
        "film_scores",
        sa.Column("movie_id", sa.Uuid(), nullable=False),
        sa.Column("reviews_count", sa.Integer(), nullable=False),
        sa.Column("score_sum", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("reviews_count >= 0 AND score_sum >= reviews_count", name="sums_are_sums"),
        sa.PrimaryKeyConstraint("movie_id"),
    )
    op.execute("INSERT INTO film_scores SELECT movie_id, count(*), sum(score) FROM reviews GROUP BY movie_id")
    for statement in (COUNT_REACTION, COUNTS_REACTIONS, COUNT_REVIEW, COUNTS_REVIEWS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER counts_reviews ON reviews")
    op.execute("DROP TRIGGER counts_reactions ON reactions")
    op.execute("DROP FUNCTION count_review")
    op.execute("DROP FUNCTION count_reaction")
    op.drop_table("film_scores")
    op.drop_constraint("reactions_review_id_fkey", "reactions")
    op.create_foreign_key("reactions_review_id_fkey", "reactions", "reviews", ["review_id"], ["id"])
    op.drop_index("reviews_by_likes", table_name="reviews")
    op.drop_index("reviews_of_movie", table_name="reviews")
    for column in ("dislikes", "likes", "edit_time"):
        op.drop_column("reviews", column)
