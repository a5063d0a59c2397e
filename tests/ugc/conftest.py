"""The ways in."""

from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio
from matinee.ugc.v1.people_pb2_grpc import PeopleServiceStub
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceStub

from local.mesh import Mesh
from tests.channels import inner_channel


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def inside(mesh: Mesh) -> AsyncIterator[grpc.aio.Channel]:
    """The way of the booking service."""
    async with inner_channel(mesh, "ugc", "booking") as channel:
        yield channel


@pytest.fixture(scope="session")
def ugc(public: grpc.aio.Channel) -> UgcServiceStub:
    """gRPC through the public port."""
    return UgcServiceStub(public)


@pytest.fixture(scope="session")
def ugc_inside(inside: grpc.aio.Channel) -> UgcServiceStub:
    """The service as the booking service sees it."""
    return UgcServiceStub(inside)


@pytest.fixture(scope="session")
def people(public: grpc.aio.Channel) -> PeopleServiceStub:
    """gRPC through the public port."""
    return PeopleServiceStub(public)


@pytest.fixture(scope="session")
def people_inside(inside: grpc.aio.Channel) -> PeopleServiceStub:
    """The service as the booking service sees it."""
    return PeopleServiceStub(inside)
