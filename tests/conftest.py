"""The mesh that the tests run against: started once for all workers, in a folder and on ports of its own.

With MATINEE_TEST_HOME set to the folder of a running mesh (for `make up`: var), that one is used and left running.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio

from local.errors import MeshError
from local.mesh import Mesh, running_mesh
from tests.channels import public_channel, public_client
from tests.people import Person, ok, register

HOME_VARIABLE = "MATINEE_TEST_HOME"
BUSY = {"REGISTER_PER_SECOND": "1000", "CLIENT_FAILURES": "10000", "FORGOT_BURST": "10000", "MAILS_KEPT": "1000000"}
"""All tests have one address, and each makes people of its own."""
OWNED_MESH = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Whatever is started for this session is stopped with it."""
    config.stash[OWNED_MESH] = ExitStack()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before the workers of pytest-xdist are: they inherit the variable. Alone, the first test that asks starts it."""
    config = session.config
    distributed = config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")
    if distributed and not config.option.collectonly:
        _ensure_mesh(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Also after Ctrl-C and after a failed start."""
    config.stash[OWNED_MESH].close()


@pytest.fixture(scope="session")
def mesh(request: pytest.FixtureRequest) -> Mesh:
    """The running mesh: its settings, paths and ports, and its processes by name."""
    _ensure_mesh(request.config)
    return Mesh.attach(Path(os.environ[HOME_VARIABLE]))


def _ensure_mesh(config: pytest.Config) -> None:
    if HOME_VARIABLE in os.environ:
        return
    stack = config.stash[OWNED_MESH]
    try:
        started = stack.enter_context(running_mesh(extra_env=BUSY))
    except MeshError as error:
        pytest.exit(f"the mesh for the tests does not start: {error}", returncode=3)
    os.environ[HOME_VARIABLE] = str(started.home.path)
    stack.callback(os.environ.pop, HOME_VARIABLE, None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    """A client at the public port, nobody's token in it."""
    async with public_client(mesh) as client:
        yield client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def public(mesh: Mesh) -> AsyncIterator[grpc.aio.Channel]:
    """gRPC through the public port."""
    async with public_channel(mesh) as channel:
        yield channel


@pytest.fixture
def new_person(http: httpx.AsyncClient) -> Callable[..., Awaitable[Person]]:
    """Makes people of the test's own."""
    return partial(register, http)


@pytest_asyncio.fixture(loop_scope="session")
async def host(http: httpx.AsyncClient) -> Person:
    """Somebody who announces."""
    return await register(http)


@pytest_asyncio.fixture(loop_scope="session")
async def guest(http: httpx.AsyncClient) -> Person:
    """Somebody who applies."""
    return await register(http)


@pytest_asyncio.fixture(loop_scope="session")
async def crowd(http: httpx.AsyncClient) -> list[Person]:
    """Twelve people."""
    return list(await asyncio.gather(*(register(http) for _ in range(12))))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sudo(mesh: Mesh, http: httpx.AsyncClient) -> Person:
    """The sample identity that may do everything."""
    tokens = await asyncio.to_thread(mesh.tokens)
    return Person(tokens["sudo"], "", "", tokens["sudo_access_token"], http)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def two_films(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Films that evenings may be announced for. Asked for at once: the other worker adds films meanwhile."""
    return list(ok(await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=2")))


@pytest.fixture(scope="session")
def film(two_films: list[dict[str, Any]]) -> dict[str, Any]:
    """A film that evenings may be announced for."""
    return two_films[0]


@pytest.fixture(scope="session")
def other_film(two_films: list[dict[str, Any]]) -> dict[str, Any]:
    """Another one."""
    return two_films[1]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def unbookable_film(http: httpx.AsyncClient) -> dict[str, Any]:
    """A film without a running time."""
    return dict(ok(await http.get("/movie_api/v1/movies?filter[bookable]=false&page_size=1"))[0])
