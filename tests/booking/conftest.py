"""Evenings that are over: none is announced in the past, so tests move theirs there behind the service's back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest_asyncio

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service

Move = Callable[[Any, timedelta], Awaitable[None]]


@pytest_asyncio.fixture(loop_scope="session")
async def database(mesh: Mesh) -> AsyncIterator["asyncpg.Connection"]:
    """What the service keeps."""
    connection = await asyncpg.connect(database_url(mesh.settings, get_service("booking")).replace("+asyncpg", ""))
    yield connection
    await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def ended(database: "asyncpg.Connection") -> Move:
    """Moves an evening so that it began so long ago."""

    async def move(announcement: Any, ago: timedelta) -> None:
        statement = """WITH moved AS (
            UPDATE announcements SET event_time = $1 WHERE id = $2 RETURNING old.event_time - new.event_time AS by
        ) UPDATE ratings SET reveal_time = reveal_time - moved.by, list_time = list_time - moved.by
        FROM moved WHERE announcement_id = $2"""
        await database.execute(statement, datetime.now(UTC) - ago, announcement["id"])

    return move
