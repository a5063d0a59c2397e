"""Who and what there is when the drill begins: people with accounts, films, and a super identity."""

import asyncio
import random
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import httpx

from drill.record import Person
from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service

HOSTS = 4
GUESTS = 14
# fmt: off
NAMES = (
    "Ada", "Bea", "Cleo", "Dana", "Elsa", "Fay", "Gwen", "Hana", "Iris", "Juno", "Kira", "Lena", "Mona", "Nina", "Olga",
    "Pia", "Quin", "Rosa", "Sara", "Tess", "Uma", "Vera",
)
# fmt: on
FILMS = 3
MAILED_HOSTS = 1
MAILED_GUESTS = 2
"""Who wants mails: as many as can be, so that the others' notices are not late because of them."""
WANT_NO_MAILS = "UPDATE users SET delivery_type = 'inbox' WHERE id = ANY($1::uuid[])"


@dataclass(frozen=True)
class Film:
    """A film that evenings may be announced for."""

    id: str
    minutes: int


@dataclass(frozen=True)
class Stage:
    """The people of a drill, and what they may watch."""

    hosts: list[Person]
    guests: list[Person]
    host_of_none: Person
    """Announces nothing while the others race."""
    sudo: Person
    films: list[Film]

    @property
    def people(self) -> list[Person]:
        """Everybody but the super identity."""
        return [*self.hosts, *self.guests, self.host_of_none]


async def set_up(mesh: Mesh, dice: random.Random) -> Stage:
    """Registers people. Half of the guests follow the first host, whose private evenings the others must not see.

    Some want mails, the others none.
    """
    url = mesh.settings.edge_url
    tokens = await asyncio.to_thread(mesh.tokens)
    sudo = Person(tokens["sudo"], "sudo", tokens["sudo_access_token"])
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http:
        late, *people = [await register(http, name, dice) for name in NAMES[: 1 + HOSTS + GUESTS]]
        hosts, guests = people[:HOSTS], people[HOSTS:]
        followers = [await follow(http, guest, hosts[0]) for guest in guests[::2]]
        query = "/movie_api/v1/movies?filter[bookable]=true&page_size=100"
        films = [Film(film["id"], film["duration"]) for film in (await http.get(query)).raise_for_status().json()]
    short = sorted((film for film in films if film.minutes <= 170), key=lambda film: film.id)
    known = {guest.id: guest for guest in followers}
    guests = [known.get(guest.id, guest) for guest in guests]
    mailed = {person.id for person in (*dice.sample(hosts, MAILED_HOSTS), *dice.sample(guests, MAILED_GUESTS))}
    await want_no_mails(mesh, [person for person in (*hosts, *guests, late) if person.id not in mailed])
    hosts, guests = ([replace(one, mailed=one.id in mailed) for one in some] for some in (hosts, guests))
    return Stage(hosts, guests, late, sudo, short[:FILMS])


async def want_no_mails(mesh: Mesh, people: list[Person]) -> None:
    """Notes that these people look into their inboxes only, which no RPC does."""
    url = database_url(mesh.settings, get_service("auth")).replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(WANT_NO_MAILS, [person.id for person in people])
    finally:
        await connection.close()


async def register(http: httpx.AsyncClient, name: str, dice: random.Random) -> Person:
    """A new person, whose name nobody else has."""
    secret = f"{dice.getrandbits(64):016x}"
    account: dict[str, Any] = {"email": f"{name}-{secret}@drill.example.com".lower(), "password": secret}
    user = (await http.post("/auth/v1/register/", json={**account, "name": name})).raise_for_status().json()
    tokens = (await http.post("/auth/v1/login/", json=account)).raise_for_status().json()
    return Person(user["user_id"], name, tokens["access_token"], address=account["email"])


async def follow(http: httpx.AsyncClient, guest: Person, host: Person) -> Person:
    """A guest who follows a host."""
    headers = {"authorization": f"Bearer {guest.token}"}
    (await http.put(f"/ugc/v1/following/{host.id}", headers=headers)).raise_for_status()
    return replace(guest, follows=frozenset({host.id}))
