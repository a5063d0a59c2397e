"""Signing keys come and go without a failed request, and lie locked in the database."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import asyncpg
import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from auth_svc.keys import pem
from auth_svc.safe import Safe
from local.env_file import random_secret
from local.home import PYTHON, ROOT
from local.mesh import Mesh, running_mesh
from local.processes import service_environment
from local.services import get_service
from tests.auth.signing import Tokens, login, refresh, refreshed
from tests.e2e.faults import until
from tests.people import Person, ok, reason

LEAD = 40
"""Seconds; the least that settings allow."""
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    """A mesh whose keys come soon."""
    with running_mesh(extra_env={"AUTH_PROCESSES": "2", "KEY_LEAD_SECONDS": str(LEAD)}) as own:
        yield own


def rotate(mesh: Mesh, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    """What `make rotate-keys` does."""
    environment = {**service_environment(mesh.settings, get_service("auth")), **changes}
    command = [PYTHON, "-m", "auth_svc.rotate", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def signed_by(token: str) -> str:
    """The name of a token's key."""
    return str(jwt.get_unverified_header(token)["kid"])


async def published(http: httpx.AsyncClient) -> list[str]:
    """The names of the keys; the one that signs last comes first."""
    return [key["kid"] for key in ok(await http.get("/.well-known/jwks.json"))["keys"]]


async def kids(database: "asyncpg.Connection") -> set[str]:
    """The names of the keys that there are, published or not."""
    return {row["kid"] for row in await database.fetch("SELECT kid FROM signing_keys")}


