"""The ways in, and what is heard behind them: a verdict on the caller, before anything is done."""

import re
from typing import Any

import grpc
import httpx
from google.protobuf.descriptor import MethodDescriptor

from envoy.descriptors import SERVED_BY
from tests.access.callers import ADMITTED, NOT_SERVED
from tests.channels import refusal

UNREADABLE = b"\xff"
"""No message of any type: who is let in hears that it cannot be read, and nothing has happened."""
UNREADABLE_REFUSED = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
OWNERS = {module.DESCRIPTOR.name: service for service, modules in SERVED_BY.items() for module in modules}
PARAMETER = re.compile(r"\{[^}]*\}")
CODES = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}


def owner(rpc: MethodDescriptor) -> str:
    """The service whose processes answer an RPC; of the bench's: any, for none does."""
    return OWNERS.get(rpc.containing_service.file.name, "booking")


async def knock(channel: grpc.aio.Channel, rpc: MethodDescriptor, token: str | None) -> str:
    """The verdict by gRPC: admitted, or the refusal's code and reason."""
    path = f"/{rpc.containing_service.full_name}/{rpc.name}"
    metadata = (("authorization", f"Bearer {token}"),) if token is not None else ()
    try:
        if rpc.server_streaming:
            stream: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(path)
            await anext(aiter(stream(UNREADABLE, metadata=metadata, timeout=20)))
        else:
            call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
            await call(UNREADABLE, metadata=metadata, timeout=20)
    except grpc.aio.AioRpcError as error:
        code, why = refusal(error)
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return NOT_SERVED
        return ADMITTED if (code, why) == UNREADABLE_REFUSED else f"{code.name} {why}"
    return "answered what nobody can read"


async def ask(client: httpx.AsyncClient, rpc: MethodDescriptor, verb: str, template: str, token: str | None) -> str:
    """The verdict by JSON: a request that names nothing that exists and is no more than it has to be."""
    headers = {"authorization": f"Bearer {token}"} if token is not None else {}
    body: dict[str, Any] = {"json": {}} if verb in ("POST", "PUT") else {}
    if "page_size" in rpc.input_type.fields_by_name:
        body = {"params": {"page_size": -1}}
    async with client.stream(verb, PARAMETER.sub("-", template), headers=headers, **body) as response:
        if response.status_code == 200:
            # It may be a stream without an end.
            return ADMITTED
        await response.aread()
    return verdict(response)


def verdict(response: httpx.Response) -> str:
    """What a refusal over HTTP says of the caller: one that comes from behind the check means that he was let in."""
    kind = response.headers.get("content-type", "")
    reasons = [detail.get("reason", "") for detail in response.json()["details"]] if "json" in kind else ["a page"]
    why = reasons[0] if reasons else ""
    if response.status_code in CODES and why in (
        "TOKEN_MISSING",
        "TOKEN_INVALID",
        "TOKEN_EXPIRED",
        "ACCESS_DENIED",
        "",
    ):
        return f"{CODES[response.status_code]} {why}".strip()
    if why and response.status_code < 500:
        return ADMITTED
    return NOT_SERVED if response.status_code == 404 else f"{response.status_code} {response.text}"
