"""SQL of ratings."""

from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text

from mesh import clock, idempotency
from mesh.database import Database, Row
from mesh.errors import AlreadyExists


def mean_score(person: str, of_host: bool) -> str:
    """SQL for the mean of a person's revealed scores, 0 when there is none; needs the parameter :now."""
    return f"""(
        SELECT coalesce(avg(rating.score), 0)::float8 FROM ratings AS rating
        WHERE rating.rated_id = {person} AND rating.of_host = {of_host}
        AND rating.reveal_time <= CAST(:now AS timestamptz)
    )"""


MEAN_AS_HOST = text(f"SELECT {mean_score('CAST(:person AS uuid)', of_host=True)}")
MAY_RATE = text(
    """SELECT a.id, a.author_id, a.publish_time, a.sub_only, a.event_time, a.end_time,
    EXISTS (SELECT FROM bookings b WHERE b.announcement_id = a.id AND b.guest_id = :rater
        AND b.state IN ('ACCEPTED', 'ATTENDED'))
        AS was_guest
    FROM announcements a WHERE a.id = :announcement_id"""
)
ADD = text(
    """INSERT INTO ratings (announcement_id, rater_id, rated_id, of_host, score, text, create_time, reveal_time)
    VALUES (:announcement_id, :rater_id, :rated_id, :of_host, :score, :text, :now, :reveal_time)
    RETURNING id"""
)
# All ratings of an evening at once, as soon as nobody who may rate is silent.
REVEAL = text(
    """UPDATE ratings SET reveal_time = CAST(:now AS timestamptz)
    WHERE announcement_id = :announcement_id AND reveal_time > CAST(:now AS timestamptz) AND NOT EXISTS (
        SELECT FROM bookings AS silent
        WHERE silent.announcement_id = :announcement_id AND silent.state IN ('ACCEPTED', 'ATTENDED')
        AND NOT EXISTS (
            SELECT FROM ratings AS said
            WHERE said.announcement_id = :announcement_id AND said.rater_id = silent.guest_id
        )
    )"""
)
# Of two who rate at once the second has to see the first.
LOCK = text("SELECT FROM announcements WHERE id = :announcement_id FOR NO KEY UPDATE")
GET = text("SELECT id, announcement_id, rater_id, rated_id, score, text, create_time FROM ratings WHERE id = :id")


class RatingStore:
    """What people say of each other."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def mean_as_host(self, person: UUID) -> float:
        """The mean of a host's revealed scores; 0 when there is none."""
        return float((await self.database.read(MEAN_AS_HOST, {"person": person, "now": clock.now()})).scalar())

    async def find_evening(self, announcement_id: UUID, rater: UUID) -> Row | None:
        """The evening, and whether the rater was an accepted guest of it."""
        found = await self.database.read(MAY_RATE, {"announcement_id": announcement_id, "rater": rater})
        return found.one_or_none()

    async def get(self, rating_id: UUID) -> Row:
        """A rating that exists."""
        return (await self.database.read(GET, {"id": rating_id})).one()

    async def add(self, **values: Any) -> UUID:
        """A new rating's id. Raises AlreadyExists (RATING_EXISTS)."""
        try:
            async with idempotency.claiming(self.database) as connection:
                await connection.execute(LOCK, values)
                now = {"now": clock.now()}
                rating_id: UUID = (await connection.execute(ADD, {**values, **now})).scalar()
                await connection.execute(REVEAL, {**values, **now})
                await idempotency.settle(connection, rating_id)
                return rating_id
        except asyncpg.UniqueViolationError:
            raise AlreadyExists("RATING_EXISTS", "this evening was rated by the caller already") from None
