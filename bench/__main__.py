"""Measures a mesh of its own through the public port, each figure against its ceiling: `python -m bench`."""

import argparse
import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil
import uvloop
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.load import Requests, Samples, drive, repeated, request
from bench.stage import Stage, set_up
from local.mesh import Mesh, running_mesh
from local.status import memory
from local.steps import Steps

CLIENTS = 16
ROUNDS = 4
IDLE_PERCENT = 15.0
"""Of one core, by all processes together, when they have nothing to do."""
QUIET_WITHIN = 5.0


@dataclass
class Figure:
    """Something measured, and what it is compared with."""

    name: str
    requests: Callable[[], Requests]
    ceiling: str = ""
    aim: float = 0.0
    samples: Samples = field(default_factory=Samples)


def figures(stage: Stage) -> list[Figure]:
    """What is measured, ceilings first."""
    token = stage.guests[0]
    bookings = stage.bookings()
    get, listed = f"/app/v1/announcement/{stage.evenings[0]}", "/app/v1/announcements"
    return [
        Figure("empty call", lambda: repeated(request("POST", "/bench/v1/nothing", token))),
        Figure("prebuilt list of 20", lambda: repeated(request("GET", "/bench/v1/prebuilt", token))),
        Figure("create booking", lambda: bookings, "empty call", 0.3),
        Figure("get announcement", lambda: repeated(request("GET", get, token)), "empty call", 0.45),
        Figure("list of 20", lambda: repeated(request("GET", listed, token)), "prebuilt list of 20", 0.5),
    ]


async def measure(mesh: Mesh, seconds: float, console: Console) -> list[Figure]:
    """All figures in turns, so that whatever else the machine does meets each of them alike."""
    host, port = mesh.settings.edge_host, mesh.settings.edge_port
    stage = await set_up(mesh, console)
    measured = figures(stage)
    each = seconds / ROUNDS
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("measuring", total=ROUNDS * len(measured))
        for round_number in range(ROUNDS + 1):
            for figure in random.sample(measured, len(measured)):
                await quiet(mesh)
                samples = await drive(host, port, figure.requests(), CLIENTS, each if round_number else 0.5)
                # The first round warms up connections, caches and prepared statements.
                if round_number:
                    figure.samples.add(samples)
                    progress.advance(task)
    return measured


async def quiet(mesh: Mesh) -> None:
    """Waits until the mesh has told everybody of the bookings made so far: one figure must not pay for another's."""
    processes = [psutil.Process(info["pid"]) for info in mesh.supervisor.processes().values()]
    began = time.monotonic()
    busy = 100.0
    while busy > IDLE_PERCENT and time.monotonic() < began + QUIET_WITHIN:
        for process in processes:
            process.cpu_percent()
        await asyncio.sleep(0.2)
        busy = sum(process.cpu_percent() for process in processes)


def show(measured: list[Figure], console: Console) -> None:
    """The figures and their ratios."""
    table = Table("figure", title=f"JSON through Envoy, {CLIENTS} clients")
    for heading in ("per second", "p50 ms", "p99 ms", "ratio", "aim", "of"):
        table.add_column(heading, justify="left" if heading == "of" else "right")
    rates = {figure.name: figure.samples.rate for figure in measured}
    for figure in measured:
        samples = figure.samples
        ratio = f"{samples.rate / rates[figure.ceiling]:.2f}" if figure.ceiling else ""
        numbers = (f"{samples.rate:,.0f}", f"{samples.quantile(50):.1f}", f"{samples.quantile(99):.1f}")
        table.add_row(figure.name, *numbers, ratio, f"{figure.aim:.2f}" if figure.aim else "", figure.ceiling)
    console.print(table)
    for figure in measured:
        if figure.samples.failures:
            console.print(f"[red]{figure.name}: {figure.samples.failures} failures[/] {figure.samples.example}")


def show_memory(mesh: Mesh, console: Console) -> None:
    """Each process's share of memory (PSS), children included, in MB."""
    pids = {name: info["pid"] for name, info in mesh.supervisor.processes().items()}
    shares = {name: memory(pid) / 2**20 for name, pid in pids.items()}
    parent = psutil.Process(pids["envoy"]).ppid()
    shares["supervisor"] = memory(parent, children=False) / 2**20
    table = Table("process", title="memory")
    table.add_column("PSS MB", justify="right")
    for name, share in shares.items():
        table.add_row(name, f"{share:.0f}")
    # The ceilings' process is there for the measuring only.
    table.add_row("all but bench", f"{sum(shares.values()) - shares['bench']:.0f}", style="bold")
    console.print(table)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0, help="per figure (default 12)")
    options = parser.parse_args()
    console = Console()
    with running_mesh(extra_env={"MATINEE_BENCH": "1", "LOG_LEVEL": "INFO"}, steps=Steps(console)) as mesh:
        measured = uvloop.run(measure(mesh, options.seconds, console))
        show(measured, console)
        show_memory(mesh, console)
    if any(figure.samples.failures for figure in measured):
        raise SystemExit("some answers were not what they should be")


if __name__ == "__main__":
    main()
