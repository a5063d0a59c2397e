"""What happens around every RPC, outermost first: its beginning -> numbers -> trace -> log -> errors -> caller and
access -> parsing -> validation. A stream passes the same but for the trace, and one line is logged at its end.

Each is a plain function around the next one, put together once per RPC when the server is built: an interceptor of
grpc.aio would cost every call more.
"""

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import unquote

import grpc
import protovalidate
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mesh import caller, members, metrics, stubs, tracing
from mesh.access import Access
from mesh.caller import NOBODY, Call
from mesh.errors import (
    DETAILS_KEY,
    Internal,
    InvalidArgument,
    MeshError,
)
from mesh.logs import logger
from mesh.messages import message_in
from mesh.streams import Streams
from mesh.verifier import Verifier

Context = grpc.aio.ServicerContext[Any, Any]
Handler = Callable[[Any, Context], Awaitable[Any]]

CLIENT_ADDRESS, EDGE = "x-client-address", "envoy"
FIRST_SECOND, LAST_SECOND, NANOS = -62_135_596_800, 253_402_300_799, 1_000_000_000
"""What google.protobuf.Timestamp allows: the years 1 to 9999."""
SANE_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,128}$")
"""As in edge.lua: an id that one of them would replace leads nowhere in the logs of the other."""


@dataclass(frozen=True)
class Method:
    """An RPC as its descriptor tells it."""

    path: str
    access: Access
    list_field: str | None
    """For an RPC with an HTTP rule whose answer begins with a repeated field: JSON callers get just that array."""
    has_page_token: bool
    has_instants: bool
    """Whether its request may hold timestamps."""
    is_stream: bool
    """Whether it answers with any number of messages."""

    @classmethod
    def of(cls, descriptor: MethodDescriptor) -> "Method":
        """Reads the descriptor. Raises ValueError as Access.of(), and if it streams its requests."""
        if descriptor.client_streaming:
            raise ValueError(f"{descriptor.full_name} streams its requests; only answers are streamed here")
        public = any(option.full_name == "google.api.http" for option, _ in descriptor.GetOptions().ListFields())
        fields = descriptor.output_type.fields_by_number
        first: FieldDescriptor | None = fields.get(1)
        is_list = public and first is not None and first.is_repeated
        return cls(
            path=f"/{descriptor.containing_service.full_name}/{descriptor.name}",
            access=Access.of(descriptor),
            list_field=first.name if is_list and first is not None else None,
            has_page_token="next_page_token" in descriptor.output_type.fields_by_name,
            has_instants=holds_instants(descriptor.input_type),
            is_stream=bool(descriptor.server_streaming),
        )


def around(
    method: Method, request: type[Message], handler: Callable[[Any, Context], Any], verifier: Verifier, streams: Streams
) -> Handler:
    """The handler with everything around it; takes the request as bytes. One of a stream writes and returns nothing."""
    own = streams.writing(handler) if method.is_stream else with_headers(method, handler)
    valid = with_parsing(request, with_instants(method, with_validation(own)))
    traced = with_trace(method, with_log(method, with_errors(with_access(method, verifier, valid))))
    return with_beginning(method, metrics.counted(method.path, traced, failure, is_stream=method.is_stream))


def with_beginning(method: Method, handler: Handler) -> Handler:
    """Begins the call: its request id, deadline and token."""

    async def begun(request: Any, context: Context) -> Any:
        caller.begin(call_of(method, context))
        return await handler(request, context)

    return begun


def with_trace(method: Method, handler: Handler) -> Handler:
    """Records the call, where traces are wanted. A stream lasts for hours: what it does is part of nobody's trace."""
    if method.is_stream or not tracing.is_on():
        return handler

    async def traced(request: Any, context: Context) -> Any:
        traceparent = caller.current().traceparent
        # A service that tells of no trace asks for the sake of a call that is not recorded, or looks after itself.
        if not traceparent and members.find_member(context) in stubs.MEMBERS:
            return await handler(request, context)
        with tracing.serving(method.path, traceparent, partial(failure, context)):
            return await handler(request, context)

    return traced


def failure(context: Context) -> str:
    """The name of the status that a call failed with."""
    status = context.code()
    return status.name if isinstance(status, grpc.StatusCode) else "CANCELLED"


def with_log(method: Method, handler: Handler) -> Handler:
    """Ends the call with one line."""
    log = logger()

    async def logged(request: Any, context: Context) -> Any:
        started = time.perf_counter()
        call = caller.current()
        code = "OK"
        try:
            return await handler(request, context)
        except BaseException:
            code = failure(context)
            raise
        finally:
            log.info(
                "rpc",
                method=method.path,
                code=code,
                ms=round((time.perf_counter() - started) * 1000, 2),
                caller=str(call.caller.user_id or ""),
                peer=call.peer,
                request_id=call.request_id,
            )

    return logged


def call_of(method: Method, context: Context) -> Call:
    """What the metadata and the transport tell of a call."""
    call = Call(method=method.path)
    for key, value in context.invocation_metadata() or ():
        if key == "authorization" and isinstance(value, str) and value[:7].lower() == "bearer ":
            call.token = value[7:].strip()
        elif key == "x-request-id" and isinstance(value, str) and SANE_REQUEST_ID.match(value):
            call.request_id = value
        elif key == "idempotency-key" and isinstance(value, str):
            call.idempotency_key = value
        elif key == tracing.HEADER and isinstance(value, str):
            call.traceparent = value
        elif key == "user-agent" and isinstance(value, str):
            call.user_agent = value
    call.request_id = call.request_id or str(uuid.uuid4())
    call.find_address = partial(client_address, call, context)
    remaining = context.time_remaining()
    call.deadline = None if remaining is None else time.monotonic() + remaining
    return call


