"""A collector of traces: what OpenTelemetry's own contract says a receiver of OTLP is."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent


class Span(NamedTuple):
    """A span that arrived."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    linked: frozenset[str]
    """The traces that it is linked with."""
    failed: bool
    begin: int
    end: int
    attributes: Mapping[str, Any]


class Receiver(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps what is sent."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.spans: list[Span] = []
        self.text = ""
        """All that was sent, as text."""
        self.hangs = hangs

    async def Export(self, request: Any, context: Any) -> trace_service_pb2.ExportTraceServiceResponse:
        """Takes a batch of spans, unless it hangs."""
        if self.hangs:
            await asyncio.Event().wait()
        self.text += str(request)
        self.spans += spans_of(request)
        return trace_service_pb2.ExportTraceServiceResponse()

    def named(self, name: str, service: str = "") -> list[Span]:
        """The spans of a name."""
        return [span for span in self.spans if span.name == name and service in ("", span.service)]

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of a trace."""
        return [span for span in self.spans if span.trace_id == trace_id]


def spans_of(request: trace_service_pb2.ExportTraceServiceRequest) -> Iterator[Span]:
    """The spans of a batch."""
    for resource in request.resource_spans:
        service = values(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            for sent in scope.spans:
                yield Span(
                    service=service,
                    name=sent.name,
                    kind=Sent.SpanKind.Name(sent.kind).removeprefix("SPAN_KIND_"),
                    trace_id=sent.trace_id.hex(),
                    span_id=sent.span_id.hex(),
                    parent_id=sent.parent_span_id.hex(),
                    linked=frozenset(link.trace_id.hex() for link in sent.links),
                    failed=sent.status.code == sent.status.STATUS_CODE_ERROR,
                    begin=sent.start_time_unix_nano,
                    end=sent.end_time_unix_nano,
                    attributes=values(sent.attributes),
                )


def values(attributes: Any) -> dict[str, Any]:
    """Attributes by name."""
    return {each.key: value_of(each) for each in attributes}


def value_of(attribute: KeyValue) -> Any:
    """The value of an attribute, whatever its type."""
    value: AnyValue = attribute.value
    return getattr(value, value.WhichOneof("value") or "string_value")


@asynccontextmanager
async def receiving(port: int, *, hangs: bool = False) -> AsyncIterator[Receiver]:
    """A collector that listens on this port."""
    server, receiver = grpc.aio.server(), Receiver(hangs=hangs)
    add: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
    add(receiver, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield receiver
    finally:
        await server.stop(None)
