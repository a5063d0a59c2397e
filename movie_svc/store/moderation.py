"""SQL of what moderators decide."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from mesh.database import Connection, Database, Row
from movie_svc.store.movies import COLUMNS

LOCK = text(f"SELECT {COLUMNS} FROM movies WHERE id = :id FOR UPDATE")
SET = text(
    f"""UPDATE movies SET
        bookable = CASE WHEN 'bookable' = ANY(CAST(:names AS text[])) THEN :bookable ELSE bookable END,
        running_time = CASE WHEN 'running_time' = ANY(:names) THEN :running_time ELSE running_time END,
        description = CASE WHEN 'description' = ANY(:names) THEN :description ELSE description END,
        decided = ARRAY(SELECT unnest(decided) UNION SELECT unnest(CAST(:names AS text[])) ORDER BY 1)
    WHERE id = :id RETURNING {COLUMNS}"""
)
UNTOLD = {"bookable": False, "running_time": 0, "description": ""}
"""Values of columns that nothing is decided about; they are not looked at."""
RECORD = text(
    """INSERT INTO movie_changes (create_time, actor_id, movie_id, subject, before, after, reason)
    VALUES (:now, :actor_id, :movie_id, :subject, :before, :after, :reason)"""
)
LIST = text(
    """SELECT id, create_time, actor_id, movie_id, subject, before, after, reason FROM movie_changes
    WHERE id < :before ORDER BY id DESC LIMIT :size"""
)
LIST_OF_MOVIE = text(
    """SELECT id, create_time, actor_id, movie_id, subject, before, after, reason FROM movie_changes
    WHERE movie_id = :movie_id AND id < :before ORDER BY id DESC LIMIT :size"""
)


class Change(NamedTuple):
    """A moderator changed a column of a film."""

    actor_id: UUID
    movie_id: UUID
    subject: str
    before: str
    after: str
    reason: str


class ModerationStore:
    """Decisions of moderators."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def lock(self, connection: Connection, movie_id: UUID) -> Row | None:
        """A film, which stays as it is until the transaction ends; or None."""
        return (await connection.execute(LOCK, {"id": movie_id})).one_or_none()

    async def set(self, connection: Connection, movie_id: UUID, decided: Mapping[str, Any]) -> Row:
        """The film with these values; imports leave them alone from now on."""
        values = {**UNTOLD, **decided, "id": movie_id, "names": sorted(decided)}
        return (await connection.execute(SET, values)).one()

    async def record(self, connection: Connection, change: Change, now: datetime) -> None:
        """Notes who did it."""
        await connection.execute(RECORD, {**change._asdict(), "now": now})

    async def list(self, movie_id: UUID | None, before: UUID, size: int) -> Sequence[Row]:
        """Changes before a place, newest first; of one film if told."""
        values = {"before": before, "size": size}
        if movie_id is None:
            return (await self.database.read(LIST, values)).all()
        return (await self.database.read(LIST_OF_MOVIE, {**values, "movie_id": movie_id})).all()
