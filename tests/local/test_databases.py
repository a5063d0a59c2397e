"""PostgreSQL: a service reaches its own database only, and works with rows there; the schema is its owner's."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import pytest

from local.databases import Server, create_databases
from local.mesh import Mesh
from local.processes import database_url
from local.services import NAMES, SERVICES, Service, get_service

Enter = Callable[..., AbstractAsyncContextManager["asyncpg.Connection"]]
BEYOND = """SELECT c.relname, p.privilege_type FROM pg_class c, aclexplode(c.relacl) p
    WHERE c.relnamespace = 'public'::regnamespace AND p.grantee = $1::text::regrole
    AND p.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE')"""
OWNERS = """SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace"""


@pytest.fixture
def entered(mesh: Mesh) -> Enter:
    """Enters a service's database as its own role, or as another one."""

    @asynccontextmanager
    async def enter(name: str, role: str = "") -> AsyncIterator["asyncpg.Connection"]:
        url = database_url(mesh.settings, get_service(name), role).replace("+asyncpg", "")
        connection = await asyncpg.connect(url)
        try:
            yield connection
        finally:
            await connection.close()

    return enter


async def try_to_enter(mesh: Mesh, role: str, password: str, database: str) -> None:
    port = Server.of(mesh.settings).port
    connection = await asyncpg.connect(host="127.0.0.1", port=port, user=role, password=password, database=database)
    await connection.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", ["{}", "{}_owner"])
async def test_no_role_of_a_service_reaches_another_database(mesh: Mesh, name: str, role: str) -> None:
    role = role.format(name)
    for database in {*NAMES, "postgres", "template1"} - {name}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
            await try_to_enter(mesh, role, mesh.settings.database_passwords[role], database)


async def test_the_password_of_another_role_is_refused(mesh: Mesh) -> None:
    passwords = mesh.settings.database_passwords
    for role in ("ugc", "booking_owner", "postgres"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await try_to_enter(mesh, role, passwords["booking"], "booking")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE EXTENSION hstore",
        "ALTER TABLE idempotency_keys ADD COLUMN mine int",
        "ALTER TABLE idempotency_keys DISABLE TRIGGER ALL",
        "CREATE INDEX mine ON idempotency_keys (key)",
        "DROP TABLE idempotency_keys",
        "TRUNCATE idempotency_keys",
        "ALTER TABLE idempotency_keys OWNER TO {name}",
        "UPDATE alembic_version SET version_num = '0001'",
        "SET ROLE {name}_owner",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "COPY idempotency_keys TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT rolpassword FROM pg_authid",
    ],
)
async def test_a_service_may_not_touch_the_schema_nor_the_server(entered: Enter, name: str, statement: str) -> None:
    table = "movies" if name == "movie" else "idempotency_keys"
    statement = statement.format(name=name).replace("idempotency_keys (key)", f"{table} ((1))")
    async with entered(name) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.replace("idempotency_keys", table))


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
async def test_only_an_importer_makes_temporary_tables(entered: Enter, service: Service) -> None:
    async with entered(service.name) as connection:
        allowed = await connection.fetchval("SELECT has_database_privilege(current_database(), 'TEMPORARY')")
    assert allowed == service.temporary_tables == (service.name == "movie")


@pytest.mark.parametrize("name", NAMES)
async def test_everything_belongs_to_the_owner_and_rows_are_all_that_is_granted(entered: Enter, name: str) -> None:
    async with entered(name, f"{name}_owner") as connection:
        assert [row[0] for row in await connection.fetch(OWNERS)] == [f"{name}_owner"]
        assert await connection.fetch(BEYOND, name) == []


@pytest.mark.parametrize("statement", ["UPDATE booking_events SET cause = ''", "DELETE FROM booking_events"])
async def test_what_happened_cannot_be_rewritten(entered: Enter, statement: str) -> None:
    async with entered("booking") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_a_database_of_before_is_moved_over(mesh: Mesh) -> None:
    """As they were: one role, which owned everything."""
    server = Server.of(mesh.settings)
    async with server.connected("movie") as connection:
        await connection.execute("CREATE TABLE of_before (id int); ALTER TABLE of_before OWNER TO movie")
        await connection.execute("ALTER DATABASE movie OWNER TO movie")
        try:
            await create_databases(server, mesh.settings.database_passwords)
            owners = await connection.fetch(
                """SELECT tableowner FROM pg_tables WHERE tablename = 'of_before'
                UNION ALL SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'movie'"""
            )
            assert [row[0] for row in owners] == ["movie_owner", "movie_owner"]
        finally:
            await connection.execute("DROP TABLE of_before")
