"""What it costs to be watched, as the rate of the empty call: `make bench WATCHING=1`.

Two meshes stand side by side and are asked in turns: one whose services log no calls, count and trace nothing, and one
that logs every call, counts for Prometheus and records a tenth of the traces. Their collector takes spans and does
nothing with them.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import uvloop
from rich.console import Console
from rich.progress import Progress

from bench.figures import ROUNDS, Figure, failures, show, turn
from bench.load import repeated, request
from bench.terminal import end
from local.mesh import Mesh, running_mesh
from local.ports import reserved_block

CLIENTS = 32
AIM = 0.93
UNWATCHED, WATCHED = "unwatched", "watched"
EVERY = {"MATINEE_BENCH": "1"}
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@asynccontextmanager
async def collector(port: int) -> AsyncIterator[list[int]]:
    """Takes traces on this port; how long each batch was, in bytes."""
    taken: list[int] = []

    async def take(batch: bytes, _: object) -> bytes:
        taken.append(len(batch))
        return b""

    class Taking(grpc.GenericRpcHandler):
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
            handler: Any = take
            return grpc.unary_unary_rpc_method_handler(handler) if handler_call_details.method == EXPORT else None

    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Taking(),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield taken
    finally:
        await server.stop(None)


async def compare(meshes: dict[str, Mesh], port: int, seconds: float, printer: Console) -> list[str]:
    """The empty call of both in turns; returns what went wrong."""
    figures = {name: await asyncio.to_thread(figure, name, mesh) for name, mesh in meshes.items()}
    async with collector(port) as taken:
        with Progress(console=printer, transient=True) as progress:
            task = progress.add_task("under load", total=(ROUNDS + 1) * len(meshes))
            for round_number in range(ROUNDS + 1):
                for name in random.sample(list(meshes), len(meshes)):
                    # The first round warms up.
                    await turn(meshes[name], figures[name], seconds / ROUNDS if round_number else 0)
                    progress.advance(task)
    show("What it costs to be watched", list(figures.values()), printer)
    printer.print(f"spans: {sum(taken):,} bytes in {len(taken):,} batches")
    return failures(list(figures.values())) + ([] if taken else ["no span came: the watched mesh was not watched"])


def figure(name: str, mesh: Mesh) -> Figure:
    """The empty call of a mesh."""
    empty = repeated(request("POST", "/bench/v1/nothing", mesh.tokens()["user_access_token"]))
    return Figure(name, empty, CLIENTS, *((UNWATCHED, AIM) if name == WATCHED else ()))


def run(seconds: float, printer: Console) -> None:
    """Both meshes, and what comes of it."""
    with reserved_block() as port:
        watched = {"LOG_LEVEL": "INFO", "OTLP_URL": f"http://127.0.0.1:{port}", "TRACE_SHARE": "0.1"}
        with (
            running_mesh(extra_env={**EVERY, "LOG_LEVEL": "WARNING", "METRICS_LISTEN": ""}) as blind,
            running_mesh(extra_env={**EVERY, **watched}) as seen,
        ):
            wrong = uvloop.run(compare({UNWATCHED: blind, WATCHED: seen}, port, seconds, printer))
    end(wrong, printer)
