"""Drills a mesh of its own: races clients against it while its processes are killed, then judges: `python -m drill`."""

import argparse
import asyncio
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import NamedTuple

import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from drill.aftermath import Aftermath
from drill.clients import Client
from drill.doors import Doors
from drill.harvest import Harvest, Reader, Unreadable
from drill.judge.verdict import judge
from drill.kills import Kills, until_all_serve
from drill.patience import until_mailed, until_told
from drill.record import Record
from drill.report import show
from drill.sender import Sender
from drill.stage import Stage, set_up
from drill.world import World
from local.errors import MeshError
from local.mesh import Mesh, running_mesh
from local.steps import Steps, print_error

ENVIRONMENT = {
    "BOOKING_PROCESSES": "2",
    # The judge wants to see every mail, and not to wait long for one that met a sink that was dead.
    "MAILS_KEPT": "1000000",
    "SMTP_RETRY_SECONDS": "1",
}
CLIENTS = 16
PAUSE = 0.02
"""Seconds at most between two deeds of a client: the machine is needed for starting processes, too."""


class Drilled(NamedTuple):
    """What a drill leaves for the judge."""

    record: Record
    harvest: Harvest
    stage: Stage


async def drill(mesh: Mesh, seconds: float, seed: int, calm: bool, console: Console) -> Drilled:
    """The storm, the aftermath, and the reading of everything."""
    record = Record()
    doors = Doors(mesh.settings.edge_host, mesh.settings.edge_port)
    try:
        stage = await set_up(mesh, random.Random(f"{seed}:stage"))
        world, sender = World(stage), Sender(doors, record)
        dice = random.Random(f"{seed}:kills")
        kills = Kills(mesh, record, sender.acknowledged, dice, lambda line: console.print(line, highlight=False))
        await storm(world, sender, seconds, seed, asyncio.sleep(0) if calm else kills.run(seconds), console)
        await until_all_serve(mesh)
        with console.status("asking one by one"):
            await Aftermath(sender, world, random.Random(f"{seed}:aftermath")).run()
        reader = Reader(doors, record, stage, random.Random(f"{seed}:reader"))
        with console.status("waiting until everybody has been told"):
            harvest = await reader.everything()
            await until_told(reader, record, harvest)
        with console.status("waiting until the mails are there"):
            await until_mailed(mesh, reader, harvest)
        return Drilled(record, harvest, stage)
    finally:
        await doors.close()


async def storm(
    world: World, sender: Sender, seconds: float, seed: int, deaths: Coroutine[None, None, None], console: Console
) -> None:
    """Clients race while processes die; ends when the time is over and everything was killed at least once."""
    over = asyncio.Event()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[requests]:,} requests"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("storm", total=seconds, requests=0)
        clients = [Client(sender, world, random.Random(f"{seed}:{number}")) for number in range(CLIENTS)]
        racing = [asyncio.create_task(race(client, over)) for client in clients]
        killing = asyncio.create_task(deaths)
        began = time.monotonic()
        while not (killing.done() and time.monotonic() - began >= seconds) and not any(one.done() for one in racing):
            await asyncio.sleep(0.1)
            progress.update(task, completed=time.monotonic() - began, requests=len(sender.record.ops))
        over.set()
        await asyncio.gather(killing, *racing)


async def race(client: Client, over: asyncio.Event) -> None:
    """One client, deed after deed."""
    while not over.is_set():
        await client.act()
        await asyncio.sleep(client.dice.uniform(0, PAUSE))


def keep_logs(mesh: Mesh, console: Console) -> None:
    """The mesh is gone when the report is read; what its processes wrote is not."""
    kept = Path(tempfile.mkdtemp(prefix="matinee-drill-"))
    shutil.copytree(mesh.home.logs, kept, dirs_exist_ok=True)
    console.print(f"what the processes wrote is kept in {kept}", highlight=False, soft_wrap=True)


def options() -> argparse.Namespace:
    """The command line's."""
    parser = argparse.ArgumentParser(prog="python -m drill", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long clients race at least (default 30)")
    parser.add_argument("--seed", type=int, default=None, help="what people do and what is killed (default: random)")
    parser.add_argument("--calm", action="store_true", help="kill nothing")
    given = parser.parse_args()
    given.seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    return given


def judged(given: argparse.Namespace, console: Console) -> int:
    """Drills, judges and reports; returns how many differences there are. Raises MeshError, Unreadable."""
    with running_mesh(extra_env=ENVIRONMENT, steps=Steps(console)) as mesh:
        try:
            drilled = uvloop.run(drill(mesh, given.seconds, given.seed, given.calm, console))
        except Unreadable:
            keep_logs(mesh, console)
            raise
        verdict = judge(drilled.record, drilled.harvest, drilled.stage)
        show(drilled.record, verdict, console)
        if verdict.findings.differences:
            keep_logs(mesh, console)
    return verdict.findings.differences


def main() -> None:
    """The command line."""
    given, console = options(), Console()
    console.print(f"drill of {given.seconds:g} seconds with seed {given.seed}", highlight=False)
    try:
        differences = judged(given, console)
    except Unreadable as error:
        console.print(f"[bold red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        differences = 1
    except MeshError as error:
        print_error(Console(stderr=True), error)
        raise SystemExit(2) from None
    if differences:
        again = f"make drill SECONDS={given.seconds:g} SEED={given.seed}"
        console.print(f"[bold red]differences: {differences}[/]; again: {again}", highlight=False)
        raise SystemExit(1)
    console.print(f"[bold green]no difference[/] (seed {given.seed})", highlight=False)


if __name__ == "__main__":
    main()
