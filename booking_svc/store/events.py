"""SQL that reads what happened, and notes how far the telling of it has come."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from mesh.database import Database, Row

TELL = "tell"
"""The job that tells people of events; its payload is their ids, 16 bytes each."""
FAN_OUT = "fan_out"
"""The job that tells very many people of one event; its payload is its id."""
LIST = text(
    """SELECT e.id, e.announcement_id, e.booking_id, e.places_delta, e.kind, e.cause, e.actor_id, e.detail,
    e.create_time,
    a.author_id, a.movie_id, a.title, a.event_time, a.end_time, a.event_location, a.city, a.address_for_guests_only,
    a.time_zone, a.version, a.sub_only, a.will, b.guest_id
    FROM booking_events e JOIN announcements a ON a.id = e.announcement_id LEFT JOIN bookings b ON b.id = e.booking_id
    WHERE e.id = ANY(:ids)"""
)
FIND_PROGRESS = text("SELECT source, page_token FROM fan_outs WHERE event_id = :event_id")
KEEP_PROGRESS = text(
    """INSERT INTO fan_outs (event_id, source, page_token) VALUES (:event_id, :source, :page_token)
    ON CONFLICT (event_id) DO UPDATE SET source = excluded.source, page_token = excluded.page_token"""
)


class EventStore:
    """The ledger."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def list(self, ids: Sequence[UUID]) -> Sequence[Row]:
        """Events, each with its evening and, where it is about one, its booking's guest; in no order."""
        return (await self.database.read(LIST, {"ids": ids})).all()

    async def find_progress(self, event_id: UUID) -> Row | None:
        """How far the telling of an event to many has come; None if it has not begun."""
        return (await self.database.read(FIND_PROGRESS, {"event_id": event_id})).one_or_none()

    async def keep_progress(self, event_id: UUID, source: str, page_token: str) -> None:
        """Notes how far it has come, for whoever goes on after a crash."""
        values = {"event_id": event_id, "source": source, "page_token": page_token}
        await self.database.run(KEEP_PROGRESS, values)
