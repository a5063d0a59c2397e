"""SQL of bookings: applying, and reading."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import Executable, TextClause, text

from booking_svc.store.announcements import ON_DAY
from booking_svc.store.events import TELL
from booking_svc.store.scores import standing
from mesh import clock
from mesh.database import Database, Row, Rows

TRIES = 5

# One statement applies for many: it finds room, holds the guests' time, takes places where the host accepts at once,
# writes bookings and events, and one job that tells of all of them, because a job's way through the queue costs more
# rows than a booking does. An application that it could not serve is missing in its rows.
# It locks announcements in one order. Places are given in the order of arrival. A guest who is busy elsewhere must not
# take a rank, so he is left out before ranks are counted; if he becomes busy at this very moment the engagement is what
# refuses him: ON CONFLICT DO NOTHING, because plain inserts into an exclusion constraint deadlock when one guest races
# himself. The waiting list is in the order of the bookings' ids: uuidv7() is asked once the evening is locked, in the
# order of arrival. Only who would not fit even alone waits; who does not fit because of those before him tries again.
# An evening may begin, and what is undecided expire, while this waits for its lock: hence `begun`.
APPLY = text(
    f"""WITH asked AS (
        SELECT * FROM unnest(
            CAST(:announcement_ids AS uuid[]), CAST(:guest_ids AS uuid[]), CAST(:tickets AS integer[]),
            CAST(:follows AS boolean[]), CAST(:waiting_list AS boolean[])
        ) WITH ORDINALITY AS asked (announcement_id, guest_id, tickets, follows, waiting_list, rank)
    ), evening AS (
        SELECT * FROM announcements
        WHERE id = ANY(:announcement_ids) AND will = 'PUBLISHED' AND event_time > CAST(:now AS timestamptz)
        AND NOT begun
        ORDER BY id FOR NO KEY UPDATE
    ), free AS (
        SELECT asked.guest_id, asked.tickets, asked.waiting_list, asked.rank, evening.id, evening.author_id,
            evening.movie_id, evening.event_time, evening.accept_at_once,
            evening.tickets_count - evening.places_taken AS places_left,
            tstzrange(evening.event_time, evening.end_time) AS during, uuidv7() AS booking_id
        FROM asked JOIN evening ON evening.id = asked.announcement_id
        WHERE evening.author_id <> asked.guest_id AND (NOT evening.sub_only OR asked.follows)
        AND NOT EXISTS (
            SELECT FROM engagements AS busy WHERE busy.person_id = asked.guest_id
            AND busy.during && tstzrange(evening.event_time, evening.end_time)
        ) ORDER BY asked.rank
    ), ranked AS (
        SELECT *, sum(tickets) FILTER (WHERE tickets <= places_left) OVER (PARTITION BY id ORDER BY rank)
            AS with_those_before
        FROM free
    ), room AS (
        SELECT *, CASE WHEN tickets > places_left THEN 'WAITLISTED' WHEN accept_at_once THEN 'ACCEPTED' ELSE 'PENDING'
            END AS state, CASE WHEN accept_at_once AND tickets <= places_left THEN tickets ELSE 0 END AS places
        FROM ranked WHERE CASE WHEN tickets > places_left THEN waiting_list
            ELSE NOT accept_at_once OR with_those_before <= places_left END
    ), held AS (
        INSERT INTO engagements (person_id, announcement_id, slot, during)
        SELECT guest_id, id, booking_id, during FROM room ON CONFLICT DO NOTHING RETURNING slot
    ), booked AS (
        INSERT INTO bookings (id, announcement_id, guest_id, state, tickets, create_time, update_time, accept_time)
        SELECT room.booking_id, room.id, room.guest_id, room.state, room.tickets, :now, :now,
            CASE WHEN room.places > 0 THEN CAST(:now AS timestamptz) END
        FROM room JOIN held ON held.slot = room.booking_id RETURNING id
    ), taken AS (
        UPDATE announcements SET places_taken = places_taken + total.places FROM (
            SELECT room.id, sum(room.places) AS places FROM room JOIN booked ON booked.id = room.booking_id
            WHERE room.places > 0 GROUP BY room.id
        ) AS total WHERE announcements.id = total.id
    ), told AS (
        INSERT INTO booking_events (announcement_id, booking_id, places_delta, kind, cause, actor_id, create_time)
        SELECT room.id, room.booking_id, room.places, 'booking_created',
            CASE room.state WHEN 'ACCEPTED' THEN 'accepted' WHEN 'WAITLISTED' THEN 'waitlisted' ELSE 'applied' END,
            room.guest_id, :now
        FROM room JOIN booked ON booked.id = room.booking_id RETURNING id, booking_id, cause
    ), queued AS (
        SELECT enqueue_job('{TELL}', string_agg(uuid_send(id), ''::bytea)) FROM told HAVING count(*) > 0
    )
    SELECT room.booking_id AS id, room.id AS announcement_id, room.guest_id, room.state, room.tickets, room.author_id,
        room.movie_id, room.event_time, room.rank, '' AS decline_reason, 0 AS waitlist_position,
        json_build_array(json_build_object('time', CAST(:now AS timestamptz), 'kind', 'booking_created',
            'cause', told.cause, 'actor', room.guest_id)) AS timeline,
        as_guest.mean AS guest_rating, as_guest.count AS guest_rating_count,
        as_host.mean AS author_rating, as_host.count AS author_rating_count
    FROM room JOIN told ON told.booking_id = room.booking_id CROSS JOIN queued
    CROSS JOIN LATERAL {standing("room.guest_id", of_host=False)} AS as_guest
    CROSS JOIN LATERAL {standing("room.author_id", of_host=True)} AS as_host"""
)
JOINED = "FROM bookings b JOIN announcements a ON a.id = b.announcement_id"
POSITION = """CASE WHEN b.state <> 'WAITLISTED' THEN 0 ELSE (
        SELECT count(*) FROM bookings before WHERE before.announcement_id = b.announcement_id
        AND before.state = 'WAITLISTED' AND before.id <= b.id
    ) END AS waitlist_position"""
COLUMNS = f"""b.id, b.announcement_id, b.guest_id, b.state, b.tickets, a.author_id, a.movie_id, a.event_time,
    {POSITION}"""
DETAIL = f"""{COLUMNS}, b.decline_reason, as_guest.mean AS guest_rating, as_guest.count AS guest_rating_count,
    as_host.mean AS author_rating, as_host.count AS author_rating_count, (
        SELECT json_agg(json_build_object('time', e.create_time, 'kind', e.kind, 'cause', e.cause, 'actor', e.actor_id,
            'minutes_before', e.detail->'minutes_before') ORDER BY e.id)
        FROM booking_events e WHERE e.announcement_id = b.announcement_id AND e.booking_id = b.id
    ) AS timeline"""
RATED = f"""{JOINED} CROSS JOIN LATERAL {standing("b.guest_id", of_host=False)} AS as_guest
    CROSS JOIN LATERAL {standing("a.author_id", of_host=True)} AS as_host"""
LIST_DETAILS = text(f"SELECT {DETAIL} {RATED} WHERE b.id = ANY(:ids)")
LIST_APPLICATIONS = text(
    f"""SELECT {DETAIL} {RATED} WHERE b.announcement_id = :announcement_id AND b.id > :after
    ORDER BY b.id LIMIT :count"""
)
IS_BUSY = text(
    """SELECT EXISTS (
        SELECT FROM engagements WHERE person_id = :person_id AND during && tstzrange(:begins, :ends)
        AND announcement_id <> :announcement_id
    )"""
)
CONDITIONS = {
    "as_author": "a.author_id = :author",
    "as_guest": "b.guest_id = :guest",
    "movie": "a.movie_id = :movie",
    "date": ON_DAY,
    # Nobody applies to a draft. Saying so lets everybody's bookings be read along an index of published evenings.
    "published": "a.publish_time IS NOT NULL",
    "after": "(a.event_time, b.id) < (:after_time, :after_id)",
}


@cache
def list_statement(conditions: frozenset[str]) -> TextClause:
    """The list's statement for a set of conditions: PostgreSQL plans each shape for itself."""
    where = " AND ".join(CONDITIONS[name] for name in sorted({*conditions, "published"}))
    return text(f"SELECT {COLUMNS} {JOINED} WHERE {where} ORDER BY a.event_time DESC, b.id DESC LIMIT :count")


