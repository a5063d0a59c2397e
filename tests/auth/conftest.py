"""What the tests of auth share."""

import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service


@pytest.fixture
def account() -> Callable[..., dict[str, Any]]:
    """The body of a registration that nobody made before."""

    def body(**changes: Any) -> dict[str, Any]:
        return {
            "email": f"{secrets.token_hex(10)}@test.example.com",
            "password": secrets.token_hex(10),
            "name": "Robin",
            **changes,
        }

    return body


@pytest_asyncio.fixture(loop_scope="session")
async def database(mesh: Mesh) -> AsyncIterator["asyncpg.Connection"]:
    """Auth's own database: for moving time past what a session may live."""
    connection = await asyncpg.connect(database_url(mesh.settings, get_service("auth")).replace("+asyncpg", ""))
    yield connection
    await connection.close()
