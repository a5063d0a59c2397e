"""Evenings, bookings, who is busy when, what happened, ratings, keys of repeated writes, and the job queue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mesh import jobs
from mesh.migrate import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FUNCTIONS = (
    # unaccent() itself is only STABLE, because its dictionary could be replaced.
    """CREATE FUNCTION search_key(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN lower(unaccent('unaccent'::regdictionary, $1))""",
    # timestamptz + interval is only STABLE because of days and months; minutes are the same everywhere.
    """CREATE FUNCTION minutes_later(timestamptz, integer) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    PARALLEL SAFE STRICT RETURN $1 + make_interval(mins => $2)""",
    """CREATE FUNCTION refuse_to_rewrite_history() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'booking_events is append-only'; END $$""",
)
APPEND_ONLY = """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON booking_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history()"""
TABLES = ("ratings", "engagements", "booking_events", "bookings", "idempotency_keys", "announcements")


def upgrade() -> None:
    for extension in ("btree_gist", "pg_trgm", "unaccent"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    for function in FUNCTIONS:
        op.execute(function)
    create_tables()
    op.execute(APPEND_ONLY)
    run_script(jobs.install_script())


def create_tables() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("movie_id", sa.Uuid(), nullable=False),
        sa.Column("will", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("sub_only", sa.Boolean(), nullable=False),
        sa.Column("is_free", sa.Boolean(), nullable=False),
        sa.Column("accept_at_once", sa.Boolean(), nullable=False),
        sa.Column("tickets_count", sa.Integer(), nullable=False),
        sa.Column("places_taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("event_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "end_time",
            postgresql.TIMESTAMP(timezone=True),
            sa.Computed("minutes_later(event_time, duration_minutes)", persisted=True),
            nullable=False,
        ),
        sa.Column("event_location", sa.Text(), nullable=False),
        sa.Column("location_key", sa.Text(), sa.Computed("search_key(event_location)", persisted=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("update_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("publish_time", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("will IN ('DRAFT', 'PUBLISHED', 'CLOSED', 'CANCELLED')", name="known_will"),
        sa.CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name="ends_within_a_day"),
        sa.CheckConstraint("places_taken BETWEEN 0 AND tickets_count", name="no_place_is_sold_twice"),
        sa.CheckConstraint("tickets_count BETWEEN 1 AND 1000", name="has_places"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("by_author", "announcements", ["author_id", "event_time", "id"], unique=False)
    op.create_index(
        "by_location",
        "announcements",
        ["location_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"location_key": "gin_trgm_ops"},
    )
    op.create_index("by_movie", "announcements", ["movie_id", "event_time", "id"], unique=False)
    op.create_index(
        "one_announcement_per_film_and_time",
        "announcements",
        ["author_id", "movie_id", "event_time"],
        unique=True,
        postgresql_where=sa.text("will <> 'CANCELLED'"),
    )
    op.create_index(
        "upcoming",
        "announcements",
        ["event_time", "id"],
        unique=False,
        postgresql_where=sa.text("will IN ('PUBLISHED', 'CLOSED')"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller_id", "method", "key"),
    )
    op.create_table(
        "booking_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("announcement_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("places_delta", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("events_of_announcement", "booking_events", ["announcement_id", "id"], unique=False)
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("announcement_id", sa.Uuid(), nullable=False),
        sa.Column("guest_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("update_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("accept_time", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('PENDING', 'ACCEPTED', 'DECLINED', 'WITHDRAWN', 'CANCELLED')", name="known_state"
        ),
        sa.CheckConstraint("tickets > 0", name="wants_places"),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("by_guest", "bookings", ["guest_id", "id"], unique=False)
    op.create_index(
        "one_live_booking_per_guest",
        "bookings",
        ["announcement_id", "guest_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('PENDING', 'ACCEPTED')"),
    )
    op.create_table(
        "engagements",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("announcement_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("person_id"), "="),
            (sa.column("during"), "&&"),
            (sa.column("slot"), "<>"),
            using="gist",
            name="nobody_is_in_two_places_at_once",
        ),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"]),
        sa.PrimaryKeyConstraint("announcement_id", "person_id"),
    )
    op.create_table(
        "ratings",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("announcement_id", sa.Uuid(), nullable=False),
        sa.Column("rater_id", sa.Uuid(), nullable=False),
        sa.Column("rated_id", sa.Uuid(), nullable=False),
        sa.Column("of_host", sa.Boolean(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("create_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("rater_id <> rated_id", name="nobody_rates_himself"),
        sa.CheckConstraint("score BETWEEN 1 AND 10", name="score_in_range"),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("announcement_id", "rater_id", "rated_id", name="one_rating_per_pair_and_evening"),
    )
    op.create_index("by_rated", "ratings", ["rated_id", "of_host"], unique=False)


def downgrade() -> None:
    run_script(jobs.uninstall_script())
    for table in TABLES:
        op.drop_table(table)
    for function in ("search_key", "minutes_later", "refuse_to_rewrite_history"):
        op.execute(f"DROP FUNCTION {function}")