Execute = Callable[[Executable, Mapping[str, Any]], Awaitable[Rows]]


class Application(NamedTuple):
    """What a guest asks for."""

    announcement_id: UUID
    guest_id: UUID
    tickets: int
    follows: bool
    """Whether he is known to follow the author: private evenings are for followers only."""
    waiting_list: bool
    """Whether he waits when too few places are left."""


async def apply(execute: Execute, applications: Sequence[Application]) -> list[Row | None]:
    """The new booking of each application in its place, None where something stood against it.

    `execute` runs the statement in a transaction of its own or in one that does more. No guest may apply twice in one
    call: his own applications would not see each other.
    """
    announcement_ids, guest_ids, tickets, follows, waiting_list = zip(*applications, strict=True)
    parameters = {
        "announcement_ids": announcement_ids,
        "guest_ids": guest_ids,
        "tickets": tickets,
        "follows": follows,
        "waiting_list": waiting_list,
        "now": clock.now(),
    }
    booked = {row.rank: row for row in (await execute(APPLY, parameters)).all()}
    return [booked.get(rank) for rank in range(1, len(applications) + 1)]


class BookingStore:
    """Bookings as they are. `planned` is the same database, for statements that need one plan only."""

    def __init__(self, database: Database, planned: Database) -> None:
        self.database = database
        self.planned = planned

    async def apply(self, applications: Sequence[Application]) -> list[Row | None]:
        """As apply(), in a transaction of its own."""
        for _ in range(TRIES):
            # PostgreSQL checks a new row that it makes of the one the statement began with; only then does it see that
            # others have changed that one, and makes another. So places freed meanwhile may count as taken: once more.
            with suppress(asyncpg.CheckViolationError):
                return await apply(self.planned.run, applications)
        return [None] * len(applications)

    async def list_details(self, ids: Sequence[UUID]) -> Sequence[Row]:
        """Bookings, each with its evening's author, film and time, both ratings, its place among those who wait, and
        its timeline; in the order of the ids, those that do not exist left out."""
        rows = (await self.database.read(LIST_DETAILS, {"ids": ids, "now": clock.now()})).all()
        found = {row.id: row for row in rows}
        return [found[each] for each in ids if each in found]

    async def list_applications(self, announcement_id: UUID, after: UUID, count: int) -> Sequence[Row]:
        """At most `count` bookings of an evening behind an id, in the order in which they were made, as above."""
        values = {"announcement_id": announcement_id, "after": after, "count": count, "now": clock.now()}
        return (await self.database.read(LIST_APPLICATIONS, values)).all()

    async def is_busy(self, person_id: UUID, evening: Row) -> bool:
        """Whether a person hosts or visits another evening at the time of this one."""
        parameters = {
            "person_id": person_id,
            "announcement_id": evening.id,
            "begins": evening.event_time,
            "ends": evening.end_time,
        }
        return bool((await self.database.read(IS_BUSY, parameters)).scalar())

    async def list(self, conditions: frozenset[str], count: int, values: dict[str, Any]) -> Sequence[Row]:
        """At most `count` bookings that meet all conditions, newest evening first."""
        return (await self.database.read(list_statement(conditions), {**values, "count": count})).all()
