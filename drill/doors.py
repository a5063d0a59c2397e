"""The two ways in, JSON and native gRPC, both through the public port. What is asked and answered is a message."""

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from matinee.booking.v1 import booking_pb2
from matinee.notify.v1 import notify_pb2

from drill.record import Attempt, Op, Refusal, now
from envoy.routes import http_rules
from mesh.errors import CLASSES, details_of, from_call

SECONDS = 11.0
"""A little longer than the edge waits."""
OUTAGES = {"UNAVAILABLE", "DEADLINE_EXCEEDED"}
"""Answers that leave open whether it was done."""
CODES = {code.value[0]: code.name for code in CLASSES}
OPTIONS = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500))
METHODS: dict[str, MethodDescriptor] = {
    method.name: method
    for service in (
        booking_pb2.DESCRIPTOR.services_by_name["BookingService"],
        notify_pb2.DESCRIPTOR.services_by_name["NotifyService"],
    )
    for method in service.methods
}
"""RPCs by name: no two of these services share one."""


class Doors:
    """Sends one attempt at a time through either door."""

    def __init__(self, host: str, port: int) -> None:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        url = f"http://{host}:{port}"
        self.http = httpx.AsyncClient(base_url=url, timeout=SECONDS, trust_env=False, limits=limits)
        self.channel = grpc.aio.insecure_channel(f"{host}:{port}", options=OPTIONS)
        self.calls = {name: self.unary(method) for name, method in METHODS.items()}

    def unary(self, method: MethodDescriptor) -> Any:
        """What calls an RPC by gRPC."""
        return self.channel.unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=GetMessageClass(method.input_type).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )

    async def send(self, op: Op, door: str) -> Attempt:
        """Sends it once; the attempt is noted, also when it is cancelled, which hangs up."""
        attempt = Attempt(door, now())
        op.attempts.append(attempt)
        try:
            await (self.by_json if door == "json" else self.by_grpc)(op, attempt)
        except asyncio.CancelledError:
            attempt.trouble = "" if attempt.answer or attempt.refusal else "hung up"
            raise
        finally:
            attempt.end = now()
        return attempt

    async def by_grpc(self, op: Op, attempt: Attempt) -> None:
        """One native call."""
        asked = type(op.request).FromString(op.request.SerializeToString())
        if op.key:
            asked.idempotency_key = op.key
        metadata = (("authorization", f"Bearer {op.person.token}"),)
        try:
            call = self.calls[op.rpc](asked, metadata=metadata, timeout=SECONDS)
            attempt.answer = await call
            headers = dict(await call.initial_metadata() or ())
        except grpc.aio.AioRpcError as error:
            # Without details it is the transport that speaks.
            if error.code().name in OUTAGES or details_of(error) is None:
                attempt.trouble = f"{error.code().name}: {error.details()}"
                return
            refused = from_call(error)
            attempt.refusal = Refusal(error.code().name, refused.reason, refused.message, refused.metadata)
        else:
            attempt.token = getattr(attempt.answer, "next_page_token", "")
            attempt.degraded = headers.get("x-degraded", "")

    async def by_json(self, op: Op, attempt: Attempt) -> None:
        """One HTTP request."""
        verb, path, parameters, body = as_http(METHODS[op.rpc], op.request)
        headers = {"authorization": f"Bearer {op.person.token}", **({"idempotency-key": op.key} if op.key else {})}
        try:
            response = await self.http.request(verb, path, params=parameters, json=body, headers=headers)
        except httpx.TransportError as error:
            attempt.trouble = f"{type(error).__name__}: {error}"
            return
        if response.status_code == 200:
            try:
                attempt.answer = from_json(METHODS[op.rpc], response.json())
            except (ValueError, json_format.ParseError) as error:
                attempt.refusal = Refusal("UNREADABLE", "", f"{error}: {response.text[:200]}")
                return
            attempt.token = response.headers.get("x-next-page-token", "")
            attempt.degraded = response.headers.get("x-degraded", "")
            return
        refusal = refusal_of(response)
        if refusal.code in OUTAGES:
            attempt.trouble = f"{response.status_code} {refusal.reason}: {refusal.message}"
        else:
            attempt.refusal = refusal

    async def close(self) -> None:
        """Ends all connections."""
        await self.http.aclose()
        await self.channel.close()


def as_http(method: MethodDescriptor, request: Message) -> tuple[str, str, dict[str, Any], Any]:
    """Verb, path, query and body of a request, as its HTTP rule says."""
    verb, path = next(http_rules(method))
    fields = json_format.MessageToDict(request, preserving_proto_field_name=True)
    for name in list(fields):
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", str(fields.pop(name)))
    if verb in ("GET", "DELETE"):
        return verb, path, dict(query(fields)), None
    return verb, path, {}, fields


def query(fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Fields as query keys; those of a filter in brackets."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from ((f"{name}[{inner}]", plain(part)) for inner, part in value.items())
        else:
            yield name, plain(value)


def plain(value: Any) -> Any:
    """A switch as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else value


def from_json(method: MethodDescriptor, body: Any) -> Message:
    """The message in an answer; a list is the message's only list."""
    if isinstance(body, list):
        lists = [field for field in method.output_type.fields if field.is_repeated]
        lists = [field for field in lists if field.type == FieldDescriptor.TYPE_MESSAGE]
        body = {lists[0].name: body}
    return json_format.ParseDict(body, GetMessageClass(method.output_type)())


def refusal_of(response: httpx.Response) -> Refusal:
    """Why an HTTP request was refused."""
    try:
        body = response.json()
        infos = [detail for detail in body["details"] if "reason" in detail]
        info: dict[str, Any] = infos[0] if infos else {}
        code = CODES.get(body["code"], str(body["code"]))
        return Refusal(code, info.get("reason", ""), body["message"], info.get("metadata", {}))
    except (ValueError, KeyError, TypeError):
        return Refusal(f"HTTP {response.status_code}", "", response.text[:200])
