"""A mesh with two booking processes for each file of tests that takes it apart."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from local.mesh import Mesh, running_mesh
from tests.channels import public_client
from tests.people import ok


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    """A mesh that may be torn apart."""
    with running_mesh(extra_env={"BOOKING_PROCESSES": "2"}) as own:
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    """A client at its public port."""
    async with public_client(mesh) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def films(http: httpx.AsyncClient) -> list[Any]:
    """Films that evenings may be announced for; each is taken by one test, so that nobody has heard of it."""
    return list(ok(await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=100")))


@pytest.fixture
def film(films: list[Any]) -> Any:
    """A film that no service has been asked for."""
    return films.pop()
