"""Numbers about this process for Prometheus, given away over HTTP on a port of their own; docs/metrics.md lists them.

Labels are names from the protos and from this code: nobody outside can make them grow, and none tells of a person.
"""

import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import asyncpg
from matinee.common.v1.error_reason_pb2 import ErrorReason
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Info, disable_created_metrics, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from mesh import VERSION

Handler = Callable[[Any, Any], Awaitable[Any]]

PATH = "/metrics"
REASONS = frozenset(ErrorReason.keys())
READER_SECONDS = 10
"""How long whoever asks may keep a connection waiting."""
CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
STREAM_BUCKETS = (1, 10, 60, 600, 3600)
JOB_BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5, 10, 60)

disable_created_metrics()  # type: ignore[no-untyped-call]
INFO = Info("matinee", "Which service this process is, and its version.")
SERVING = Gauge("matinee_serving", "1 while the process says that it serves; its log says why not.")
CALLS = Histogram("matinee_rpc_seconds", "Calls answered.", ["method", "code"], buckets=CALL_BUCKETS)
STREAMS = Histogram("matinee_stream_seconds", "Streams that ended.", ["method", "code"], buckets=STREAM_BUCKETS)
UNDER_WAY = Gauge("matinee_rpcs_under_way", "Calls and streams that are being answered.", ["method"])
REFUSALS = Counter("matinee_refusals", "Calls refused, by the reason that the caller was told.", ["method", "reason"])
DEGRADED = Counter("matinee_degraded_answers", "Answers that left out what this peer did not tell.", ["peer"])
CONNECTIONS = Gauge("matinee_pool_connections", "Connections to PostgreSQL.", ["pool", "state"])
LIMIT = Gauge("matinee_pool_limit", "Most connections of the pool.", ["pool"])
WAITING = Gauge("matinee_pool_waiting", "Who waits for a connection of the pool.", ["pool"])
LOOKUPS = Counter("matinee_cache_lookups", "What was looked up, by where it was found.", ["cache", "found"])
QUEUED = Gauge("matinee_queue_waiting", "What waits in the queue, as seen last.", ["queue"])
OLDEST = Gauge("matinee_queue_oldest_seconds", "How long the oldest in the queue has waited, as seen last.", ["queue"])
JOBS = Histogram("matinee_job_seconds", "Jobs that were tried.", ["name", "outcome"], buckets=JOB_BUCKETS)
FINISHED = Gauge("matinee_periodic_success_timestamp_seconds", "When periodic work last went well.", ["work"])
FAILURES = Counter("matinee_periodic_failures", "Times that periodic work failed.", ["work"])
SPANS_DROPPED = Counter("matinee_spans_dropped", "Spans that the collector of traces did not get.")
LINES_DROPPED = Counter("matinee_log_lines_dropped", "Lines that Graylog did not get.")

_on = False


class Quiet(WSGIRequestHandler):
    """Says nothing of who asks, and hangs up on whom it waits for in vain."""

    timeout = READER_SECONDS

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


def is_on() -> bool:
    """Whether this process counts anything."""
    return _on


def serve(listen: str, service: str) -> None:
    """Begins to count, and to answer on host:port from a thread; ends the process when the port cannot be had."""
    global _on
    app = make_wsgi_app(REGISTRY)

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            answered: Iterable[bytes] = app(environ, start)
            return answered
        start("404 Not Found", [("content-type", "text/plain")])
        return [b"only /metrics\n"]

    host, _, port = listen.rpartition(":")
    try:
        server = make_server(host, int(port), answer, ThreadingWSGIServer, Quiet)
    except OSError as error:
        sys.exit(f"setting METRICS_LISTEN: cannot listen on {listen}: {error.strerror}")
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    INFO.info({"service": service, "version": VERSION})
    _on = True


def counted(path: str, handler: Handler, failure: Callable[[Any], str], *, is_stream: bool) -> Handler:
    """A handler of an RPC, counted and timed where that is wanted; `failure` names the code of one that failed."""
    if not _on:
        return handler
    method, kind = path.removeprefix("/"), STREAMS if is_stream else CALLS
    by_code = {"OK": kind.labels(method, "OK")}
    under_way = 0
    UNDER_WAY.labels(method).set_function(lambda: under_way)

    async def timed(request: Any, context: Any) -> Any:
        nonlocal under_way
        under_way += 1
        code, started = "OK", time.perf_counter()
        try:
            return await handler(request, context)
        except BaseException:
            code = failure(context)
            if code not in by_code:
                by_code[code] = kind.labels(method, code)
            raise
        finally:
            under_way -= 1
            by_code[code].observe(time.perf_counter() - started)

    return timed


def refused(path: str, reason: str) -> None:
    """Notes a refusal. A reason that is none of ours can only be a peer's of another version."""
    if _on:
        REFUSALS.labels(path.removeprefix("/"), reason if reason in REASONS else "OTHER").inc()


def watch_pool(name: str, pool: "asyncpg.Pool[Any]") -> None:
    """Tells of a pool whenever somebody asks."""
    if not _on:
        return
    LIMIT.labels(name).set_function(pool.get_max_size)
    CONNECTIONS.labels(name, "idle").set_function(pool.get_idle_size)
    CONNECTIONS.labels(name, "busy").set_function(lambda: pool.get_size() - pool.get_idle_size())
    # Nothing public tells how many wait.
    WAITING.labels(name).set_function(lambda: len(pool._queue._getters) if pool._queue is not None else 0)


def queue_seen(name: str, count: int, oldest: float) -> None:
    """Tells of a queue as it was seen just now."""
    QUEUED.labels(name).set(count)
    OLDEST.labels(name).set(oldest)


def watched(name: str, work: Callable[[bytes], Awaitable[None]]) -> Callable[[bytes], Awaitable[None]]:
    """The work of jobs of this name, timed where that is wanted."""
    if not _on:
        return work
    done, failed = JOBS.labels(name, "done"), JOBS.labels(name, "failed")

    async def timed(payload: bytes) -> None:
        outcome, started = failed, time.perf_counter()
        try:
            await work(payload)
            outcome = done
        finally:
            outcome.observe(time.perf_counter() - started)

    return timed
