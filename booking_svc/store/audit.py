"""SQL that adds everything up again."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from booking_svc.schema import SEATED, one_of
from mesh.database import Database, Row

# One statement sees one moment: whatever others write meanwhile, places, bookings and events belong together.
AUDIT = text(
    f"""WITH evening AS MATERIALIZED (
        SELECT id, tickets_count, places_taken FROM announcements WHERE id > :after ORDER BY id LIMIT :count
    ), last AS (
        SELECT id FROM evening ORDER BY id DESC LIMIT 1
    ), entry AS (
        SELECT announcement_id, booking_id, places_delta AS by_events, 0 AS by_bookings, 1 AS events
        FROM booking_events WHERE announcement_id > :after AND announcement_id <= (SELECT id FROM last)
        UNION ALL
        SELECT announcement_id, id, 0, CASE WHEN {one_of("state", SEATED)} THEN tickets ELSE 0 END, 0
        FROM bookings WHERE announcement_id > :after AND announcement_id <= (SELECT id FROM last)
    ), booking AS (
        SELECT announcement_id, booking_id, sum(by_events) AS by_events, sum(by_bookings) AS by_bookings,
            sum(events) AS events
        FROM entry GROUP BY announcement_id, booking_id
    )
    SELECT evening.id, evening.tickets_count, evening.places_taken, coalesce(sum(by_events), 0) AS by_events,
        coalesce(sum(by_bookings), 0) AS by_bookings, coalesce(sum(events), 0) AS events,
        coalesce((array_agg(booking_id) FILTER (WHERE booking_id IS NOT NULL
            AND (booking.by_events <> booking.by_bookings OR booking.events = 0)))[1:100], '{{}}') AS booking_ids
    FROM evening LEFT JOIN booking ON booking.announcement_id = evening.id
    GROUP BY evening.id, evening.tickets_count, evening.places_taken ORDER BY evening.id"""
)


class AuditStore:
    """The ledger against what it should explain."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, after: UUID, count: int) -> Sequence[Row]:
        """At most `count` announcements behind an id, each with what its events and its bookings add up to."""
        return (await self.database.read(AUDIT, {"after": after, "count": count})).all()
