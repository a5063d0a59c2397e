"""SQL that reads what happened."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from mesh.database import Database, Row

LIST = text(
    """SELECT e.id, e.announcement_id, e.booking_id, e.places_delta, e.kind, e.cause, e.actor_id, e.detail,
    e.create_time,
    a.author_id, a.movie_id, a.title, a.event_time, a.time_zone, a.sub_only, b.guest_id
    FROM booking_events e JOIN announcements a ON a.id = e.announcement_id LEFT JOIN bookings b ON b.id = e.booking_id
    WHERE e.id = ANY(:ids)"""
)


class EventStore:
    """The ledger."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, ids: Sequence[UUID]) -> Sequence[Row]:
        """Events, each with its evening and, where it is about one, its booking's guest; in no order."""
        return (await self.database.read(LIST, {"ids": ids})).all()
