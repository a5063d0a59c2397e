"""What a call costs each process, and so what one core of it carries: `python -m bench.capacity`, docs/capacity.md.

Processor time hardly depends on what else the machine does, so this needs no quiet machine. What processes take while
nobody calls is measured first and left out; what a call leaves to be done afterwards counts.
"""

import asyncio
import itertools
from collections.abc import Iterator

import uvloop
from rich.console import Console
from rich.table import Table

from bench.figures import quiet
from bench.load import Requests, drive, repeated, request
from bench.processor import times
from bench.signing_in import register
from bench.stage import Stage, set_up
from bench.terminal import console
from local.mesh import Mesh, running_mesh

CALLERS, SECONDS, IDLE_SECONDS = 8, 6.0, 5.0
MEASURED = ("envoy", "auth", "movie", "ugc", "booking", "notify", "postgres", "valkey")
LEAST = 0.005
"""Milliseconds a call that are told apart from nothing."""


def kinds(stage: Stage, logins: list[bytes]) -> dict[str, Requests]:
    """What people do, by what it is called."""
    guest = stage.guests[0].token
    return {
        "list of 20 evenings": repeated(request("GET", "/app/v1/announcements", guest)),
        "one evening with five guests": repeated(request("GET", f"/app/v1/announcement/{stage.shown}", guest)),
        "book, and tell both": stage.bookings(),
        "inbox": repeated(request("GET", "/notify/v1/inbox", guest)),
        "search films": repeated(request("GET", "/movie_api/v1/movies?query=the", guest)),
        "friends": repeated(request("GET", "/ugc/v1/friends", guest)),
        "sign in": itertools.cycle(logins),
        "short link": repeated(request("GET", stage.link, guest)),
    }


def spent(mesh: Mesh) -> dict[str, float]:
    """Seconds that each process has taken so far."""
    known = mesh.supervisor.processes()
    return {name: times(known[name]["pid"]) for name in MEASURED}


async def cost(mesh: Mesh, requests: Requests, idle: dict[str, float]) -> dict[str, float]:
    """Milliseconds a call, by process."""
    loop = asyncio.get_running_loop()
    host, port = mesh.settings.edge_host, mesh.settings.edge_port
    await drive(host, port, requests, CALLERS, 1.0)
    await quiet(mesh)
    before, began = spent(mesh), loop.time()
    samples = await drive(host, port, requests, CALLERS, SECONDS)
    if samples.failures or not samples.seconds:
        raise SystemExit(f"an answer was a refusal: {samples.example}")
    await quiet(mesh)
    after, elapsed = spent(mesh), loop.time() - began
    calls = len(samples.seconds)
    return {name: 1000 * (after[name] - before[name] - idle[name] * elapsed) / calls for name in MEASURED}


async def at_rest(mesh: Mesh) -> dict[str, float]:
    """Seconds a second that each process takes while nobody calls."""
    await quiet(mesh)
    before = spent(mesh)
    await asyncio.sleep(IDLE_SECONDS)
    after = spent(mesh)
    return {name: (after[name] - before[name]) / IDLE_SECONDS for name in MEASURED}


def rows(costs: dict[str, dict[str, float]]) -> Iterator[list[str]]:
    """The cells of the table, a row for each kind of call."""
    for kind, by_process in costs.items():
        yield [kind, *(f"{each:.2f}" if (each := by_process[name]) > LEAST else "" for name in MEASURED)]


async def show_capacity(mesh: Mesh, printer: Console) -> None:
    """Prints what each kind of call costs each process."""
    stage = await set_up(mesh, printer)
    logins = await register(mesh)
    idle = await at_rest(mesh)
    costs: dict[str, dict[str, float]] = {}
    for kind, requests in kinds(stage, logins).items():
        with printer.status(kind):
            costs[kind] = await cost(mesh, requests, idle)
    table = Table("ms of processor time a call", *MEASURED, title="what calls cost")
    for cells in [["at rest, % of a core", *(f"{100 * idle[name]:.1f}" for name in MEASURED)], *rows(costs)]:
        table.add_row(*cells)
    printer.print(table)


def main() -> None:
    """Measures a mesh of its own."""
    with running_mesh(extra_env={"CLIENT_FAILURES": "10000", "SESSIONS_PER_USER": "1000"}) as mesh:
        uvloop.run(show_capacity(mesh, console()))


if __name__ == "__main__":
    main()
