"""One trace through all that a call causes: its part here, calls to peers, SQL, Redis, the jobs and mails that follow.

Without OTLP_URL nothing is traced: each function here is a look at a variable then, and mesh/spans.py, which knows
OpenTelemetry, is not even read. A span is made only inside of a trace that is recorded; only a call begins one.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from mesh.settings import ProcessSettings

if TYPE_CHECKING:
    from mesh.collector import Collector
    from mesh.spans import Place, Tracer

Attributes = Mapping[str, str | int]
Spans = AbstractContextManager[Any]
INTERNAL, SERVER, CLIENT, CONSUMER = "INTERNAL", "SERVER", "CLIENT", "CONSUMER"
"""What kind of a span it is, by OpenTelemetry's names."""
HEADER = "traceparent"
"""Of the W3C: how a trace travels from one process to the next."""
NOTHING: Spans = nullcontext()
NO_ATTRIBUTES: Attributes = {}

_tracer: "Tracer | None" = None


def configure(service: str, settings: ProcessSettings) -> "Collector | None":
    """Begins to trace if the settings name a collector; returns the way there, to be closed at the end."""
    global _tracer
    if not settings.otlp_url:
        return None
    from mesh.collector import Collector
    from mesh.spans import Tracer

    collector = Collector(settings.otlp_url)
    _tracer = Tracer(service, settings.listen, settings.trace_share, collector)
    return collector


def is_on() -> bool:
    """Whether this process traces."""
    return _tracer is not None


def serving(method: str, traceparent: str, failure: Callable[[], str]) -> Spans:
    """A call that is answered: it goes on with the caller's trace if he records one, and begins one if he has none.

    `failure` tells the name of its status when it fails.
    """
    if _tracer is None or (traceparent and not is_recorded(traceparent)):
        return NOTHING
    return _tracer.serving(method, traceparent, failure)


def begun(name: str) -> Spans:
    """What a process does of itself; TRACE_SHARE says how often it is recorded."""
    return NOTHING if _tracer is None else _tracer.begun(name)


def resumed(traceparent: str | None, name: str, kind: str = CONSUMER, attributes: Attributes = NO_ATTRIBUTES) -> Spans:
    """What is done later for the sake of a trace that was recorded; nothing without one."""
    return NOTHING if _tracer is None or not traceparent else _tracer.resumed(traceparent, name, kind, attributes)


def joined(places: Sequence["Place | None"], name: str) -> Spans:
    """What is done at once for several: part of the first trace that is recorded, and linked with the others."""
    return NOTHING if _tracer is None else _tracer.joined(places, name)


def span(name: str, kind: str = INTERNAL, attributes: Attributes = NO_ATTRIBUTES) -> Spans:
    """A part of what is being done right now."""
    return NOTHING if _tracer is None else _tracer.span(name, kind, attributes)


def calling(method: str | bytes, peer: str) -> Spans:
    """A call to a peer."""
    if _tracer is None:
        return NOTHING
    name = (method.decode() if isinstance(method, bytes) else method).strip("/")
    return _tracer.span(name, CLIENT, {"rpc.system.name": "grpc", "rpc.method": name, "server.address": peer})


def querying(sql: str) -> Spans:
    """A statement, with the wait for a connection where it has to find one."""
    return NOTHING if _tracer is None else _tracer.querying(sql)


def place() -> "Place | None":
    """Where in a recorded trace we are."""
    return None if _tracer is None else _tracer.place()


def traceparent() -> str | None:
    """What tells a peer, a job or a mail of the trace that is being recorded; None if none is."""
    return None if _tracer is None else _tracer.traceparent()


def is_recorded(traceparent: str) -> bool:
    """Whether whoever began the trace chose to record it; the last bit says so."""
    return traceparent[-1] in "13579bdf"


def trace_id() -> str:
    """The id of the trace that is being recorded; empty if none is."""
    return "" if _tracer is None else _tracer.trace_id()
