"""The roles and databases of the services inside PostgreSQL: `python -m local.databases`, where `make up` is not used.

Each service has a database with two roles. `booking_owner` owns everything in it and runs the migrations, which also
grant what `booking`, the role of the running service, may do (mesh/privileges.py). Neither reaches another's database.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from local import services
from local.errors import MeshError
from local.postgres import SUPERUSER
from local.services import SERVICES, Service
from local.settings import Settings

# A statement that fails is written to the server's log, and these carry passwords.
SILENT = {"log_min_error_statement": "panic", "log_statement": "none", "log_min_duration_statement": "-1"}
ROLE = """SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
    $1::text, $2::text)"""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server, and how its superuser enters it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    ssl: str = "disable"
    """As libpq's PGSSLMODE, with PGSSLROOTCERT beside it."""

    @classmethod
    def of(cls, settings: Settings) -> "Server":
        """The one of `make up`."""
        return cls("127.0.0.1", settings.port(services.POSTGRES), SUPERUSER, settings.postgres_password)

    @asynccontextmanager
    async def connected(self, database: str) -> AsyncIterator["asyncpg.Connection"]:
        """A connection of the superuser."""
        connection = await asyncpg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=database,
            ssl=self.ssl,
            timeout=10,
            server_settings=SILENT,
        )
        try:
            yield connection
        finally:
            await connection.close()


async def create_databases(server: Server, passwords: Mapping[str, str]) -> None:
    """Two roles and a database for every service, and the extensions it needs; `passwords` are by role.

    Safe to repeat: passwords become the given ones, and what a service's own role once owned is the owner's.
    """
    async with server.connected("postgres") as connection:
        await connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
        for service in SERVICES:
            for role in (service.owner, service.name):
                await _create_role(connection, role, passwords[role])
            await _create_database(connection, service)
    await asyncio.gather(*(_furnish(server, service) for service in SERVICES))


async def _create_role(connection: "asyncpg.Connection", role: str, password: str) -> None:
    if not await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {role}")
    await connection.execute(await connection.fetchval(ROLE, role, password))


async def _create_database(connection: "asyncpg.Connection", service: Service) -> None:
    name = service.name
    if await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name):
        await connection.execute(f"ALTER DATABASE {name} OWNER TO {service.owner}")
    else:
        await connection.execute(f"CREATE DATABASE {name} OWNER {service.owner}")
    await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC, {name}")
    rights = "CONNECT, TEMPORARY" if service.temporary_tables else "CONNECT"
    await connection.execute(f"GRANT {rights} ON DATABASE {name} TO {name}")


async def _furnish(server: Server, service: Service) -> None:
    """Extensions, as the superuser because not every server lets an owner have them, and the owner's belongings."""
    async with server.connected(service.name) as connection:
        for extension in service.extensions:
            await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        await connection.execute(f"REASSIGN OWNED BY {service.name} TO {service.owner}")


async def wait_until_ready(settings: Settings, seconds: float) -> None:
    """Waits until the server answers a question; after a crash it repairs itself first."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            async with Server.of(settings).connected("postgres") as connection:
                await connection.fetchval("SELECT 1")
                return
        except asyncpg.InvalidPasswordError:
            raise MeshError("PostgreSQL refuses our password", "Run `make down`, then `make up`.") from None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if time.monotonic() > deadline:
                raise MeshError(f"PostgreSQL does not answer: {error}", "See `make logs S=postgres`.") from None
            await asyncio.sleep(0.03)


def main() -> None:
    """The command line: the server and the passwords are in the environment."""
    try:
        server = Server(
            os.environ["POSTGRES_HOST"],
            int(os.environ["POSTGRES_PORT"]),
            os.environ["POSTGRES_USER"],
            os.environ["POSTGRES_PASSWORD"],
            os.environ.get("PGSSLMODE", "prefer"),
        )
        passwords = {
            role: os.environ[setting.upper()] for service in SERVICES for role, setting in service.roles.items()
        }
    except KeyError as missing:
        raise SystemExit(f"setting {missing.args[0]}: missing") from None
    asyncio.run(create_databases(server, passwords))
    print(f"{len(SERVICES)} databases are as they should be")


if __name__ == "__main__":
    main()
