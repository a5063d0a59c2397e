"""Films."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# unaccent() itself is only STABLE, because its dictionary could be replaced.
SEARCH_KEY = """CREATE FUNCTION search_key(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN lower(unaccent('unaccent'::regdictionary, $1))"""
SEARCH_KEYS = """CREATE FUNCTION search_keys(text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN ARRAY(SELECT search_key(word) FROM unnest($1) AS word)"""


def upgrade() -> None:
    for extension in ("pg_trgm", "unaccent"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.execute(SEARCH_KEY)
    op.execute(SEARCH_KEYS)
    op.create_table(
        "movies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), sa.Computed("search_key(title)", persisted=True), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("release_date", sa.Date(), nullable=True),
        sa.Column("running_time", sa.Integer(), nullable=True),
        sa.Column("imdb_rating", sa.Double(), nullable=True),
        sa.Column("imdb_votes", sa.Integer(), nullable=True),
        sa.Column("mpaa_rating", sa.Text(), nullable=True),
        sa.Column("genres", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "genre_keys",
            postgresql.ARRAY(sa.Text()),
            sa.Computed("search_keys(genres)", persisted=True),
            nullable=False,
        ),
        sa.Column("directors", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("actors", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("writers", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("bookable", sa.Boolean(), nullable=False),
        sa.CheckConstraint("title <> ''", name="has_a_title"),
        sa.CheckConstraint("NOT bookable OR running_time IS NOT NULL", name="bookable_has_running_time"),
        sa.CheckConstraint("imdb_rating BETWEEN 0 AND 10", name="rating_in_range"),
        sa.CheckConstraint("imdb_votes >= 0", name="votes_in_range"),
        sa.CheckConstraint("running_time BETWEEN 1 AND 1440", name="ends_within_a_day"),
        sa.CheckConstraint("year BETWEEN 1 AND 9999", name="year_in_range"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("by_genre", "movies", ["genre_keys"], unique=False, postgresql_using="gin")
    op.create_index(
        "by_part_of_title",
        "movies",
        ["title_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"title_key": "gin_trgm_ops"},
    )
    op.create_index("by_title", "movies", ["title_key", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("movies")
    op.execute("DROP FUNCTION search_keys")
    op.execute("DROP FUNCTION search_key")
