"""Jobs inside PostgreSQL (PgQueuer): enqueued in the transaction that decides, done at least once, by any process."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries
from sqlalchemy import text

from mesh import caller, metrics, tracing
from mesh.database import Connection, Database
from mesh.logs import logger
from mesh.periodic import every
from mesh.settings import MeshSettings

Work = Callable[[bytes], Awaitable[None]]
"""Does a job, given its payload. May be run again after it has been done: it must not matter."""

ENQUEUE = text("SELECT enqueue_job(:name, :payload)")
ENQUEUED = {
    "$1::int[]": "ARRAY[0]",
    "$2::text[]": "ARRAY[job_name]",
    "$3::bytea[]": "ARRAY[job_payload]",
    "$4::interval[]": "ARRAY[interval '0']",
    "$5::text[]": "ARRAY[NULL::text]",
}
"""What the parameters of PgQueuer's statement are for a job that is to be done now."""
HEADERS = "$6::jsonb[]"
NO_HEADERS = "ARRAY['{}'::jsonb]"
TRACE = """ARRAY[jsonb_strip_nulls(
    jsonb_build_object('traceparent', nullif(current_setting('matinee.trace', true), ''))
)]"""
"""What mesh.database set for this transaction; without a trace it is nothing, or empty where there was one before."""
RESTART_SECONDS = 1.0
FOREVER = 1_000_000
BATCH = 100
PACE = 0.05
SESSION = {"application_name": "jobs", "synchronous_commit": "off", "plan_cache_mode": "force_generic_plan"}
"""What the queue notes of a job's progress need not survive a crash: the job is done again then. To plan PgQueuer's
look for jobs anew each time takes more than twice as long as the look itself."""
FORGET = text("DELETE FROM pgqueuer_log WHERE created < now() - CAST(:kept AS interval)")
KEPT = timedelta(days=7)
"""How long the troubles of jobs stay in PgQueuer's log."""
FORGET_SECONDS = 600.0
WAITING = text(
    """SELECT entrypoint, count(*), extract(epoch FROM now() - min(created))::float8 FROM pgqueuer
    WHERE status IN ('queued', 'picked') GROUP BY entrypoint"""
)
WATCH_SECONDS = 10.0
SILENCE = timedelta(seconds=10)
"""After so long without a sign of life from the process that took a job, as after a crash, another one takes it."""


async def enqueue(connection: Connection, name: str, payload: bytes) -> None:
    """Adds a job to the caller's transaction: it is there if that commits, and only then."""
    await connection.execute(ENQUEUE, {"name": name, "payload": payload})


def install_script() -> str:
    """SQL for a migration: PgQueuer's tables, and enqueue_job(), so that a statement can enqueue while it decides."""
    return f"{QueryBuilderEnvironment().build_install_query()}; {enqueue_script(traced=False)}"


def enqueue_script(*, traced: bool) -> str:
    """SQL for a migration: enqueue_job(), which notes beside a job the trace that it belongs to, if `traced`."""
    enqueue_one = QueryQueueBuilder().build_enqueue_query("raise")
    for parameter, value in (ENQUEUED | {HEADERS: TRACE if traced else NO_HEADERS}).items():
        if parameter not in enqueue_one:
            raise ValueError(f"PgQueuer's statement has changed: {parameter} is gone")
        enqueue_one = enqueue_one.replace(parameter, value)
    # The outer SELECT gives the function's result away, but it is what runs the insert inside.
    return f"""CREATE OR REPLACE FUNCTION enqueue_job(job_name text, job_payload bytea) RETURNS void
    LANGUAGE sql AS $function$
        {enqueue_one}
    $function$"""


def uninstall_script() -> str:
    """SQL that takes away what install_script() made."""
    return f"DROP FUNCTION enqueue_job; {QueryBuilderEnvironment().build_uninstall_query()}"


def short_log_script() -> str:
    """SQL for a migration: PgQueuer's log keeps nothing of what went well, and forgets what it has."""
    return """TRUNCATE pgqueuer_log;
    CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS $function$ BEGIN RETURN NULL; END $function$;
    CREATE TRIGGER troubles_only BEFORE INSERT ON pgqueuer_log FOR EACH ROW
        WHEN (NEW.status IN ('queued', 'picked', 'successful')) EXECUTE FUNCTION keep_out()"""


