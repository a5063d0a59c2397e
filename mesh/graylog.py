"""Central logging: lines go to Graylog as GELF from a thread of their own. No call ever waits for it.

GELF 1.1 as Graylog's documentation describes it: over UDP compressed and, where a datagram is too small, chunked; over
TCP ended by a NUL.
"""

import json
import logging
import queue
import threading
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from pygelf import GelfTcpHandler, GelfUdpHandler

from mesh import metrics
from mesh.losses import Losses

WAITING = 10_000
"""Lines that wait for a Graylog that is slow or away; of more the newest are dropped."""
PAUSE_SECONDS = 1.0
"""Between two tries to reach it."""
CLOSING_SECONDS = 2.0
"""How long a process that ends waits for its last lines to leave."""
LEVELS = logging.getLevelNamesMapping()
OWN = ("event", "level", "timestamp", "exception")
"""Keys of a line that GELF has fields of its own for."""

Line = structlog.typing.EventDict


class Graylog:
    """The way to Graylog. As a processor of structlog it lets every line through as it is."""

    def __init__(self, url: str) -> None:
        """`url` is udp://host:port or tcp://host:port."""
        self.handler = handler_of(url)
        self.lines: queue.Queue[Line | None] = queue.Queue(WAITING)
        self.losses = Losses("lines for Graylog dropped", metrics.LINES_DROPPED)
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self.run, name="graylog", daemon=True)
        self.thread.start()

    def __call__(self, _logger: object, _method: str, line: Line) -> Line:
        """Takes a line if there is room."""
        try:
            self.lines.put_nowait(dict(line))
        except queue.Full:
            self.losses.add()
        return line

    def run(self) -> None:
        """What the thread does: hands over one line after the other until close()."""
        while (line := self.lines.get()) is not None:
            try:
                self.send(line)
            except Exception:
                # Such as a datagram that no 128 chunks hold. Logging it here could go round in circles.
                self.losses.add()
            self.losses.tell()

    def send(self, line: Line) -> None:
        """Hands a line over; waits for Graylog to come back as long as the process lives."""
        payload = self.handler.makePickle(record_of(line))
        while True:
            try:
                self.handler.send(payload)
            except OSError:
                self.handler.close()
            # The standard library's handlers say by having no socket that a line did not leave.
            if self.handler.sock is not None:
                return
            if self.closing.wait(PAUSE_SECONDS):
                self.losses.add()
                return
            self.losses.tell()

    @property
    def dropped(self) -> int:
        """How many lines never left; only grows."""
        return self.losses.count

    def close(self) -> None:
        """Lets the last lines leave, for a moment; from now on nothing waits for a Graylog that is away."""
        self.closing.set()
        with suppress(queue.Full):
            self.lines.put_nowait(None)
        self.thread.join(CLOSING_SECONDS)


def handler_of(url: str) -> GelfTcpHandler | GelfUdpHandler:
    """The library's handler for an address."""
    parts = urlsplit(url)
    kind = GelfTcpHandler if parts.scheme == "tcp" else GelfUdpHandler
    handler = kind(parts.hostname, parts.port, include_extra_fields=True)
    # Here it is tried again at once: the pause is ours.
    handler.retryStart = handler.retryMax = 0
    return handler


def record_of(line: Line) -> logging.LogRecord:
    """A line as the library takes it; what is neither text nor a number becomes JSON."""
    fields = {
        f"{key}_" if hasattr(BLANK, key) else key: value if isinstance(value, str | int | float) else text(value)
        for key, value in line.items()
        if key not in OWN
    }
    record = logging.makeLogRecord(
        {
            **fields,
            "msg": str(line["event"]),
            "levelno": LEVELS[line["level"].upper()],
            "created": datetime.fromisoformat(line["timestamp"]).timestamp(),
            "exc_text": line.get("exception"),
        }
    )
    # The library would send these as fields of ours, without a value.
    for name in ("stack_info", "taskName"):
        vars(record).pop(name, None)
    return record


BLANK = logging.makeLogRecord({})
"""A record with just what every record has."""


def text(value: object) -> str:
    """Anything as JSON."""
    return json.dumps(value, default=str)
