"""SQL of imports of IMDb's files. Rows come by COPY into temporary tables and are merged from there, with the place in
the file in the same transaction."""

from collections import Counter
from collections.abc import Sequence

import asyncpg

LOCK = 0x696D6462
"""The advisory lock that one import at a time holds as long as its connection lives."""
LOCK_SECONDS = 10
PREPARE = """
    CREATE TEMPORARY TABLE incoming_basics (id uuid, imdb_id text, title text, original text, year integer,
        running_time integer, genres text[], adopts boolean, bookable boolean) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE incoming_ratings (imdb_id text, rating float, votes integer) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE incoming_akas (imdb_id text, title text, language text, region text) ON COMMIT DELETE ROWS;
    -- Whatever the planner thinks of tables it has no figures of: a batch is small, the catalogue is not.
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off
"""
# A film of ours and one of IMDb's are the same if title and year are; of several on one side the first.
ADOPT = """
    UPDATE movies SET imdb_id = pair.imdb_id FROM (
        SELECT DISTINCT ON (id) id, imdb_id FROM (
            SELECT DISTINCT ON (told.imdb_id) ours.id, told.imdb_id FROM incoming_basics AS told
            JOIN movies AS ours ON ours.title_key = search_key(told.title) AND ours.year = told.year
            WHERE told.adopts AND ours.imdb_id IS NULL
            AND NOT EXISTS (SELECT FROM movies AS known WHERE known.imdb_id = told.imdb_id)
            ORDER BY told.imdb_id, ours.id
        ) AS nearest ORDER BY id, imdb_id
    ) AS pair WHERE movies.id = pair.id RETURNING 'known by title and year' AS what
"""
RUNNING_TIME = """CASE WHEN 'running_time' = ANY(kept.decided) THEN kept.running_time
    ELSE coalesce(excluded.running_time, kept.running_time) END"""
BOOKABLE = "CASE WHEN 'bookable' = ANY(kept.decided) THEN kept.bookable ELSE kept.bookable OR excluded.bookable END"
# A film that is as it should be is not written; whoever was inserted has no earlier version (xmax).
MERGE_BASICS = f"""
    INSERT INTO movies AS kept (id, imdb_id, title, year, running_time, genres, bookable)
        SELECT id, imdb_id, title, year, running_time, genres, bookable FROM incoming_basics
    ON CONFLICT (imdb_id) DO UPDATE SET title = excluded.title, year = excluded.year, genres = excluded.genres,
        running_time = {RUNNING_TIME}, bookable = {BOOKABLE}
    WHERE (kept.title, kept.year, kept.genres, kept.running_time, kept.bookable)
        IS DISTINCT FROM (excluded.title, excluded.year, excluded.genres, {RUNNING_TIME}, {BOOKABLE})
    RETURNING CASE WHEN kept.xmax = 0 THEN 'added' ELSE 'changed' END AS what
"""
# A title of no language and no region is the original one; all others come from the file of titles.
FORGET_ORIGINALS = """
    DELETE FROM movie_titles AS kept USING incoming_basics AS told JOIN movies ON movies.imdb_id = told.imdb_id
    WHERE kept.movie_id = movies.id AND (kept.language, kept.region) = ('', '')
    AND kept.title IS DISTINCT FROM nullif(told.original, told.title) RETURNING 'titles forgotten' AS what
"""
MERGE_ORIGINALS = """
    INSERT INTO movie_titles (movie_id, title)
        SELECT movies.id, told.original FROM incoming_basics AS told JOIN movies ON movies.imdb_id = told.imdb_id
        WHERE told.original <> told.title
    ON CONFLICT DO NOTHING RETURNING 'titles added' AS what
"""
MERGE_RATINGS = """
    UPDATE movies SET imdb_rating = told.rating, imdb_votes = told.votes FROM incoming_ratings AS told
    WHERE movies.imdb_id = told.imdb_id
    AND (movies.imdb_rating, movies.imdb_votes) IS DISTINCT FROM (told.rating, told.votes)
    RETURNING 'rated' AS what
"""
FORGET_AKAS = """
    DELETE FROM movie_titles AS kept USING movies
    WHERE movies.imdb_id IN (SELECT imdb_id FROM incoming_akas) AND kept.movie_id = movies.id
    AND (kept.language, kept.region) <> ('', '')
    AND NOT EXISTS (
        SELECT FROM incoming_akas AS told WHERE told.imdb_id = movies.imdb_id
        AND (told.title, told.language, told.region) = (kept.title, kept.language, kept.region)
    ) RETURNING 'titles forgotten' AS what
"""
MERGE_AKAS = """
    INSERT INTO movie_titles (movie_id, title, language, region)
        SELECT movies.id, told.title, told.language, told.region
        FROM incoming_akas AS told JOIN movies ON movies.imdb_id = told.imdb_id
    ON CONFLICT DO NOTHING RETURNING 'titles added' AS what
"""
MERGES = {
    "basics": (ADOPT, MERGE_BASICS, FORGET_ORIGINALS, MERGE_ORIGINALS),
    "ratings": (MERGE_RATINGS,),
    "akas": (FORGET_AKAS, MERGE_AKAS),
}
"""What is done with the rows of a batch of each kind of file."""
RESUME = "SELECT lines FROM imports WHERE kind = $1 AND fingerprint = $2"
REACH = """
    INSERT INTO imports (kind, fingerprint, lines, change_time) VALUES ($1, $2, $3, now())
    ON CONFLICT (kind) DO UPDATE SET fingerprint = $2, lines = $3, change_time = now()
"""


class Busy(Exception):
    """Another import runs."""


async def begin(connection: "asyncpg.Connection") -> None:
    """Keeps other imports away, and makes the temporary tables. Raises Busy."""
    try:
        await connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'; SELECT pg_advisory_lock({LOCK})")
    except asyncpg.LockNotAvailableError:
        raise Busy from None
    await connection.execute(f"RESET lock_timeout; {PREPARE}")


async def resume(connection: "asyncpg.Connection", kind: str, fingerprint: str) -> int:
    """How many lines of this file an import that did not end has brought already."""
    return int(await connection.fetchval(RESUME, kind, fingerprint) or 0)


async def bring(
    connection: "asyncpg.Connection", kind: str, fingerprint: str, lines: int, rows: Sequence[Sequence[object]]
) -> Counter[str]:
    """Merges a batch that ends with line number `lines`, in one transaction; what became of how many."""
    done: Counter[str] = Counter()
    async with connection.transaction():
        await connection.copy_records_to_table(f"incoming_{kind}", records=rows)
        for merge in MERGES[kind]:
            done.update(row["what"] for row in await connection.fetch(merge))
        await connection.execute(REACH, kind, fingerprint, lines)
    return done


async def end(connection: "asyncpg.Connection") -> None:
    """Notes that nothing is left to go on with."""
    await connection.execute("DELETE FROM imports")
