"""The way to the collector of traces: spans leave in batches from a thread of their own. No call ever waits for it.

OpenTelemetry's own queue does not count what it drops, and at the end waits half a minute for a collector that hangs.
"""

import logging
import threading
from collections import deque
from typing import Any

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExportResult

from mesh import metrics
from mesh.losses import Losses

WAITING = 10_000
"""Spans that wait for a collector that is slow or away; of more the newest are dropped."""
BATCH = 500
PAUSE_SECONDS = 0.5
"""Between two looks for spans: to wake the thread for each would cost the calls more than the spans do."""
EXPORT_SECONDS = 5.0
"""How long a batch is tried."""
CLOSING_SECONDS = 2.0
"""How long a process that ends waits for its last spans to leave."""
# Whoever set a proxy for the world outside did not mean our own collector.
OPTIONS: Any = (("grpc.enable_http_proxy", 0),)


class Collector(SpanProcessor):
    """The way to the collector."""

    def __init__(self, url: str) -> None:
        """`url` is http://host:port."""
        # What fails is counted here; the library would tell of each try.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
        self.exporter = OTLPSpanExporter(url, insecure=True, timeout=EXPORT_SECONDS, channel_options=OPTIONS)
        self.spans: deque[ReadableSpan] = deque()
        self.losses = Losses("spans dropped", metrics.SPANS_DROPPED)
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self.run, name="collector", daemon=True)
        self.thread.start()

    def on_end(self, span: ReadableSpan) -> None:
        """Takes a span if there is room."""
        if len(self.spans) < WAITING:
            self.spans.append(span)
        else:
            self.losses.add()

    @property
    def dropped(self) -> int:
        """How many spans never arrived; only grows."""
        return self.losses.count

    def run(self) -> None:
        """What the thread does: hands over what has gathered, until close()."""
        while not self.closing.wait(PAUSE_SECONDS):
            self.send()
        self.send()

    def send(self) -> None:
        """Hands over all that is there."""
        while self.spans:
            batch = [self.spans.popleft() for _ in range(min(BATCH, len(self.spans)))]
            if not self.arrives(batch):
                self.losses.add(len(batch))
            self.losses.tell()

    def arrives(self, batch: list[ReadableSpan]) -> bool:
        """Whether the collector takes a batch."""
        try:
            return self.exporter.export(batch) is SpanExportResult.SUCCESS
        except Exception:
            # The library stumbles over a channel that close() has closed meanwhile; the thread must go on.
            return False

    def close(self) -> None:
        """Lets the last spans leave, for a moment."""
        self.closing.set()
        self.thread.join(CLOSING_SECONDS)
        self.exporter.shutdown()
