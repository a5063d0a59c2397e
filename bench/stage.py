"""What must be there before anything is measured: people, evenings, and bookings to be made."""

import asyncio
import secrets
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
from rich.console import Console

from bench.load import Requests, request
from local.mesh import Mesh

GUESTS = 32
EVENINGS = 400
ACCEPTED = 2
AT_ONCE = 8
Result = TypeVar("Result")


@dataclass
class Stage:
    """Tokens of guests, and evenings a day apart, so that everybody may go to all of them."""

    guests: list[str]
    evenings: list[str]

    def bookings(self) -> Requests:
        """A booking for every guest and evening but the first, each once."""
        return (request("POST", f"/app/v1/booking/{evening}", guest) for evening, guest in self.pairs())

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Neighbours are of different evenings and different guests."""
        later = self.evenings[1:]
        for turn in range(GUESTS):
            for number, evening in enumerate(later):
                yield evening, self.guests[(turn + number) % GUESTS]


async def set_up(mesh: Mesh, console: Console) -> Stage:
    """Registers people and announces evenings, the first with accepted guests."""
    url = f"http://{mesh.settings.edge_host}:{mesh.settings.edge_port}"
    with console.status("people and evenings"):
        async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http:
            host, *guests = await few_at_a_time([sign_up(http) for _ in range(GUESTS + 1)])
            film = (await http.get("/movie_api/v1/movies?filter[bookable]=true&page_size=1")).json()[0]["id"]
            evenings = await few_at_a_time([announce(http, host, film, day) for day in range(EVENINGS)])
            for guest in guests[:ACCEPTED]:
                await accept(http, host, guest, evenings[0])
    return Stage(guests, evenings)


async def few_at_a_time(work: Sequence[Coroutine[Any, Any, Result]]) -> list[Result]:
    """All results in order, without a crowd at the door."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(job: Coroutine[Any, Any, Result]) -> Result:
        async with gate:
            return await job

    return list(await asyncio.gather(*(one(job) for job in work)))


async def sign_up(http: httpx.AsyncClient) -> str:
    """A new person's access token."""
    person = {"email": f"{secrets.token_hex(8)}@bench.example.com", "password": secrets.token_hex(8)}
    (await http.post("/auth/v1/register/", json={**person, "name": "Bench"})).raise_for_status()
    token: str = (await http.post("/auth/v1/login/", json=person)).raise_for_status().json()["access_token"]
    return token


async def announce(http: httpx.AsyncClient, host: str, film: str, day: int) -> str:
    """A published evening's id."""
    evening = {
        "status": "Alive",
        "title": f"Evening {day} of the bench",
        "tickets_count": 1000,
        "event_time": (datetime.now(UTC) + timedelta(days=day + 1)).isoformat(),
        "event_location": "Kino Krokodil, Greifenhagener Str. 32, Berlin",
        "time_zone": "Europe/Berlin",
    }
    headers = {"authorization": f"Bearer {host}"}
    response = await http.post(f"/app/v1/announcement/{film}", json=evening, headers=headers)
    identity: str = response.raise_for_status().json()["id"]
    return identity


async def accept(http: httpx.AsyncClient, host: str, guest: str, evening: str) -> None:
    """Gives a guest a place."""
    applied = await http.post(f"/app/v1/booking/{evening}", headers={"authorization": f"Bearer {guest}"})
    booking = applied.raise_for_status().json()["id"]
    headers = {"authorization": f"Bearer {host}"}
    accepted = await http.put(f"/app/v1/booking/{booking}", json={"my_status": True}, headers=headers)
    accepted.raise_for_status()
