"""Channels to the other services: mTLS, round-robin over all addresses, the caller travels on, errors are typed."""

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from mesh import caller, tracing
from mesh.errors import DeadlineExceeded, MeshError, from_call
from mesh.identity import Identity, IdentityFiles
from mesh.rebuilt import RebuiltChannel
from mesh.settings import ProcessSettings

DEFAULT_TIMEOUT = 2.0
"""Seconds that a peer gets when the call being answered has no nearer deadline."""
SAFE = frozenset({MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT})


def connect(settings: ProcessSettings, name: str, target: str, *services: ServiceDescriptor) -> grpc.aio.Channel:
    """A channel to the peer `name` at `target` (as settings.Target).

    It connects when first used, reconnects by itself, and shows a renewed certificate from the next call on.

    RPCs that their proto calls free of side effects or idempotent are retried on UNAVAILABLE, with jitter (gRPC adds
    it); the rest never are.
    """
    options: list[tuple[str, Any]] = [
        # Whoever answers there must have the peer's own certificate.
        ("grpc.ssl_target_name_override", name),
        ("grpc.service_config", json.dumps(service_config(services))),
        # A peer that restarts is found again within the time that a call is retried for, not within two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 250),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 5_000),
    ]

    def build(identity: Identity) -> grpc.aio.Channel:
        return grpc.aio.secure_channel(
            address(target), credentials(identity), options=options, interceptors=[TravellingCaller(name)]
        )

    return RebuiltChannel(IdentityFiles(settings), build)


def credentials(identity: Identity) -> grpc.ChannelCredentials:
    """This process's certificate, and whom it trusts."""
    return grpc.ssl_channel_credentials(identity.authorities, identity.key, identity.certificate)


def address(target: str) -> str:
    """The gRPC name of a target: several addresses as they are, a name through DNS, which may know several."""
    if target.split(":")[0].replace(".", "").isdigit():
        return f"ipv4:{target}"
    if "," in target:
        raise ValueError(f"{target}: several targets must be IP addresses; one name may resolve to several")
    return f"dns:///{target}"


def service_config(services: tuple[ServiceDescriptor, ...]) -> dict[str, Any]:
    """gRPC's service config: round-robin, and retries for what the protos call safe."""
    safe = [
        {"service": method.containing_service.full_name, "method": method.name} for method in safe_methods(services)
    ]
    retry = {
        "maxAttempts": 4,
        "initialBackoff": "0.05s",
        "maxBackoff": "0.5s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    configs = [{"name": safe, "retryPolicy": retry}] if safe else []
    return {"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": configs}


def safe_methods(services: tuple[ServiceDescriptor, ...]) -> Iterator[MethodDescriptor]:
    """The methods that may be repeated."""
    for service in services:
        for method in service.methods:
            if method.GetOptions().idempotency_level in SAFE:
                yield method


@dataclass
class TravellingCaller(grpc.aio.UnaryUnaryClientInterceptor):
    """Sends the caller's token, request id and deadline along, and raises a peer's refusal as our own class."""

    peer: str

    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Raises MeshError."""
        call = caller.current()
        with tracing.calling(client_call_details.method, self.peer):
            details = grpc.aio.ClientCallDetails(
                method=client_call_details.method,
                timeout=remaining(call, client_call_details.timeout),
                metadata=travelling_metadata(call, client_call_details.metadata),
                credentials=client_call_details.credentials,
                wait_for_ready=client_call_details.wait_for_ready,
            )
            try:
                return await (await continuation(details, request))
            except grpc.aio.AioRpcError as error:
                raise from_call(error) from None


def travelling_metadata(call: caller.Call, given: grpc.aio.Metadata | None) -> grpc.aio.Metadata:
    """What goes to the peer beside the message."""
    metadata = given or grpc.aio.Metadata()
    if call.request_id:
        metadata.add("x-request-id", call.request_id)
    if call.token:
        metadata.add("authorization", f"Bearer {call.token}")
    if traceparent := tracing.traceparent():
        metadata.add(tracing.HEADER, traceparent)
    return metadata


def remaining(call: caller.Call, timeout: float | None) -> float:
    """Seconds the peer gets. Raises DeadlineExceeded when the call being answered has none left."""
    limit = timeout or DEFAULT_TIMEOUT
    if call.deadline is None:
        return limit
    left = call.deadline - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("DEADLINE_PASSED", "the time for this call is over")
    return min(limit, left)


def is_outage(error: MeshError) -> bool:
    """Whether the peer did not answer, as opposed to refusing."""
    return error.code in (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNIMPLEMENTED,
    )
