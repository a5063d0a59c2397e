"""What sign-ins do to those who book meanwhile: each takes a hash of 19 MiB, which is some 20 ms of a core."""

import asyncio
import itertools
import secrets
import statistics

from rich.console import Console
from rich.table import Table

from bench.figures import judged, quiet
from bench.load import Requests, Samples, request
from bench.stage import client
from bench.steady import Answer, refusals, steady
from local.mesh import Mesh

SIGN_INS = 20
"""Offered in a second."""
BOOKINGS = 100
"""In a second, as many as leave the machine room for both."""
PEOPLE = 10
SECONDS = 2
ROUNDS = 8
MOST = 1.5
"""The slowest of a hundred bookings takes at most so many times as long as without sign-ins."""


class Slices:
    """What one thing takes, slice by slice. Medians over slices: what else the machine does spoils a few, not all."""

    def __init__(self) -> None:
        self.slices: list[Samples] = []

    def add(self, answers: list[Answer]) -> None:
        """Another slice."""
        self.slices.append(Samples([each.came - each.due for each in answers]))

    def quantile(self, percent: int) -> float:
        """The median of the slices' percentiles, in milliseconds."""
        return statistics.median(each.quantile(percent) for each in self.slices)


async def show_signing_in(mesh: Mesh, bookings: Requests, console: Console) -> list[str]:
    """Prints how long bookings take with and without sign-ins; returns what went wrong."""
    logins = itertools.cycle(await register(mesh))
    alone, beside, signed_in = Slices(), Slices(), Slices()
    wrong: list[str] = []
    with console.status("sign-ins"):
        for _ in range(ROUNDS):
            wrong += take(alone, await book(mesh, bookings), "booking alone")
            await quiet(mesh)
            offered = steady(mesh, itertools.islice(logins, SIGN_INS * SECONDS), SIGN_INS)
            booked, answers = await asyncio.gather(book(mesh, bookings), offered)
            wrong += take(beside, booked, "booking beside sign-ins") + take(signed_in, answers, "sign-ins")
            await quiet(mesh)
    show(alone, beside, signed_in, console)
    return wrong


async def register(mesh: Mesh) -> list[bytes]:
    """Requests by which people of our own sign in."""
    people = [
        {"email": f"{secrets.token_hex(8)}@bench.example.com", "password": secrets.token_hex(8)} for _ in range(PEOPLE)
    ]
    async with client(mesh) as http:
        for person in people:
            (await http.post("/auth/v1/register/", json={**person, "name": "Robin"})).raise_for_status()
    return [request("POST", "/auth/v1/login/", "", person) for person in people]


async def book(mesh: Mesh, bookings: Requests) -> list[Answer]:
    """Books at a steady rate for a while."""
    return await steady(mesh, itertools.islice(bookings, BOOKINGS * SECONDS), BOOKINGS)


def take(slices: Slices, answers: list[Answer], what: str) -> list[str]:
    """Adds a slice; returns what went wrong."""
    slices.add(answers)
    return refusals(answers, what)


def show(alone: Slices, beside: Slices, signed_in: Slices, console: Console) -> None:
    """A row for each."""
    table = Table("figure", title=f"{BOOKINGS} bookings a second, with and without {SIGN_INS} sign-ins")
    for heading in ("p50 ms", "p99 ms", "p99 / alone", "aim"):
        table.add_column(heading, justify="right")
    rows = (("booking, alone", alone), ("booking, beside sign-ins", beside), ("signing in", signed_in))
    for name, slices in rows:
        ratio = judged(slices.quantile(99) / alone.quantile(99), MOST, at_most=True) if slices is beside else ""
        aim = f"{MOST:.1f}" if slices is beside else ""
        table.add_row(name, f"{slices.quantile(50):.1f}", f"{slices.quantile(99):.1f}", ratio, aim)
    table.caption = f"medians of {ROUNDS} slices of {SECONDS} s, with and without in turns"
    console.print(table)
