"""SQL of bookings: applying, and reading."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from booking_svc.store.announcements import ON_DAY
from booking_svc.store.ratings import mean_score
from mesh import clock
from mesh.database import Connection, Database, Row

OPEN = """id = :announcement_id AND will = 'PUBLISHED' AND event_time > :now AND author_id <> :guest_id
    AND places_taken + :tickets <= tickets_count AND (NOT sub_only OR :follows)"""
ROOM = "id, author_id, movie_id, event_time, end_time, uuidv7() AS booking_id"

# One statement applies: it finds room (and takes it, where the host accepts at once), holds the guest's time, writes
# the booking and the event. What it could not do is missing in its row, and the caller rolls back. An announcement that
# is decided by hand is only share-locked: applications do not wait for each other, but for a cancellation they do.
# ON CONFLICT DO NOTHING, because plain inserts into an exclusion constraint deadlock when one guest races himself.
APPLY = text(
    f"""WITH taken AS (
        UPDATE announcements SET places_taken = places_taken + :tickets WHERE accept_at_once AND {OPEN}
        RETURNING {ROOM}, 'ACCEPTED' AS state
    ), asked AS (
        SELECT {ROOM}, 'PENDING' AS state FROM announcements WHERE NOT accept_at_once AND {OPEN} FOR SHARE
    ), room AS (
        SELECT * FROM taken UNION ALL SELECT * FROM asked
    ), held AS (
        INSERT INTO engagements (person_id, announcement_id, slot, during)
        SELECT CAST(:guest_id AS uuid), id, booking_id, tstzrange(event_time, end_time) FROM room
        ON CONFLICT DO NOTHING RETURNING slot
    ), booked AS (
        INSERT INTO bookings (id, announcement_id, guest_id, state, tickets, create_time, update_time, accept_time)
        SELECT room.booking_id, room.id, CAST(:guest_id AS uuid), room.state, CAST(:tickets AS integer),
            CAST(:now AS timestamptz), CAST(:now AS timestamptz),
            CASE WHEN room.state = 'ACCEPTED' THEN CAST(:now AS timestamptz) END
        FROM room JOIN held ON held.slot = room.booking_id
        ON CONFLICT DO NOTHING RETURNING id
    ), told AS (
        INSERT INTO booking_events
            (announcement_id, booking_id, places_delta, kind, cause, actor_id, create_time)
        SELECT room.id, room.booking_id,
            CASE WHEN room.state = 'ACCEPTED' THEN CAST(:tickets AS integer) ELSE 0 END, 'booking_created',
            CASE WHEN room.state = 'ACCEPTED' THEN 'accepted' ELSE 'applied' END,
            CAST(:guest_id AS uuid), CAST(:now AS timestamptz)
        FROM room JOIN booked ON booked.id = room.booking_id
        RETURNING id
    )
    SELECT room.booking_id AS id, room.id AS announcement_id, CAST(:guest_id AS uuid) AS guest_id, room.state,
        CAST(:tickets AS integer) AS tickets, room.author_id, room.movie_id, room.event_time, told.id AS event_id,
        {mean_score("CAST(:guest_id AS uuid)", of_host=False)} AS guest_rating,
        {mean_score("room.author_id", of_host=True)} AS author_rating
    FROM room LEFT JOIN told ON true"""
)
JOINED = "FROM bookings b JOIN announcements a ON a.id = b.announcement_id"
COLUMNS = "b.id, b.announcement_id, b.guest_id, b.state, b.tickets, a.author_id, a.movie_id, a.event_time"
FIND_DETAIL = text(
    f"""SELECT {COLUMNS}, {mean_score("b.guest_id", of_host=False)} AS guest_rating,
    {mean_score("a.author_id", of_host=True)} AS author_rating {JOINED} WHERE b.id = :id"""
)
FIND_LIVE = text(
    """SELECT id FROM bookings
    WHERE announcement_id = :announcement_id AND guest_id = :guest_id AND state IN ('PENDING', 'ACCEPTED')"""
)
IS_BUSY = text(
    "SELECT EXISTS (SELECT FROM engagements WHERE person_id = :person_id AND during && tstzrange(:begins, :ends))"
)
CONDITIONS = {
    "as_author": "a.author_id = :author",
    "as_guest": "b.guest_id = :guest",
    "movie": "a.movie_id = :movie",
    "date": ON_DAY,
    "after": "(a.event_time, b.id) < (:after_time, :after_id)",
}


@cache
def list_statement(conditions: frozenset[str]) -> TextClause:
    """The list's statement for a set of conditions: PostgreSQL plans each shape for itself."""
    where = " AND ".join(CONDITIONS[name] for name in sorted(conditions)) or "true"
    return text(f"SELECT {COLUMNS} {JOINED} WHERE {where} ORDER BY a.event_time DESC, b.id DESC LIMIT :count")


async def apply(
    connection: Connection, announcement_id: UUID, guest_id: UUID, tickets: int, follows: bool
) -> Row | None:
    """A new booking, held and recorded; None when something stood against it: then do not commit."""
    parameters = {
        "announcement_id": announcement_id,
        "guest_id": guest_id,
        "tickets": tickets,
        "follows": follows,
        "now": clock.now(),
    }
    row = (await connection.execute(APPLY, parameters)).one_or_none()
    return row if row is not None and row.event_id is not None else None


class BookingStore:
    """Bookings as they are."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def find_detail(self, booking_id: UUID) -> Row | None:
        """A booking with its evening's author, film and time, and both ratings; or None."""
        return (await self.database.read(FIND_DETAIL, {"id": booking_id, "now": clock.now()})).one_or_none()

    async def has_live(self, announcement_id: UUID, guest_id: UUID) -> bool:
        """Whether the guest has a pending or accepted booking for this evening."""
        parameters = {"announcement_id": announcement_id, "guest_id": guest_id}
        return (await self.database.read(FIND_LIVE, parameters)).first() is not None

    async def is_busy(self, person_id: UUID, begins: datetime, ends: datetime) -> bool:
        """Whether a person hosts or visits an evening then."""
        parameters = {"person_id": person_id, "begins": begins, "ends": ends}
        return bool((await self.database.read(IS_BUSY, parameters)).scalar())

    async def list(self, conditions: frozenset[str], count: int, values: dict[str, Any]) -> Sequence[Row]:
        """At most `count` bookings that meet all conditions, newest evening first."""
        return (await self.database.read(list_statement(conditions), {**values, "count": count})).all()
