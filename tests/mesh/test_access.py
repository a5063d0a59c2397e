"""What the options beside an RPC must say before its server starts, and whom they mean."""

from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, empty_pb2
from google.protobuf.descriptor import ServiceDescriptor
from matinee.common.v1 import access_pb2
from matinee.common.v1.access_pb2 import ACCESS_UNSPECIFIED, PUBLIC, SERVICE, USER, Access

from local import services
from mesh import stubs
from mesh.server import Served, handlers
from mesh.streams import Streams
from mesh.verifier import Verifier


async def no_keys() -> dict[str, Any]:
    return {}


def service(access: "list[Access.ValueType]", services: list[str]) -> ServiceDescriptor:
    """A service with one RPC that has these options."""
    file = descriptor_pb2.FileDescriptorProto(name="test.proto", package="test")
    file.dependency.append(empty_pb2.DESCRIPTOR.name)
    method = file.service.add(name="TestService").method.add(
        name="Do", input_type=".google.protobuf.Empty", output_type=".google.protobuf.Empty"
    )
    method.options.Extensions[access_pb2.access].extend(access)
    method.options.Extensions[access_pb2.services].extend(services)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(empty_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return pool.FindServiceByName("test.TestService")


def start(access: "list[Access.ValueType]", services: list[str]) -> None:
    """Makes its handlers, as a server does before it starts."""
    served = Served(service(access, services), SimpleNamespace(Do=no_keys))
    handlers(served, Verifier(no_keys, issuer="", audience=""), Streams(1))


@pytest.mark.parametrize(
    ("access", "named", "trouble"),
    [
        ([], [], r"test.TestService.Do does not say who may call it"),
        ([ACCESS_UNSPECIFIED, USER], [], r"does not say who may call it"),
        ([SERVICE], [], r"must have both or neither"),
        ([USER, SERVICE], [], r"must have both or neither"),
        ([USER], ["booking"], r"must have both or neither"),
        ([SERVICE], ["bookings"], r"may be called by bookings, which is no service"),
        ([SERVICE], ["booking", "envoy"], r"may be called by envoy, which is no service"),
        ([SERVICE], ["developer"], r"may be called by developer, which is no service"),
    ],
)
def test_rpc_that_does_not_say_well_who_may_call_does_not_start(
    access: "list[Access.ValueType]", named: list[str], trouble: str
) -> None:
    with pytest.raises(ValueError, match=trouble):
        start(access, named)


@pytest.mark.parametrize(("access", "named"), [([PUBLIC], []), ([USER, SERVICE], ["booking", "notify"])])
def test_rpc_that_says_who_may_call_starts(access: "list[Access.ValueType]", named: list[str]) -> None:
    start(access, named)


def test_the_members_are_the_services_that_run() -> None:
    assert set(services.NAMES) == stubs.MEMBERS
