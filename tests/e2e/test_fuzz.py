"""Random messages reach every RPC of every service past the edge, and none meets a defect.

More of them: FUZZ_EXAMPLES=1000 make test T=tests/e2e/test_fuzz.py
"""

import os
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matinee.common.v1 import access_pb2, error_reason_pb2

from envoy.descriptors import served_files, services
from local.mesh import Mesh
from mesh.errors import from_call
from tests.channels import inner_channel, signed
from tests.e2e.fuzzed_world import World, make_world
from tests.e2e.random_messages import TEXTS, messages
from tests.people import Person

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
RPCS = {
    method.full_name.removeprefix("matinee."): (service, method)
    for service, files in served_files(bench=False).items()
    for each in services(files)
    for method in each.methods
}
LIBRARIES = {
    f"{each.name}.{method.name}": ("movie", method)
    for file, names in (
        (health_pb2.DESCRIPTOR, ("Check", "Watch")),
        (reflection_pb2.DESCRIPTOR, ("ServerReflectionInfo",)),
    )
    for each in file.services_by_name.values()
    for method in each.methods
    if method.name in names
}
"""What every process serves besides, without our limits and reasons."""
DEFECTS = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.UNAVAILABLE,
}
REASONS = set(error_reason_pb2.ErrorReason.keys())
EVERY_TIME = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


class Doors:
    """Connections to the services, kept open: one for each service and certificate."""

    def __init__(self, mesh: Mesh, world: World) -> None:
        self.mesh = mesh
        self.world = world
        self.channels: dict[tuple[str, str], grpc.aio.Channel] = {}

    def identities(self, method: MethodDescriptor) -> list[str]:
        """Certificates to call an RPC with: mostly one that may."""
        options = method.GetOptions().Extensions
        services = list(options[access_pb2.services])
        only_services = set(options[access_pb2.access]) == {access_pb2.SERVICE}
        return ["envoy", *services * 4] if only_services else ["envoy", "envoy", "developer", *services]

    def people(self, method: MethodDescriptor) -> list[Person | None]:
        """Who calls: mostly somebody who may."""
        host, guest, ruler = (self.world.people[part] for part in ("host", "guest", "super"))
        if access_pb2.USER in method.GetOptions().Extensions[access_pb2.access]:
            return [None, host, host, guest, guest, ruler]
        return [None, host, ruler, ruler, ruler]

    async def defect(self, service: str, method: MethodDescriptor, identity: str, raw: bytes, metadata: Any) -> str:
        """What is wrong with the answer; empty if it is a good one or a refusal that has a reason."""
        if (service, identity) not in self.channels:
            self.channels[service, identity] = inner_channel(self.mesh, service, identity)
        channel = self.channels[service, identity]
        path = f"/{method.containing_service.full_name}/{method.name}"
        try:
            if method.server_streaming:
                opened: Any = channel.stream_stream(path) if method.client_streaming else channel.unary_stream(path)
                stream = opened(iter([raw]) if method.client_streaming else raw, metadata=metadata, timeout=30)
                await stream.read()
                stream.cancel()
            else:
                unary: Any = channel.unary_unary(path)
                await unary(raw, metadata=metadata, timeout=30)
        except grpc.aio.AioRpcError as error:
            reason = from_call(error).reason
            is_ours = method.full_name.startswith("matinee.")
            if error.code() in DEFECTS or (is_ours and reason not in REASONS):
                return f"{error.code()} {reason}: {error.details()}"
        return ""

    async def close(self) -> None:
        for channel in self.channels.values():
            await channel.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def doors(mesh: Mesh, http: httpx.AsyncClient) -> AsyncIterator[Doors]:
    opened = Doors(mesh, await make_world(mesh, http))
    yield opened
    await opened.close()


def metadata_of(person: Person | None, key: str | None) -> list[tuple[str, str]]:
    return [*(signed(person) if person else ()), *([("idempotency-key", key)] if key else [])]


@pytest.mark.parametrize("name", [*RPCS, *LIBRARIES])
@EVERY_TIME
@given(data=st.data())
async def test_a_random_message_meets_no_defect(name: str, data: st.DataObject, doors: Doors) -> None:
    service, method = (RPCS | LIBRARIES)[name]
    identity = data.draw(st.sampled_from(doors.identities(method)))
    person = data.draw(st.sampled_from(doors.people(method)))
    keys = [text for text in TEXTS if text.isascii() and text.isprintable() and len(text) < 1000]
    key = data.draw(st.sampled_from([None] * len(keys) + keys))
    message = data.draw(messages(method.input_type, doors.world.known))
    raw, metadata = message.SerializeToString(), metadata_of(person, key)
    assert await doors.defect(service, method, identity, raw, metadata) == ""


@pytest.mark.parametrize("name", [*RPCS, *LIBRARIES])
@EVERY_TIME
@given(data=st.data())
async def test_random_bytes_meet_no_defect(name: str, data: st.DataObject, doors: Doors) -> None:
    service, method = (RPCS | LIBRARIES)[name]
    whole = data.draw(messages(method.input_type, doors.world.known)).SerializeToString()
    cut = data.draw(st.integers(0, len(whole)))
    raw = whole[:cut] + data.draw(st.binary(max_size=20)) + whole[cut + 1 :]
    person = data.draw(st.sampled_from(doors.people(method)))
    assert await doors.defect(service, method, "envoy", raw, metadata_of(person, None)) == ""
