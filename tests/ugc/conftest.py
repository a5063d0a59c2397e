"""The ways in."""

from collections.abc import AsyncIterator

import pytest_asyncio
from matinee.ugc.v1.people_pb2_grpc import PeopleServiceStub
from matinee.ugc.v1.ugc_pb2_grpc import UgcServiceStub

from local.mesh import Mesh
from tests.channels import inner_channel, public_channel


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ugc(mesh: Mesh) -> AsyncIterator[UgcServiceStub]:
    """gRPC through the public port."""
    async with public_channel(mesh) as channel:
        yield UgcServiceStub(channel)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ugc_inside(mesh: Mesh) -> AsyncIterator[UgcServiceStub]:
    """The service as the booking service sees it."""
    async with inner_channel(mesh, "ugc", "booking") as channel:
        yield UgcServiceStub(channel)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def people(mesh: Mesh) -> AsyncIterator[PeopleServiceStub]:
    """gRPC through the public port."""
    async with public_channel(mesh) as channel:
        yield PeopleServiceStub(channel)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def people_inside(mesh: Mesh) -> AsyncIterator[PeopleServiceStub]:
    """The service as the booking service sees it."""
    async with inner_channel(mesh, "ugc", "booking") as channel:
        yield PeopleServiceStub(channel)
