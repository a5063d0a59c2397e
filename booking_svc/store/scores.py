"""SQL of what ratings add up to, and the one place that says which ratings can be seen.

A rating that is revealed is added to its person's standing once. Until that has happened it counts all the same: means
are made of the standing and of what is not yet in it, so the moment of the reveal is the same for every reader.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from booking_svc.schema import NOBODY
from booking_svc.store.events import TELL
from mesh import clock
from mesh.database import Connection, Database, Row

BATCH = 1000
"""Most ratings that are counted in one transaction."""
REVEALED = "ratings_revealed"
"""The kind of the event that tells people of ratings of them."""


def revealed(rating: str) -> str:
    """The condition that somebody but its author may learn anything of a rating; needs the parameter :now."""
    return f"({rating}.reveal_time <= CAST(:now AS timestamptz) AND NOT {rating}.hidden)"


def listed(rating: str) -> str:
    """The condition that a rating may be seen by itself."""
    return f"({revealed(rating)} AND {rating}.list_time <= CAST(:now AS timestamptz))"


def uncounted(rating: str) -> str:
    """The condition that a rating may be seen and is not in its standing yet."""
    return f"({revealed(rating)} AND {rating}.count_time IS NULL)"


def standing(person: str, *, of_host: bool) -> str:
    """SQL for a row with the mean (0 when there is none) and the count of a person's visible scores."""
    return f"""(
        SELECT coalesce(sum(part.total)::float8 / nullif(sum(part.count), 0), 0) AS mean,
            coalesce(sum(part.count), 0)::integer AS count
        FROM (
            SELECT kept.ratings_count AS count, kept.ratings_sum AS total FROM standings AS kept
            WHERE kept.person_id = {person} AND kept.of_host = {of_host}
            UNION ALL
            SELECT 1, late.score FROM ratings AS late
            WHERE late.rated_id = {person} AND late.of_host = {of_host} AND {uncounted("late")}
        ) AS part
    )"""


FIND = text(f"SELECT mean, count FROM {standing('CAST(:person AS uuid)', of_host=True)} AS as_host")
# Whoever looks for them at the same time takes others.
TO_COUNT = text(
    f"""SELECT rating.id FROM ratings AS rating WHERE {uncounted("rating")}
    ORDER BY rating.reveal_time, rating.id LIMIT :count FOR NO KEY UPDATE SKIP LOCKED"""
)
# Standings are locked in one order. Each is told once of an evening's ratings, by one event for all of them.
COUNT = text(
    f"""WITH counted AS (
        UPDATE ratings SET count_time = CAST(:now AS timestamptz)
        WHERE id = ANY(CAST(:ids AS uuid[])) AND {uncounted("ratings")}
        RETURNING announcement_id, rated_id, of_host, score
    ), kept AS (
        INSERT INTO standings AS kept (person_id, of_host, ratings_count, ratings_sum)
        SELECT rated_id, of_host, count(*), sum(score) FROM counted
        GROUP BY rated_id, of_host ORDER BY rated_id, of_host
        ON CONFLICT (person_id, of_host) DO UPDATE SET
            ratings_count = kept.ratings_count + excluded.ratings_count,
            ratings_sum = kept.ratings_sum + excluded.ratings_sum
    ), told AS (
        INSERT INTO booking_events (announcement_id, places_delta, kind, cause, actor_id, detail, create_time)
        SELECT announcement_id, 0, '{REVEALED}', '', :nobody,
            jsonb_build_object('people', jsonb_agg(DISTINCT rated_id)), :now
        FROM counted GROUP BY announcement_id RETURNING id
    )
    SELECT enqueue_job('{TELL}', string_agg(uuid_send(id), ''::bytea)) FROM told HAVING count(*) > 0"""
)
HIDE = text(
    f"""WITH gone AS (
        UPDATE ratings SET hidden = true, count_time = NULL WHERE id = :id AND {revealed("ratings")}
        RETURNING id, rated_id, of_host, score, old.count_time IS NOT NULL AS counted
    ), kept AS (
        UPDATE standings SET ratings_count = ratings_count - 1, ratings_sum = ratings_sum - gone.score FROM gone
        WHERE gone.counted AND standings.person_id = gone.rated_id AND standings.of_host = gone.of_host
    )
    SELECT id FROM gone"""
)
RESTORE = text("UPDATE ratings SET hidden = false WHERE id = :id AND hidden RETURNING id")


async def count(connection: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Adds those ratings that are revealed and not counted to their standings, and tells the rated."""
    if ids:
        await connection.execute(COUNT, {"ids": ids, "now": now, "nobody": NOBODY})


async def hide(connection: Connection, rating_id: UUID, now: datetime) -> bool:
    """Hides a rating from everybody but its author and takes it out of its standing; False if it cannot be seen."""
    return (await connection.execute(HIDE, {"id": rating_id, "now": now})).first() is not None


async def restore(connection: Connection, rating_id: UUID, now: datetime) -> bool:
    """Shows and counts a hidden rating again; False if it is not hidden."""
    found = (await connection.execute(RESTORE, {"id": rating_id})).column()
    await count(connection, found, now)
    return bool(found)


class ScoreStore:
    """What people's ratings add up to."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def as_host(self, person: UUID) -> Row:
        """The mean of a host's visible scores, 0 when there is none, and how many they are."""
        return (await self.database.read(FIND, {"person": person, "now": clock.now()})).one()

    async def count_some(self) -> int:
        """Counts ratings that have been revealed by the passing of time; returns how many it found."""
        async with self.database.transaction() as connection:
            now = clock.now()
            found = (await connection.execute(TO_COUNT, {"now": now, "count": BATCH})).column()
            await count(connection, found, now)
        return len(found)
