"""PostgreSQL. SQLAlchemy describes tables and writes statements, asyncpg runs them.

Measured for one short statement: 300 us of our CPU through SQLAlchemy's engine, 60 us through asyncpg's pool. So a
statement is compiled once by SQLAlchemy and executed without it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, TypeVar

import asyncpg
import orjson
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from mesh import metrics, tracing
from mesh.errors import InvalidArgument, Unavailable
from mesh.settings import MeshSettings

CONNECT_SECONDS = 2.0
STATEMENT_SECONDS = 8.0
OUTAGES = ("08", "53", "57")
"""Classes of SQLSTATE that tell of the connection or of the server's state, not of the statement."""
ENQUEUES = "enqueue_job("
"""What a statement that leaves a job behind has in it."""
KEEP_TRACE = "SELECT set_config('matinee.trace', $1, true)"
"""Tells enqueue_job() which trace the jobs of this transaction belong to."""
DIALECT = dialect()  # type: ignore[no-untyped-call]
# InternalClientError is what asyncpg makes of a connection that dies between two steps of one statement.
FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
Result = TypeVar("Result")


class Row(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes, so that the rules of schema.py take it for an object of a table's class."""

    __slots__ = ()

    # Columns first: __getattr__, which comes last, takes 0.5 us a column, and a list of 20 rows asks for 400 of them.
    def __getattribute__(self, name: str) -> Any:
        try:
            return asyncpg.Record.__getitem__(self, name)
        except KeyError:
            return asyncpg.Record.__getattribute__(self, name)


class Rows:
    """What a statement returned."""

    __slots__ = ("rows",)

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def all(self) -> Sequence[Row]:
        """Every row."""
        return self.rows

    def first(self) -> Row | None:
        """The first row, if there is one."""
        return self.rows[0] if self.rows else None

    def one_or_none(self) -> Row | None:
        """The only row, if there is one."""
        if len(self.rows) > 1:
            raise LookupError(f"{len(self.rows)} rows where at most one was meant")
        return self.first()

    def one(self) -> Row:
        """The only row."""
        row = self.one_or_none()
        if row is None:
            raise LookupError("no row where one was meant")
        return row

    def scalar(self) -> Any:
        """The first column of the first row; None without rows."""
        return self.rows[0][0] if self.rows else None

    def column(self) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in self.rows]


