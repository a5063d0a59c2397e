"""The mesh's own signing key, a channel for every certificate, and people by what they are to each other."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import asyncpg
import grpc
import httpx
import jwt
import pytest
import pytest_asyncio

from auth_svc.keys import private_key
from auth_svc.safe import Safe
from local.mesh import Mesh
from local.processes import database_url
from local.services import get_service
from tests.access.callers import tokens_of
from tests.access.signing import Key
from tests.channels import inner_channel, public_channel
from tests.people import Person

Inside = Callable[[str, str], grpc.aio.Channel]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def key(mesh: Mesh) -> Key:
    """The key that signs now, taken from where only auth can read it."""
    connection = await asyncpg.connect(database_url(mesh.settings, get_service("auth")).replace("+asyncpg", ""))
    row = await connection.fetchrow(
        "SELECT kid, private_key FROM signing_keys WHERE sign_time <= now() ORDER BY sign_time DESC LIMIT 1"
    )
    await connection.close()
    private = private_key(Safe(mesh.settings.signing_key_secret).open(row["private_key"]))
    printed = (await asyncio.to_thread(mesh.tokens))["user_access_token"]
    says = jwt.decode(printed, options={"verify_signature": False})
    return Key(row["kid"], private, says["iss"], says["aud"])


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tokens(key: Key) -> dict[str, str | None]:
    """A token for each kind of person."""
    return tokens_of(key)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def edge(mesh: Mesh) -> AsyncIterator[grpc.aio.Channel]:
    """gRPC through the public port."""
    async with public_channel(mesh) as channel:
        yield channel


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def inside_as(mesh: Mesh) -> AsyncIterator[Inside]:
    """Channels straight to a service, with the certificate of somebody."""
    opened: dict[tuple[str, str], grpc.aio.Channel] = {}
    async with AsyncExitStack() as stack:

        def channel(service: str, certificate: str) -> grpc.aio.Channel:
            if (service, certificate) not in opened:
                opened[service, certificate] = inner_channel(mesh, service, certificate)
                stack.push_async_callback(opened[service, certificate].close)
            return opened[service, certificate]

        yield channel


@pytest.fixture
def stranger(http: httpx.AsyncClient, key: Key) -> Person:
    """A user who has nothing to do with the others of the test."""
    return without_account(http, key)


@pytest.fixture
def moderator(http: httpx.AsyncClient, key: Key) -> Person:
    """Somebody with the moderator's permission."""
    return without_account(http, key, permissions=[0, 3])


def without_account(http: httpx.AsyncClient, key: Key, **claims: object) -> Person:
    """Somebody whom only his token knows: it is all that is asked for, and costs no hashing."""
    user_id = str(uuid.uuid4())
    return Person(user_id, "", "", key.token(sub=user_id, **claims), http)


@pytest.fixture
def outsiders(stranger: Person, moderator: Person, sudo: Person) -> dict[str, Person]:
    """Those whom nobody invited."""
    return {"stranger": stranger, "moderator": moderator, "super": sudo}
