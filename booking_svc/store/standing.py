"""SQL of what became of people's evenings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from booking_svc.schema import SEATED, State, Will, one_of
from booking_svc.store.scores import standing
from mesh import clock
from mesh.database import Connection, Database, Row

PERSON = "CAST(:person AS uuid)"
RUNS = one_of("a.will", (Will.PUBLISHED, Will.CLOSED))
PRESENT = one_of("b.state", (State.ACCEPTED, State.ATTENDED))
"""Guests who are not marked absent."""
# Whoever said so while he might is heard, whatever his host says of his attendance afterwards.
HEARD = f"""SELECT b.guest_id, n.guest_id IS NOT NULL AS says_so FROM bookings AS b
    LEFT JOIN not_held AS n ON n.announcement_id = b.announcement_id AND n.guest_id = b.guest_id
    WHERE b.announcement_id = a.id AND ({PRESENT} OR n.guest_id IS NOT NULL AND {one_of("b.state", SEATED)})"""
AS_HOST = text(
    f"""WITH evening AS MATERIALIZED (
        SELECT a.id, a.places_taken, EXISTS (
            SELECT FROM bookings AS b WHERE b.announcement_id = a.id AND b.host_late_minutes IS NOT NULL
        ) AS let_down, EXISTS (SELECT FROM not_held WHERE announcement_id = a.id) AND (
            SELECT count(*) FILTER (WHERE says_so) * 2 > count(*) FROM ({HEARD}) AS heard
        ) AS not_held, a.late_minutes IS NOT NULL AS called_off
        FROM announcements AS a
        WHERE a.author_id = {PERSON} AND (a.will = 'CANCELLED' OR {RUNS} AND a.end_time <= :now)
    ), outcome AS (
        SELECT CASE WHEN places_taken = 0 THEN 'cancelled_late' WHEN not_held THEN 'not_held'
            WHEN let_down THEN 'cancelled_late' ELSE 'kept' END AS became
        FROM evening WHERE places_taken > 0 OR let_down OR called_off
    )
    SELECT score.mean AS rating, score.count AS ratings_count, tally.* FROM (
        SELECT count(*) AS evenings, count(*) FILTER (WHERE became = 'kept') AS kept,
            count(*) FILTER (WHERE became = 'cancelled_late') AS cancelled_late,
            count(*) FILTER (WHERE became = 'not_held') AS not_held
        FROM outcome
    ) AS tally CROSS JOIN {standing(PERSON, of_host=True)} AS score"""
)
# A guest may have several bookings of one evening, one after another: the place he had in the end is what counts.
AS_GUEST = text(
    f"""WITH evening AS MATERIALIZED (
        SELECT bool_or({one_of("b.state", SEATED)}) AS seated, bool_or(b.state = 'NO_SHOW') AS absent,
            bool_or(a.end_time <= :now) AS is_over
        FROM bookings AS b JOIN announcements AS a ON a.id = b.announcement_id
        WHERE b.guest_id = {PERSON} AND ({one_of("b.state", SEATED)} OR b.guest_late_minutes IS NOT NULL)
        GROUP BY b.announcement_id
    )
    SELECT score.mean AS rating, score.count AS ratings_count, tally.* FROM (
        SELECT count(*) AS evenings, count(*) FILTER (WHERE seated AND NOT absent) AS attended,
            count(*) FILTER (WHERE absent) AS no_shows, count(*) FILTER (WHERE NOT seated) AS cancelled_late
        FROM evening WHERE is_over OR NOT seated
    ) AS tally CROSS JOIN {standing(PERSON, of_host=False)} AS score"""
)
WAS_THERE = text(
    f"""SELECT EXISTS (SELECT FROM ({HEARD}) AS heard WHERE guest_id = :guest)
    FROM announcements AS a WHERE a.id = :announcement_id"""
)
SAY = text(
    """INSERT INTO not_held (announcement_id, guest_id, create_time) VALUES (:announcement_id, :guest, :now)
    ON CONFLICT DO NOTHING"""
)
TAKE_BACK = text("DELETE FROM not_held WHERE announcement_id = :announcement_id AND guest_id = :guest")


class StandingStore:
    """What became of evenings, counted for one person; on a database that plans a statement once."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def as_host(self, person: UUID) -> Row:
        """How many of a host's evenings were kept, called off late, and not held."""
        return (await self.database.read(AS_HOST, {"person": person, "now": clock.now()})).one()

    async def as_guest(self, person: UUID) -> Row:
        """How many evenings a guest came to, stayed away from, and gave his place back for late."""
        return (await self.database.read(AS_GUEST, {"person": person, "now": clock.now()})).one()


async def was_there(connection: Connection, announcement_id: UUID, guest: UUID) -> bool:
    """Whether a guest is one of those who may say that an evening did not take place."""
    values = {"announcement_id": announcement_id, "guest": guest}
    return bool((await connection.execute(WAS_THERE, values)).scalar())


async def say(connection: Connection, announcement_id: UUID, guest: UUID, now: datetime) -> None:
    """Notes that a guest says that an evening did not take place."""
    await connection.execute(SAY, {"announcement_id": announcement_id, "guest": guest, "now": now})


async def take_back(connection: Connection, announcement_id: UUID, guest: UUID) -> None:
    """Forgets that a guest said so."""
    await connection.execute(TAKE_BACK, {"announcement_id": announcement_id, "guest": guest})
