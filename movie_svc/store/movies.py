"""SQL of films."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from mesh.database import Database, Row
from mesh.errors import NotFound

COLUMNS = """id, title, title_key, description, year, running_time, imdb_rating, votes, imdb_id, genres, directors,
    actors, writers, bookable"""
LIST_TITLES = text(
    "SELECT title, language, region FROM movie_titles WHERE movie_id = :id ORDER BY language, region, title LIMIT 1000"
)
FIND_MOVIES = text(f"SELECT {COLUMNS} FROM movies WHERE id = ANY(:ids)")
FILTERS = {
    "bookable": "bookable = :bookable",
    "genre": "genre_keys @> ARRAY[search_key(:genre)]",
    "year": "year = :year",
    "year_from": "year >= :year_from",
    "year_to": "year <= :year_to",
    "person": "words @@ person_query(:person)",
}
CONDITIONS = {**FILTERS, "after": "(title_key, id) > (:after_title, :after_id)"}


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

    async def list_titles(self, movie_id: UUID) -> Sequence[Row]:
        """What the film is called elsewhere."""
        return (await self.database.read(LIST_TITLES, {"id": movie_id})).all()

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
