"""What a container's health checks find out."""

import asyncio

import pytest

from local.home import PYTHON, ROOT
from local.mesh import Mesh
from local.processes import service_environment
from local.services import get_service
from tests.processes import NOWHERE, PROBED, own_process


async def probed(mesh: Mesh, port: int, *options: str) -> int:
    """The exit code of the probe beside the process on a port."""
    environment = service_environment(mesh.settings, get_service("movie"), port)
    command = [PYTHON, "-m", "mesh.probe", *options]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


@pytest.mark.parametrize("options", [[], ["--alive"]])
async def test_a_process_that_serves_is_healthy(mesh: Mesh, options: list[str]) -> None:
    assert await probed(mesh, mesh.settings.ports(get_service("movie"))[0], *options) == 0


async def test_a_process_without_its_database_is_alive_but_does_not_serve(mesh: Mesh) -> None:
    nowhere = f"postgresql+asyncpg://movie:x@127.0.0.1:{mesh.settings.port(NOWHERE)}/movie"
    async with own_process(mesh, "movie", PROBED, DATABASE_URL=nowhere):
        port = mesh.settings.port(PROBED)
        assert await probed(mesh, port) != 0
        assert await probed(mesh, port, "--alive") == 0


@pytest.mark.parametrize("options", [[], ["--alive"]])
async def test_where_nobody_answers_nothing_is_alive(mesh: Mesh, options: list[str]) -> None:
    assert await probed(mesh, mesh.settings.port(PROBED), *options) != 0
