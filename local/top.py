"""`make top`: what the running mesh does at this moment, process by process."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local.mesh import Mesh
from local.numbers import Numbers, between, look, processor_seconds
from local.processes import Process, all_processes
from local.status import find_troubles, memory
from local.supervision import ProcessInfo

HEADINGS = ("calls", "p50 ms", "p99 ms", "refused", "errors", "open", "queue", "oldest", "cpu %", "MB")
CAPTION = "calls, refused, errors: a second; open: being answered; oldest: seconds in the queue"


@dataclass(frozen=True)
class Sight:
    """All processes at one moment."""

    moment: float
    known: Mapping[str, ProcessInfo]
    troubles: Mapping[str, str]
    numbers: Mapping[str, Numbers | None]
    worked: Mapping[str, float]


def show_top(console: Console, mesh: Mesh, seconds: float, *, once: bool = False) -> None:
    """Draws a table every so many seconds until Ctrl-C, or just one."""
    before = see(mesh)
    if once:
        time.sleep(seconds)
        console.print(drawn(mesh, before, see(mesh)))
        return
    with suppress(KeyboardInterrupt), Live(console=console, auto_refresh=False) as live:
        while True:
            time.sleep(seconds)
            now = see(mesh)
            live.update(drawn(mesh, before, now), refresh=True)
            before = now


def see(mesh: Mesh) -> Sight:
    """Looks at all processes side by side."""
    processes = all_processes(mesh.settings)
    known = mesh.supervisor.processes()
    troubles = find_troubles(mesh.settings, known)
    with ThreadPoolExecutor(max_workers=len(processes)) as pool:
        told = pool.map(look, processes)
        numbers = {process.name: each for process, each in zip(processes, told, strict=True)}
    worked = {process.name: processor_seconds(known[process.name]["pid"]) for process in processes}
    return Sight(time.monotonic(), known, troubles, numbers, worked)


def drawn(mesh: Mesh, before: Sight, now: Sight) -> Group:
    """The table, and beneath it why who is no use is none."""
    table = Table("process", box=None, pad_edge=False, collapse_padding=True, caption=CAPTION, caption_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for process in all_processes(mesh.settings):
        style = "red" if process.name in now.troubles else ""
        table.add_row(process.name, *cells(process, before, now), style=style)
    return Group(table, *(Text(f"{name}: {why}", style="red") for name, why in now.troubles.items()))


def cells(process: Process, before: Sight, now: Sight) -> list[str]:
    """A process's row."""
    name = process.name
    worked = (now.worked[name] - before.worked[name]) / (now.moment - before.moment)
    machine = [f"{max(worked, 0) * 100:.0f}", f"{memory(now.known[name]['pid']) / 2**20:.0f}"]
    first, last = before.numbers[name], now.numbers[name]
    if first is None or last is None:
        return [*[""] * (len(HEADINGS) - len(machine)), *machine]
    rates = between(first, last)
    return [
        f"{rates.calls:,.1f}",
        *("" if each is None else f"{each * 1000:,.1f}" for each in (rates.p50, rates.p99)),
        f"{rates.refusals:,.1f}",
        f"{rates.faults:,.1f}",
        f"{last.under_way:.0f}",
        *(("", "") if name == "envoy" else (f"{last.waiting:.0f}", f"{last.oldest:.0f}")),
        *machine,
    ]
