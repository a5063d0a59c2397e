"""A mesh whose clock may be moved, with two booking processes that both remind."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio

from local.mesh import Mesh, running_mesh
from tests.channels import public_client
from tests.people import register
from tests.reminders.timetravel import Travel


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    """One of its own: who moves the clock moves it for everybody."""
    with running_mesh(extra_env={"BOOKING_PROCESSES": "2"}) as own:
        yield own


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    """A client at its public port."""
    async with public_client(mesh) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def film(http: httpx.AsyncClient) -> dict[str, str]:
    """A film that evenings may be announced for."""
    return dict((await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=1")).json()[0])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def travel(mesh: Mesh, http: httpx.AsyncClient, film: dict[str, str]) -> Travel:
    """The clock. It only goes forward."""
    return Travel(mesh, await register(http), film["id"])
