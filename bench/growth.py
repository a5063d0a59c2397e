"""Measures whether the mesh stays as fast as it grows: `python -m bench.growth`.

Loads years of made-up evenings into a mesh of its own, step by step; at each size lists, gets and books through the
public port. At the largest it asks for every list and looks at PostgreSQL's plans: one that scans a table is an error.
"""

import argparse
import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import uvloop
from rich.console import Console
from rich.table import Table

from auth_svc.tokens import PEOPLE
from bench import plots, shapes
from bench.figures import Figure, failures, judged, measure
from bench.load import repeated, request
from bench.loading import Loader
from bench.people import Person, add_accounts, sign_in
from bench.stage import book, client
from bench.superuser import connected
from bench.terminal import console, end
from local.mesh import Mesh, running_mesh
from local.steps import Steps

SIZES = (1_000, 10_000, 100_000, 300_000)
CLIENTS = 4
SLOWDOWN = 1.3
"""Medians at the largest size may be so many times those at the smallest."""
EMPTY = "empty call"
BOOKERS = 400
READ = 40
"""Announcements that are read over and over, the ones that people talk about: the same number at every size."""
FILMS = 3
"""Films so popular that they fill a page at every size."""
FULL = """SELECT a.id FROM announcements a JOIN bookings b ON b.announcement_id = a.id
    AND b.state IN ('ACCEPTED', 'ATTENDED', 'NO_SHOW')
    WHERE a.publish_time IS NOT NULL AND NOT a.sub_only AND NOT a.address_for_guests_only
    GROUP BY a.id HAVING count(*) = 5"""
OPEN = """SELECT id, author_id, event_time, tickets_count - places_taken AS places FROM announcements
    WHERE will = 'PUBLISHED' AND event_time > now() + interval '1 day' AND NOT sub_only AND accept_at_once
    AND places_taken < tickets_count"""
HOST = """SELECT author_id, id, movie_id, event_time FROM announcements
    WHERE will = 'PUBLISHED' AND event_time > now() AND author_id = (
        SELECT author_id FROM announcements WHERE will = 'PUBLISHED' AND event_time > now()
        GROUP BY 1 ORDER BY count(*) {order}, 1 LIMIT 1
    ) LIMIT 1"""


class Growth:
    """The mesh at one size after the other."""

    def __init__(self, mesh: Mesh, loader: Loader, bookers: Sequence[Person], printer: Console) -> None:
        self.mesh = mesh
        self.loader = loader
        self.bookers = bookers
        self.printer = printer
        self.chance = random.Random(2)
        self.busy: set[tuple[UUID, date]] = set()
        self.curves: dict[str, dict[int, Figure]] = {}
        self.wrong: list[str] = []
        self.hosts = 0
        """How many hosts are booked with, at every size."""

    async def measure_at(self, size: int, seconds: float) -> None:
        """Grows to a size and measures."""
        await self.loader.grow_to(size, self.printer)
        figures = await self.figures()
        await measure(self.mesh, figures, seconds, self.printer)
        for figure in figures:
            self.curves.setdefault(figure.name, {})[size] = figure
        self.wrong += failures(figures)

    async def figures(self) -> list[Figure]:
        """What is measured at each size; how much of it the services remember does not depend on the size."""
        token = self.bookers[0].token
        async with connected(self.mesh, "booking") as connection:
            shown = [row["id"] for row in await connection.fetch(FULL)]
            bookings = book(self.pairs(self.of_some_hosts(await connection.fetch(OPEN))))
        read = self.chance.sample(shown, min(READ, len(shown)))
        films = [film.id for film in self.loader.population.films[:FILMS]]
        empty = repeated(request("POST", "/bench/v1/nothing", token))
        paths = {
            "list of 20": ["/app/v1/announcements"],
            "list of a film": [f"/app/v1/announcements?filter[movie]={film}" for film in films],
            "hosts of a film": [f"/app/v1/hosts?filter[movie]={film}" for film in films],
            "get": [f"/app/v1/announcement/{each}" for each in read],
        }
        reads = {name: itertools.cycle([request("GET", path, token) for path in some]) for name, some in paths.items()}
        return [
            Figure(EMPTY, empty, CLIENTS),
            *(Figure(name, requests, CLIENTS) for name, requests in reads.items()),
            Figure("book", bookings, CLIENTS),
        ]

    def of_some_hosts(self, evenings: Sequence[Any]) -> list[Any]:
        """The evenings of as many hosts as there are at the smallest size, from anywhere among all."""
        hosts = sorted({row["author_id"] for row in evenings})
        self.hosts = self.hosts or len(hosts)
        chosen = set(self.chance.sample(hosts, self.hosts))
        return [row for row in evenings if row["author_id"] in chosen]

    def pairs(self, evenings: Sequence[Any]) -> Iterator[tuple[str, Person]]:
        """Places that are left, each with somebody who has not gone out on that day."""
        places = {row["id"]: row["places"] for row in evenings}
        days = {row["id"]: row["event_time"].date() for row in evenings}
        order = self.chance.sample(list(places), len(places))
        for turn, booker in enumerate(itertools.cycle(self.bookers)):
            if turn > BOOKERS * 50:
                return
            for evening in order[turn % 10 :: 10]:
                if places[evening] and (booker.id, days[evening]) not in self.busy:
                    self.busy.add((booker.id, days[evening]))
                    places[evening] -= 1
                    yield str(evening), booker

    def show(self) -> None:
        """Medians at every size, and the last against the first in terms of the empty call."""
        table = Table(
            "median ms", title=f"growth, JSON through Envoy, {CLIENTS} clients, five bookings an announcement"
        )
        for heading in (*(f"{size:,}" for size in self.curves[EMPTY]), "times", "of empty call", "aim", "by CPU"):
            table.add_column(heading, justify="right")
        times, by_cpu = slowdown(self.curves[EMPTY])
        for name, sizes in self.curves.items():
            medians = [f"{figure.samples.quantile(50):.2f}" for figure in sizes.values()]
            slower, costlier = slowdown(sizes)
            judgement = judged(slower / times, SLOWDOWN, at_most=True)
            compared = (judgement, f"{SLOWDOWN:.2f}", f"{costlier / by_cpu:.2f}") if name != EMPTY else ()
            table.add_row(name, *medians, f"{slower:.2f}", *compared)
        table.caption = "times: largest size against smallest; of empty call: less what the machine did meanwhile"
        self.printer.print(table)

    def plot(self) -> None:
        """The picture of the four that the plot knows."""
        chosen = {
            name: {size: figure.samples for size, figure in sizes.items()}
            for name, sizes in self.curves.items()
            if name in plots.STYLES
        }
        path = plots.latency_against_size(chosen, CLIENTS)
        self.printer.print(f"plot: {path}", soft_wrap=True)


