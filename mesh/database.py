"""PostgreSQL through SQLAlchemy Core: single statements on their own, or several in a transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from mesh.errors import InvalidArgument, Unavailable
from mesh.settings import MeshSettings

CONNECT_SECONDS = 2.0
STATEMENT_SECONDS = 8.0
DEADLOCK = "40P01"
NO_SUCH_CHARACTER = "22021"
Result = TypeVar("Result")


class Database:
    """A service's own database."""

    def __init__(self, settings: MeshSettings, name: str) -> None:
        self.engine = create_async_engine(
            settings.database_url.get_secret_value(),
            pool_size=settings.database_connections,
            max_overflow=0,
            pool_timeout=CONNECT_SECONDS,
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": STATEMENT_SECONDS,
                "server_settings": {"application_name": name, "timezone": "UTC"},
            },
        )
        self.autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    async def run(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """Runs one statement that is a transaction by itself, and buffers its rows.

        Raises Unavailable while PostgreSQL does not answer. A connection that died while it lay idle in the pool is
        replaced once when nothing can have been executed on it.
        """
        async with answering(), self.autocommit.connect() as connection:
            return await connection.execute(statement, parameters)

    async def read(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """Runs one statement that changes nothing; repeats it once when the connection turns out to be dead."""
        try:
            return await self.run(statement, parameters)
        except Unavailable:
            return await self.run(statement, parameters)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Several statements that happen together or not at all. Raises Unavailable as run()."""
        async with answering(), self.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Gives all connections back."""
        await self.engine.dispose()


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Tells an outage of the database, and text that PostgreSQL cannot hold, from a defect of the statement."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or is_outage(error):
            raise Unavailable("PEER_UNAVAILABLE", "the database does not answer right now") from error
        if sqlstate(error) == NO_SUCH_CHARACTER:
            raise InvalidArgument("INVALID_FIELDS", "text may not contain the character NUL") from error
        raise
    except (OSError, TimeoutError, PoolTimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise Unavailable("PEER_UNAVAILABLE", "the database does not answer right now") from error


def is_outage(error: DBAPIError) -> bool:
    """Whether the error tells of the connection or the server's state rather than of the statement."""
    state = sqlstate(error)
    return isinstance(error, InterfaceError | OperationalError) and (state == "" or state[:2] in ("08", "53", "57"))


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's five-letter code of what went wrong, or nothing."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def constraint(error: DBAPIError) -> str:
    """The name of the constraint that refused the statement, or nothing."""
    cause = getattr(error.orig, "__cause__", None)
    return str(getattr(cause, "constraint_name", None) or "")


async def once_more_on_deadlock(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Runs a transaction again when PostgreSQL chose it as the victim of a deadlock."""
    try:
        return await attempt()
    except DBAPIError as error:
        if sqlstate(error) != DEADLOCK:
            raise
        await asyncio.sleep(0.01)
        return await attempt()
