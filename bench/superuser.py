"""PostgreSQL under the mesh, entered as its superuser: what has to be there is loaded past the services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from local import services
from local.mesh import Mesh
from local.postgres import SUPERUSER


@asynccontextmanager
async def connected(mesh: Mesh, database: str) -> AsyncIterator["asyncpg.Connection"]:
    """A connection to a service's database."""
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=mesh.settings.port(services.POSTGRES),
        user=SUPERUSER,
        password=mesh.settings.postgres_password,
        database=database,
        ssl=False,
    )
    try:
        yield connection
    finally:
        await connection.close()
