"""What a rolling restart does to those who call meanwhile: `python -m bench.restarting`.

Lists, evenings and bookings come at a fixed rate, however long answers take, first with nothing else going on and then
while every process of every service is replaced. Two processes of each.
"""

import asyncio
import itertools
import statistics
from collections.abc import Iterator

import uvloop
from rich.console import Console
from rich.table import Table

from bench.figures import judged, quiet
from bench.load import request
from bench.stage import Stage, set_up
from bench.steady import Answer, refusals, steady
from bench.terminal import console, end
from local.mesh import Mesh, running_mesh
from local.restart import restart
from local.services import NAMES, SERVICES
from local.steps import Steps, quiet_steps

TWO_OF_EACH = {f"{name.upper()}_PROCESSES": "2" for name in NAMES}
RATE = 60
"""In a second: as much as leaves the machine room for the processes that start."""
SECONDS = 20
MOST = 3.0
"""The slowest of a hundred calls takes at most so many times as long as in quiet times."""


def calls(stage: Stage) -> Iterator[bytes]:
    """Lists, evenings and bookings in turn, for ever."""
    token = stage.guests[0].token
    reads = (request("GET", path, token) for path in ("/app/v1/announcements", f"/app/v1/announcement/{stage.shown}"))
    return itertools.chain.from_iterable(
        zip(*(itertools.repeat(each) for each in reads), stage.bookings(), strict=False)
    )


def p99(answers: list[Answer]) -> float:
    """In milliseconds."""
    return statistics.quantiles([1000 * (each.came - each.due) for each in answers], n=100)[98]


async def show_restart(mesh: Mesh, printer: Console) -> list[str]:
    """Prints both; returns what went wrong."""
    stage = await set_up(mesh, printer)
    coming = calls(stage)
    await quiet(mesh)
    before = await steady(mesh, itertools.islice(coming, RATE * SECONDS), RATE)
    restarting = asyncio.create_task(asyncio.to_thread(restart, mesh, SERVICES, quiet_steps()))
    during = await steady(mesh, coming, RATE, restarting.done)
    await restarting
    ratio = p99(during) / p99(before)
    table = Table("calls", "number", "failed", "p99 ms", "times", "aim", title="a rolling restart")
    for name, answers in (("before", before), ("while all are replaced", during)):
        failed = len([each for each in answers if each.status >= 400])
        times = ("", "") if answers is before else (judged(ratio, MOST, at_most=True), f"{MOST:.0f}")
        table.add_row(name, str(len(answers)), str(failed), f"{p99(answers):.1f}", *times)
    printer.print(table)
    return refusals(before, "before the restart") + refusals(during, "while processes were replaced")


def main() -> None:
    """Measures a mesh of its own."""
    printer = console()
    with running_mesh(extra_env=TWO_OF_EACH, steps=Steps(printer)) as mesh:
        wrong = uvloop.run(show_restart(mesh, printer))
    end(wrong, printer)


if __name__ == "__main__":
    main()
