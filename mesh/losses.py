"""What a thread that hands things over could not hand over: counted, and told on stdout not too often."""

import threading
import time

import structlog
from prometheus_client import Counter

TELL_SECONDS = 10.0
"""How often it is told at most how many were lost."""


class Losses:
    """Counts from any thread; the thread that hands things over tells."""

    def __init__(self, event: str, counter: Counter) -> None:
        """`event` is what the line in the log is called; `counter` is where Prometheus sees the same."""
        self.event = event
        self.counter = counter
        self.count = 0
        """Only grows."""
        self.lock = threading.Lock()
        self.told = (0, 0.0)

    def add(self, count: int = 1) -> None:
        """Counts so many more."""
        with self.lock:
            self.count += count
        self.counter.inc(count)

    def tell(self) -> None:
        """Says how many there are by now, if they have become more."""
        told, when = self.told
        if self.count > told and time.monotonic() - when > TELL_SECONDS:
            self.told = (self.count, time.monotonic())
            structlog.get_logger().warning(self.event, dropped=self.count)
