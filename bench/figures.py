"""Figures: something measured under load, and what it is compared with."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.arrivals import all_told
from bench.load import Requests, Samples, drive
from bench.processor import spent
from local.mesh import Mesh

ROUNDS = 4
WARM_SECONDS = 0.5
TAIL = 5.0
"""At most so many times the median may the slowest of a hundred answers take."""
IDLE_PERCENT = 15.0
"""Of one core, by all processes together, when they have nothing to do."""
QUIET_WITHIN = 5.0


@dataclass
class Figure:
    """Something measured, and what it is compared with."""

    name: str
    requests: Requests
    clients: int
    ceiling: str = ""
    aim: float = 0.0
    samples: Samples = field(default_factory=Samples)
    cpu: float = 0.0
    """Seconds of processor time, those in which people are told of it afterwards included."""

    @property
    def cpu_per_call(self) -> float:
        """In microseconds."""
        return self.cpu / max(len(self.samples.seconds), 1) * 1e6


async def measure(mesh: Mesh, figures: Sequence[Figure], seconds: float, console: Console) -> None:
    """All figures in turns, so that whatever else the machine does meets each of them alike."""
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("under load", total=(ROUNDS + 1) * len(figures))
        for round_number in range(ROUNDS + 1):
            for figure in random.sample(figures, len(figures)):
                # The first round warms up connections, caches and prepared statements.
                await turn(mesh, figure, seconds / ROUNDS if round_number else 0)
                progress.advance(task)


async def turn(mesh: Mesh, figure: Figure, seconds: float) -> None:
    """Measures for so long; for a moment that does not count if there is no time."""
    before, settings = spent(mesh), mesh.settings
    duration = seconds or WARM_SECONDS
    samples = await drive(settings.edge_host, settings.edge_port, figure.requests, figure.clients, duration)
    await quiet(mesh)
    if seconds:
        figure.samples.add(samples)
        figure.cpu += spent(mesh) - before


async def quiet(mesh: Mesh) -> None:
    """Waits until the mesh has told everybody of the bookings made so far: one figure must not pay for another's."""
    await all_told(mesh)
    processes = [psutil.Process(info["pid"]) for info in mesh.supervisor.processes().values()]
    began = time.monotonic()
    busy = 100.0
    while busy > IDLE_PERCENT and time.monotonic() < began + QUIET_WITHIN:
        for process in processes:
            process.cpu_percent()
        await asyncio.sleep(0.1)
        busy = sum(process.cpu_percent() for process in processes)


def show(title: str, figures: Sequence[Figure], console: Console) -> None:
    """The figures, their ratios, and how long the slowest answers took.

    Without processor time where one client calls: what the mesh does by itself meanwhile is most of it.
    """
    table = Table("figure", title=title)
    for heading in ("clients", "per second", "CPU us", "p50 ms", "p99 ms", "p99/p50", "ratio", "aim", "by CPU", "of"):
        table.add_column(heading, justify="left" if heading == "of" else "right")
    known = {figure.name: figure for figure in figures}
    for figure in figures:
        samples = figure.samples
        p50, p99 = samples.quantile(50), samples.quantile(99)
        ceiling = known.get(figure.ceiling)
        table.add_row(
            figure.name,
            str(figure.clients),
            f"{samples.rate:,.0f}",
            f"{figure.cpu_per_call:,.0f}" if figure.clients > 1 else "",
            f"{p50:.1f}",
            f"{p99:.1f}",
            judged(p99 / p50, TAIL, at_most=True) if p50 else "",
            judged(samples.rate / ceiling.samples.rate, figure.aim) if ceiling else "",
            f"{figure.aim:.2f}" if figure.aim else "",
            f"{ceiling.cpu_per_call / figure.cpu_per_call:.2f}" if ceiling and figure.clients > 1 else "",
            figure.ceiling,
        )
    table.caption = f"CPU: of mesh and load generator together; aim of p99/p50: at most {TAIL:.0f}"
    console.print(table)


def judged(value: float, aim: float, *, at_most: bool = False, digits: int = 2) -> str:
    """A figure in the colour of whether it keeps its aim; plain without one."""
    if not aim:
        return f"{value:,.{digits}f}"
    kept = value <= aim if at_most else value >= aim
    return f"[{'green' if kept else 'red'}]{value:,.{digits}f}[/]"


def failures(figures: Sequence[Figure]) -> list[str]:
    """What went wrong, a line for each figure with answers that it should not have."""
    return [
        f"{figure.name}: {figure.samples.failures} answers were refusals, such as {figure.samples.example}"
        for figure in figures
        if figure.samples.failures
    ]
