"""The migrations make what schema.py describes, and new processes wait for them."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from local.databases import Server
from local.home import PYTHON, ROOT
from local.mesh import Mesh
from local.preparation import run
from local.processes import base_environment, database_url, owner_environment
from local.services import NAMES, get_service
from mesh.migrate import known, missing
from tests.processes import NOWHERE


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_missing_in_the_migrations(mesh: Mesh, name: str) -> None:
    environment = owner_environment(mesh.settings, get_service(name))
    command = [PYTHON, "-m", "mesh.migrate", f"{name}_svc", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


async def waiting(url: str) -> asyncio.subprocess.Process:
    """What a new process's pod does before it starts."""
    environment = {**base_environment(), "DATABASE_URL": url}
    command = [PYTHON, "-m", "mesh.migrate", "ugc_svc", "wait"]
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE)


@pytest_asyncio.fixture(loop_scope="session")
async def old_database(mesh: Mesh) -> AsyncIterator[tuple[str, "asyncpg.Connection"]]:
    """A database whose schema is that of the first migration, as its table says."""
    server, name = Server.of(mesh.settings), f"old_{uuid4().hex}"
    async with server.connected("postgres") as admin:
        await admin.execute(f"CREATE DATABASE {name}")
        try:
            async with server.connected(name) as connection:
                await connection.execute("CREATE TABLE alembic_version AS SELECT '0001' AS version_num")
                yield f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{name}", connection
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("name", NAMES)
async def test_a_service_may_see_that_its_migrations_are_made(mesh: Mesh, name: str) -> None:
    assert await missing(f"{name}_svc", database_url(mesh.settings, get_service(name))) == ""


async def test_a_new_process_waits_for_its_migrations(old_database: tuple[str, "asyncpg.Connection"]) -> None:
    url, connection = old_database
    process = await waiting(url)
    assert process.stdout is not None
    assert b"ugc_svc waits for its migrations: it is at 0001, not at" in await process.stdout.readline()
    [newest, *_] = known("ugc_svc")
    await connection.execute("UPDATE alembic_version SET version_num = $1", newest)
    assert await process.wait() == 0


async def test_a_process_of_before_starts_beside_a_newer_schema(old_database: tuple[str, "asyncpg.Connection"]) -> None:
    url, connection = old_database
    await connection.execute("UPDATE alembic_version SET version_num = 'of tomorrow'")
    assert await (await waiting(url)).wait() == 0


async def test_earlier_code_leaves_a_newer_schema_as_it_is(old_database: tuple[str, "asyncpg.Connection"]) -> None:
    url, connection = old_database
    await connection.execute("UPDATE alembic_version SET version_num = 'of tomorrow'")
    environment = {**base_environment(), "DATABASE_URL": url.replace("postgresql://", "postgresql+asyncpg://")}
    await run([PYTHON, "-m", "mesh.migrate", "ugc_svc", "upgrade"], environment, "the migration")
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert [row[0] for row in await connection.fetch(tables)] == ["alembic_version"]
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "of tomorrow"


async def test_a_new_process_waits_for_its_database(mesh: Mesh) -> None:
    process = await waiting(f"postgresql://ugc:secret@127.0.0.1:{mesh.settings.port(NOWHERE)}/ugc")
    try:
        assert process.stdout is not None
        said = await process.stdout.readline()
        assert b"waits" in said
        assert b"secret" not in said
    finally:
        process.terminate()
        await process.wait()
