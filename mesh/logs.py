"""JSON lines on stdout: structlog for ours, the same shape for what libraries log through the standard library.

Where there is a Graylog it gets them, too.
"""

import asyncio
import atexit
import logging
import sys
from io import BufferedWriter, FileIO

import orjson
import structlog

from mesh import VERSION, tracing
from mesh.graylog import Graylog

GATHER_SECONDS = 0.05
"""How long lines that tell of no trouble wait for others: whoever reads them wakes up once for all of these."""

BUFFER = 64 * 1024
"""Bytes of lines that wait at most."""


class Lines:
    """Writes lines to a file, by the level's name. A process that is killed may owe the last GATHER_SECONDS."""

    def __init__(self, file: BufferedWriter) -> None:
        self.file = file
        self.is_due = False
        atexit.register(file.flush)

    def now(self, line: bytes) -> None:
        """Writes all that there is."""
        self.file.write(line + b"\n")
        self.file.flush()

    def soon(self, line: bytes) -> None:
        """Writes it with those that come after it."""
        self.file.write(line + b"\n")
        if self.is_due:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # A thread, or a process that has not begun yet or is about to end.
            self.file.flush()
        else:
            self.is_due = True
            loop.call_later(GATHER_SECONDS, self.flush)

    def flush(self) -> None:
        """Writes what has gathered."""
        self.is_due = False
        self.file.flush()

    debug = info = soon
    warning = error = critical = exception = now


def configure(service: str, level: str, graylog_url: str = "") -> Graylog | None:
    """Sets up logging for the process; every line carries the service's name and version, and the
    id of the trace that it belongs to.

    Returns the way to Graylog, to be closed at the end, if there is one.
    """
    numeric = logging.getLevelNamesMapping()[level]

    def named(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"], event["version"] = service, VERSION
        if trace_id := tracing.trace_id():
            event["trace_id"] = trace_id
        return event

    graylog = Graylog(graylog_url) if graylog_url else None
    # Not sys.stdout's own, which PYTHONUNBUFFERED takes away.
    lines = Lines(BufferedWriter(FileIO(sys.stdout.fileno(), "w", closefd=False), BUFFER))
    shared: list[structlog.typing.Processor] = [
        named,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: list[structlog.typing.Processor] = [graylog] if graylog else []
    structlog.configure(
        processors=[*shared, *last, structlog.processors.JSONRenderer(serializer=orjson.dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    as_text = structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event).decode())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, as_text],
        )
    )
    # Libraries tell of every statement and job at INFO: our own line per call says enough.
    logging.basicConfig(handlers=[handler], level=max(numeric, logging.WARNING), force=True)
    return graylog


def logger() -> structlog.typing.FilteringBoundLogger:
    """The logger of this process."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return bound
