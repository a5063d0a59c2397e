"""All SQL of the service. Statements are built once."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesh.database import Database, Row
from mesh.errors import NotFound

COLUMNS = """id, title, title_key, description, year, running_time, imdb_rating, genres, directors, actors, writers,
    bookable"""
FIND_MOVIES = text(f"SELECT {COLUMNS} FROM movies WHERE id = ANY(:ids)")
CONDITIONS = {
    # Escaped only after the accents are gone: taking them away can make a percent sign of what was none.
    "query": r"title_key LIKE '%' || regexp_replace(search_key(:query), '([\\%_])', '\\\1', 'g') || '%'",
    "bookable": "bookable = :bookable",
    "genre": "genre_keys @> ARRAY[search_key(:genre)]",
    "year": "year = :year",
    "after": "(title_key, id) > (:after_title, :after_id)",
}

IMPORTED = (
    "id",
    "title",
    "description",
    "year",
    "release_date",
    "running_time",
    "imdb_rating",
    "imdb_votes",
    "mpaa_rating",
    "genres",
    "directors",
    "actors",
    "writers",
    "bookable",
)
"""What an importer tells of a film, in the order of merge()'s rows."""
ALL_BUT_ID = IMPORTED[1:]
PREPARE_MERGE = text(
    f"CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {', '.join(IMPORTED)} FROM movies WITH NO DATA"
)
# A film that is as it should be is not written; whoever was inserted has no earlier version (xmax).
MERGE = text(
    f"""INSERT INTO movies AS kept ({", ".join(IMPORTED)}) SELECT {", ".join(IMPORTED)} FROM incoming
    ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in ALL_BUT_ID)}
    WHERE ({", ".join(f"kept.{name}" for name in ALL_BUT_ID)})
        IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in ALL_BUT_ID)})
    RETURNING kept.title, kept.xmax = 0 AS added"""
)


@cache
def list_statement(conditions: frozenset[str]) -> TextClause:
    """The list's statement for a set of conditions: PostgreSQL plans each shape for itself."""
    where = " AND ".join(CONDITIONS[name] for name in sorted(conditions)) or "true"
    return text(f"SELECT {COLUMNS} FROM movies WHERE {where} ORDER BY title_key, id LIMIT :count")


class MovieStore:
    """Films as they are."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, movie_id: UUID) -> Row:
        """A film. Raises NotFound (MOVIE_NOT_FOUND)."""
        movies = await self.get_many([movie_id])
        if not movies:
            raise NotFound("MOVIE_NOT_FOUND", "the catalogue has no such film")
        return movies[0]

    async def get_many(self, ids: Collection[UUID]) -> Sequence[Row]:
        """Those of the films that exist, in no order."""
        return (await self.database.read(FIND_MOVIES, {"ids": list(ids)})).all()

    async def list(self, wanted: dict[str, Any], after: tuple[str, UUID] | None, count: int) -> Sequence[Row]:
        """At most `count` films by title, behind `after` (title key and id); `wanted` has values by condition."""
        conditions, values = frozenset(wanted), {**wanted, "count": count}
        if after is not None:
            conditions |= {"after"}
            values |= {"after_title": after[0], "after_id": after[1]}
        return (await self.database.read(list_statement(conditions), values)).all()

    async def probe(self) -> None:
        """Raises Unavailable while the database does not answer."""
        await self.database.run(text("SELECT 1"))


async def prepare_merge(connection: AsyncConnection) -> None:
    """Begins an import in the caller's transaction."""
    await connection.execute(PREPARE_MERGE)


async def bring(connection: AsyncConnection, rows: Sequence[Sequence[object]]) -> None:
    """Brings rows of IMPORTED to the server."""
    raw = (await connection.get_raw_connection()).driver_connection
    assert isinstance(raw, asyncpg.Connection)
    await raw.copy_records_to_table("incoming", records=rows, columns=IMPORTED)


async def merge(connection: AsyncConnection) -> Sequence[Any]:
    """Adds what is new of what was brought and changes what is different; returns (title, added) of just those."""
    return (await connection.execute(MERGE)).all()
