"""A mesh for each file of tests that takes it apart."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio

from local.mesh import Mesh, running_mesh
from tests.channels import public_client


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    """A mesh that may be torn apart."""
    with running_mesh() as own:
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    """A client at its public port."""
    async with public_client(mesh) as client:
        yield client
