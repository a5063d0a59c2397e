"""SQL that reads announcements."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from booking_svc.schema import LONGEST
from booking_svc.store.ratings import mean_score
from mesh import clock
from mesh.database import Database, Row

COLUMNS = """a.id, a.author_id, a.movie_id, a.will, a.title, a.description, a.sub_only, a.is_free, a.accept_at_once,
    a.tickets_count, a.places_taken, a.event_time, a.duration_minutes, a.end_time, a.event_location, a.time_zone,
    a.version, a.create_time, a.update_time, a.publish_time"""
LIST_COLUMNS = """a.id, a.author_id, a.movie_id, a.will, a.title, a.sub_only, a.is_free, a.tickets_count,
    a.places_taken, a.event_time, a.duration_minutes, a.end_time, a.event_location, a.time_zone"""
FIND = text(f"SELECT {COLUMNS} FROM announcements a WHERE a.id = :id")
FIND_DETAIL = text(
    f"""SELECT {COLUMNS}, {mean_score("a.author_id", of_host=True)} AS author_rating, (
        SELECT json_agg(json_build_object(
            'booking_id', b.id, 'guest_id', b.guest_id, 'state', b.state,
            'rating', {mean_score("b.guest_id", of_host=False)}
        ) ORDER BY b.accept_time, b.id)
        FROM bookings b WHERE b.announcement_id = a.id AND b.state = 'ACCEPTED'
    ) AS guests
    FROM announcements a WHERE a.id = :id"""
)
# The span lets an index find the day's neighbourhood; the day itself depends on each venue's zone.
ON_DAY = """a.event_time >= :begins AND a.event_time < :ends
    AND CAST(a.event_time AT TIME ZONE a.time_zone AS date) = :date"""
CONDITIONS = {
    "author": "a.author_id = :author",
    "movie": "a.movie_id = :movie",
    "is_free": "a.is_free = :is_free",
    "private": "a.sub_only = :private",
    "tickets": "a.tickets_count - a.places_taken >= :tickets",
    "date": ON_DAY,
    "location": "a.location_key LIKE search_key(:location)",
    "upcoming": "a.will IN ('PUBLISHED', 'CLOSED') AND a.event_time > :earliest AND a.end_time > :now",
    "after": "(a.event_time, a.id) > (:after_time, :after_id)",
}


@cache
def list_statement(conditions: frozenset[str]) -> TextClause:
    """The list's statement for a set of conditions: PostgreSQL plans each shape for itself."""
    where = " AND ".join(CONDITIONS[name] for name in sorted(conditions)) or "true"
    return text(f"SELECT {LIST_COLUMNS} FROM announcements a WHERE {where} ORDER BY a.event_time, a.id LIMIT :count")


IS_GUEST = text(
    """SELECT EXISTS (SELECT FROM bookings WHERE announcement_id = :id AND guest_id = :person
        AND state IN ('PENDING', 'ACCEPTED'))"""
)


class AnnouncementStore:
    """Announcements as they are."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def find(self, announcement_id: UUID) -> Row | None:
        """An announcement, or None."""
        return (await self.database.read(FIND, {"id": announcement_id})).one_or_none()

    async def is_guest(self, announcement_id: UUID, person: UUID | None) -> bool:
        """Whether a person has a live booking for it."""
        return bool((await self.database.read(IS_GUEST, {"id": announcement_id, "person": person})).scalar())

    async def find_detail(self, announcement_id: UUID) -> Row | None:
        """An announcement with its host's rating and, as JSON, its accepted guests; or None."""
        return (await self.database.read(FIND_DETAIL, {"id": announcement_id, "now": clock.now()})).one_or_none()

    async def list(self, conditions: frozenset[str], count: int, values: dict[str, Any]) -> Sequence[Row]:
        """At most `count` announcements that meet all conditions, soonest first."""
        now = clock.now()
        times = {"now": now, "earliest": now - LONGEST} if "upcoming" in conditions else {}
        found = await self.database.read(list_statement(conditions), {**values, **times, "count": count})
        return found.all()
