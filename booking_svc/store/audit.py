"""SQL that adds everything up again."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from booking_svc.schema import SEATED, one_of
from mesh.database import Database, Row

# One statement sees one moment: whatever others write meanwhile, places, bookings and events belong together.
AUDIT = text(
    f"""WITH evening AS (
        SELECT id, tickets_count, places_taken FROM announcements WHERE id > :after ORDER BY id LIMIT :count
    ), ledger AS (
        SELECT e.announcement_id, e.booking_id, sum(e.places_delta) AS places, count(*) AS events
        FROM booking_events e WHERE e.announcement_id IN (SELECT id FROM evening) GROUP BY 1, 2
    ), held AS (
        SELECT b.announcement_id, b.id AS booking_id, CASE WHEN {one_of("b.state", SEATED)} THEN b.tickets ELSE 0 END
            AS places
        FROM bookings b WHERE b.announcement_id IN (SELECT id FROM evening)
    ), compared AS (
        SELECT coalesce(ledger.announcement_id, held.announcement_id) AS announcement_id,
            coalesce(sum(ledger.places), 0) AS by_events, coalesce(sum(held.places), 0) AS by_bookings,
            coalesce(sum(ledger.events), 0) AS events,
            array_agg(coalesce(held.booking_id, ledger.booking_id))
                FILTER (WHERE ledger.places IS DISTINCT FROM coalesce(held.places, 0)) AS booking_ids
        FROM ledger FULL JOIN held
            ON held.announcement_id = ledger.announcement_id AND held.booking_id = ledger.booking_id
        GROUP BY 1
    )
    SELECT evening.id, evening.tickets_count, evening.places_taken, coalesce(by_events, 0) AS by_events,
        coalesce(by_bookings, 0) AS by_bookings, coalesce(events, 0) AS events,
        coalesce(booking_ids[1:100], '{{}}') AS booking_ids
    FROM evening LEFT JOIN compared ON compared.announcement_id = evening.id ORDER BY evening.id"""
)


class AuditStore:
    """The ledger against what it should explain."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, after: UUID, count: int) -> Sequence[Row]:
        """At most `count` announcements behind an id, each with what its events and its bookings add up to."""
        return (await self.database.read(AUDIT, {"after": after, "count": count})).all()