class Load:
    """Somebody who refreshes and calls all the time, with his first token, too. Ends at the first refusal."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.signers: set[str] = set()
        self.old_token = person.token
        self.count = 0
        self.running = asyncio.create_task(self.run())

    async def call(self) -> None:
        """A fresh token and an old one, at every service."""
        for path in ("/app/v1/bookings", "/notify/v1/inbox", f"/auth/v1/user_info/{self.person.id}"):
            for token in (self.person.token, self.old_token):
                ok(await self.person.http.get(path, headers={"authorization": f"Bearer {token}"}))
                self.count += 1

    async def run(self) -> None:
        """Until it is cancelled."""
        given = await login(self.person)
        while True:
            given = Tokens.of(await refresh(self.person, given.refresh))
            self.person.token = given.access
            self.signers.add(signed_by(self.person.token))
            await self.call()


@pytest_asyncio.fixture(loop_scope="session")
async def load(guest: Person) -> AsyncIterator[Load]:
    """A load that has to end without a refusal."""
    load = Load(guest)
    yield load
    load.running.cancel()
    with suppress(asyncio.CancelledError):
        await load.running


async def test_rotation_under_load_fails_no_request(mesh: Mesh, http: httpx.AsyncClient, load: Load) -> None:
    [old] = await published(http)
    done = await asyncio.to_thread(rotate, mesh)
    assert done.returncode == 0, done.stderr

    new = ""

    async def is_published() -> bool:
        nonlocal new
        [new, *others] = await published(http)
        return others == [old]

    await until(is_published, "the new key is published", 15)
    assert load.signers == {old}

    async def signs() -> bool:
        assert not load.running.done(), "a request failed"
        return new in load.signers

    await until(signs, "the new key signs", LEAD + 30)
    before = load.count

    async def went_on() -> bool:
        assert not load.running.done(), "a request failed"
        return load.count > before + 60

    await until(went_on, "the load goes on", 60)
    load.signers.clear()
    await until(signs, "it still signs")
    assert load.signers == {new}


async def test_old_key_is_forgotten_when_its_last_token_is_over(
    http: httpx.AsyncClient, database: "asyncpg.Connection", guest: Person
) -> None:
    older = await published(http)
    insert = """INSERT INTO signing_keys SELECT 'long-ago', private_key, create_time - interval '60 days',
        sign_time - interval '60 days' FROM signing_keys LIMIT 1"""
    await database.execute(insert)
    move = "UPDATE signing_keys SET sign_time = sign_time - interval '25 hours' WHERE kid <> 'long-ago'"
    await database.execute(move)

    async def forgotten() -> bool:
        return not await database.fetchval("SELECT count(*) FROM signing_keys WHERE kid = 'long-ago'")

    await until(forgotten, "the key is forgotten", 20)
    assert set(await published(http)) <= set(older)
    ok(await guest.get("/app/v1/bookings"))


async def test_key_that_has_signed_for_long_enough_gets_a_successor(mesh: Mesh, database: "asyncpg.Connection") -> None:
    before = await kids(database)
    await database.execute("UPDATE signing_keys SET create_time = create_time - interval '31 days'")

    async def all_know() -> bool:
        new = await kids(database) - before
        logs = [mesh.home.log(process).read_text() for process in ("auth", "auth-2")]
        return bool(new) and all(any(kid in log for kid in new) for log in logs)

    # Whoever tells in his log of other keys has looked, and would have made his own.
    await until(all_know, "both processes know the successor", 20)
    assert len(await kids(database) - before) == 1


async def test_private_keys_lie_locked_in_the_database(mesh: Mesh, database: "asyncpg.Connection") -> None:
    safe = Safe(mesh.settings.signing_key_secret)
    for locked in await database.fetch("SELECT private_key FROM signing_keys"):
        assert "PRIVATE" not in locked["private_key"]
        assert safe.open(locked["private_key"]).startswith("-----BEGIN PRIVATE KEY")


async def test_private_keys_of_before_are_locked(mesh: Mesh, database: "asyncpg.Connection") -> None:
    add = "INSERT INTO signing_keys VALUES ('plain', $1, now() - interval '1 hour', now() - interval '1 hour')"
    await database.execute(add, pem(generate_private_key(SECP256R1())))

    async def locked() -> bool:
        found = await database.fetchval("SELECT private_key FROM signing_keys WHERE kid = 'plain'")
        return Safe(mesh.settings.signing_key_secret).is_current(found)

    await until(locked, "the key is locked", 20)


def test_secret_that_opens_nothing_makes_no_key(mesh: Mesh) -> None:
    refused = rotate(mesh, SIGNING_KEY_SECRET="x" * 32)
    assert (refused.returncode, "cannot make a key" in refused.stderr) == (1, True)


def test_secret_can_be_replaced() -> None:
    before, after = Safe("the secret of before"), Safe("the secret of today", "the secret of before")
    locked = before.lock("key")
    assert (after.open(locked), after.is_current(locked)) == ("key", False)
    assert after.is_current(after.lock(after.open(locked)))


async def restart(mesh: Mesh, **changes: str) -> None:
    """What `make up` does after a change in .env."""
    mesh.settings = mesh.settings.model_copy(update=changes)
    await asyncio.to_thread(mesh.up, die_with_us=True)


async def test_replaced_secret_locks_the_same_keys_at_the_next_start(
    mesh: Mesh, http: httpx.AsyncClient, database: "asyncpg.Connection", guest: Person
) -> None:
    given, keys = await login(guest), await published(http)
    before = mesh.settings.signing_key_secret
    await restart(mesh, signing_key_secret=random_secret(), signing_key_secret_before=before)
    safe = Safe(mesh.settings.signing_key_secret)

    async def locked() -> bool:
        return all(safe.is_current(row[0]) for row in await database.fetch("SELECT private_key FROM signing_keys"))

    await until(locked, "the keys are locked with the new secret", 20)
    await restart(mesh, signing_key_secret_before="")
    # None is lost; a key that other tests have put there may be read again by now.
    assert set(keys) <= set(await published(http))
    assert signed_by(Tokens.of(await refresh(guest, given.refresh)).access) in keys
    guest.token = given.access
    ok(await guest.get("/app/v1/bookings"))


async def test_withdrawn_keys_are_worth_nothing_within_half_a_minute(
    mesh: Mesh, http: httpx.AsyncClient, guest: Person
) -> None:
    given = await login(guest)
    done = await asyncio.to_thread(rotate, mesh, "--withdraw")
    assert done.returncode == 0, done.stderr

    async def refused() -> bool:
        answer = await guest.get("/app/v1/bookings")
        return answer.status_code == 401 and reason(answer)[1] == "TOKEN_INVALID"

    await until(refused, "what it signed is refused", 45)
    await refreshed(guest, given.refresh)

    async def signs_in() -> httpx.Response:
        guest.token = (await login(guest)).access
        return await guest.get("/app/v1/bookings")

    async def answered() -> bool:
        return (await signs_in()).status_code == 200

    await until(answered, "new tokens are good", 45)
