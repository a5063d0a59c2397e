"""Processes of services beside those of the mesh, with an environment of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import grpc

from local.home import PYTHON, ROOT
from local.mesh import Mesh
from local.processes import service_environment
from local.services import get_service
from tests.channels import inner_channel

START_SECONDS = 20
# Behind PORT_BASE, where nothing of the mesh listens; each is one test file's, because files run side by side.
STRICT_AUTH, OWN_AUTH = 18, 19
PROBED, METERED, LOGGED, TRACED, TRACED_ALONE = range(25, 30)
GRAYLOG = 60
COLLECTOR, OTHER_COLLECTOR, THIRD_COLLECTOR = range(64, 67)
NOWHERE = 69
"""Nothing ever listens there."""


@asynccontextmanager
async def own_process(
    mesh: Mesh, service: str, offset: int, **environment: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, grpc.aio.Channel]]:
    """One more process of a service, on the port so far behind PORT_BASE, and Envoy's channel to it."""
    described, port = get_service(service), mesh.settings.port(offset)
    usual = service_environment(mesh.settings, described, port)
    process = await asyncio.create_subprocess_exec(
        PYTHON, "-m", described.module, cwd=ROOT, env={**usual, **environment}, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with inner_channel(mesh, service, "envoy", port=port) as channel:
            await asyncio.wait_for(channel.channel_ready(), START_SECONDS)
            yield process, channel
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