def with_errors(handler: Handler) -> Handler:
    """Turns refusals into statuses with details, and everything unforeseen into INTERNAL that tells nothing."""
    log = logger()

    async def sanitised(request: Any, context: Context) -> Any:
        try:
            return await handler(request, context)
        except MeshError as error:
            await refuse(context, error)
        except (grpc.aio.AbortError, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("defect", request_id=caller.current().request_id)
            await refuse(context, Internal("INTERNAL_ERROR", "internal error"))

    return sanitised


async def refuse(context: Context, error: MeshError) -> None:
    """Ends the call with the error's status. Always raises AbortError."""
    context.set_code(error.code)
    metrics.refused(caller.current().method, error.reason)
    trailers: list[tuple[str, str | bytes]] = [(DETAILS_KEY, error.to_status())]
    if error.http_status:
        trailers.append(("x-http-status", error.http_status))
    if seconds := error.metadata.get("retry_seconds"):
        trailers.append(("retry-after", seconds))
    await context.abort(error.code, error.message, tuple(trailers))


def with_access(method: Method, verifier: Verifier, handler: Handler) -> Handler:
    """Finds out who calls and lets through whom the RPC names."""
    services = method.access.services

    async def admitted(request: Any, context: Context) -> Any:
        call = caller.current()
        call.peer = members.member_of(context)
        identity = await verifier.verify(call.token) if call.token else NOBODY
        if call.peer in services:
            identity = replace(identity, service=call.peer)
        call.caller = identity
        method.access.admit(identity)
        return await handler(request, context)

    return admitted


def client_address(call: Call, context: Context) -> str:
    """The client's IP address: only the edge is believed what it says of somebody else's."""
    for key, value in context.invocation_metadata() or ():
        if key == CLIENT_ADDRESS and isinstance(value, str) and call.peer == EDGE:
            return value
    # Such as ipv4:127.0.0.1:50051 or ipv6:%5B::1%5D:50051.
    return unquote(context.peer()).partition(":")[2].rpartition(":")[0].strip("[]")


def with_parsing(request: type[Message], handler: Handler) -> Handler:
    """Reads the message."""

    async def parsed(raw: bytes, context: Context) -> Any:
        return await handler(message_in(raw, request.FromString), context)

    return parsed


def with_validation(handler: Handler) -> Handler:
    """Refuses messages that break the limits written beside their fields."""
    validator = protovalidate.Validator()

    async def validated(request: Message, context: Context) -> Any:
        violations = validator.collect_violations(request)
        if violations:
            refuse_fields({field_path(violation.proto.field): violation.proto.message for violation in violations})
        return await handler(request, context)

    return validated


def with_instants(method: Method, handler: Handler) -> Handler:
    """Refuses timestamps that are none: protobuf carries any numbers, and the rules beside fields do not mind."""
    if not method.has_instants:
        return handler

    async def checked(request: Message, context: Context) -> Any:
        if wrong := dict.fromkeys(wrong_instants(request, ""), "must be an instant between the years 1 and 9999"):
            refuse_fields(wrong)
        return await handler(request, context)

    return checked


def wrong_instants(message: Message, path: str) -> Iterator[str]:
    """The paths of a message's timestamps that are none."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for index, each in enumerate(value) if field.is_repeated else ((None, value),):
            name = path + field.name + ("" if index is None else f"[{index}]")
            if isinstance(each, Timestamp):
                if not (FIRST_SECOND <= each.seconds <= LAST_SECOND and 0 <= each.nanos < NANOS):
                    yield name
            else:
                yield from wrong_instants(each, name + ".")


def holds_instants(descriptor: Descriptor) -> bool:
    """Whether a message may hold a timestamp; ours do not hold themselves."""
    inner = [field.message_type for field in descriptor.fields if field.message_type is not None]
    return any(each.full_name == Timestamp.DESCRIPTOR.full_name or holds_instants(each) for each in inner)


def refuse_fields(fields: Mapping[str, str]) -> None:
    """Raises InvalidArgument (INVALID_FIELDS), naming each field and what is wrong with it."""
    summary = "; ".join(f"{name}: {problem}" for name, problem in fields.items())
    raise InvalidArgument("INVALID_FIELDS", summary, fields=fields)


def field_path(path: Any) -> str:
    """A field's path in dots and brackets, such as filter.author or user_ids[2]."""
    parts = []
    for element in path.elements if path is not None else ():
        subscript = getattr(element, "subscript", None)
        index = getattr(subscript, "value", None) if subscript is not None else None
        parts.append(element.field_name + (f"[{index}]" if index is not None else ""))
    return ".".join(parts)


def with_headers(method: Method, handler: Handler) -> Handler:
    """Tells the edge what the JSON callers' headers need: the array to unwrap, the next page, what was left out."""
    unwrap = method.list_field

    async def headed(request: Any, context: Context) -> Any:
        response = await handler(request, context)
        headers: list[tuple[str, str]] = []
        if unwrap is not None:
            headers.append(("x-json-unwrap", unwrap))
        if method.has_page_token and response.next_page_token:
            headers.append(("x-next-page-token", response.next_page_token))
        call = caller.current()
        for peer in sorted(call.degraded):
            headers.append(("x-degraded", peer))
            metrics.DEGRADED.labels(peer).inc()
        headers.extend(call.headers)
        if headers:
            await context.send_initial_metadata(headers)
        return response

    return headed
