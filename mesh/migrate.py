"""Moves a service's database to its newest schema: `python -m mesh.migrate booking_svc upgrade`.

`check` fails when schema.py says something else than the migrations. `wait` returns when the schema is that of this
code, or of code that is newer still; it enters as the service's own role.
`python -m mesh.migrate booking_svc revision "add a column"` writes the next migration from the difference between the
database and schema.py. The database is the one that DATABASE_URL names, entered as the role that owns it; an upgrade
also grants the service's own role, which has the service's name, what it may do.
"""

import asyncio
import importlib
import os
import sys
from pathlib import Path

import asyncpg
from alembic import command, context, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import await_only

from mesh import privileges

USAGE = "usage: python -m mesh.migrate SERVICE upgrade | check | wait | revision WORDS"
WAIT_SECONDS = 1.0
LOCK = 4_711_001
"""Advisory lock that keeps two migrations of one database apart."""
RUNNING_AS = "role"
"""Alembic's attribute with the role of the running service, when it is to be granted its rights."""


def config(package: str) -> Config:
    """Alembic's configuration for a service's package."""
    folder = Path(str(importlib.import_module(package).__file__)).parent / "migrations"
    settings = Config()
    settings.set_main_option("script_location", str(folder))
    settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return settings


def run(metadata: MetaData) -> None:
    """What a service's migrations/env.py calls."""
    asyncio.run(migrate(metadata))


async def migrate(metadata: MetaData) -> None:
    """Runs the migrations that alembic chose, in one transaction."""
    engine = create_async_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool, hide_parameters=True)
    async with engine.begin() as connection:
        await connection.run_sync(migrate_connection, metadata)
    await engine.dispose()


def migrate_connection(connection: Connection, metadata: MetaData) -> None:
    """The part that alembic runs synchronously."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    context.configure(connection=connection, target_metadata=metadata, include_name=is_ours, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
        if role := context.config.attributes.get(RUNNING_AS):
            privileges.grant(connection, metadata, role)


def run_script(script: str) -> None:
    """Runs a script of several statements inside a migration: SQLAlchemy sends asyncpg one statement at a time."""
    raw = op.get_bind().connection.driver_connection
    assert isinstance(raw, asyncpg.Connection)
    await_only(raw.execute(script))


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leaves the job queue's own tables to its library."""
    return not (kind == "table" and name is not None and name.startswith("pgqueuer"))


async def wait(package: str) -> None:
    """Waits until the migrations of this code have been made, and says why whenever that is another reason."""
    told = ""
    while trouble := await missing(package, os.environ["DATABASE_URL"]):
        if trouble != told:
            print(f"{package} waits for its migrations: {trouble}", flush=True)
            told = trouble
        await asyncio.sleep(WAIT_SECONDS)


async def missing(package: str, url: str) -> str:
    """Why the database does not have the schema that this code needs; empty if it has."""
    try:
        version = await current(url)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return str(error) or type(error).__name__
    [newest, *older] = known(package)
    # One that this code does not know is of newer code, which keeps what this one needs.
    return f"it is at {version}, not at {newest}" if version is None or version in older else ""


async def current(url: str) -> str | None:
    """The last migration that was made; None before the first. Raises asyncpg's errors, and OSError."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=5)
    try:
        found: str | None = await connection.fetchval(f"SELECT version_num FROM {privileges.VERSIONS}")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close(timeout=1)
    return found


def upgrade(package: str) -> None:
    """Makes the migrations that are missing. After a return to earlier code there are more than it knows: they stay."""
    version = asyncio.run(current(os.environ["DATABASE_URL"]))
    if version is not None and version not in known(package):
        print(f"{package}: the schema is of newer code, at {version}; it stays as it is")
        return
    chosen = config(package)
    chosen.attributes[RUNNING_AS] = package.removesuffix("_svc")
    command.upgrade(chosen, "head")


def known(package: str) -> list[str]:
    """The migrations of a service, the newest first."""
    return [revision.revision for revision in ScriptDirectory.from_config(config(package)).walk_revisions()]


def main() -> None:
    """The command line."""
    if "DATABASE_URL" not in os.environ:
        raise SystemExit("setting DATABASE_URL: missing (make up and make migration set it)")
    match sys.argv[1:]:
        case [package, "upgrade"]:
            upgrade(package)
        case [package, "check"]:
            command.check(config(package))
        case [package, "wait"]:
            asyncio.run(wait(package))
        case [package, "revision", words]:
            command.revision(config(package), message=words, autogenerate=True)
        case _:
            raise SystemExit(USAGE)


if __name__ == "__main__":
    main()
