"""The services' roles and databases inside PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from local import services
from local.errors import MeshError
from local.postgres import SUPERUSER
from local.services import SERVICES, Service
from local.settings import Settings


async def create_databases(settings: Settings) -> None:
    """A role and a database of its own for every service, and the extensions it needs; safe to repeat."""
    async with _connected(settings, "postgres") as connection:
        roles = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        databases = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for service in SERVICES:
            if service.name not in roles:
                await connection.execute(f"CREATE ROLE {service.name} LOGIN")
            password = settings.database_password(service)
            await connection.execute(f"ALTER ROLE {service.name} LOGIN PASSWORD '{password}'")
            if service.name not in databases:
                await connection.execute(f"CREATE DATABASE {service.name} OWNER {service.name}")
            await connection.execute(f"REVOKE CONNECT ON DATABASE {service.name} FROM PUBLIC")
    await asyncio.gather(*(_create_extensions(settings, service) for service in SERVICES))


async def _create_extensions(settings: Settings, service: Service) -> None:
    """As the superuser: a service's own role may not."""
    if not service.extensions:
        return
    async with _connected(settings, service.name) as connection:
        for extension in service.extensions:
            await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")


async def wait_until_ready(settings: Settings, seconds: float) -> None:
    """Waits until the server answers a question; after a crash it repairs itself first."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            async with _connected(settings, "postgres") as connection:
                await connection.fetchval("SELECT 1")
                return
        except asyncpg.InvalidPasswordError:
            raise MeshError("PostgreSQL refuses our password", "Run `make down`, then `make up`.") from None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if time.monotonic() > deadline:
                raise MeshError(f"PostgreSQL does not answer: {error}", "See `make logs S=postgres`.") from None
            await asyncio.sleep(0.03)


@asynccontextmanager
async def _connected(settings: Settings, database: str) -> AsyncIterator["asyncpg.Connection"]:
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=settings.port(services.POSTGRES),
        user=SUPERUSER,
        password=settings.postgres_password,
        database=database,
        ssl=False,
        timeout=10,
    )
    try:
        yield connection
    finally:
        await connection.close()
