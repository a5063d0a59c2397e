"""What it costs to be watched, as the rate of the empty call: `make bench WATCHING=1`.

Two kinds of meshes are asked in turns: one whose services log no calls, count and trace nothing, and one that logs
every call, counts for Prometheus and records a tenth of the traces. Their collector takes spans and does nothing with
them. Each kind is started several times: a process is by chance some percent quicker or slower for as long as it lives.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import uvloop
from rich.console import Console
from rich.progress import track

from bench.figures import Figure, failures, show, turn
from bench.load import repeated, request
from bench.terminal import end
from local.mesh import Mesh, running_mesh
from local.ports import reserved_block

CLIENTS = 32
AIM = 0.93
UNWATCHED, WATCHED = "unwatched", "watched"
STARTS = 4
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


async def measured(mesh: Mesh, figure: Figure, port: int, seconds: float) -> int:
    """The empty call of a mesh that has been warmed up; returns how many bytes of spans came to this port."""
    async with collector(port) as taken:
        await turn(mesh, figure, 0)
        await turn(mesh, figure, seconds)
    return sum(taken)


def run(seconds: float, printer: Console) -> None:
    """Starts a mesh of each kind several times, in random order, and shows what comes of it."""
    figures = {
        UNWATCHED: Figure(UNWATCHED, iter(()), CLIENTS),
        WATCHED: Figure(WATCHED, iter(()), CLIENTS, UNWATCHED, AIM),
    }
    names = [name for _ in range(STARTS) for name in random.sample(list(figures), len(figures))]
    with reserved_block() as port:
        settings = {
            UNWATCHED: {"LOG_LEVEL": "WARNING", "METRICS_LISTEN": ""},
            WATCHED: {"LOG_LEVEL": "INFO", "OTLP_URL": f"http://127.0.0.1:{port}", "TRACE_SHARE": "0.1"},
        }
        taken = 0
        for name in track(names, "meshes", console=printer, transient=True):
            with running_mesh(extra_env={"MATINEE_BENCH": "1", **settings[name]}) as mesh:
                token = mesh.tokens()["user_access_token"]
                figures[name].requests = repeated(request("POST", "/bench/v1/nothing", token))
                taken += uvloop.run(measured(mesh, figures[name], port, seconds / STARTS))
    show("What it costs to be watched", list(figures.values()), printer)
    printer.print(f"spans: {taken:,} bytes")
    wrong = [] if taken else ["no span came: the watched mesh was not watched"]
    end(failures(list(figures.values())) + wrong, printer)
