"""A mesh whose clock may be moved, and people who play the same history in it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import asyncpg
import httpx
import jwt
import pytest

from auth_svc.keys import private_key
from auth_svc.safe import Safe
from local.mesh import Mesh, running_mesh
from local.processes import database_url
from local.services import get_service
from tests.access.signing import Key
from tests.conftest import BUSY
from tests.model.door import Visitor
from tests.model.ratings.troupe import PEOPLE, Troupe
from tests.model.ratings.world import MODERATOR, SUPER
from tests.people import LONG_AGO, evening, ok

PROCESSES = 2
"""Of booking: what one of them knows the other has to know."""
ENOUGH = 20
"""So many answers in a row come from every process."""
LONG = 10**6
"""Seconds that tokens are good for."""

NewTroupe = Callable[[], Troupe]


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    """One of its own: who moves the clock moves it for everybody."""
    with running_mesh(extra_env={**BUSY, "BOOKING_PROCESSES": str(PROCESSES)}) as own:
        yield own


@pytest.fixture(scope="module")
def door(mesh: Mesh) -> Iterator[httpx.Client]:
    """A client at its public port."""
    with httpx.Client(base_url=mesh.settings.edge_url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def key(mesh: Mesh) -> Key:
    """The key that signs now: hashing passwords takes longer than all else that is played here."""
    row = asyncio.run(_signing_key(mesh))
    private = private_key(Safe(mesh.settings.signing_key_secret).open(row["private_key"]))
    says = jwt.decode(mesh.tokens()["user_access_token"], options={"verify_signature": False})
    return Key(row["kid"], private, says["iss"], says["aud"])


async def _signing_key(mesh: Mesh) -> Any:
    connection = await asyncpg.connect(database_url(mesh.settings, get_service("auth")).replace("+asyncpg", ""))
    try:
        return await connection.fetchrow(
            "SELECT kid, private_key FROM signing_keys WHERE sign_time <= now() ORDER BY sign_time DESC LIMIT 1"
        )
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def new_troupe(mesh: Mesh, door: httpx.Client, key: Key) -> NewTroupe:
    """Makes people whom nobody has seen yet."""
    film = ok(door.get("/movie_api/v1/movies", params={"filter[bookable]": "true", "page_size": 1}))[0]
    sudo, numbers = mesh.tokens()["sudo"], count()

    def registered(name: str, **claims: Any) -> Visitor:
        email = f"{name}-{next(numbers)}@test.example.com"
        user = ok(door.post("/auth/v1/register/", json={"email": email, "password": "none needed", "name": name}))
        return Visitor(name, user["user_id"], signed(user["user_id"], **claims), door)

    def signed(user: str, **claims: Any) -> str:
        return key.token(sub=user, exp=int(time.time()) + LONG, **claims)

    def make() -> Troupe:
        moderates = {MODERATOR: {"permissions": [0, 3]}}
        visitors = {name: registered(name, **moderates.get(name, {})) for name in PEOPLE}
        visitors[SUPER] = Visitor(SUPER, sudo, signed(sudo, permissions=[0, 3], is_super=True), door)
        return Troupe(mesh, visitors, film)

    return make


class Clock:
    """The mesh's clock, which only goes forward."""

    def __init__(self, mesh: Mesh, asker: Troupe) -> None:
        self.mesh = mesh
        self.asker = asker
        self.asked = count()

    def to(self, moment: datetime) -> None:
        """Moves it, and waits until every booking process lives by it."""
        # Whole seconds are what the file holds.
        self.mesh.move_clock(moment - datetime.now(UTC) + timedelta(seconds=1))
        seen, deadline = 0, time.monotonic() + 60
        while seen < ENOUGH:
            assert time.monotonic() < deadline, f"the clock is not at {moment}"
            seen = seen + 1 if self.ask() >= moment else 0

    def ask(self) -> datetime:
        """What time a process says it is: when it made a draft."""
        far = datetime(2090, 1, 1, tzinfo=UTC) + timedelta(minutes=next(self.asked))
        body = evening(status="Created", event_time=far.isoformat())
        made = self.asker.call("Ada", "POST", "/app/v1/announcement/{film}", body)
        # Where years pass in a second a process may be busy with what they brought.
        return LONG_AGO if made.status_code == 504 else datetime.fromisoformat(ok(made)["created"])


@pytest.fixture(scope="module")
def clock(mesh: Mesh, new_troupe: NewTroupe) -> Clock:
    """The time of everybody."""
    return Clock(mesh, new_troupe())
