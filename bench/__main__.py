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

from bench import (
    fanout,
    films,
    freshness,
    inbox,
    mailing,
    plots,
    rating,
    reference,
    signing_in,
    streams,
    telling,
    together,
    watching,
    wire,
)
from bench.figures import Figure, failures, measure, quiet, show
from bench.load import Requests, Samples, drive, repeated, request
from bench.memory import show_memory
from bench.stage import Stage, set_up
from bench.terminal import console, end
from local.mesh import Mesh, running_mesh
from local.steps import Steps

CLIENTS = 32
MAILS, MAILS_UNLIMITED = 200, 1000
SECOND_MESH = {"BOOKING_PROCESSES": "2", "LOG_LEVEL": "INFO", "SMTP_PER_SECOND": "10000"}
LEVELS = (1, 2, 4, 8, 16, 32, 64)
LEVEL_SECONDS = 1.0
EMPTY, PREBUILT, EMPTY_ALONE, MANY = "empty call", "prebuilt list of 20", "empty call, alone", "book, many evenings"
UNCHECKED = "empty call of nobody"


def figures(stage: Stage, ratings: rating.RatingStage) -> list[Figure]:
    """What is measured, ceilings first."""
    token, bookings, rush = stage.guests[0].token, stage.bookings(), stage.rush()
    empty = repeated(request("POST", "/bench/v1/nothing", token))
    prebuilt = repeated(request("GET", "/bench/v1/prebuilt", token))
    get = repeated(request("GET", f"/app/v1/announcement/{stage.shown}", token))
    listed = repeated(request("GET", "/app/v1/announcements", token))
    unchecked, checked = (repeated(request("POST", "/bench/v1/anybody", bearer)) for bearer in ("", token))
    return [
        Figure(EMPTY, empty, CLIENTS),
        Figure(UNCHECKED, unchecked, CLIENTS),
        Figure("the same with a token", checked, CLIENTS, UNCHECKED, 0.9),
        Figure(PREBUILT, prebuilt, CLIENTS),
        Figure(MANY, bookings, CLIENTS, EMPTY, 0.5),
        Figure("book, one hot evening", rush, CLIENTS, MANY, 0.9),
        Figure("get with five guests", get, CLIENTS, EMPTY, 0.55),
        Figure("get with 20 guests, all rated", ratings.get(), CLIENTS, EMPTY, 0.5),
        Figure("rate", ratings.words(), CLIENTS, EMPTY, 0.35),
        Figure("list of 20", listed, CLIENTS, PREBUILT, 0.65),
        Figure("list of 20 ratings", ratings.listed(), CLIENTS, PREBUILT),
        Figure("standing of a host", ratings.standing(), CLIENTS, EMPTY),
        Figure("short link redirect", repeated(request("GET", stage.link, token)), CLIENTS, EMPTY, 0.6),
        Figure(EMPTY_ALONE, empty, 1),
        Figure("book, alone", bookings, 1, EMPTY_ALONE),
    ]


async def measure_speed(mesh: Mesh, seconds: float, printer: Console) -> list[str]:
    """Everything that one booking process can show; returns what went wrong."""
    stage = await set_up(mesh, printer)
    # First: what many bookings leave to be told would keep the news of these waiting.
    wrong = await measure_telling(mesh, stage, printer)
    measured = figures(stage, await rating.set_up(mesh, stage.guests))
    # Each pair of guest and evening books once.
    booked = next(figure for figure in measured if figure.name == MANY)
    await measure(mesh, measured, seconds, printer)
    show("JSON through Envoy", measured, printer)
    wrong += failures(measured) + await together.compare(mesh, stage, printer)
    wrong += await signing_in.show_signing_in(mesh, booked.requests, printer)
    await reference.show(mesh, printer)
    await wire.show_wire(mesh, stage.guests[0].token, printer)
    print_path(plots.latency_against_load(await under_loads(mesh, measured, printer)), printer)
    return wrong


async def measure_telling(mesh: Mesh, stage: Stage, printer: Console) -> list[str]:
    """How soon people are told; returns what went wrong."""
    wrong = await inbox.show_inbox(mesh, stage.guests, printer)
    wrong += await fanout.show_fanout(mesh, printer)
    wrong += await streams.show_streams(mesh, stage.guests, printer)
    return wrong + await mailing.show_mails(mesh, MAILS, printer)


async def under_loads(mesh: Mesh, measured: Sequence[Figure], printer: Console) -> dict[str, dict[int, Samples]]:
    """Latency against the number of clients, by the names that the plot knows."""
    names = {EMPTY: "empty call", "list of 20": "list of 20", "get with five guests": "get", MANY: "book"}
    chosen: dict[str, Requests] = {names[figure.name]: figure.requests for figure in measured if figure.name in names}
    host, port = mesh.settings.edge_host, mesh.settings.edge_port
    curves: dict[str, dict[int, Samples]] = {name: {} for name in names.values()}
    with Progress(console=printer, transient=True) as progress:
        task = progress.add_task("latency against load", total=len(LEVELS) * len(chosen))
        for clients in LEVELS:
            for name, requests in chosen.items():
                await quiet(mesh)
                curves[name][clients] = await drive(host, port, requests, clients, LEVEL_SECONDS)
                progress.advance(task)
    return curves


def print_path(path: Path, printer: Console) -> None:
    """Where a picture is, on one line whatever the terminal's width."""
    printer.print(f"plot: {path}", soft_wrap=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="per figure (default 8)")
    parser.add_argument("--films", action="store_true", help="instead: searching a million films")
    parser.add_argument("--telling", action="store_true", help="instead: very many reminders, very many jobs")
    parser.add_argument("--watching", action="store_true", help="instead: what logs, metrics and traces cost")
    options = parser.parse_args()
    printer = console()
    if options.watching:
        watching.run(options.seconds, printer)
        return
    if options.telling or options.films:
        (telling if options.telling else films).run(printer)
        return
    with running_mesh(extra_env={"MATINEE_BENCH": "1", "LOG_LEVEL": "INFO"}, steps=Steps(printer)) as mesh:
        wrong = uvloop.run(measure_speed(mesh, options.seconds, printer))
        show_memory(mesh, printer)
    with running_mesh(extra_env=SECOND_MESH) as mesh:
        wrong += uvloop.run(freshness.check(mesh, printer))
        wrong += uvloop.run(mailing.show_mails(mesh, MAILS_UNLIMITED, printer, limited=False))
    end(wrong, printer)


if __name__ == "__main__":
    main()
