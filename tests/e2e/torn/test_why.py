"""Who looks at `make status` and `make top` or asks the health service finds out what is broken."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import psutil
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from local.home import PYTHON, ROOT
from local.mesh import Mesh
from local.processes import all_processes
from local.services import NAMES
from mesh.errors import BECAUSE_KEY
from tests.channels import inner_channel, public_channel
from tests.e2e.faults import BOTH, pid, until, without
from tests.people import Person, ok


async def told(mesh: Mesh, *command: str) -> tuple[int, str]:
    """The exit code and the output of a command of `python -m local`."""
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        "-m",
        "local",
        *command,
        cwd=ROOT,
        env={**os.environ, "MATINEE_HOME": str(mesh.home.path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def until_told(mesh: Mesh, text: str, *command: str) -> None:
    """Waits until a command says so, and that not all is well."""

    async def is_told() -> bool:
        code, output = await told(mesh, *command)
        return code == 1 and text in output

    await until(is_told, f"{' '.join(command)} says: {text}")


@asynccontextmanager
async def hanging(mesh: Mesh, name: str) -> AsyncIterator[None]:
    """A process that is there and does nothing, nor do its children."""
    process = psutil.Process(await asyncio.to_thread(pid, mesh, name))
    processes = [process, *process.children(recursive=True)]
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            each.resume()
        await asyncio.to_thread(mesh.wait_healthy)


async def checked(channel: grpc.aio.Channel) -> tuple[int, str]:
    """What the health service answers, and the reason beside it."""
    call = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    answer = await call
    trailers = dict(await call.trailing_metadata() or ())
    return answer.status, str(trailers.get(BECAUSE_KEY, ""))


async def test_status_of_a_whole_mesh_has_nothing_to_complain_of(mesh: Mesh) -> None:
    code, output = await told(mesh, "status")
    assert (code, "not serving" in output, "running" in output) == (0, False, True)


async def test_status_names_the_stopped_database_and_what_it_costs_the_services(mesh: Mesh) -> None:
    async with without(mesh, "postgres"):
        await until_told(mesh, "booking: the database does not answer", "status")
        _, output = await told(mesh, "status")
    assert "postgres: it was stopped" in output
    assert output.index("postgres: ") < output.index("booking: ")


async def test_status_names_the_database_that_hangs_and_what_that_costs_the_services(mesh: Mesh) -> None:
    async with hanging(mesh, "postgres"):
        await until_told(mesh, "booking: the database has not answered for 2 seconds", "status")


@pytest.mark.parametrize(("name", "why"), [("movie", "it has not answered"), ("valkey", "Valkey does not answer")])
async def test_status_names_who_hangs(mesh: Mesh, name: str, why: str) -> None:
    async with hanging(mesh, name):
        await until_told(mesh, f"{name}: {why}", "status")


async def test_status_shows_the_last_word_of_a_process_that_does_not_start(mesh: Mesh) -> None:
    specification = mesh.home.run / "ugc.json"
    whole = specification.read_text()
    changed = json.loads(whole)
    changed["environment"]["REDIS_URL"] = ""
    specification.write_text(json.dumps(changed))
    try:
        await asyncio.to_thread(mesh.kill, "ugc")
        await until_told(mesh, "setting REDIS_URL: Field required", "status")
    finally:
        specification.write_text(whole)
        await asyncio.to_thread(mesh.up, die_with_us=True)


async def test_members_hear_why_and_those_who_come_through_the_edge_only_that(mesh: Mesh) -> None:
    async with (
        without(mesh, "postgres"),
        inner_channel(mesh, "movie", "developer") as inside,
        public_channel(mesh) as out,
    ):

        async def is_told() -> bool:
            return bool((await checked(inside))[1])

        await until(is_told, "movie does not serve")
        assert "the database does not answer" in (await checked(inside))[1]
        assert await checked(out) == (health_pb2.HealthCheckResponse.NOT_SERVING, "")


async def test_channelz_tells_members_of_a_process_about_its_connections(mesh: Mesh) -> None:
    async with inner_channel(mesh, "movie", "developer") as channel:
        answer = await channelz_pb2_grpc.ChannelzStub(channel).GetServers(channelz_pb2.GetServersRequest())
    assert [server.data.calls_started > 0 for server in answer.server] == [True]


async def test_channelz_tells_nobody_who_comes_through_the_edge(mesh: Mesh) -> None:
    async with public_channel(mesh) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channelz_pb2_grpc.ChannelzStub(channel).GetServers(channelz_pb2.GetServersRequest())
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_top_shows_every_process_and_the_calls_that_are_made_meanwhile(mesh: Mesh, guest: Person) -> None:
    async def call() -> None:
        while True:
            ok(await guest.get("/app/v1/bookings"))

    calling = asyncio.create_task(call())
    try:
        code, output = await told(mesh, "top", "--once", "--seconds", "5")
    finally:
        calling.cancel()
    rows = {line.split()[0]: line.split()[1:] for line in output.splitlines() if line.strip()}
    assert code == 0
    assert {process.name for process in all_processes(mesh.settings)} <= rows.keys()
    assert float(rows["envoy"][0]) > 0
    assert sum(float(rows[name][0]) for name in BOTH) > 0
    assert all(float(row[-1]) > 0 for name, row in rows.items() if name in NAMES), "no memory"


async def test_top_says_who_is_down(mesh: Mesh) -> None:
    async with without(mesh, "movie"):
        _, output = await told(mesh, "top", "--once", "--seconds", "0.2")
    assert "movie: it was stopped" in output


async def test_top_goes_on_until_it_is_interrupted(mesh: Mesh) -> None:
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        *("-m", "local", "top", "--seconds", "0.2"),
        cwd=ROOT,
        env={**os.environ, "MATINEE_HOME": str(mesh.home.path), "FORCE_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        # Tests that run in the background of a shell pass on that they do not hear it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    for _ in range(2):
        await asyncio.wait_for(process.stdout.readuntil(b"notify"), 30)
    process.send_signal(signal.SIGINT)
    await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