def long_log_script() -> str:
    """SQL that takes back what short_log_script() did."""
    return "DROP TRIGGER troubles_only ON pgqueuer_log; DROP FUNCTION keep_out"


async def forget_troubles(database: Database) -> None:
    """Forgets the troubles of jobs that are long over, now and then, for as long as the process lives."""
    await every(FORGET_SECONDS, "old troubles of jobs", lambda: database.run(FORGET, {"kept": KEPT}))


class Paced(QueueManager):
    """Looks for jobs at most every PACE seconds: under load they gather, and are taken and done together."""

    async def fetch_jobs(self, *arguments: Any, **named: Any) -> AsyncGenerator[Job, None]:
        """As QueueManager does, a moment later."""
        await asyncio.sleep(PACE)
        async for job in super().fetch_jobs(*arguments, **named):
            yield job


class Worker:
    """Does the jobs of a service inside one of its processes."""

    def __init__(self, settings: MeshSettings, work: Mapping[str, Work]) -> None:
        self.dsn = settings.database_url.get_secret_value().replace("+asyncpg", "")
        self.work = work
        self.stopping = False
        self.queue: Paced | None = None

    async def run(self) -> None:
        """Works until stop(); begins anew when its connection dies."""
        while not self.stopping:
            try:
                await self.serve_connection()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                logger().warning("jobs wait for the database", problem=type(error).__name__)
            except Exception:
                logger().exception("jobs begin anew")
            if not self.stopping:
                await asyncio.sleep(RESTART_SECONDS)

    async def serve_connection(self) -> None:
        """Works until the connection dies or stop()."""
        connection = await asyncpg.connect(self.dsn, timeout=2, server_settings=SESSION)
        try:
            self.queue = Paced(Queries(AsyncpgDriver(connection)))
            for name, work in self.work.items():
                self.queue.entrypoint(name, executor_factory=retrying)(as_job(metrics.watched(name, work)))
            closed = asyncio.Event()
            connection.add_termination_listener(lambda _: closed.set())
            running = asyncio.create_task(
                self.queue.run(dequeue_timeout=timedelta(seconds=5), batch_size=BATCH, heartbeat_timeout=SILENCE)
            )
            ended = asyncio.create_task(closed.wait())
            await asyncio.wait((running, ended), return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        finally:
            await connection.close(timeout=1)

    async def watch(self, database: Database) -> None:
        """Counts what waits in the queue, where that is wanted, for as long as the process lives."""
        if metrics.is_on():
            await every(WATCH_SECONDS, "length of the queue", lambda: self.look(database))

    async def look(self, database: Database) -> None:
        """Counts once."""
        waiting = {name: (count, oldest) for name, count, oldest in (await database.read(WAITING)).all()}
        for name in self.work:
            metrics.queue_seen(name, *waiting.get(name, (0, 0)))

    def stop(self) -> None:
        """Lets running jobs finish and takes no more."""
        self.stopping = True
        if self.queue is not None:
            self.queue.shutdown.set()


def retrying(parameters: EntrypointExecutorParameters) -> DatabaseRetryEntrypointExecutor:
    """Tries again after 0.2 s, 0.4 s ... at most every 30 s, for as long as it takes: nothing decided is dropped."""
    return DatabaseRetryEntrypointExecutor(
        parameters,
        max_attempts=FOREVER,
        initial_delay=timedelta(seconds=0.2),
        max_delay=timedelta(seconds=30),
    )


def as_job(work: Work) -> Callable[[Job], Awaitable[None]]:
    """PgQueuer's shape of a job around ours."""

    async def job(job: Job) -> None:
        caller.begin(caller.Call(request_id=f"job-{job.id}"))
        about = {"messaging.system": "pgqueuer", "messaging.destination.name": job.entrypoint}
        with tracing.resumed(trace_of(job), f"process {job.entrypoint}", attributes=about):
            await work(job.payload or b"")

    return job


def trace_of(job: Job) -> str | None:
    """The trace that a job belongs to, if it was recorded."""
    found = (job.headers or {}).get(tracing.HEADER)
    return found if isinstance(found, str) else None
