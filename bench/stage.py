"""What must be there before anything is measured: people, evenings, and bookings to be made."""

import asyncio
import itertools
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from rich.console import Console

from bench.load import Requests, drive, request
from bench.people import Person, add_accounts, sign_in
from bench.superuser import connected
from local.mesh import Mesh

PLACES = 1000
"""The most that an announcement may have; and so many guests, for a hot evening is filled by them."""
MANY = 300
HOT = 60
STRIDE = 3
"""From one evening's guest to the next one's, so that all of them have their turn soon."""
IN_FULL = 5
"""Accepted guests of the evening that is read."""
AT_ONCE = 8
Result = TypeVar("Result")


@dataclass
class Stage:
    """Guests, and evenings a day apart, so that everybody may go to all of them."""

    guests: list[Person]
    shown: str
    """The evening that is read; nobody else books it."""
    evenings: list[str]
    hot: list[str]
    link: str
    """The path of a short link."""

    def bookings(self) -> Requests:
        """A booking for every guest and evening, each once; neighbours are of different evenings and guests."""
        return book(
            (evening, self.guests[(turn + STRIDE * number) % PLACES])
            for turn in range(PLACES)
            for number, evening in enumerate(self.evenings)
        )

    def rush(self) -> Requests:
        """Every guest books one evening until it is full; then the next."""
        return book(itertools.product(self.hot, self.guests))


def book(pairs: Iterable[tuple[str, Person]]) -> Iterator[bytes]:
    """Requests that book."""
    return (request("POST", f"/app/v1/booking/{evening}", guest.token) for evening, guest in pairs)


async def set_up(mesh: Mesh, console: Console) -> Stage:
    """Makes people and announces evenings, the first with accepted guests."""
    ids = [uuid4() for _ in range(PLACES + 1)]
    with console.status("people and evenings"):
        await add_accounts(mesh, ids)
        host, *guests = await sign_in(mesh, ids)
        async with client(mesh) as http:
            film = (await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=1")).json()[0]["id"]
            days = range(1 + MANY + HOT)
            shown, *others = await few_at_a_time([announce(http, host, film, day) for day in days])
            link = await shorten(http, host, mesh.settings.public_url)
        stage = Stage(guests, shown, others[:MANY], others[MANY:], link)
        await warm_up(mesh, stage)
        # What autovacuum does within a minute: without it PostgreSQL takes every table for a tiny one.
        async with connected(mesh, "booking") as connection:
            await connection.execute("VACUUM ANALYZE")
    return stage


async def warm_up(mesh: Mesh, stage: Stage) -> None:
    """Fills the evening that is read, and lets the services meet everybody once: they remember tokens and names."""
    host, port = mesh.settings.edge_host, mesh.settings.edge_port
    firsts = book((stage.shown, guest) for guest in stage.guests[:IN_FULL])
    warm = stage.hot.pop()
    everybody = book((warm, guest) for guest in stage.guests)
    for requests in (firsts, everybody):
        samples = await drive(host, port, requests, AT_ONCE, 60)
        if samples.failures:
            raise SystemExit(f"the stage cannot be set: {samples.example}")


def client(mesh: Mesh) -> httpx.AsyncClient:
    """A client at the public port."""
    url = mesh.settings.edge_url
    return httpx.AsyncClient(base_url=url, timeout=30, trust_env=False)


async def few_at_a_time(work: Sequence[Coroutine[Any, Any, Result]]) -> list[Result]:
    """All results in order, without a crowd at the door."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(job: Coroutine[Any, Any, Result]) -> Result:
        async with gate:
            return await job

    return list(await asyncio.gather(*(one(job) for job in work)))


async def shorten(http: httpx.AsyncClient, person: Person, public_url: str) -> str:
    """The path of a short link of ours."""
    headers = {"authorization": f"Bearer {person.token}"}
    target = f"{public_url}/app/v1/announcements"
    response = await http.post("/api/v1/shortener/", json={"url": target}, headers=headers)
    return str(response.raise_for_status().json()["url"]).removeprefix(public_url)


async def announce(http: httpx.AsyncClient, host: Person, film: str, day: int, *, at_once: bool = True) -> str:
    """A published evening that accepts at once, or whose host decides; its id."""
    evening = {
        "status": "Alive",
        "title": f"Evening {day} of the bench",
        "tickets_count": PLACES,
        "accept_at_once": at_once,
        "event_time": (datetime.now(UTC) + timedelta(days=day + 1)).isoformat(),
        "event_location": "Kino Krokodil, Greifenhagener Str. 32, Berlin",
        "time_zone": "Europe/Berlin",
    }
    headers = {"authorization": f"Bearer {host.token}"}
    response = await http.post(f"/app/v1/announcement/{film}", json=evening, headers=headers)
    identity: str = response.raise_for_status().json()["id"]
    return identity
