"""SQL of imports from IMDb. What is written for a batch belongs to its caller's transaction."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import asyncpg

Record = tuple[Any, ...]
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

LOCK = 7_269_112_001
"""The advisory lock of whoever imports."""
PREPARE_FILMS = """CREATE TEMPORARY TABLE IF NOT EXISTS incoming_films (
    imdb_id text, id uuid, title text, original text, year integer, running_time integer, genres text[]
) ON COMMIT DELETE ROWS"""
# A film that came from elsewhere and has the same title and year is the same film, unless two claim to be it.
ADOPT = """WITH same AS (
    SELECT DISTINCT ON (kept.id) kept.id, incoming.imdb_id FROM incoming_films AS incoming
    JOIN movies AS kept ON kept.title_key = search_key(incoming.title) AND kept.year = incoming.year
    WHERE kept.imdb_id IS NULL AND NOT EXISTS (SELECT FROM movies AS one WHERE one.imdb_id = incoming.imdb_id)
    ORDER BY kept.id, incoming.imdb_id
), single AS (
    SELECT DISTINCT ON (imdb_id) id, imdb_id FROM same ORDER BY imdb_id, id
)
UPDATE movies SET imdb_id = single.imdb_id FROM single WHERE movies.id = single.id"""
# Of an adopted film only what nobody knew is taken over. What moderators have decided stays in any case.
MERGE_FILMS = """INSERT INTO movies AS kept (imdb_id, id, title, year, running_time, genres, bookable)
    SELECT imdb_id, id, title, year, running_time, genres, false FROM incoming_films
    ON CONFLICT (imdb_id) DO UPDATE SET
        title = CASE WHEN kept.id = excluded.id THEN excluded.title ELSE kept.title END,
        year = CASE WHEN kept.id = excluded.id THEN excluded.year ELSE kept.year END,
        genres = CASE WHEN kept.id = excluded.id OR kept.genres = '{}' THEN excluded.genres ELSE kept.genres END,
        running_time = CASE WHEN 'running_time' = ANY(kept.decided) THEN kept.running_time
            WHEN kept.id = excluded.id THEN coalesce(excluded.running_time, kept.running_time)
            ELSE coalesce(kept.running_time, excluded.running_time) END
    WHERE CASE WHEN kept.id = excluded.id
        THEN (kept.title, kept.year, kept.genres) IS DISTINCT FROM (excluded.title, excluded.year, excluded.genres)
            OR ('running_time' <> ALL(kept.decided) AND excluded.running_time IS NOT NULL
                AND kept.running_time IS DISTINCT FROM excluded.running_time)
        ELSE (kept.genres = '{}' AND excluded.genres <> '{}')
            OR (kept.running_time IS NULL AND excluded.running_time IS NOT NULL) END
    RETURNING xmax = 0 AS added"""
MERGE_ORIGINALS = """INSERT INTO movie_titles (movie_id, title)
    SELECT movies.id, original FROM incoming_films JOIN movies USING (imdb_id)
    WHERE original IS NOT NULL ON CONFLICT DO NOTHING"""
PREPARE_RATINGS = """CREATE TEMPORARY TABLE IF NOT EXISTS incoming_ratings (
    imdb_id text, imdb_rating float8, imdb_votes integer
) ON COMMIT DELETE ROWS"""
MERGE_RATINGS = """UPDATE movies SET imdb_rating = incoming.imdb_rating, imdb_votes = incoming.imdb_votes
    FROM incoming_ratings AS incoming WHERE movies.imdb_id = incoming.imdb_id
    AND (movies.imdb_rating, movies.imdb_votes) IS DISTINCT FROM (incoming.imdb_rating, incoming.imdb_votes)"""
UNKNOWN_RATINGS = """SELECT count(*) FROM incoming_ratings AS incoming
    WHERE NOT EXISTS (SELECT FROM movies WHERE movies.imdb_id = incoming.imdb_id)"""
PREPARE_TITLES = """CREATE TEMPORARY TABLE IF NOT EXISTS incoming_titles (
    imdb_id text, title text, language text, region text
) ON COMMIT DELETE ROWS"""
# Most are called the same everywhere.
MERGE_TITLES = """INSERT INTO movie_titles (movie_id, title, language, region)
    SELECT DISTINCT movies.id, incoming.title, incoming.language, incoming.region
    FROM incoming_titles AS incoming JOIN movies USING (imdb_id) WHERE incoming.title <> movies.title
    ON CONFLICT DO NOTHING"""
UNKNOWN_TITLES = """SELECT count(*) FROM incoming_titles AS incoming
    WHERE NOT EXISTS (SELECT FROM movies WHERE movies.imdb_id = incoming.imdb_id)"""
FIND_PROGRESS = "SELECT lines FROM import_progress WHERE file = $1 AND mark = $2"
KEEP_PROGRESS = """INSERT INTO import_progress (file, mark, lines) VALUES ($1, $2, $3)
    ON CONFLICT (file) DO UPDATE SET mark = excluded.mark, lines = excluded.lines"""
FORGET_PROGRESS = "DELETE FROM import_progress WHERE file = $1"


class Outcome(NamedTuple):
    """What a batch brought about."""

    added: int
    changed: int
    unknown: int
    """Lines about titles that are not in the catalogue."""


async def alone(connection: Connection) -> bool:
    """Whether nobody else imports; keeps others out for as long as the connection lives."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK))


async def bring_films(connection: Connection, records: Sequence[Record]) -> Outcome:
    """Adds films, or changes what is different."""
    await connection.execute(PREPARE_FILMS)
    await connection.copy_records_to_table("incoming_films", records=records)
    adopted = count_of(await connection.execute(ADOPT))
    written = await connection.fetch(MERGE_FILMS)
    await connection.execute(MERGE_ORIGINALS)
    added = sum(row["added"] for row in written)
    return Outcome(added, adopted + len(written) - added, 0)


async def bring_ratings(connection: Connection, records: Sequence[Record]) -> Outcome:
    """Changes what people think of films."""
    await connection.execute(PREPARE_RATINGS)
    await connection.copy_records_to_table("incoming_ratings", records=records)
    unknown = await connection.fetchval(UNKNOWN_RATINGS)
    return Outcome(0, count_of(await connection.execute(MERGE_RATINGS)), unknown)


async def bring_titles(connection: Connection, records: Sequence[Record]) -> Outcome:
    """Adds what films are called elsewhere."""
    await connection.execute(PREPARE_TITLES)
    await connection.copy_records_to_table("incoming_titles", records=records)
    unknown = await connection.fetchval(UNKNOWN_TITLES)
    return Outcome(count_of(await connection.execute(MERGE_TITLES)), 0, unknown)


async def find_progress(connection: Connection, file: str, mark: str) -> int:
    """How many lines of this very file are done."""
    return await connection.fetchval(FIND_PROGRESS, file, mark) or 0


async def keep_progress(connection: Connection, file: str, mark: str, lines: int) -> None:
    """Notes how many lines are done."""
    await connection.execute(KEEP_PROGRESS, file, mark, lines)


async def forget_progress(connection: Connection, file: str) -> None:
    """The file is through: the next run begins anew."""
    await connection.execute(FORGET_PROGRESS, file)


def count_of(status: str) -> int:
    """How many rows a statement wrote, from what PostgreSQL says of it, such as INSERT 0 5."""
    return int(status.rpartition(" ")[2])