class Connection:
    """A connection inside a transaction."""

    def __init__(self, raw: "asyncpg.Connection[Row]") -> None:
        self.raw = raw

    async def execute(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Runs a statement."""
        sql, values = compiled(statement, parameters or {})
        if (trace := tracing.traceparent()) and ENQUEUES in sql:
            await self.raw.fetch(KEEP_TRACE, trace)
        with tracing.querying(sql):
            return Rows(await self.raw.fetch(sql, *values))


class Database:
    """A service's own database. Connects when first used.

    `plans` is PostgreSQL's plan_cache_mode. With force_generic_plan it plans a statement once a connection and not for
    each call's values: for statements whose best plan does not depend on them. Left alone it never does so for arrays,
    because it expects long ones. force_custom_plan is for statements where everything depends on the values.
    """

    def __init__(self, settings: MeshSettings, name: str, *, plans: str = "auto") -> None:
        self.pool = asyncpg.create_pool(
            settings.database_url.get_secret_value().replace("+asyncpg", ""),
            min_size=0,
            max_size=settings.database_connections,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            max_cached_statement_lifetime=0,
            record_class=Row,
            init=prepare,
            reset=roll_back,
            server_settings={
                "application_name": name,
                "timezone": "UTC",
                "plan_cache_mode": plans,
                # What is asked for often is in memory. Told otherwise, PostgreSQL reads whole tables to avoid an index.
                "random_page_cost": "1.1",
                # To start them takes longer than what is asked here.
                "max_parallel_workers_per_gather": "0",
            },
        )
        metrics.watch_pool(name, self.pool)
        self.opening = asyncio.Lock()
        self.opened = False

    async def open(self) -> None:
        """Makes the pool ready; it connects when somebody needs a connection."""
        async with self.opening:
            await self.pool
            self.opened = True

    async def run(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Runs one statement that is a transaction by itself; waits while all connections are busy.

        Raises Unavailable while PostgreSQL does not answer.
        """
        sql, values = compiled(statement, parameters or {})
        if tracing.place() and ENQUEUES in sql:
            # What is told for one transaction needs one that is more than a statement.
            async with self.transaction() as connection:
                return await connection.execute(statement, parameters)
        if not self.opened:
            await self.open()
        try:
            with tracing.querying(sql):
                async with self.pool.acquire() as raw:
                    return Rows(await raw.fetch(sql, *values))
        except FAILURES as error:
            explain(error)
            raise

    async def read(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Runs one statement that changes nothing; once more when the connection turns out to be dead."""
        try:
            return await self.run(statement, parameters)
        except Unavailable:
            return await self.run(statement, parameters)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Several statements that happen together or not at all. Raises Unavailable as run()."""
        if not self.opened:
            await self.open()
        try:
            with tracing.span("transaction"):
                async with self.pool.acquire() as raw, raw.transaction():
                    yield Connection(raw)
        except FAILURES as error:
            explain(error)
            raise

    async def close(self) -> None:
        """Ends all connections."""
        if self.opened:
            await self.pool.close()


async def prepare(raw: "asyncpg.Connection[Row]") -> None:
    """JSON columns are Python's values."""
    for name in ("json", "jsonb"):
        await raw.set_type_codec(name, encoder=encode_json, decoder=orjson.loads, schema="pg_catalog")


def encode_json(value: object) -> str:
    """A value as PostgreSQL reads it."""
    return orjson.dumps(value).decode()


async def roll_back(raw: "asyncpg.Connection[Row]") -> None:
    """What a connection needs before its next user; asyncpg's reset would be a round trip for what we never change."""
    if raw.is_in_transaction():
        await raw.execute("ROLLBACK")


@lru_cache(maxsize=512)
def compile_once(statement: ClauseElement) -> tuple[str, Sequence[str], Mapping[str, Any]]:
    """A statement as PostgreSQL reads it, its parameters' names in order, and the values that it brings itself."""
    result = statement.compile(dialect=DIALECT)
    assert isinstance(result, SQLCompiler)
    return result.string, tuple(result.positiontup or ()), result.params


def compiled(statement: Executable, parameters: Mapping[str, Any]) -> tuple[str, Iterable[Any]]:
    """A statement and its values, in asyncpg's terms."""
    assert isinstance(statement, ClauseElement)
    sql, names, own = compile_once(statement)
    return sql, [parameters[name] if name in parameters else own[name] for name in names]


def explain(error: Exception) -> None:
    """Raises what a caller may be told of an error: an outage, or text that PostgreSQL cannot hold.

    Returns for broken constraints, which the stores know, and for defects.
    """
    if isinstance(error, asyncpg.PostgresError):
        # The row that was refused: with it a password's hash or an address would stand in the log.
        error.detail = None
    if isinstance(error, asyncpg.CharacterNotInRepertoireError):
        raise InvalidArgument("INVALID_FIELDS", "text may not contain the character NUL") from error
    is_refusal = isinstance(error, asyncpg.PostgresError) and str(error.sqlstate)[:2] not in OUTAGES
    if not is_refusal and not isinstance(error, asyncpg.DataError):
        raise Unavailable("PEER_UNAVAILABLE", "the database does not answer right now") from error


async def once_more_on_deadlock(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Runs a transaction again when PostgreSQL chose it as the victim of a deadlock."""
    try:
        return await attempt()
    except asyncpg.DeadlockDetectedError:
        await asyncio.sleep(0.01)
        return await attempt()
