"""What mTLS costs on connections that stay open: the empty call with it and without it, straight to a server.

Nothing else of the mesh can speak plaintext: there is no setting for it, only the server that `serve` makes here.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import uvloop
from google.protobuf.empty_pb2 import Empty
from matinee.bench.v1.ceiling_pb2_grpc import CeilingServiceStub
from rich.console import Console
from rich.table import Table

from bench import ceiling
from bench.figures import judged
from bench.processor import times
from local import services
from local.home import PYTHON
from local.mesh import Mesh
from local.processes import members
from mesh import members as membership
from mesh.errors import PermissionDenied
from mesh.members import Context, member_of
from mesh.server import OPTIONS, build_server, handlers

CLIENTS = 32
ROUNDS = 6
ROUND_SECONDS = 1.0
AIM = 1.1
"""At most so much of the processor time that plaintext takes."""
START_SECONDS = 20.0


def named(context: Context) -> str:
    """As member_of, which looks as long, but a caller without any certificate is the bench."""
    try:
        return member_of(context)
    except PermissionDenied:
        return "bench"


async def serve(plain: str) -> None:
    """The empty service on LISTEN with mTLS, as every service, and on `plain` without."""
    # Only this process takes callers without a certificate.
    membership.member_of = named
    process = await ceiling.build(ceiling.Settings.read())
    secure, _ = build_server(process)
    open_server = grpc.aio.server(options=OPTIONS)
    for served in process.served:
        open_server.add_generic_rpc_handlers((handlers(served, process.verifier, process.streams),))
    open_server.add_insecure_port(plain)
    await secure.start()
    await open_server.start()
    await asyncio.gather(secure.wait_for_termination(), open_server.wait_for_termination())


async def show_wire(mesh: Mesh, token: str, printer: Console) -> None:
    """Compares both in turns. Raises AioRpcError when a call is refused."""
    secure, plain = (f"127.0.0.1:{mesh.settings.port(services.BENCH) + number}" for number in (1, 2))
    environment = next(process for process in members(mesh.settings) if process.name == "bench").environment
    server = await asyncio.create_subprocess_exec(
        *(PYTHON, "-m", "bench.wire", plain), env={**environment, "LISTEN": secure}, stdout=subprocess.DEVNULL
    )
    try:
        await compare(mesh, server.pid, secure, plain, token, printer)
    finally:
        server.kill()
        await server.wait()


async def compare(mesh: Mesh, pid: int, secure: str, plain: str, token: str, printer: Console) -> None:
    """Both in turns, each on one connection that stays open."""
    calls, cpu = {secure: 0, plain: 0}, {secure: 0.0, plain: 0.0}
    async with connected(mesh, secure) as with_tls, grpc.aio.insecure_channel(plain) as without:
        channels = {secure: with_tls, plain: without}
        for channel in channels.values():
            await asyncio.wait_for(channel.channel_ready(), START_SECONDS)
            await drive(channel, token, ROUND_SECONDS)
        for _ in range(ROUNDS):
            for target, channel in channels.items():
                before = time.process_time() + times(pid)
                calls[target] += await drive(channel, token, ROUND_SECONDS)
                cpu[target] += time.process_time() + times(pid) - before
    each = {target: cpu[target] / calls[target] * 1e6 for target in calls}
    table = Table("empty call, no Envoy", title="mTLS on a connection that stays open")
    for heading in ("per second", "CPU us", "of plaintext by CPU", "aim, at most"):
        table.add_column(heading, justify="right")
    ratio = each[secure] / each[plain]
    rates = {target: f"{calls[target] / (ROUNDS * ROUND_SECONDS):,.0f}" for target in calls}
    table.add_row("plaintext", rates[plain], f"{each[plain]:,.0f}", "", "")
    table.add_row("mTLS", rates[secure], f"{each[secure]:,.0f}", judged(ratio, AIM, at_most=True), f"{AIM:.2f}")
    printer.print(table)


@asynccontextmanager
async def connected(mesh: Mesh, target: str) -> AsyncIterator[grpc.aio.Channel]:
    """With the bench's certificate."""
    credentials = grpc.ssl_channel_credentials(*mesh.home.identity("bench"))
    async with grpc.aio.secure_channel(target, credentials) as channel:
        yield channel


async def drive(channel: grpc.aio.Channel, token: str, seconds: float) -> int:
    """Calls as fast as it goes; how often. Raises AioRpcError when one is refused."""
    stub, end = CeilingServiceStub(channel), time.monotonic() + seconds
    metadata = (("authorization", f"Bearer {token}"),)

    async def call() -> int:
        count = 0
        while time.monotonic() < end:
            await stub.Nothing(Empty(), metadata=metadata)
            count += 1
        return count

    return sum(await asyncio.gather(*(call() for _ in range(CLIENTS))))


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