def slowdown(sizes: dict[int, Figure]) -> tuple[float, float]:
    """The median at the largest size against that at the smallest, and the processor time likewise."""
    first, *_, last = sizes.values()
    return last.samples.quantile(50) / first.samples.quantile(50), last.cpu_per_call / first.cpu_per_call


async def values_of(mesh: Mesh) -> list[shapes.Values]:
    """What lists are asked for: the busiest host, and one of the idlest."""
    async with connected(mesh, "booking") as connection:
        rows = [await connection.fetchrow(HOST.format(order=order)) for order in ("DESC", "ASC")]
    hosts = await sign_in(mesh, [row["author_id"] for row in rows])
    places = ("berlin", "bercy 12")
    return [
        shapes.Values(host, str(row["movie_id"]), str(row["id"]), row["event_time"].date().isoformat(), place)
        for host, row, place in zip(hosts, rows, places, strict=True)
    ]


async def audit(mesh: Mesh, sudo: Person, printer: Console) -> list[str]:
    """Lets the service recompute everything: what was loaded must add up."""
    async with client(mesh) as http:
        answer = await http.get("/app/v1/_audit", headers={"authorization": f"Bearer {sudo.token}"})
    if answer.status_code != 200:
        return [f"the audit fails: {answer.text[:300]}"]
    found = answer.json()
    if isinstance(found, dict):
        printer.print(
            f"audit of {found['announcements']:,} announcements and {found['events']:,} events:"
            f" {answer.elapsed.total_seconds():.1f} s, {len(found['differences'])} differences"
        )
    differences = found["differences"] if isinstance(found, dict) else found
    return [f"the audit finds differences, such as {differences[0]}"] if differences else []


async def run(mesh: Mesh, sizes: Sequence[int], seconds: float, printer: Console) -> list[str]:
    """All of it; returns what went wrong."""
    ids = [uuid4() for _ in range(BOOKERS)]
    await add_accounts(mesh, ids)
    growth = Growth(mesh, await Loader.of(mesh), await sign_in(mesh, ids), printer)
    for size in sizes:
        await growth.measure_at(size, seconds)
    printer.print(f"{growth.loader.announcements:,} announcements, {growth.loader.bookings:,} bookings")
    growth.show()
    growth.plot()
    sudo = (await sign_in(mesh, [PEOPLE["sudo"]]))[0]
    wrong = growth.wrong + await audit(mesh, sudo, printer)
    return wrong + await shapes.check(mesh, sudo, await values_of(mesh), printer)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="per figure and size (default 4)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of announcements, growing")
    options = parser.parse_args()
    printer = console()
    with running_mesh(extra_env={"MATINEE_BENCH": "1", "LOG_LEVEL": "INFO"}, steps=Steps(printer)) as mesh:
        wrong = uvloop.run(run(mesh, options.sizes, options.seconds, printer))
    end(wrong, printer)


if __name__ == "__main__":
    main()
