"""Measures a mesh of its own through the public port, each figure beside its ceiling: `python -m bench`.

Ends with an error when an answer was wrong or a promise broken; a figure below its aim is red and no more than that,
for it also tells of the machine.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import Progress

from bench import freshness, plots, reference, together
from bench.figures import Figure, failures, measure, quiet, show
from bench.load import Requests, Samples, drive, repeated, request
from bench.memory import show_memory
from bench.stage import Stage, set_up
from local.mesh import Mesh, running_mesh
from local.steps import Steps

CLIENTS = 32
LEVELS = (1, 2, 4, 8, 16, 32, 64)
LEVEL_SECONDS = 1.0
EMPTY, PREBUILT, EMPTY_ALONE, MANY = "empty call", "prebuilt list of 20", "empty call, alone", "book, many evenings"


def figures(stage: Stage) -> list[Figure]:
    """What is measured, ceilings first."""
    token, bookings, rush = stage.guests[0].token, stage.bookings(), stage.rush()
    empty = repeated(request("POST", "/bench/v1/nothing", token))
    prebuilt = repeated(request("GET", "/bench/v1/prebuilt", token))
    get = repeated(request("GET", f"/app/v1/announcement/{stage.shown}", token))
    listed = repeated(request("GET", "/app/v1/announcements", token))
    return [
        Figure(EMPTY, lambda: empty, CLIENTS),
        Figure(PREBUILT, lambda: prebuilt, CLIENTS),
        Figure(MANY, lambda: bookings, CLIENTS, EMPTY, 0.5),
        Figure("book, one hot evening", lambda: rush, CLIENTS, MANY, 0.9),
        Figure("get with five guests", lambda: get, CLIENTS, EMPTY, 0.55),
        Figure("list of 20", lambda: listed, CLIENTS, PREBUILT, 0.65),
        Figure(EMPTY_ALONE, lambda: empty, 1),
        Figure("book, alone", lambda: bookings, 1, EMPTY_ALONE),
    ]


async def measure_speed(mesh: Mesh, seconds: float, console: Console) -> list[str]:
    """Everything that one booking process can show; returns what went wrong."""
    stage = await set_up(mesh, console)
    measured = figures(stage)
    await measure(mesh, measured, seconds, console)
    show("JSON through Envoy", measured, console)
    wrong = failures(measured) + await together.compare(mesh, stage, console)
    await reference.show(mesh, console)
    print_path(plots.latency_against_load(await under_loads(mesh, measured, console)), console)
    return wrong


async def under_loads(mesh: Mesh, measured: Sequence[Figure], console: Console) -> dict[str, dict[int, Samples]]:
    """Latency against the number of clients, by the names that the plot knows."""
    names = {EMPTY: "empty call", "list of 20": "list of 20", "get with five guests": "get", MANY: "book"}
    chosen: dict[str, Requests] = {names[figure.name]: figure.requests() for figure in measured if figure.name in names}
    host, port = mesh.settings.edge_host, mesh.settings.edge_port
    curves: dict[str, dict[int, Samples]] = {name: {} for name in names.values()}
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("latency against load", total=len(LEVELS) * len(chosen))
        for clients in LEVELS:
            for name, requests in chosen.items():
                await quiet(mesh)
                curves[name][clients] = await drive(host, port, requests, clients, LEVEL_SECONDS)
                progress.advance(task)
    return curves


def print_path(path: Path, console: Console) -> None:
    """Where a picture is, on one line whatever the terminal's width."""
    console.print(f"plot: {path}", soft_wrap=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="per figure (default 8)")
    options = parser.parse_args()
    console = Console()
    with running_mesh(extra_env={"MATINEE_BENCH": "1", "LOG_LEVEL": "INFO"}, steps=Steps(console)) as mesh:
        wrong = uvloop.run(measure_speed(mesh, options.seconds, console))
        show_memory(mesh, console)
    with running_mesh(extra_env={"BOOKING_PROCESSES": "2", "LOG_LEVEL": "INFO"}) as mesh:
        wrong += uvloop.run(freshness.check(mesh, console))
    for line in wrong:
        console.print(f"[red]{line}[/]")
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
