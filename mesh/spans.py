"""Spans by OpenTelemetry, named as its conventions say. They hold no values of requests, rows or keys, and of an error
only its kind: who may read traces may not read all that.
"""

import re
from collections.abc import Callable, Sequence
from contextvars import Token
from functools import lru_cache
from types import TracebackType

from opentelemetry import context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mesh import VERSION
from mesh.errors import FAULTS, MeshError
from mesh.tracing import HEADER, NOTHING, Attributes, Spans

Place = Span
"""A span that is not over, seen by what belongs to it."""

LONGEST_VALUE = 8_192
"""Characters of an attribute; a statement that is longer is cut."""
WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE)(?: INTO| FROM)? (?!SET\b|OF\b)([a-z_]+)")
READS = re.compile(r"\bFROM ([a-z_]+)\b(?!\()")
NAMESPACE = "matinee"


class Tracer:
    """Makes the spans of a process."""

    def __init__(self, service: str, instance: str, share: float, collector: SpanProcessor) -> None:
        about = {
            "service.name": service,
            "service.namespace": NAMESPACE,
            "service.version": VERSION,
            "service.instance.id": instance,
        }
        provider = TracerProvider(
            # Whoever begins a trace decides whether it is recorded.
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource(about),
            span_limits=SpanLimits(max_span_attribute_length=LONGEST_VALUE),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(collector)
        self.tracer = provider.get_tracer("mesh", VERSION)
        self.propagator = TraceContextTextMapPropagator()

    def serving(self, method: str, traceparent: str, failure: Callable[[], str]) -> Spans:
        """As tracing.serving()."""
        name = method.strip("/")
        attributes: Attributes = {"rpc.system.name": "grpc", "rpc.method": name}
        return Answered(self.tracer.start_span(name, self.read(traceparent), SpanKind.SERVER, attributes), failure)

    def begun(self, name: str) -> Spans:
        """As tracing.begun()."""
        return Begun(self.tracer.start_span(name, context.Context()))

    def resumed(self, traceparent: str, name: str, kind: str, attributes: Attributes) -> Spans:
        """As tracing.resumed()."""
        return Begun(self.tracer.start_span(name, self.read(traceparent), SpanKind[kind], attributes))

    def joined(self, places: Sequence[Place | None], name: str) -> Spans:
        """As tracing.joined()."""
        recorded = [each for each in places if each is not None]
        if not recorded:
            return NOTHING
        first, others = recorded[0], recorded[1:]
        links = [Link(each.get_span_context()) for each in others]
        attributes: Attributes = {"matinee.batch.size": len(places)}
        begun = self.tracer.start_span(name, set_span_in_context(first), attributes=attributes, links=links)
        for each in others:
            each.add_link(begun.get_span_context())
        return Begun(begun)

    def span(self, name: str, kind: str, attributes: Attributes) -> Spans:
        """As tracing.span()."""
        if not get_current_span().is_recording():
            return NOTHING
        return Begun(self.tracer.start_span(name, kind=SpanKind[kind], attributes=attributes))

    def querying(self, sql: str) -> Spans:
        """As tracing.querying()."""
        if not get_current_span().is_recording():
            return NOTHING
        summary = summary_of(sql)
        attributes: Attributes = {
            "db.system.name": "postgresql",
            "db.query.summary": summary,
            # Values are sent beside it.
            "db.query.text": sql,
        }
        return Begun(self.tracer.start_span(summary, kind=SpanKind.CLIENT, attributes=attributes))

    def place(self) -> Place | None:
        """As tracing.place()."""
        current = get_current_span()
        return current if current.is_recording() else None

    def traceparent(self) -> str | None:
        """As tracing.traceparent()."""
        if not get_current_span().is_recording():
            return None
        carrier: dict[str, str] = {}
        self.propagator.inject(carrier)
        return carrier[HEADER]

    def trace_id(self) -> str:
        """As tracing.trace_id()."""
        current = get_current_span()
        return f"{current.get_span_context().trace_id:032x}" if current.is_recording() else ""

    def read(self, traceparent: str) -> context.Context:
        """A trace as another process told of it; an empty context if it told of none."""
        nothing = context.Context()
        return self.propagator.extract({HEADER: traceparent}, nothing) if traceparent else nothing


@lru_cache(maxsize=512)
def summary_of(sql: str) -> str:
    """What a statement writes, by the tables; what it reads from first, if it writes nothing."""
    writes = [" ".join(found.group(1, 2)) for found in WRITES.finditer(sql)]
    reads = [f"SELECT {table}" for table in READS.findall(sql)]
    return ", ".join(dict.fromkeys(writes or reads[:1])) or sql.split()[0]


class Begun:
    """A span that is the current one, and ends with what is done inside."""

    __slots__ = ("span", "token")

    def __init__(self, span: Span) -> None:
        self.span = span
        self.token: Token[context.Context]

    def __enter__(self) -> Span:
        self.token = context.attach(set_span_in_context(self.span))
        return self.span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        context.detach(self.token)
        self.conclude(error)
        self.span.end()

    def conclude(self, error: BaseException | None) -> None:
        """Notes how it ended; of an error not the words, which may name people."""
        if error is None:
            return
        if isinstance(error, MeshError):
            self.span.set_attribute("rpc.response.status_code", error.code.name)
        self.span.set_attribute("error.type", type(error).__name__)
        self.span.set_status(StatusCode.ERROR)


class Answered(Begun):
    """The span of a call that is answered."""

    __slots__ = ("failure",)

    def __init__(self, span: Span, failure: Callable[[], str]) -> None:
        super().__init__(span)
        self.failure = failure

    def conclude(self, error: BaseException | None) -> None:
        """Notes the status; most refusals are no failure of who refuses."""
        code = "OK" if error is None else self.failure()
        self.span.set_attribute("rpc.response.status_code", code)
        if code in FAULTS:
            self.span.set_attribute("error.type", code)
            self.span.set_status(StatusCode.ERROR)
