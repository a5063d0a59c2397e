"""SQL of imports. Each runs in the transaction of its caller."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

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
DECIDABLE = ("description", "running_time", "bookable")


def merged(name: str) -> str:
    """What becomes of a column: a moderator's word stands, and a running time that was known is not forgotten."""
    if name == "running_time":
        return (
            "CASE WHEN 'running_time' = ANY(kept.decided) THEN kept.running_time"
            " ELSE coalesce(excluded.running_time, kept.running_time) END"
        )
    return f"CASE WHEN '{name}' = ANY(kept.decided) THEN kept.{name} ELSE excluded.{name} END"


MERGED = {name: merged(name) if name in DECIDABLE else f"excluded.{name}" for name in ALL_BUT_ID}
# What IMDb tells of is its importer's from then on.
# A film that is as it should be is not written; whoever was inserted has no earlier version (xmax).
MERGE = text(
    f"""INSERT INTO movies AS kept ({", ".join(IMPORTED)}) SELECT {", ".join(IMPORTED)} FROM incoming
    ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = {value}" for name, value in MERGED.items())}
    WHERE kept.imdb_id IS NULL
    AND ({", ".join(f"kept.{name}" for name in ALL_BUT_ID)}) IS DISTINCT FROM ({", ".join(MERGED.values())})
    RETURNING kept.title, kept.xmax = 0 AS added"""
)


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
