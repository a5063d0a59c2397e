"""People, evenings and bookings for random calls to hit: without them every id would be one that nobody has."""

import asyncio
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from bench.superuser import connected
from local.mesh import Mesh
from openapi.examples import AUTHOR, FILM, GUEST
from tests.people import Person, ok, register, some_time

Option = TypeVar("Option")
EXAMPLES = {AUTHOR, GUEST, FILM}


@dataclass
class World:
    """Who calls, and what there is."""

    people: dict[str, Person]
    """By part: host, guest, super."""
    known: dict[str, list[str]]
    """What exists, by the name of the field that it is a value of."""

    def caller(self, seed: object) -> Person | None:
        """One of the people, or nobody; the same for the same seed."""
        return choice([None, *self.people.values(), self.people["host"], self.people["guest"]], seed)

    def make_real(self, fields: Any, seed: object) -> None:
        """Puts what exists into the place of some random texts."""
        for name, value in fields.items() if isinstance(fields, dict) else ():
            known = self.known.get(name)
            if known and isinstance(value, str):
                # Not what the descriptions' examples name: other tests need those people and films as they are.
                own = [] if value in EXAMPLES else [value]
                fields[name] = choice([*own, *known, *known], (name, seed))


def choice(options: Sequence[Option], seed: object) -> Option:
    """The same option for the same seed, in every process."""
    return options[zlib.crc32(repr(seed).encode()) % len(options)]


async def make_world(mesh: Mesh, http: httpx.AsyncClient) -> World:
    """A film, a host, his evenings in all states, a guest with bookings, and somebody who is super."""
    film = await _film(mesh)
    host, guest, other = await asyncio.gather(*(register(http) for _ in range(3)))
    people = {"host": host, "guest": guest, "super": await _super(mesh, http)}
    evenings = [
        await host.announce(film, tickets_count=2),
        await host.announce(film, status="Created"),
        await host.announce(film, sub_only=True),
        await host.announce(film, tickets_count=1, accept_at_once=True),
        await host.announce(film, tickets_count=20),
    ]
    bookings = [await guest.apply(evenings[0]), await guest.apply(evenings[3])]
    bookings.append(await other.apply(evenings[3], waiting_list=True))
    ok(await host.decide(bookings[0], True))
    review = ok(await host.post(f"/ugc/v1/review/{film}", {"text": "Slow and lovely.", "score": 8}))
    link = (await host.post("/api/v1/shortener/", {"url": await _url(guest)})).json()["url"]
    known = {
        "announcement_id": [evening["id"] for evening in evenings],
        "booking_id": [booking["id"] for booking in bookings],
        "notice_id": [notice["id"] for notice in await _notices(guest)],
        "movie_id": [film],
        "review_id": [review["id"]],
        "user_id": [host.id, guest.id, other.id],
        "code": [link.rsplit("/", 1)[1]],
        "group": [await _group(mesh, guest)],
        "page_token": [""],
        "time_zone": ["Europe/Berlin"],
        "event_time": [some_time().isoformat()],
        "url": [link],
    }
    return World(people, known)


async def _super(mesh: Mesh, http: httpx.AsyncClient) -> Person:
    """A person of the test's own: what random calls do to the sample's one would meet other tests."""
    person = await register(http)
    async with connected(mesh, "auth") as connection:
        await connection.execute("UPDATE users SET is_super = true WHERE id = $1", person.id)
    account = {"email": person.email, "password": person.password}
    person.token = ok(await http.post("/auth/v1/login/", json=account))["access_token"]
    return person


async def _film(mesh: Mesh) -> str:
    """The id of a film of the test's own, for the same reason: moderators may change films."""
    add = """INSERT INTO movies (id, title, running_time, bookable) VALUES (uuidv7(), $1, 90, true) RETURNING id"""
    async with connected(mesh, "movie") as connection:
        return str(await connection.fetchval(add, f"Fuzzed {secrets.token_hex(4)}"))


async def _group(mesh: Mesh, member: Person) -> str:
    """The name of a group of the test's own, for the same reason."""
    name, now = f"fuzzed {secrets.token_hex(4)}", datetime.now(UTC)
    async with connected(mesh, "auth") as connection:
        await connection.execute("INSERT INTO groups (name, create_time) VALUES ($1, $2)", name, now)
        add = "INSERT INTO group_members (group_name, user_id, join_time) VALUES ($1, $2, $3)"
        await connection.execute(add, name, member.id, now)
    return name


async def _notices(person: Person) -> list[Any]:
    """What a person has been told, once there is some."""
    async with asyncio.timeout(20):
        while True:
            if notices := ok(await person.get("/notify/v1/inbox")):
                return list(notices)
            await asyncio.sleep(0.1)


async def _url(person: Person) -> str:
    """A target on our own host, which is all that a short link may lead to."""
    link: str = (await _notices(person))[0]["link"]
    return link
