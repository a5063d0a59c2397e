"""The waiting list, expiry, attendance, reasons, and addresses that only guests see."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATES = ("PENDING", "WAITLISTED", "ACCEPTED", "DECLINED", "WITHDRAWN", "EXPIRED", "CANCELLED", "ATTENDED", "NO_SHOW")
OLD_STATES = ("PENDING", "ACCEPTED", "DECLINED", "WITHDRAWN", "CANCELLED")
SEARCHED = "search_key(CASE WHEN address_for_guests_only THEN city ELSE event_location || chr(10) || city END)"


def upgrade() -> None:
    op.add_column("announcements", sa.Column("city", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "announcements", sa.Column("address_for_guests_only", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column("announcements", sa.Column("cancel_reason", sa.Text(), server_default="", nullable=False))
    op.add_column("announcements", sa.Column("begun", sa.Boolean(), server_default="false", nullable=False))
    replace_location_key(SEARCHED)
    op.drop_index("upcoming", "announcements")
    op.create_index(
        "published", "announcements", ["event_time", "id"], postgresql_where=sa.text("publish_time IS NOT NULL")
    )
    op.create_index(
        "to_begin",
        "announcements",
        ["event_time"],
        postgresql_where=sa.text("NOT begun AND will IN ('PUBLISHED', 'CLOSED')"),
    )
    op.add_column("bookings", sa.Column("promoted", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("bookings", sa.Column("decline_reason", sa.Text(), server_default="", nullable=False))
    replace_states(STATES, ("PENDING", "WAITLISTED", "ACCEPTED"))
    op.create_index("by_announcement", "bookings", ["announcement_id", "id"])
    op.create_index("waiting", "bookings", ["announcement_id", "id"], postgresql_where=sa.text("state = 'WAITLISTED'"))
    op.drop_index("events_of_announcement", "booking_events")
    op.create_index("events_of_announcement", "booking_events", ["announcement_id", "booking_id", "id"])


def downgrade() -> None:
    op.drop_index("events_of_announcement", "booking_events")
    op.create_index("events_of_announcement", "booking_events", ["announcement_id", "id"])
    op.drop_index("waiting", "bookings")
    op.drop_index("by_announcement", "bookings")
    replace_states(OLD_STATES, ("PENDING", "ACCEPTED"))
    op.drop_column("bookings", "decline_reason")
    op.drop_column("bookings", "promoted")
    op.drop_index("to_begin", "announcements")
    op.drop_index("published", "announcements")
    op.create_index(
        "upcoming",
        "announcements",
        ["event_time", "id"],
        postgresql_where=sa.text("will IN ('PUBLISHED', 'CLOSED')"),
    )
    replace_location_key("search_key(event_location)")
    for column in ("begun", "cancel_reason", "address_for_guests_only", "city"):
        op.drop_column("announcements", column)


def replace_location_key(computed: str) -> None:
    """The searched column and its index, computed anew."""
    op.drop_index("by_location", "announcements")
    op.drop_column("announcements", "location_key")
    op.add_column(
        "announcements", sa.Column("location_key", sa.Text(), sa.Computed(computed, persisted=True), nullable=False)
    )
    op.create_index(
        "by_location",
        "announcements",
        ["location_key"],
        postgresql_using="gin",
        postgresql_ops={"location_key": "gin_trgm_ops"},
    )


def replace_states(states: tuple[str, ...], live: tuple[str, ...]) -> None:
    """The states that there are, and those of which a guest has one per evening."""
    op.drop_constraint("known_state", "bookings")
    op.create_check_constraint("known_state", "bookings", f"state IN {states}")
    op.drop_index("one_live_booking_per_guest", "bookings")
    op.create_index(
        "one_live_booking_per_guest",
        "bookings",
        ["announcement_id", "guest_id"],
        unique=True,
        postgresql_where=sa.text(f"state IN {live}"),
    )
